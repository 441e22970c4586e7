// How often each planted bug shows on real processes or containers: a table of the results of campaigns, for docs/mutants.md.
//   minos campaign --mutants M01,M02 --seeds 1..20 --on local
//   npx tsx tools/real-rates.ts store/campaigns/register/*/summary.json [--write] [--note "3 runs at a time beside other work"]
// Of a bug that is in several summaries the last one counts. `--write` keeps the figures where the docs take them from.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { mutants } from "../mutants/index.js";
import { wilson } from "./scoreboard.js";

export const realRatesFile = "mutants/real-rates.json";

export interface RealRate {
  readonly id: string;
  readonly runs: number;
  readonly shown: number;
  readonly unknown: number;
  readonly seeds: string;
  /** First violation of each run, with the number of runs. */
  readonly classes: Readonly<Record<string, number>>;
}

export interface RealRates {
  readonly machine: string;
  readonly note: string;
  readonly rows: readonly RealRate[];
}

interface SummaryRun {
  readonly mutant: string | null;
  readonly seed: number;
  readonly valid: boolean | "unknown";
  readonly violations: readonly { readonly class: string }[];
}

/** One row for each bug that has runs in the summaries, in the order of the catalog. */
export function realRates(summaries: readonly (readonly SummaryRun[])[]): readonly RealRate[] {
  return [...mutants.keys()].flatMap((id) => {
    const own = summaries
      .map((runs) => runs.filter(({ mutant }) => mutant === id))
      .findLast(({ length }) => length > 0);
    return own === undefined ? [] : [rateOf(id, own)];
  });
}

function rateOf(id: string, runs: readonly SummaryRun[]): RealRate {
  const shown = runs.filter(({ valid }) => valid === false);
  const classes: Record<string, number> = {};
  for (const { violations } of shown) {
    const first = violations[0]?.class ?? "crash";
    classes[first] = (classes[first] ?? 0) + 1;
  }
  const seeds = runs.map(({ seed }) => seed).toSorted((one, other) => one - other);
  return {
    id,
    runs: runs.length,
    shown: shown.length,
    unknown: runs.filter(({ valid }) => valid === "unknown").length,
    seeds: `${seeds[0] ?? ""}..${seeds.at(-1) ?? ""}`,
    classes: Object.fromEntries(Object.entries(classes).toSorted(([, one], [, other]) => other - one)),
  };
}

export const realRatesHead = ["id", "kind", "shown", "rate, 95 % interval", "first violation (runs)"];

/** A row for each planted bug but the controls: its rate, or why real machines cannot show it. */
export function realRateCells({ rows }: RealRates): readonly (readonly string[])[] {
  return [...mutants.values()].flatMap(({ id, kind, realCluster }) => {
    if (kind === "control") return [];
    const row = rows.find((candidate) => candidate.id === id);
    if (row === undefined) {
      const reason = realCluster.shows === "no" ? `needs the simulated disk: ${realCluster.why}` : "not measured";
      return [[`\`${id}\``, kind, "", "", reason]];
    }
    const { low, high } = wilson(row.shown, row.runs);
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    return [
      [
        `\`${id}\``,
        kind,
        `${row.shown} of ${row.runs}${row.unknown === 0 ? "" : ` (${row.unknown} unknown)`}`,
        `${percent(row.shown / row.runs)}, ${percent(low)} to ${percent(high)}`,
        Object.entries(row.classes)
          .map(([name, count]) => `${name} ${count}`)
          .join(", "),
      ],
    ];
  });
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { write: { type: "boolean", default: false }, note: { type: "string", default: "" } },
  });
  if (positionals.length === 0) throw new Error("name the summary.json of a campaign, or several");
  const summaries = positionals.map((path) => {
    const { results } = JSON.parse(readFileSync(path, "utf8")) as { readonly results: readonly SummaryRun[] };
    return results;
  });
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, Node ${process.versions.node}`;
  const rates: RealRates = { machine, note: values.note, rows: realRates(summaries) };
  for (const cells of realRateCells(rates)) console.log(cells.join("  "));
  if (values.write) writeFileSync(realRatesFile, `${JSON.stringify(rates, null, 1)}\n`);
}

const invoked = process.argv[1];
if (invoked !== undefined && resolve(invoked) === resolve("tools/real-rates.ts")) main();

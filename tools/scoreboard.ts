// What the scoreboard of planted bugs says, apart from how it is measured: the seeds that each hunt begins with, rows made of finds, the table, and
// which rows of an earlier, interrupted run still count. Pure: `tools/mutants.ts` hunts and writes.
import { distributionOf, type HuntReport } from "../campaign/index.js";
import type { Mutant } from "../mutants/index.js";

/** Where the latest full scoreboard is kept; `docs/mutants.md` shows it. */
export const scoreboardFile = "mutants/scoreboard.json";

/** Everything that a row's figures depend on. Rows measured under other conditions are not comparable. */
export interface Conditions {
  readonly seed: number;
  readonly hunts: number;
  readonly must_limit_s: number;
  readonly should_limit_s: number;
  readonly control_seeds: number;
  readonly run_s: number;
  readonly rate_per_s: number;
  readonly shrink_s: number;
  readonly threads: number;
  readonly local_runs: number;
  readonly local_time_s: number;
  /** Of the system without any bug. */
  readonly build: string;
}

export interface Size {
  readonly operations: number;
  readonly faults: number;
  readonly nodes: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Row {
  readonly id: string;
  readonly kind: Mutant["kind"];
  readonly title: string;
  /** Of a control 1: all its seeds are one hunt. */
  readonly hunts: number;
  readonly found: number;
  readonly runs: number;
  /** Runs without a verdict, and such as crashed. */
  readonly unknown: number;
  readonly threw: number;
  /** Of the hunts that found it; null: none did. */
  readonly core_seconds: { readonly median: number; readonly p90: number } | null;
  /** What convicted it, with the number of hunts whose find it convicted: checkers, and invariants by their names. */
  readonly by: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<string, number>>;
  readonly first_find: {
    readonly seed: number;
    readonly by: readonly string[];
    readonly classes: readonly string[];
  } | null;
  /** The first find, as it was and made smaller; null: none, or shrinking was not asked for. */
  readonly shrunk: {
    readonly from: Size;
    readonly to: Size;
    readonly seconds: number;
    readonly core_seconds: number;
  } | null;
  /** Runs on real processes that showed it; null: none were asked for. */
  readonly local: {
    readonly runs: number;
    readonly shown: number;
    readonly unknown: number;
    readonly rate: Interval;
  } | null;
}

export interface Scoreboard {
  readonly conditions: Conditions;
  /** A day, as YYYY-MM-DD. */
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** Far more than a hunt can run in its time. */
const seedsApart = 100_000;
const huntsMax = 1_000;

/**
 * The first seed of a hunt: no two hunts of one scoreboard share a seed, whatever is chosen with `--only`.
 * `place` is the bug's place in the catalog.
 */
export function firstSeedOf(seed: number, place: number, hunt: number): number {
  if (hunt >= huntsMax || place >= 40)
    throw new RangeError(`hunt ${hunt} of bug ${place}: more than there are seeds for`);
  return (seed + (place * huntsMax + hunt) * seedsApart) % 2 ** 32;
}

/** The 95 % interval of a rate, after E. B. Wilson, 1927. */
export function wilson(shown: number, runs: number): Interval {
  if (runs === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const rate = shown / runs;
  const middle = rate + z ** 2 / (2 * runs);
  const half = z * Math.sqrt((rate * (1 - rate)) / runs + z ** 2 / (4 * runs ** 2));
  const scale = 1 + z ** 2 / runs;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

export type Find = Pick<HuntReport["violated"][number], "seed" | "checkers" | "classes" | "invariants">;

/** Checkers, with each invariant in place of the checker of invariants. */
export function convictedBy({ checkers, invariants }: Pick<Find, "checkers" | "invariants">): readonly string[] {
  return [...checkers.filter((checker) => checker !== "invariants"), ...invariants.map((name) => `invariant: ${name}`)];
}

export interface Hunted {
  readonly report: Pick<HuntReport, "runs" | "unknown" | "threw" | "processorMs"> & {
    readonly violated: readonly Find[];
  };
}

export function rowOf(
  { id, kind, title }: Pick<Mutant, "id" | "kind" | "title">,
  hunted: readonly Hunted[],
  { shrunk, local }: Pick<Row, "shrunk" | "local">,
): Row {
  const sum = (of: (report: Hunted["report"]) => number): number =>
    hunted.reduce((all, { report }) => all + of(report), 0);
  const firsts = hunted.flatMap(({ report }) => report.violated.slice(0, 1).map((find) => ({ find, report })));
  const cores = firsts.map(({ report }) => report.processorMs / 1000);
  const spread = cores.length === 0 ? null : distributionOf(cores);
  const [first] = firsts;
  return {
    id,
    kind,
    title,
    hunts: hunted.length,
    found: kind === "control" ? sum(({ violated }) => violated.length) : firsts.length,
    runs: sum(({ runs }) => runs),
    unknown: sum(({ unknown }) => unknown),
    threw: sum(({ threw }) => threw),
    core_seconds: spread === null ? null : { median: spread.median, p90: spread.p90 },
    by: countOf(firsts.flatMap(({ find }) => [...new Set(convictedBy(find))])),
    classes: countOf(firsts.flatMap(({ find }) => [...new Set(find.classes)])),
    first_find:
      first === undefined
        ? null
        : { seed: first.find.seed, by: convictedBy(first.find), classes: [...first.find.classes] },
    shrunk,
    local,
  };
}

/** Most frequent first, equals by name. */
function countOf(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(
    [...counts].toSorted(([one, oneCount], [other, otherCount]) => otherCount - oneCount || (one < other ? -1 : 1)),
  );
}

/** Whether a row says what must be: found in every hunt, or a control that nothing convicted and whose runs all had a verdict. */
export function isAsItMustBe({ kind, found, hunts, runs, threw }: Row): boolean {
  if (kind === "control") return found === 0 && threw === 0 && runs > 0;
  return found === hunts && hunts > 0;
}

export const tableHead = [
  "id",
  "kind",
  "found",
  "core-s median",
  "p90",
  "by (hunts)",
  "class (hunts)",
  "shrunk: operations, faults, nodes",
  "in core-s",
  "local",
] as const;

export function cellsOf(row: Row): readonly string[] {
  const { core_seconds: cores, shrunk, local } = row;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([word, count]) => `${word} ${count}`)
      .join(", ");
  const size = ({ operations, faults, nodes }: Size): string => `${operations}, ${faults}, ${nodes}`;
  return [
    row.id,
    row.kind,
    row.kind === "control" ? `${row.found} of ${row.runs} runs` : `${row.found}/${row.hunts}`,
    cores?.median.toFixed(1) ?? "",
    cores?.p90.toFixed(1) ?? "",
    counts(row.by),
    counts(row.classes),
    shrunk === null ? "" : `${size(shrunk.from)} → ${size(shrunk.to)}`,
    shrunk === null ? "" : shrunk.core_seconds.toFixed(1),
    local === null ? "" : localCell(local),
  ];
}

function localCell({ runs, shown, unknown, rate }: NonNullable<Row["local"]>): string {
  const per = (share: number): string => (share * 100).toFixed(0);
  return `${shown}/${runs} (${per(rate.low)}–${per(rate.high)} %)${unknown === 0 ? "" : `, ${unknown} without a verdict`}`;
}

/** In a sentence or two, for those who read the table. */
export function describeConditions({ conditions: of, date, machine }: Scoreboard): string {
  const local =
    of.local_runs === 0
      ? "No runs on real processes were asked for."
      : `*Local*: of ${of.local_runs} runs of ${of.local_time_s} s on real processes with the default plan, those that showed a violation, with Wilson's 95 % interval.`;
  return (
    `${of.hunts} hunts each from fresh seeds (${of.seed} on, no two share one) on ${of.threads} threads, the same swarm, scenes and directed faults for all: ` +
    `${of.run_s} simulated seconds of ${of.rate_per_s} operations a second each seed; at most ${of.must_limit_s} s by the clock a hunt for *must*, ` +
    `${of.should_limit_s} s for *should*; ${of.control_seeds} seeds for a control. Core-seconds until the first find are of the whole process, its threads' ` +
    `start included. Shrinking: the first find, at most ${of.shrink_s} s by the clock. ${local} ${date}, ${machine}, build \`${of.build.slice(0, 12)}\`.`
  );
}

export function isSame(one: Conditions, other: Conditions): boolean {
  const names = Object.keys(one) as (keyof Conditions)[];
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** A line of the file that rows are kept in while a run goes. */
export interface KeptRow {
  readonly conditions: Conditions;
  readonly row: Row;
}

/** Rows that an interrupted run left behind under the same conditions; a line that was cut off amid its writing is none. */
export function keptRows(text: string, conditions: Conditions): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    let kept: KeptRow;
    try {
      kept = JSON.parse(line) as KeptRow;
    } catch {
      continue;
    }
    if (isSame(conditions, kept.conditions)) rows.set(kept.row.id, kept.row);
  }
  return rows;
}

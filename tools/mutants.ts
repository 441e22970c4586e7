// The scoreboard of planted bugs: hunts for each from fresh seeds, with the one swarm that every hunt uses, and prints what was found,
// how soon, by which checker, and how small it became.
//   npm run mutants
//   npm run mutants -- --hunts 3 --time-limit 30s --only M08,M13 --seed 1 --threads 1 --shrink-time 30s --local 3 --json
// `--local n` also runs each n times on processes of this machine, with the default plan. Exit code 1: a bug that must be found was not
// found in every hunt, or a control was convicted. Core-seconds are of the whole process, the start of its threads included.
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  distributionOf,
  hunt,
  huntPlan,
  parseDuration,
  shrink,
  systemNamed,
  type HuntReport,
} from "../campaign/index.js";
import { missingMutants, mutants, type Mutant } from "../mutants/index.js";

interface Settings {
  readonly hunts: number;
  readonly limitMs: number;
  readonly runMs: number;
  readonly shrinkMs: number;
  readonly threads: number;
  readonly seed: number;
  readonly local: number;
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly hunts: number;
  readonly found: number;
  /** Of hunts that found it. */
  readonly core_seconds: { readonly median: number; readonly p90: number } | null;
  readonly runs: number;
  readonly checkers: readonly string[];
  readonly classes: readonly string[];
  /** The first find, as it was and made smaller. */
  readonly shrunk: {
    readonly from: { readonly operations: number; readonly faults: number };
    readonly to: { readonly operations: number; readonly faults: number };
    readonly seconds: number;
  } | null;
  /** Runs on real processes that showed it; null: none were asked for. */
  readonly local: { readonly runs: number; readonly shown: number } | null;
}

const ratePerS = 50;
/** Seeds of one hunt never meet those of the next. */
const seedsApart = 1_000_000;

async function score(mutant: Mutant, settings: Settings): Promise<Row> {
  const { hunts, limitMs, runMs, threads, seed } = settings;
  const seconds: number[] = [];
  const finds: HuntReport["violated"][number][] = [];
  let runs = 0;
  for (let at = 0; at < hunts; at += 1) {
    const report = await hunt({
      system: "store",
      mutant: mutant.id,
      timeLimitMs: runMs,
      ratePerS,
      firstSeed: (seed + at * seedsApart) % 2 ** 32,
      seeds: null,
      limitMs,
      threads,
      keepGoing: false,
      signal: new AbortController().signal,
      onResult: () => undefined,
    });
    runs += report.runs;
    const [find] = report.violated;
    if (find === undefined) continue;
    finds.push(find);
    seconds.push(report.processorMs / 1000);
  }
  const spread = seconds.length === 0 ? null : distributionOf(seconds);
  return {
    id: mutant.id,
    kind: mutant.kind,
    title: mutant.title,
    hunts,
    found: finds.length,
    core_seconds: spread === null ? null : { median: spread.median, p90: spread.p90 },
    runs,
    checkers: [...new Set(finds.flatMap(({ checkers }) => checkers))].toSorted(),
    classes: [...new Set(finds.flatMap(({ classes }) => classes))].toSorted(),
    shrunk: await shrinkFirst(mutant, finds, settings),
    local: settings.local === 0 ? null : { runs: settings.local, shown: runLocally(mutant, settings) },
  };
}

async function shrinkFirst(
  mutant: Mutant,
  [find]: readonly HuntReport["violated"][number][],
  { runMs, shrinkMs }: Settings,
): Promise<Row["shrunk"]> {
  if (find === undefined || shrinkMs === 0) return null;
  const system = await systemNamed("store")(mutant.id);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const plan = huntPlan(find.seed, { system, deterministic, mutant: mutant.id, timeLimitMs: runMs, ratePerS });
  const { classes } = find;
  const shrunk = await shrink({ plan, system, deterministic, classes, limitMs: shrinkMs, onProgress: () => undefined });
  if (shrunk === null) return null;
  const { run, verdict } = shrunk.hunted;
  return {
    from: { operations: find.operations, faults: find.faults },
    to: { operations: verdict.counts.operations, faults: run.faults },
    seconds: shrunk.elapsedMs / 1000,
  };
}

/** How many default runs on real processes end in a violation. */
function runLocally(mutant: Mutant, { local, seed }: Settings): number {
  let shown = 0;
  for (let at = 0; at < local; at += 1) {
    const words = ["tsx", "cli/main.ts", "run", "--on", "local", "--mutant", mutant.id, "--seed", String(seed + at)];
    const { status } = spawnSync("npx", words, { stdio: "ignore" });
    if (status === 1) shown += 1;
  }
  return shown;
}

const columns = ["id", "kind", "found", "core-s median", "p90", "by", "class", "shrunk (operations, faults)", "local"];

function lineOf(row: Row): readonly string[] {
  const { core_seconds: cores, shrunk, local } = row;
  return [
    row.id,
    row.kind,
    row.kind === "control" ? `${row.found} of ${row.runs} runs` : `${row.found}/${row.hunts}`,
    cores?.median.toFixed(1) ?? "",
    cores?.p90.toFixed(1) ?? "",
    row.checkers.join(", "),
    row.classes.join(", "),
    shrunk === null
      ? ""
      : `${shrunk.from.operations}, ${shrunk.from.faults} → ${shrunk.to.operations}, ${shrunk.to.faults} in ${shrunk.seconds.toFixed(0)} s`,
    local === null ? "" : `${local.shown}/${local.runs}`,
  ];
}

function wholeNumber(text: string | undefined, what: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d+$/.test(text)) throw new Error(`${what}: "${text}" is no whole number`);
  return Number(text);
}

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      hunts: text,
      "time-limit": text,
      "run-time": text,
      "shrink-time": text,
      only: text,
      seed: text,
      threads: text,
      local: text,
      json: { type: "boolean" },
    },
  });
  const settings: Settings = {
    hunts: wholeNumber(values.hunts, "--hunts", 5),
    limitMs: parseDuration(values["time-limit"] ?? "60s", "--time-limit"),
    runMs: parseDuration(values["run-time"] ?? "10s", "--run-time"),
    shrinkMs: values["shrink-time"] === "0" ? 0 : parseDuration(values["shrink-time"] ?? "30s", "--shrink-time"),
    threads: wholeNumber(values.threads, "--threads", cpus().length),
    seed: wholeNumber(values.seed, "--seed", Math.floor(Math.random() * 2 ** 31)),
    local: wholeNumber(values.local, "--local", 0),
  };
  const only = values.only?.split(",");
  const unknown = only?.filter((id) => !mutants.has(id)) ?? [];
  if (unknown.length > 0) throw new Error(`no mutant is called ${unknown.join(", ")}`);
  const print = (line: readonly string[]): void => {
    if (values.json !== true) process.stdout.write(`| ${line.join(" | ")} |\n`);
  };
  process.stderr.write(`seed ${settings.seed}, ${settings.hunts} hunts each, ${settings.threads} threads\n`);
  print(columns);
  print(columns.map(() => "---"));
  const rows: Row[] = [];
  for (const mutant of mutants.values()) {
    if (only !== undefined && !only.includes(mutant.id)) continue;
    const row = await score(mutant, settings);
    rows.push(row);
    print(lineOf(row));
  }
  if (only === undefined)
    for (const { id, kind, needs } of missingMutants) print([id, kind, `no feature: ${needs}`, "", "", "", "", "", ""]);
  const failed = rows.filter(({ kind, found, hunts }) =>
    kind === "must" ? found < hunts : kind === "control" && found > 0,
  );
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ seed: settings.seed, rows, missing: missingMutants }, null, 2)}\n`);
  else if (failed.length > 0) process.stdout.write(`\nnot as they must be: ${failed.map(({ id }) => id).join(", ")}\n`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main();

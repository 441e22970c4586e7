// Which planted bug each workload finds, how often and how soon: plays every workload against every bug in simulation, over several seeds,
// judged by what the clients saw only, and tells for each workload the bugs that it finds alone or before all others.
//   npm run workloads:finds
//   npm run workloads:finds -- --seeds 1..8 --workloads register,set --bugs M33,M15 --time-limit 8s --json FILE
// Bugs are those of workloads/testing/planted-bugs.ts (by `workload: title`, named by their workload) and of mutants/. Without --bugs:
// the former, and M15, M33 and M50. The figures of docs/workloads.md come from here.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { judge } from "../checker/index.js";
import { nodeNames } from "../cluster/index.js";
import { operationsOf } from "../history/index.js";
import { parseDuration, parseSeeds, prepareRun, simulate } from "../campaign/index.js";
import { mutants } from "../mutants/index.js";
import { workloads } from "../workloads/index.js";
import { plantedBugs } from "../workloads/testing/planted-bugs.js";

const catalogued = ["M15", "M33", "M50"];
const defaultLimit = "8s";

interface Bug {
  /** What `--mutant` takes. */
  readonly mutant: string;
  readonly name: string;
}

/** One run: when the clients' history first shows the bug, or null. */
type Found = { readonly seconds: number; readonly operations: number } | null;

interface Row {
  readonly workload: string;
  readonly found: number;
  readonly runs: number;
  /** Medians over all runs, of which one without a violation counts as later than all; null: most had none. */
  readonly median_seconds: number | null;
  readonly median_operations: number | null;
}

interface BugRows {
  readonly bug: string;
  /** Best first; those that never found it are not here. */
  readonly rows: readonly Row[];
}

async function play(workload: string, mutant: string, seed: number, timeLimitMs: number): Promise<Found> {
  // A script knows how long it takes.
  const limit = workload.startsWith("scenario-") ? Math.max(timeLimitMs, scriptMs) : timeLimitMs;
  const flags = { workload, mutant, seed, on: "simulation", time_limit_ms: limit };
  const { plan, system } = await prepareRun({ flags, file: null }, { toxiproxy: null, baseImage: null });
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error(`${system.name} cannot be simulated`);
  // Neither invariants nor the nodes' own logs: only what the clients saw.
  const run = await simulate({ plan, system, deterministic, sink: null, invariants: false });
  const verdict = judge({
    mode: "run",
    events: run.events,
    model: system.model,
    initial: system.initialValue,
    budget: { timeMs: plan.checker.time_ms, memoryMb: plan.checker.memory_mb },
    corruptions: { count: 0 },
    floors: plan.floors,
    expectedFaults: run.faults,
    nodes: nodeNames(plan.nodes),
    keys: run.workload.keys,
    groups: run.groups,
    groupOfKey: (key) => system.groupOfKey(key, run.groups),
    recoveryBoundMs: plan.recovery_bound_ms,
    statuses: [],
    decisions: [],
    interrupted: run.endedByViolation ? null : run.cutShort,
    endedByViolation: run.endedByViolation,
  });
  const operations = operationsOf(run.events);
  const own = run.workload.judge?.({ events: run.events, operations });
  const violations = [...verdict.violations, ...(own?.violations ?? [])];
  if (violations.length === 0) return null;
  const end = Math.max(...operations.map(({ callNs }) => callNs));
  const at = Math.min(...violations.map(({ timeNs }) => timeNs ?? end));
  return { seconds: at / 1e9, operations: operations.filter(({ callNs }) => callNs <= at).length };
}

/** What scenario-3 needs. */
const scriptMs = 8_000;

function medianOf(values: readonly number[]): number | null {
  const middle = values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)];
  return middle === undefined || middle === Infinity ? null : middle;
}

function rowOf(workload: string, found: readonly Found[]): Row {
  return {
    workload,
    found: found.filter((one) => one !== null).length,
    runs: found.length,
    median_seconds: medianOf(found.map((one) => one?.seconds ?? Infinity)),
    median_operations: medianOf(found.map((one) => one?.operations ?? Infinity)),
  };
}

/** More often found first, then sooner. */
function inOrder(rows: readonly Row[]): readonly Row[] {
  return rows
    .filter(({ found }) => found > 0)
    .toSorted(
      (one, other) =>
        other.found / other.runs - one.found / one.runs ||
        (one.median_seconds ?? Infinity) - (other.median_seconds ?? Infinity),
    );
}

function bugsOf(folder: string, wanted: readonly string[] | null): readonly Bug[] {
  const planted = plantedBugs.map(({ workload, title, file, find, replace }): Bug => {
    const path = join(folder, `${workload}.json`);
    writeFileSync(path, JSON.stringify({ file, find, replace }));
    return { mutant: path, name: `${workload}: ${title}` };
  });
  const listed = (wanted ?? catalogued).flatMap((id): Bug[] => {
    const mutant = mutants.get(id);
    return mutant === undefined ? [] : [{ mutant: id, name: `${id}: ${mutant.title}` }];
  });
  const all = [...planted, ...listed];
  return wanted === null ? all : all.filter(({ name }) => wanted.includes(name.split(":")[0] ?? ""));
}

const figure = ({ workload, found, runs, median_seconds: seconds, median_operations: operations }: Row): string =>
  `${workload} ${found} of ${runs}` +
  (seconds === null || operations === null ? "" : `, ${seconds.toFixed(2)} s, ${operations} operations`);

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { seeds: text, workloads: text, bugs: text, "time-limit": text, json: text },
  });
  const seeds = parseSeeds(values.seeds ?? "1..8");
  const names = values.workloads?.split(",") ?? [...workloads.keys()];
  const unknown = names.find((name) => !workloads.has(name));
  if (unknown !== undefined) throw new Error(`no workload is called ${unknown}`);
  const timeLimitMs = parseDuration(values["time-limit"] ?? defaultLimit, "--time-limit");
  const folder = mkdtempSync(join(tmpdir(), "minos-finds-"));
  const table: BugRows[] = [];
  try {
    for (const bug of bugsOf(folder, values.bugs?.split(",") ?? null)) {
      const rows: Row[] = [];
      for (const workload of names) {
        const found: Found[] = [];
        for (const seed of seeds) found.push(await play(workload, bug.mutant, seed, timeLimitMs));
        rows.push(rowOf(workload, found));
      }
      const best = inOrder(rows);
      table.push({ bug: bug.name, rows: best });
      console.log(bug.name);
      for (const row of best) console.log(`  ${figure(row)}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ seeds, time_limit_ms: timeLimitMs, table })}\n`);
}

const invoked = process.argv[1];
if (invoked !== undefined && resolve(invoked) === resolve("tools/workload-finds.ts")) await main();

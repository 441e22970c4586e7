// The scoreboard of planted bugs: hunts for each from fresh seeds, with the one swarm that every hunt uses, and prints what was found,
// how soon, by which checker, and how small it became, a line a bug as it comes.
//   npm run mutants
//   npm run mutants -- --hunts 3 --time-limit 30s --only M08,M13 --seed 1 --threads 1 --shrink-time 30s --local 3 --json
//   npm run mutants -- --write       keeps the whole table in mutants/scoreboard.json and docs/mutants.md
//   npm run mutants -- --resume rows.jsonl --seed 1      rows that the file holds from an interrupted run are not measured again
// A hunt for a bug that must be found lasts at most `--time-limit`, for one that should be found `--should-limit`; a control gets
// `--control-seeds` seeds. `--local n` also runs each bug n times on processes of this machine, with the default plan. Exit code 1: a bug that
// must be found was not found in every hunt, or a control was convicted; one that should be found is only told.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hunt, huntPlan, parseDuration, shrink, systemNamed } from "../campaign/index.js";
import { missingMutants, mutants, type Mutant } from "../mutants/index.js";
import {
  cellsOf,
  firstSeedOf,
  isAsItMustBe,
  keptRows,
  rowOf,
  scoreboardFile,
  tableHead,
  wilson,
  type Conditions,
  type Find,
  type Hunted,
  type KeptRow,
  type Row,
  type Scoreboard,
} from "./scoreboard.js";

/** However slow the machine is. */
const controlLimitMs = 3_600_000;
const findsKept = 1;

async function score(mutant: Mutant, place: number, conditions: Conditions): Promise<Row> {
  const { hunts, must_limit_s, should_limit_s, control_seeds, run_s, rate_per_s, threads, seed, local_runs } =
    conditions;
  const isControl = mutant.kind === "control";
  const limitS = mutant.kind === "must" ? must_limit_s : should_limit_s;
  const hunted: Hunted[] = [];
  const finds: Find[] = [];
  for (let at = 0; at < (isControl ? 1 : hunts); at += 1) {
    const report = await hunt({
      system: "store",
      mutant: mutant.id,
      timeLimitMs: run_s * 1000,
      ratePerS: rate_per_s,
      firstSeed: firstSeedOf(seed, place, at),
      seeds: isControl ? control_seeds : null,
      limitMs: isControl ? controlLimitMs : limitS * 1000,
      threads,
      keepGoing: isControl,
      signal: new AbortController().signal,
      onResult: () => undefined,
    });
    hunted.push({ report });
    finds.push(...report.violated.slice(0, findsKept));
    process.stderr.write(
      `${mutant.id} hunt ${at + 1}: ${report.violations === 0 ? "nothing" : `${report.violations} found`} in ${report.runs} runs, ` +
        `${(report.processorMs / 1000).toFixed(1)} core-s, ${(report.elapsedMs / 1000).toFixed(1)} s\n`,
    );
  }
  const shrunk = await shrinkFirst(mutant, finds, conditions);
  const local = local_runs === 0 || isControl ? null : runLocally(mutant, conditions);
  return rowOf(mutant, hunted, { shrunk, local });
}

async function shrinkFirst(mutant: Mutant, [find]: readonly Find[], conditions: Conditions): Promise<Row["shrunk"]> {
  const { run_s: runS, rate_per_s: ratePerS, shrink_s: shrinkS } = conditions;
  if (find === undefined || shrinkS === 0) return null;
  const system = await systemNamed("store")(mutant.id);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const plan = huntPlan(find.seed, { system, deterministic, mutant: mutant.id, timeLimitMs: runS * 1000, ratePerS });
  let from: { readonly operations: number; readonly faults: number } | null = null;
  const began = process.cpuUsage();
  const shrunk = await shrink({
    plan,
    system,
    deterministic,
    classes: find.classes,
    limitMs: shrinkS * 1000,
    // The first that it tells of is the run as it was found.
    onProgress: ({ operations, faults }) => (from ??= { operations, faults }),
  });
  const spent = process.cpuUsage(began);
  if (shrunk === null || from === null) return null;
  const { plan: smaller, run, verdict } = shrunk.hunted;
  return {
    from: { ...(from as { readonly operations: number; readonly faults: number }), nodes: plan.nodes },
    to: { operations: verdict.counts.operations, faults: run.faults, nodes: smaller.nodes },
    seconds: shrunk.elapsedMs / 1000,
    core_seconds: (spent.user + spent.system) / 1e6,
  };
}

/** How many default runs on real processes end in a violation. */
function runLocally(mutant: Mutant, { local_runs: runs, local_time_s: timeS, seed }: Conditions): Row["local"] {
  let shown = 0;
  let unknown = 0;
  for (let at = 0; at < runs; at += 1) {
    const store = mkdtempSync(join(tmpdir(), "minos-scoreboard-"));
    const words = ["--import", "tsx", "cli/main.ts", "run", "--on", "local", "--mutant", mutant.id];
    const more = ["--seed", String(seed + at), "--time-limit", `${timeS}s`, "--store", store];
    // Its report stays in a folder of its own, and goes with it.
    const { status } = spawnSync(process.execPath, [...words, ...more], {
      stdio: "ignore",
      timeout: timeS * 1000 + 180_000,
    });
    rmSync(store, { recursive: true, force: true });
    if (status === 1) shown += 1;
    else if (status !== 0) unknown += 1;
  }
  return { runs, shown, unknown, rate: wilson(shown, runs) };
}

function wholeNumber(text: string | undefined, what: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${what}: "${text}" is no whole number`);
  return Number(text);
}

function secondsOf(text: string | undefined, what: string, otherwise: string): number {
  return text === "0" ? 0 : parseDuration(text ?? otherwise, what) / 1000;
}

function readWords() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  return parseArgs({
    options: {
      hunts: text,
      "time-limit": text,
      "should-limit": text,
      "control-seeds": text,
      "run-time": text,
      "shrink-time": text,
      only: text,
      seed: text,
      threads: text,
      local: text,
      "local-time": text,
      resume: text,
      json: flag,
      write: flag,
    },
  }).values;
}

async function conditionsOf(values: ReturnType<typeof readWords>): Promise<Conditions> {
  const threads = wholeNumber(values.threads, "--threads", cpus().length);
  const system = await systemNamed("store")(null);
  return {
    seed: wholeNumber(values.seed, "--seed", Math.floor(Math.random() * 2 ** 31)),
    hunts: wholeNumber(values.hunts, "--hunts", 5),
    must_limit_s: secondsOf(values["time-limit"], "--time-limit", "60s"),
    should_limit_s: secondsOf(values["should-limit"], "--should-limit", "300s"),
    control_seeds: wholeNumber(values["control-seeds"], "--control-seeds", 2000),
    run_s: secondsOf(values["run-time"], "--run-time", "10s"),
    rate_per_s: 50,
    shrink_s: secondsOf(values["shrink-time"], "--shrink-time", "30s"),
    threads,
    local_runs: wholeNumber(values.local, "--local", 0),
    local_time_s: secondsOf(values["local-time"], "--local-time", "10s"),
    build: system.buildHash ?? "unknown",
  };
}

function machineName(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? "processor"}, Node ${process.versions.node}`;
}

/** Keeps the scoreboard and makes the page anew, in a process of its own that reads it. */
function write(board: Scoreboard): void {
  writeFileSync(scoreboardFile, `${JSON.stringify(board, null, 2)}\n`);
  for (const words of [
    ["node_modules/.bin/oxfmt", scoreboardFile],
    ["node_modules/.bin/tsx", "tools/generated-docs.ts"],
  ]) {
    const [command = "", ...rest] = words;
    const { status } = spawnSync(command, rest, { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}`);
  }
}

async function main(): Promise<number> {
  const values = readWords();
  const only = values.only?.split(",");
  const unknown = only?.filter((id) => !mutants.has(id)) ?? [];
  if (unknown.length > 0) throw new Error(`no mutant is called ${unknown.join(", ")}`);
  if (values.write === true && only !== undefined) throw new Error("--write keeps the whole table: leave out --only");
  const conditions = await conditionsOf(values);
  const kept =
    values.resume !== undefined && existsSync(values.resume)
      ? keptRows(readFileSync(values.resume, "utf8"), conditions)
      : new Map<string, Row>();
  if (values.resume !== undefined && values.seed === undefined)
    throw new Error("--resume needs --seed: rows of another one do not count");
  const print = (cells: readonly string[]): void => {
    if (values.json !== true) process.stdout.write(`| ${cells.join(" | ")} |\n`);
  };
  process.stderr.write(
    `seed ${conditions.seed}, ${conditions.hunts} hunts each, ${conditions.threads} threads, ${kept.size} rows from before\n`,
  );
  print(tableHead);
  print(tableHead.map(() => "---"));
  const rows: Row[] = [];
  for (const [place, mutant] of [...mutants.values()].entries()) {
    if (only !== undefined && !only.includes(mutant.id)) continue;
    const before = kept.get(mutant.id);
    const row = before ?? (await score(mutant, place, conditions));
    rows.push(row);
    print(cellsOf(row));
    const keep: KeptRow = { conditions, row };
    if (values.resume !== undefined && before === undefined) appendFileSync(values.resume, `${JSON.stringify(keep)}\n`);
  }
  if (only === undefined)
    for (const { id, kind, needs } of missingMutants)
      print([id, kind, `no feature: ${needs}`, ...tableHead.slice(3).map(() => "")]);
  const board: Scoreboard = { conditions, date: new Date().toISOString().slice(0, 10), machine: machineName(), rows };
  if (values.json === true) process.stdout.write(`${JSON.stringify({ ...board, missing: missingMutants }, null, 2)}\n`);
  const wrong = rows.filter((row) => !isAsItMustBe(row));
  if (wrong.length > 0) process.stderr.write(`not as it is meant to be: ${wrong.map(({ id }) => id).join(", ")}\n`);
  if (values.write === true) write(board);
  return wrong.some(({ kind }) => kind !== "should") ? 1 : 0;
}

process.exitCode = await main();

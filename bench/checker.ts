// Measures the checker, and Porcupine (Go) beside it in the same run: `npm run bench:checker`. Prints Markdown; with --write it
// replaces the checker's part of bench/RESULTS.md. What is being run is told on standard error. The whole of it takes about half an hour,
// most of which is Porcupine's.
//
//   --repeat N       timings of each history, of which the median counts (default 7, after 5 to warm up; the recorded ones are short, and
//                    are gone over 1,000 times before)
//   --seeds N        generated histories for each row (default 20)
//   --timeout S      for one check by Porcupine (default 30 s); one that passes it, or 4 GiB, is run once
//   --hopeless N     of the rows on which Porcupine gives no answer, as many seeds are shown to it (default 2)
//   --largest N      operations of the largest history, of which there is one for each power of ten from 10,000 on, and events of the live
//                    row (default 10000000)
//   --runs DIR       where runs of Minos are stored, all of which are judged (default store)
//   --only A,B       sections: recorded, stored, generated, large, live, hard
//   --write          write bench/RESULTS.md
//
// One thread each: Go runs with GOMAXPROCS=1, and nothing of ours starts a thread. Reading files and explaining violations are not
// in the figures; validating the input, and replaying the linearization by the verifier, are.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { ChildTask, LargeAnswer, LiveAnswer } from "./checker-child.js";
import { hardHistory, registerHistory, type RegisterHistoryOptions } from "./checker-histories.js";
import { Porcupine, type PeerHistory, type PeerResult } from "./checker-peer.js";
import { etcdNames, haveRecorded, kvNames, recordedHistory } from "./checker-recorded.js";
import { judgeStoredRuns } from "./checker-stored.js";
import { median, requireAgreement, runOurs } from "./checker-subject.js";
import { progress, shown, sum, table, times } from "./checker-text.js";
import { machine, writePart } from "./results.js";

const { values: flags } = parseArgs({
  options: {
    repeat: { type: "string", default: "7" },
    seeds: { type: "string", default: "20" },
    timeout: { type: "string", default: "30" },
    hopeless: { type: "string", default: "2" },
    largest: { type: "string", default: "10000000" },
    runs: { type: "string", default: "store" },
    only: { type: "string", default: "recorded,stored,generated,large,live,hard" },
    write: { type: "boolean", default: false },
  },
});

const repeat = Number(flags.repeat);
const warmUp = 5;
/** What only a few of the short histories need is compiled no sooner; Go's code is from the start. */
const roundsOfRecorded = 1_000;
const seeds = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed);
const timeoutMs = Number(flags.timeout) * 1_000;
const largest = Number(flags.largest);
const own = { repeat, warmUp, timeoutMs: 60_000 };

async function inChild<Answer>(task: ChildTask, heapMb = 4096): Promise<Answer> {
  const path = join(import.meta.dirname, "checker-child.ts");
  const node = [`--max-old-space-size=${heapMb}`, "--expose-gc", ...process.execArgv];
  const { stdout } = await promisify(execFile)(process.execPath, [...node, path, JSON.stringify(task)], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as Answer;
}

interface Beside {
  readonly ours: readonly number[];
  readonly theirs: readonly number[] | null;
}

/** Medians for each history, warm, both sides in turn. */
async function measureRecorded(names: readonly string[], porcupine: Porcupine | null): Promise<Beside> {
  const histories = names.map(recordedHistory);
  const results = porcupine === null ? null : await porcupine.run(histories, { repeat, warmUp, timeoutMs });
  // The compiler is warm when every history was seen often: only then does a history's turn begin.
  for (let round = 0; round < roundsOfRecorded; round++)
    for (const history of histories) runOurs(history, { ...own, warmUp: 0, repeat: 1 });
  const ours = histories.map((history, index) => {
    const { decision, ms } = runOurs(history, own);
    const theirs = results?.[index];
    if (theirs !== undefined) requireAgreement(names[index] ?? "", decision, theirs.verdict);
    return median(ms);
  });
  return { ours, theirs: results?.map(({ ms }) => median(ms)) ?? null };
}

async function recordedSection(porcupine: Porcupine | null): Promise<readonly string[]> {
  if (!haveRecorded) {
    console.error("NOTICE: the recorded histories are not on this machine and are not measured");
    return [];
  }
  const rows: string[][] = [];
  progress("52 etcd logs, warm");
  const warm = await measureRecorded(etcdNames, porcupine);
  progress("52 etcd logs, cold");
  const cold = await inChild<readonly number[]>({ task: "cold-recorded", names: etcdNames });
  const coldTheirs =
    porcupine === null
      ? null
      : await porcupine.run(etcdNames.map(recordedHistory), { repeat: 1, warmUp: 0, timeoutMs });
  rows.push(row("52 etcd logs, sum", sum(warm.ours), warm.theirs === null ? null : sum(warm.theirs)));
  const theirsCold = coldTheirs === null ? null : sum(coldTheirs.map(({ ms }) => ms[0] ?? Number.NaN));
  rows.push(row("the same, cold: each log once, in a new process", sum(cold), theirsCold));
  if (warm.theirs !== null) {
    const { ours, theirs } = warm;
    const ratios = theirs.map((ms, index) => ms / (ours[index] ?? Number.NaN));
    const slowest = theirs.indexOf(Math.max(...theirs));
    rows.push(row(`Porcupine's slowest log (${etcdNames[slowest] ?? ""})`, ours[slowest] ?? 0, theirs[slowest] ?? 0));
    const least = ratios.indexOf(Math.min(...ratios));
    rows.push(row(`the log with the least ratio (${etcdNames[least] ?? ""})`, ours[least] ?? 0, theirs[least] ?? 0));
    const slower = ratios.filter((ratio) => ratio < 1).length;
    rows.push(["logs slower than Porcupine", String(slower), "", ""]);
  }
  progress("kv histories");
  const kv = await measureRecorded(kvNames, porcupine);
  for (const [index, name] of kvNames.entries())
    rows.push(row(name, kv.ours[index] ?? Number.NaN, kv.theirs?.[index] ?? null));
  return ["### Recorded histories", "", ...table(["work", "Minos", "Porcupine", "ratio"], rows)];
}

function row(name: string, ours: number, theirs: number | null): string[] {
  return [name, shown(ours), theirs === null ? "–" : shown(theirs), theirs === null ? "–" : times(theirs / ours)];
}

interface GeneratedRow {
  readonly name: string;
  readonly options: Omit<RegisterHistoryOptions, "seed">;
  /** Porcupine gives no answer here; it is asked a few times only. */
  readonly hopeless: boolean;
}

const generatedRows: readonly GeneratedRow[] = [
  {
    name: "10k operations, 16 clients, unique values",
    options: { operations: 10_000, clients: 16, values: "unique", unknownShare: 0 },
    hopeless: true,
  },
  {
    name: "the same with one stale read",
    options: { operations: 10_000, clients: 16, values: "unique", unknownShare: 0, staleRead: true },
    hopeless: true,
  },
  {
    name: "1k operations, 16 clients, 8 values, 5 % unknown",
    options: { operations: 1_000, clients: 16, values: 8, unknownShare: 0.05 },
    hopeless: false,
  },
  {
    name: "the same with one stale read",
    options: { operations: 1_000, clients: 16, values: 8, unknownShare: 0.05, staleRead: true },
    hopeless: false,
  },
];

function generated(options: Omit<RegisterHistoryOptions, "seed">, seed: number): PeerHistory {
  return { operations: registerHistory({ ...options, seed }), model: "cas-register", initial: null };
}

async function generatedRow({ name, options, hopeless }: GeneratedRow, porcupine: Porcupine | null): Promise<string[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const ratios: number[] = [];
  const counts = { valid: 0, invalid: 0, unknown: 0, given: 0, stopped: 0 };
  const histories = seeds.map((seed) => generated(options, seed));
  // As above: each history's turn begins when the compiler has seen them all.
  for (const history of histories) runOurs(history, { ...own, warmUp: 0, repeat: warmUp });
  for (const [seed, history] of histories.entries()) {
    progress(`${name}, seed ${seed}`);
    const { decision, ms } = runOurs(history, own);
    counts[decision.valid === true ? "valid" : decision.valid === false ? "invalid" : "unknown"] += 1;
    ours.push(median(ms));
    if (porcupine === null || (hopeless && seed >= Number(flags.hopeless))) continue;
    // One that takes a second or more, or is stopped, is not repeated.
    let [result] = await porcupine.run([history], { repeat: 1, warmUp: 0, timeoutMs });
    if (result !== undefined && (result.ms[0] ?? Infinity) < 1_000)
      [result] = await porcupine.run([history], { repeat, warmUp: 1, timeoutMs });
    if (result === undefined) continue;
    requireAgreement(`${name}, seed ${seed}`, decision, result.verdict);
    if (result.verdict === "valid" || result.verdict === "invalid") counts.given += 1;
    else counts.stopped += 1;
    theirs.push(median(result.ms));
    ratios.push(median(result.ms) / median(ms));
    progress(
      `${name}, seed ${seed}: ${shown(median(ms))}, Porcupine ${describe(result)}, ${times(ratios.at(-1) ?? 0)}`,
    );
  }
  const cold = await inChild<number>({ task: "cold-generated", options: { ...options, seed: 0 } });
  const asked = counts.given + counts.stopped;
  return [
    name,
    `${counts.valid} / ${counts.invalid} / ${counts.unknown}`,
    `${shown(median(ours))} / ${shown(Math.max(...ours))}`,
    shown(cold),
    asked === 0 ? "–" : `${counts.given} of ${asked}`,
    theirs.length === 0 ? "–" : `${shown(median(theirs))} / ${shown(Math.max(...theirs))}`,
    ratios.length === 0 ? "–" : `${times(median(ratios))} / ${times(Math.min(...ratios))}`,
  ];
}

function describe({ verdict, ms, peakMb }: PeerResult): string {
  return `${verdict} ${shown(median(ms))}, ${peakMb.toFixed(0)} MB`;
}

async function generatedSection(porcupine: Porcupine | null): Promise<readonly string[]> {
  const rows: string[][] = [];
  for (const each of generatedRows) rows.push(await generatedRow(each, porcupine));
  const head = [
    "work",
    "valid / invalid / unknown",
    "Minos median / worst",
    "cold",
    "Porcupine answered",
    "Porcupine median / worst",
    "ratio median / worst",
  ];
  return [
    `### Generated histories, ${seeds.length} seeds`,
    "",
    "A check by Porcupine that was stopped counts with the time until then, so its ratio is a lower bound.",
    "",
    ...table(head, rows),
  ];
}

function sizes(): readonly number[] {
  const some: number[] = [];
  for (let size = 10_000; size <= largest; size *= 10) some.push(size);
  return some;
}

async function largeSection(): Promise<readonly string[]> {
  const rows: string[][] = [];
  let least = Infinity;
  let most = 0;
  for (const operations of sizes()) {
    progress(`one key, ${operations} operations`);
    const options = { seed: 1, operations, clients: 32, values: "unique", unknownShare: 0.01 } as const;
    const turns = operations < 100_000 ? 41 : operations > 1_000_000 ? 5 : 11;
    const answer = await inChild<LargeAnswer>({ task: "large", options, repeat: turns }, 16_384);
    const ms = median(answer.ms);
    least = Math.min(least, ms / operations);
    most = Math.max(most, ms / operations);
    rows.push([
      operations.toLocaleString("en"),
      `${String(answer.valid)}, ${answer.engine ?? ""}`,
      shown(ms),
      shown(answer.ms[0] ?? Number.NaN),
      `${((ms / operations) * 1e6).toFixed(0)} ns`,
      shown(answer.sortMs),
      `${answer.growthMb.toFixed(0)} MB`,
    ]);
    progress(rows.at(-1)?.join(" | ") ?? "");
  }
  return [
    "### One key, 32 clients, unique values, 1 % unknown",
    "",
    "From operations in memory to a linearization that the verifier has replayed. Memory is the growth of the resident set during the first check.",
    "",
    ...table(["operations", "verdict", "median", "first", "each", "sorting as many doubles", "memory"], rows),
    `Most over least time for each operation: ${(most / least).toFixed(2)}.`,
    "",
  ];
}

async function liveSection(): Promise<readonly string[]> {
  const rows: string[][] = [];
  for (const unknownShare of [0, 0.01]) {
    progress(`live, ${largest} events, ${unknownShare * 100} % unknown`);
    const options = { seed: 1, operations: largest / 2, clients: 16, values: "unique", unknownShare } as const;
    const { valid, events, ms, heaps } = await inChild<LiveAnswer>({ task: "live", options }, 16_384);
    const first = heaps[0];
    const last = heaps.at(-1);
    // Both of what came between the two looks at the heap.
    const unknowns = (last?.unknowns ?? 0) - (first?.unknowns ?? 0);
    const slope = (last?.heapMb ?? 0) - (first?.heapMb ?? 0);
    rows.push([
      `${unknownShare * 100} %`,
      String(valid),
      events.toLocaleString("en"),
      Math.round(events / (ms / 1000)).toLocaleString("en"),
      `${first?.heapMb.toFixed(1) ?? "–"} MB`,
      `${last?.heapMb.toFixed(1) ?? "–"} MB`,
      unknowns === 0 ? "–" : `${((slope * 2 ** 20) / unknowns).toFixed(0)} bytes`,
    ]);
    progress(rows.at(-1)?.join(" | ") ?? "");
  }
  const head = ["unknown", "verdict", "events", "events/s", "heap after 1M", "heap at the end", "for each unknown"];
  return ["### Live verdict, one event at a time", "", ...table(head, rows)];
}

/** Every run of Minos that is stored below this folder. */
function storedSection(folder: string): readonly string[] {
  progress(`stored runs in ${folder}`);
  return ["### Histories that `minos run` recorded", "", ...judgeStoredRuns(folder), ""];
}

/** A history on which Porcupine passes its limits: ours ends within its budget. */
async function hardSection(porcupine: Porcupine | null): Promise<readonly string[]> {
  const rows: string[][] = [];
  for (const engine of ["default", "wing-gong"] as const) {
    progress(`hard history, engine ${engine}`);
    const history = { operations: hardHistory(0), model: "cas-register", initial: null };
    const started = performance.now();
    const { decision } = runOurs(history, { repeat: 1, warmUp: 0, timeoutMs: 10_000, memoryMb: 512, engine });
    const ms = performance.now() - started;
    const theirs =
      engine === "default" ? (await porcupine?.run([history], { repeat: 1, warmUp: 0, timeoutMs }))?.[0] : undefined;
    rows.push([
      engine === "default" ? "chosen by itself" : engine,
      decision.reason === null ? String(decision.valid) : `${String(decision.valid)}: ${decision.reason}`,
      shown(ms),
      theirs === undefined ? "" : describe(theirs),
    ]);
    progress(rows.at(-1)?.join(" | ") ?? "");
  }
  return [
    "### A history on which Porcupine gives up",
    "",
    "`hardHistory(0)` of bench/checker-histories.ts. Ours has 10 s and 512 MiB.",
    "",
    ...table(["engine", "verdict", "time", "Porcupine"], rows),
  ];
}

function heading(porcupine: Porcupine | null): readonly string[] {
  return [
    "## The checker",
    "",
    `Command: \`npm run bench:checker\`. Machine: ${machine()}, ${porcupine?.version ?? "no Porcupine"}.`,
    `${seeds.length} seeds; Porcupine is stopped after ${flags.timeout} s for one check, and asked for ${flags.hopeless} seeds of the rows on which it gives no answer; the largest history has ${largest.toLocaleString("en")} operations, the live row as many events.`,
    `One thread each. Medians of ${repeat} after ${warmUp} to warm up (recorded histories: ${roundsOfRecorded.toLocaleString("en-US")} rounds over all of them), in one process each, unless it says cold: that is the first check in a new process.`,
    "",
  ];
}

const porcupine = Porcupine.build();
try {
  const sections: Readonly<Record<string, () => Promise<readonly string[]>>> = {
    recorded: () => recordedSection(porcupine),
    stored: () => Promise.resolve(storedSection(flags.runs)),
    generated: () => generatedSection(porcupine),
    large: largeSection,
    live: liveSection,
    hard: () => hardSection(porcupine),
  };
  const lines = [...heading(porcupine)];
  for (const name of flags.only.split(",")) {
    const section = sections[name];
    if (section === undefined) throw new Error(`--only: "${name}" is not one of ${Object.keys(sections).join(", ")}`);
    lines.push(...(await section()));
  }
  const text = `${lines.join("\n").trimEnd()}\n`;
  console.log(text);
  if (flags.write) await writePart("checker", text);
} finally {
  porcupine?.remove();
}

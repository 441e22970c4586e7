// What `npm run bench:checker` runs in a process of its own: cold checks, the size of large ones, the live verdict. The task is the one argument, JSON;
// the answer is one line of JSON.
import { createIncrementalChecker, decide } from "../checker/index.js";
import { eventsOf, registerHistory, type RegisterHistoryOptions } from "./checker-histories.js";
import type { PeerHistory } from "./checker-peer.js";
import { recordedHistory } from "./checker-recorded.js";

export type ChildTask =
  /** Each recorded history once, in this order. */
  | { readonly task: "cold-recorded"; readonly names: readonly string[] }
  | { readonly task: "cold-generated"; readonly options: RegisterHistoryOptions }
  | { readonly task: "large"; readonly options: RegisterHistoryOptions; readonly repeat: number }
  | { readonly task: "live"; readonly options: RegisterHistoryOptions };

export interface LargeAnswer {
  readonly valid: boolean | "unknown";
  readonly engine: string | null;
  readonly ms: readonly number[];
  readonly sortMs: number;
  /** Growth of the resident set over what it was with the history in memory. */
  readonly growthMb: number;
}

export interface LiveAnswer {
  readonly valid: boolean | "unknown";
  readonly events: number;
  readonly ms: number;
  /** Heap in use after a collection, beyond the history's own. */
  readonly heaps: readonly HeapAt[];
}

export interface HeapAt {
  readonly events: number;
  /** Events so far that left an operation's outcome unknown. */
  readonly unknowns: number;
  readonly heapMb: number;
}

/** After so many events the heap is looked at. */
const checkpoint = 1_000_000;

function timed(history: PeerHistory): number {
  const started = performance.now();
  decide(history.operations, history.model, { initial: history.initial, budget: { timeMs: 120_000 } });
  return performance.now() - started;
}

function registerOf(options: RegisterHistoryOptions): PeerHistory {
  return { operations: registerHistory(options), model: "cas-register", initial: null };
}

function large(options: RegisterHistoryOptions, repeat: number): LargeAnswer {
  const { operations, initial, model } = registerOf(options);
  const doubles = Float64Array.from({ length: operations.length }, (_, index) => Math.sin(index));
  const started = performance.now();
  doubles.sort();
  const sortMs = performance.now() - started;
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const ms: number[] = [];
  let valid: boolean | "unknown" = "unknown";
  let engine: string | null = null;
  let growthMb = 0;
  for (let turn = 0; turn < repeat; turn++) {
    const began = performance.now();
    ({ valid, engine } = decide(operations, model, { initial, budget: { timeMs: 600_000, memoryMb: 8192 } }));
    ms.push(performance.now() - began);
    // The first check's peak: later ones run on what it left.
    if (turn === 0) growthMb = Math.max(0, process.resourceUsage().maxRSS / 1024 - before / 2 ** 20);
  }
  return { valid, engine, ms, sortMs, growthMb };
}

function live(options: RegisterHistoryOptions): LiveAnswer {
  const events = eventsOf(registerHistory(options));
  const checker = createIncrementalChecker("cas-register", { initial: null });
  // Twice: what the first collection only finalises, the second frees.
  const heapMb = (): number => {
    globalThis.gc?.();
    globalThis.gc?.();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  const empty = heapMb();
  const heaps: HeapAt[] = [];
  let unknowns = 0;
  let ms = 0;
  for (let from = 0; from < events.length;) {
    const to = Math.min(from + checkpoint, events.length);
    const started = performance.now();
    for (let at = from; at < to; at++) {
      const event = events[at];
      if (event !== undefined) checker.feed(event);
    }
    ms += performance.now() - started;
    for (let at = from; at < to; at++) if (events[at]?.type === "info") unknowns += 1;
    heaps.push({ events: to, unknowns, heapMb: heapMb() - empty });
    from = to;
  }
  return { valid: checker.end().valid, events: events.length, ms, heaps };
}

function run(task: ChildTask): unknown {
  switch (task.task) {
    case "cold-recorded": {
      const histories = task.names.map(recordedHistory);
      return histories.map(timed);
    }
    case "cold-generated":
      return timed(registerOf(task.options));
    case "large":
      return large(task.options, task.repeat);
    case "live":
      return live(task.options);
  }
}

const answer = run(JSON.parse(process.argv[2] ?? "null") as ChildTask);
console.log(JSON.stringify(answer));

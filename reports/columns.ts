// Operations as columns: what the page knows of a run's operations, and the names of the columns that it travels in. The events of the
// run are told in the order in which they were recorded, calls and their ends, each field of all of them side by side.
// `encode-operations.ts` writes them in the command, `decode-operations.ts` reads them in the page; the round trip is a property test.
import type { CompleteEvent, HistoryEvent, InvokeEvent } from "../history/index.js";

/** What became of an operation; `open`: it was called and nothing more was ever heard, as after `kill -9` of Minos itself. */
export const outcomes = ["ok", "fail", "info", "open"] as const;
export type OutcomeName = (typeof outcomes)[number];
export const outcomeOk = 0;
export const outcomeFail = 1;
export const outcomeInfo = 2;
export const outcomeOpen = 3;

/** Columns of bytes or of LEB128 numbers, in the order in which they are written. */
export const byteColumns = [
  "ends",
  "thread",
  "process",
  "node",
  "function",
  "key",
  "phase",
  "input",
  "endOf",
  "outcome",
  "output",
  "error",
  "attempts",
  "places",
  "errorPlaces",
] as const;
export type ByteColumn = (typeof byteColumns)[number];

/** Columns of numbers of very different sizes: two sections each, symbols and bits. */
export const numberColumns = [
  "callAfterCall",
  "callAfterEnd",
  "endAfterCall",
  "endAfterEnd",
  "newThread",
  "lag",
  "systemIndex",
  "fresh",
  "errorFresh",
] as const;
export type NumberColumn = (typeof numberColumns)[number];

export const sectionCount = byteColumns.length + 2 * numberColumns.length;

/** Bits of a lag below its leading one: it is told to 3 %. */
export const lagPrecision = 4;

/** Contexts of texts: what a function asks, how it is answered with an outcome, what is said of an outcome. */
export function askedContext(functionIndex: number): number {
  return functionIndex * 4 + outcomeOpen;
}
export function answeredContext(functionIndex: number, outcome: number): number {
  return functionIndex * 4 + outcome;
}

/** The words and sizes that the columns refer to; they travel as JSON beside them. */
export interface Dictionaries {
  readonly count: number;
  readonly numbers: number;
  readonly errorNumbers: number;
  readonly threads: number;
  readonly functions: readonly string[];
  /** JSON text of each key. */
  readonly keys: readonly string[];
  readonly nodes: readonly string[];
  readonly phases: readonly string[];
  readonly templates: readonly string[];
  readonly errorTemplates: readonly string[];
}

export interface Pair {
  readonly call: InvokeEvent;
  end: CompleteEvent | null;
}

/**
 * Calls in order with what ended them: position in the answer is `Operation.index`. A completion without a call is left out;
 * the checker reports it as malformed, and a report must open all the same.
 */
export function pairs(events: readonly HistoryEvent[]): readonly Pair[] {
  const open = new Map<number, Pair>();
  const all: Pair[] = [];
  for (const event of events) {
    if (event.type === "invoke") {
      const pair: Pair = { call: event, end: null };
      all.push(pair);
      open.set(event.process, pair);
    } else if (event.type === "ok" || event.type === "fail" || event.type === "info") {
      const pair = open.get(event.process);
      if (pair === undefined) continue;
      pair.end = event;
      open.delete(event.process);
    }
  }
  return all;
}

/** All operations, column by column; the row is `Operation.index`. */
export interface Operations {
  readonly count: number;
  readonly threads: number;
  /** Rounded down to whole microseconds, as `endNs` is. */
  readonly callNs: Float64Array;
  /** When its client stopped waiting: the return of ok and fail, the giving up of info; NaN when it never did. */
  readonly endNs: Float64Array;
  readonly thread: Int32Array;
  readonly process: Float64Array;
  /** Index into `nodes`, -1 for none. */
  readonly node: Int32Array;
  readonly function: Int32Array;
  readonly key: Int32Array;
  readonly outcome: Uint8Array;
  /** From the intended to the actual start, microseconds, to 3 %; 0 where the history does not say. */
  readonly lagUs: Float64Array;
  /** Index into `phases`, -1 for none. */
  readonly phase: Int8Array;
  /**
   * Place of each call and of each end among all events of clients, as they were recorded: times are rounded, these are not. An end that
   * never came has none: 4294967295.
   */
  readonly callPlace: Uint32Array;
  readonly endPlace: Uint32Array;
  /** -1 where the history does not say. */
  readonly attempts: Int32Array;
  /** NaN where the history does not say. */
  readonly systemIndex: Float64Array;
  readonly functions: readonly string[];
  readonly keys: readonly string[];
  readonly nodes: readonly string[];
  readonly phases: readonly string[];
  /** JSON text, or null. */
  input(row: number): string | null;
  output(row: number): string | null;
  error(row: number): string | null;
}

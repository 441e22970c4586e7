// All nodes' logs of a stored run as one, on the runner's clock, with what the runner itself recorded in between. Everything is read as a stream: of
// each file one piece is in memory at a time, and what lies before the window asked for is skipped unread where its place is known.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { logFile, logTimesFile, type LogMark } from "../cluster/index.js";
import type { CompleteEvent, FaultEvent, HistoryEvent, NodeEvent, RunnerEvent } from "../history/index.js";
import type { Environment } from "./environment.js";
import { UsageError } from "./exit-code.js";
import { lineStart, readLines } from "./read-lines.js";
import type { RunDirectory } from "./store.js";

/**
 * A line of a node's log. `clock`: `node` when the line's own time agrees with when the runner saw the line come, and is used; `runner` when it
 * has none or another one (a fault of clocks), and the moment when the runner saw it is used.
 */
export interface LogLine {
  readonly kind: "line";
  readonly timeNs: number;
  readonly node: string;
  readonly text: string;
  readonly clock: "node" | "runner";
}

/** What the runner recorded: faults, starts and ends of nodes, its own trouble, operations that failed or whose outcome is unknown. */
export interface LogEvent {
  readonly kind: "event";
  readonly timeNs: number;
  readonly event: FaultEvent | NodeEvent | RunnerEvent | CompleteEvent;
}

export type LogEntry = LogLine | LogEvent;

export interface LogQuery {
  readonly nodes: readonly string[];
  readonly fromNs: number;
  readonly toNs: number;
  /** Lines of logs that do not match are left out. */
  readonly grep: RegExp | null;
  /** Faults, nodes and the runner. */
  readonly events: boolean;
  /** Operations that failed or whose outcome is unknown. */
  readonly errors: boolean;
}

/** Unix time in ms of the run clock's zero. Throws UsageError where logs and runner have no common clock. */
export function clockZeroOf(directory: RunDirectory): number {
  if (!existsSync(directory.environmentFile)) throw new UsageError(`${directory.path} has no environment.json`);
  const environment = JSON.parse(readFileSync(directory.environmentFile, "utf8")) as Partial<Environment>;
  const zeroMs = environment.clock_zero_unix_ms ?? null;
  if (zeroMs === null)
    throw new UsageError(
      `${directory.path} does not say when its clock began: its load never did, or it was stored by an older Minos`,
      `the logs are ${join(directory.path, "nodes")}/*/${logFile}`,
    );
  return zeroMs;
}

/** In order of time. */
export async function* mergedLogs(directory: RunDirectory, query: LogQuery): AsyncGenerator<LogEntry> {
  const zeroMs = clockZeroOf(directory);
  const streams: AsyncGenerator<LogEntry>[] = query.nodes.map((node) => linesOf(directory, node, zeroMs, query));
  if (query.events || query.errors) streams.push(eventsOf(directory, query));
  yield* merge(streams);
}

/** Always the earliest head; where two are equal, the earlier stream's. */
async function* merge(streams: readonly AsyncGenerator<LogEntry>[]): AsyncGenerator<LogEntry> {
  try {
    const heads = await Promise.all(streams.map((stream) => stream.next()));
    for (;;) {
      let first = -1;
      let earliest: LogEntry | null = null;
      for (const [at, head] of heads.entries()) {
        if (head.done === true || (earliest !== null && earliest.timeNs <= head.value.timeNs)) continue;
        earliest = head.value;
        first = at;
      }
      const stream = streams[first];
      if (earliest === null || stream === undefined) return;
      yield earliest;
      heads[first] = await stream.next();
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return(undefined)));
  }
}

/** The bytes up to `endByte` were written after `sinceMs` and seen at `seenMs`. */
export interface Mark {
  readonly endByte: number;
  readonly sinceMs: number;
  readonly seenMs: number;
}

async function* marksOf(path: string): AsyncGenerator<Mark> {
  for await (const { text } of readLines(path, 0)) {
    let mark: Partial<LogMark>;
    try {
      mark = JSON.parse(text) as Partial<LogMark>;
    } catch {
      // Cut short by a kill: the last one.
      return;
    }
    const [endByte, sinceMs, seenMs] = mark;
    if (endByte === undefined || sinceMs === undefined || seenMs === undefined) return;
    yield { endByte, sinceMs, seenMs };
  }
}

async function* linesOf(
  directory: RunDirectory,
  node: string,
  zeroMs: number,
  query: LogQuery,
): AsyncGenerator<LogLine> {
  const log = join(directory.path, "nodes", node, logFile);
  if (!existsSync(log)) return;
  const marks = marksOf(join(directory.path, "nodes", node, logTimesFile));
  try {
    const fromMs = zeroMs + query.fromNs / 1e6;
    let known: Mark = { endByte: 0, sinceMs: -Infinity, seenMs: -Infinity };
    let skipped = 0;
    for (let next = await marks.next(); next.done !== true; next = await marks.next()) {
      skipped = known.endByte;
      known = next.value;
      if (known.seenMs >= fromMs) break;
    }
    let lastNs = -Infinity;
    for await (const line of readLines(log, await lineStart(log, skipped))) {
      while (line.endByte > known.endByte) {
        const next = await marks.next();
        // Written when the runner no longer looked: some time after it did.
        known = next.done === true ? { endByte: Infinity, sinceMs: known.seenMs, seenMs: Infinity } : next.value;
      }
      const { atMs, clock } = timeOfLine(line.text, known);
      const timeNs = Math.max(lastNs, Math.round((atMs - zeroMs) * 1e6));
      lastNs = timeNs;
      if (timeNs > query.toNs) return;
      if (timeNs < query.fromNs || (query.grep !== null && !query.grep.test(line.text))) continue;
      yield { kind: "line", timeNs, node, text: line.text, clock };
    }
  } finally {
    await marks.return(undefined);
  }
}

/** When a line was written: its own time where that can be, else when the runner saw it come. */
export function timeOfLine(
  text: string,
  { sinceMs, seenMs }: Mark,
): { readonly atMs: number; readonly clock: "node" | "runner" } {
  const own = ownTimeMs(text);
  if (own !== null && own >= sinceMs - slackMs && own <= seenMs + slackMs) return { atMs: own, clock: "node" };
  return { atMs: seenMs === Infinity ? sinceMs : seenMs, clock: "runner" };
}

/** Times are written in whole milliseconds. */
const slackMs = 1;
const isoTime = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)/;
/** Where a line names its own time: not deep inside of what it tells. */
const stampWithin = 120;

/** The time that a line gives itself, with its zone, in Unix milliseconds. */
export function ownTimeMs(text: string): number | null {
  const match = isoTime.exec(text.slice(0, stampWithin));
  if (match === null) return null;
  const ms = Date.parse(match[0].replace(" ", "T").replace(",", "."));
  return Number.isNaN(ms) ? null : ms;
}

async function* eventsOf(directory: RunDirectory, query: LogQuery): AsyncGenerator<LogEvent> {
  for await (const event of historyOf(directory)) {
    if (event.type === "header") continue;
    if (event.time > query.toNs) return;
    if (event.time < query.fromNs) continue;
    switch (event.type) {
      case "fault":
      case "runner":
        if (query.events) yield { kind: "event", timeNs: event.time, event };
        break;
      case "node":
        if (query.events && query.nodes.includes(event.node)) yield { kind: "event", timeNs: event.time, event };
        break;
      case "fail":
      case "info":
        if (query.errors) yield { kind: "event", timeNs: event.time, event };
        break;
      default:
        break;
    }
  }
}

/** The history, one event at a time; a last line cut short by a kill is left out. */
async function* historyOf(directory: RunDirectory): AsyncGenerator<HistoryEvent> {
  for await (const { text } of readLines(directory.historyFile, 0)) {
    try {
      yield JSON.parse(text) as HistoryEvent;
    } catch {
      return;
    }
  }
}

/** When operation `index` was called and answered; null where there is none. An operation without an answer ends with its call. */
export async function operationTime(
  directory: RunDirectory,
  index: number,
): Promise<{ readonly callNs: number; readonly returnNs: number } | null> {
  let count = -1;
  let called: { readonly process: number; readonly callNs: number } | null = null;
  for await (const event of historyOf(directory)) {
    if (event.type === "invoke" && ++count === index) called = { process: event.process, callNs: event.time };
    const ends = event.type === "ok" || event.type === "fail" || event.type === "info";
    if (called !== null && ends && event.process === called.process)
      return { callNs: called.callNs, returnNs: event.time };
  }
  return called === null ? null : { callNs: called.callNs, returnNs: called.callNs };
}

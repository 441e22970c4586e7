// Operations as columns: calls paired with their completions, every field of all operations side by side, numbers as differences.
// `encodeOperations` runs in the command, `decodeOperations` in the page; the round trip is a property test.
import type { HistoryEvent, InvokeEvent, CompleteEvent, JsonValue, TimeNs } from "../history/index.js";
import { ByteReader, ByteWriter, signedLimit } from "./bytes.js";
import { TextReader, TextWriter, textColumn, type TextColumn } from "./texts.js";

/** What became of an operation; `open`: it was called and nothing more was ever heard, as after `kill -9` of Minos itself. */
export const outcomes = ["ok", "fail", "info", "open"] as const;
export type OutcomeName = (typeof outcomes)[number];
export const outcomeOk = 0;
export const outcomeFail = 1;
export const outcomeInfo = 2;
export const outcomeOpen = 3;

/** The columns in the order in which they are written. */
const columnNames = [
  "call",
  "duration",
  "thread",
  "process",
  "node",
  "function",
  "key",
  "outcome",
  "input",
  "output",
  "error",
  "lag",
  "phase",
  "attempts",
  "systemIndex",
] as const;
type ColumnName = (typeof columnNames)[number];
export const columnCount = columnNames.length;

/** The words and sizes that the columns refer to; they travel as JSON beside them. */
export interface Dictionaries {
  readonly count: number;
  readonly numbers: number;
  readonly threads: number;
  readonly functions: readonly string[];
  /** JSON text of each key. */
  readonly keys: readonly string[];
  readonly nodes: readonly string[];
  readonly phases: readonly string[];
  readonly templates: readonly string[];
}

class Words {
  readonly #indices = new Map<string, number>();

  of(word: string): number {
    let index = this.#indices.get(word);
    if (index === undefined) this.#indices.set(word, (index = this.#indices.size));
    return index;
  }

  get list(): readonly string[] {
    return [...this.#indices.keys()];
  }
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

/** A report of a malformed history must open too: what is no safe integer is shown as the fallback. */
function safe(value: number | undefined, fallback: number): number {
  return Number.isSafeInteger(value) && Math.abs(value ?? 0) < signedLimit / 2 ? (value ?? fallback) : fallback;
}

function natural(value: number | undefined): number {
  return Math.max(0, safe(value, 0));
}

/**
 * The columns keep whole microseconds: the nanoseconds below them are noise that no compression shrinks, half of the file for
 * nothing that can be seen. Order is judged by the checker from the history itself, and the operations of a violation carry
 * their exact times beside the columns.
 */
function microseconds(ns: TimeNs): number {
  return Math.floor(ns / 1000);
}

function jsonText(value: JsonValue | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** The columns of a run's operations, one section each, and the dictionaries to read them with. */
export function encodeOperations(all: readonly Pair[]): {
  readonly sections: readonly Uint8Array[];
  readonly dictionaries: Dictionaries;
} {
  const column = Object.fromEntries(columnNames.map((name) => [name, new ByteWriter()])) as Record<
    ColumnName,
    ByteWriter
  >;
  const functions = new Words();
  const keys = new Words();
  const nodes = new Words();
  const phases = new Words();
  const texts = new TextWriter();
  const lastProcess = new Map<number, number>();
  const lastNode = new Map<number, number>();
  let threads = 0;
  let lastUs = 0;
  let lastSystemIndex = 0;
  for (const { call, end } of all) {
    const thread = natural(call.thread);
    threads = Math.max(threads, thread + 1);
    const callNs = safe(call.time, lastUs * 1000);
    const callUs = microseconds(callNs);
    column.call.signed(callUs - lastUs);
    lastUs = callUs;
    column.duration.unsigned(end === null ? 0 : Math.max(0, microseconds(safe(end.time, callNs)) - callUs) + 1);
    column.thread.unsigned(thread);
    const process = safe(call.process, thread);
    column.process.signed(process - (lastProcess.get(thread) ?? thread));
    lastProcess.set(thread, process);
    const node = call.node === null ? 0 : nodes.of(call.node) + 1;
    column.node.signed(node - (lastNode.get(thread) ?? 0));
    lastNode.set(thread, node);
    column.function.unsigned(functions.of(call.function));
    const key = keys.of(JSON.stringify(call.key));
    column.key.unsigned(key);
    column.outcome.unsigned(end === null ? outcomeOpen : outcomes.indexOf(end.type));
    texts.write(column.input, jsonText(call.input), key);
    texts.write(column.output, end === null || end.type === "info" ? null : jsonText(end.output), key);
    texts.write(column.error, jsonText(end?.error), key);
    const lagUs = call.intended === undefined ? 0 : Math.round((callNs - safe(call.intended, callNs)) / 1000);
    column.lag.unsigned(call.intended === undefined ? 0 : Math.max(0, lagUs) + 1);
    column.phase.unsigned(call.phase === undefined ? 0 : phases.of(call.phase) + 1);
    column.attempts.unsigned(end?.attempts === undefined ? 0 : natural(end.attempts) + 1);
    const systemIndex = end?.systemIndex === undefined ? undefined : natural(end.systemIndex);
    // 0 says none; otherwise the zigzag of the difference, moved up by one.
    if (systemIndex === undefined) column.systemIndex.unsigned(0);
    else {
      const step = systemIndex - lastSystemIndex;
      column.systemIndex.unsigned((step >= 0 ? step * 2 : -step * 2 - 1) + 1);
      lastSystemIndex = systemIndex;
    }
  }
  return {
    sections: columnNames.map((name) => column[name].take()),
    dictionaries: {
      count: all.length,
      numbers: texts.numbers,
      threads,
      functions: functions.list,
      keys: keys.list,
      nodes: nodes.list,
      phases: phases.list,
      templates: texts.templates,
    },
  };
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
  /** From the intended to the actual start, microseconds; 0 where the history does not say. */
  readonly lagUs: Float64Array;
  /** Index into `phases`, -1 for none. */
  readonly phase: Int8Array;
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

/** Numbers of the same column, one after the other. */
function readAll<Column extends { [row: number]: number }>(
  section: Uint8Array,
  count: number,
  column: Column,
  decode: (reader: ByteReader, row: number) => number,
): Column {
  const reader = new ByteReader(section);
  for (let row = 0; row < count; row++) column[row] = decode(reader, row);
  if (!reader.atEnd) throw new RangeError("a column of the report's data is longer than its operations");
  return column;
}

const unsigned = (reader: ByteReader): number => reader.unsigned();

export function decodeOperations(sections: readonly Uint8Array[], dictionaries: Dictionaries): Operations {
  const { count } = dictionaries;
  const section = (name: ColumnName): Uint8Array => {
    const found = sections[columnNames.indexOf(name)];
    if (found === undefined) throw new RangeError(`the report's data has no column "${name}"`);
    return found;
  };
  let lastUs = 0;
  const callNs = readAll(section("call"), count, new Float64Array(count), (reader) => {
    lastUs += reader.signed();
    return lastUs * 1000;
  });
  const endNs = readAll(section("duration"), count, new Float64Array(count), (reader, row) => {
    const duration = reader.unsigned();
    return duration === 0 ? Number.NaN : (callNs[row] ?? 0) + (duration - 1) * 1000;
  });
  const thread = readAll(section("thread"), count, new Int32Array(count), unsigned);
  const ofThread = (initial: (thread: number) => number) => {
    const lasts = new Map<number, number>();
    return (reader: ByteReader, row: number): number => {
      const own = thread[row] ?? 0;
      const value = (lasts.get(own) ?? initial(own)) + reader.signed();
      lasts.set(own, value);
      return value;
    };
  };
  const process = readAll(
    section("process"),
    count,
    new Float64Array(count),
    ofThread((own) => own),
  );
  const nodeRaw = ofThread(() => 0);
  const node = readAll(section("node"), count, new Int32Array(count), (reader, row) => nodeRaw(reader, row) - 1);
  const key = readAll(section("key"), count, new Int32Array(count), unsigned);
  let lastSystemIndex = 0;
  const systemIndex = readAll(section("systemIndex"), count, new Float64Array(count), (reader) => {
    const raw = reader.unsigned() - 1;
    if (raw === -1) return Number.NaN;
    lastSystemIndex += raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    return lastSystemIndex;
  });
  const texts = new TextReader(dictionaries.templates, dictionaries.numbers);
  const input = textColumn(count);
  const output = textColumn(count);
  const error = textColumn(count);
  readTexts(texts, count, key, [
    [section("input"), input],
    [section("output"), output],
    [section("error"), error],
  ]);
  return {
    count,
    threads: dictionaries.threads,
    callNs,
    endNs,
    thread,
    process,
    node,
    key,
    systemIndex,
    function: readAll(section("function"), count, new Int32Array(count), unsigned),
    outcome: readAll(section("outcome"), count, new Uint8Array(count), unsigned),
    lagUs: readAll(section("lag"), count, new Float64Array(count), (reader) => Math.max(0, reader.unsigned() - 1)),
    phase: readAll(section("phase"), count, new Int8Array(count), (reader) => reader.unsigned() - 1),
    attempts: readAll(section("attempts"), count, new Int32Array(count), (reader) => reader.unsigned() - 1),
    functions: dictionaries.functions,
    keys: dictionaries.keys,
    nodes: dictionaries.nodes,
    phases: dictionaries.phases,
    input: (row) => texts.text(input, row),
    output: (row) => texts.text(output, row),
    error: (row) => texts.text(error, row),
  };
}

/** The three text columns share one memory, so they are read as they were written: row by row. */
function readTexts(
  texts: TextReader,
  count: number,
  key: Int32Array,
  columns: readonly (readonly [Uint8Array, TextColumn])[],
): void {
  const readers = columns.map(([bytes, column]) => ({ source: new ByteReader(bytes), column }));
  for (let row = 0; row < count; row++) {
    for (const { source, column } of readers) texts.readRow(source, column, row, key[row] ?? 0);
  }
}

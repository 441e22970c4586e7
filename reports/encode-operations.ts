// Writes the events of clients into columns, one event at a time, so that a history of any length passes through without being held:
// what stays is the columns, some bytes for each operation, and they are packed as they grow.
import type { CompleteEvent, HistoryEvent, InvokeEvent, JsonValue, TimeNs } from "../history/index.js";
import { ByteWriter, signedLimit } from "./bytes.js";
import {
  answeredContext,
  askedContext,
  byteColumns,
  lagPrecision,
  numberColumns,
  outcomes,
  type ByteColumn,
  type Dictionaries,
  type NumberColumn,
} from "./columns.js";
import { NumberWriter } from "./numbers.js";
import { Positions, Recent } from "./recent.js";
import { TextWriter } from "./texts.js";

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

/** A report of a malformed history must open too: what is no safe integer is shown as the fallback. */
function safe(value: number | undefined, fallback: number): number {
  return Number.isSafeInteger(value) && Math.abs(value ?? 0) < signedLimit / 2 ? (value ?? fallback) : fallback;
}

function natural(value: number | undefined): number {
  return Math.max(0, safe(value, 0));
}

/**
 * The columns keep whole microseconds: the nanoseconds below them are noise that no compression shrinks, half of the file for
 * nothing that can be seen. The order of events is kept, and the operations of a violation carry their exact times beside the columns.
 */
function microseconds(ns: TimeNs): number {
  return Math.floor(ns / 1000);
}

function jsonText(value: JsonValue | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

interface Open {
  readonly operation: number;
  readonly function: number;
  readonly key: number;
  readonly thread: number;
}

export class OperationsEncoder {
  readonly #bytes: Readonly<Record<ByteColumn, ByteWriter>>;
  readonly #numbers: Readonly<Record<NumberColumn, NumberWriter>>;
  readonly #texts = new TextWriter();
  readonly #errors = new TextWriter();
  readonly #functions = new Words();
  readonly #keys = new Words();
  readonly #nodes = new Words();
  readonly #phases = new Words();
  readonly #lastProcess = new Map<number, number>();
  readonly #lastNode = new Map<number, number>();
  readonly #positions = new Positions();
  /** Threads by when they were last answered; those that wait for an answer stand last. */
  readonly #idle = new Recent(Number.POSITIVE_INFINITY);
  /** Operations under way in order of call, and which of them each process waits for. */
  readonly #under: number[] = [];
  readonly #openOf = new Map<number, Open>();
  #count = 0;
  #threads = 0;
  #endsSinceCall = 0;
  #lastUs = 0;
  #lastWasCall = false;

  constructor() {
    const { places, fresh } = this.#texts;
    const own: Partial<Record<ByteColumn, ByteWriter>> = { places, errorPlaces: this.#errors.places };
    const ownNumbers: Partial<Record<NumberColumn, NumberWriter>> = {
      lag: new NumberWriter(lagPrecision),
      fresh,
      errorFresh: this.#errors.fresh,
    };
    this.#bytes = Object.fromEntries(byteColumns.map((name) => [name, own[name] ?? new ByteWriter()])) as Record<
      ByteColumn,
      ByteWriter
    >;
    this.#numbers = Object.fromEntries(
      numberColumns.map((name) => [name, ownNumbers[name] ?? new NumberWriter()]),
    ) as Record<NumberColumn, NumberWriter>;
  }

  /** Operations called so far. */
  get count(): number {
    return this.#count;
  }

  /** The index of the key of the operation that was called last. */
  lastKey = 0;

  /** The index of the operation that the event begins or ends; null for all other events, and for an end without a call. */
  add(event: HistoryEvent): number | null {
    if (event.type === "invoke") return this.#call(event);
    if (event.type === "ok" || event.type === "fail" || event.type === "info") return this.#end(event);
    return null;
  }

  #gap(ns: TimeNs, after: { readonly call: NumberWriter; readonly end: NumberWriter }): void {
    const us = microseconds(safe(ns, this.#lastUs * 1000));
    (this.#lastWasCall ? after.call : after.end).write(us - this.#lastUs);
    this.#lastUs = us;
  }

  #call(call: InvokeEvent): number {
    const bytes = this.#bytes;
    const numbers = this.#numbers;
    bytes.ends.unsigned(this.#endsSinceCall);
    this.#endsSinceCall = 0;
    this.#gap(call.time, { call: numbers.callAfterCall, end: numbers.callAfterEnd });
    this.#lastWasCall = true;
    const thread = natural(call.thread);
    this.#threads = Math.max(this.#threads, thread + 1);
    const place = this.#idle.placeOf(thread);
    bytes.thread.unsigned(place === -1 ? this.#idle.length : place);
    if (place === -1) {
      numbers.newThread.write(thread);
      this.#idle.add(thread);
    }
    this.#idle.last(Math.max(0, place));
    const process = safe(call.process, thread);
    bytes.process.signed(process - (this.#lastProcess.get(thread) ?? thread));
    this.#lastProcess.set(thread, process);
    const node = call.node === null ? 0 : this.#nodes.of(call.node) + 1;
    bytes.node.signed(node - (this.#lastNode.get(thread) ?? 0));
    this.#lastNode.set(thread, node);
    const code = this.#functions.of(call.function);
    bytes.function.unsigned(code);
    const key = this.#keys.of(JSON.stringify(call.key));
    bytes.key.unsigned(key);
    this.lastKey = key;
    const lagNs = call.intended === undefined ? null : safe(call.time, 0) - safe(call.intended, safe(call.time, 0));
    numbers.lag.write(lagNs === null ? 0 : Math.max(0, Math.round(lagNs / 1000)) + 1);
    bytes.phase.unsigned(call.phase === undefined ? 0 : this.#phases.of(call.phase) + 1);
    this.#texts.write(bytes.input, jsonText(call.input), { context: askedContext(code), key });
    this.#under.push(this.#count);
    this.#openOf.set(call.process, { operation: this.#count, function: code, key, thread });
    return this.#count++;
  }

  #end(end: CompleteEvent): number | null {
    const open = this.#openOf.get(end.process);
    if (open === undefined) return null;
    this.#openOf.delete(end.process);
    const bytes = this.#bytes;
    const numbers = this.#numbers;
    this.#endsSinceCall++;
    this.#gap(end.time, { call: numbers.endAfterCall, end: numbers.endAfterEnd });
    this.#lastWasCall = false;
    const place = this.#under.indexOf(open.operation);
    this.#under.splice(place, 1);
    bytes.endOf.unsigned(place);
    this.#idle.first(this.#idle.placeOf(open.thread));
    const outcome = outcomes.indexOf(end.type);
    bytes.outcome.unsigned(outcome);
    const { key } = open;
    this.#texts.write(bytes.output, end.type === "info" ? null : jsonText(end.output), {
      context: answeredContext(open.function, outcome),
      key,
    });
    this.#errors.write(bytes.error, jsonText(end.error), { context: outcome, key });
    bytes.attempts.unsigned(end.attempts === undefined ? 0 : natural(end.attempts) + 1);
    const systemIndex = end.systemIndex === undefined ? undefined : natural(end.systemIndex);
    // 0 says none; otherwise the zigzag of the difference, moved up by one.
    if (systemIndex === undefined) numbers.systemIndex.write(0);
    else {
      const step = systemIndex - this.#positions.expected(key);
      numbers.systemIndex.write((step >= 0 ? step * 2 : -step * 2 - 1) + 1);
      this.#positions.seen(key, systemIndex);
    }
    return open.operation;
  }

  /** Every column with what was written since it was last cleared; bits that fill no byte yet stay behind. */
  columns(): readonly ByteWriter[] {
    return [
      ...byteColumns.map((name) => this.#bytes[name]),
      ...numberColumns.flatMap((name) => [this.#numbers[name].symbols, this.#numbers[name].bits.bytes]),
    ];
  }

  /** What stands in none of the columns; add no more afterwards. */
  end(): Dictionaries {
    this.#bytes.ends.unsigned(this.#endsSinceCall);
    for (const name of numberColumns) this.#numbers[name].bits.end();
    return {
      count: this.#count,
      numbers: this.#texts.numbers,
      errorNumbers: this.#errors.numbers,
      threads: this.#threads,
      functions: this.#functions.list,
      keys: this.#keys.list,
      nodes: this.#nodes.list,
      phases: this.#phases.list,
      templates: this.#texts.templates,
      errorTemplates: this.#errors.templates,
    };
  }
}

// Reads the columns of a run's operations in the page: the run's events once more, from first to last, with the same lists that the
// writer kept.
import { ByteReader } from "./bytes.js";
import {
  answeredContext,
  askedContext,
  byteColumns,
  lagPrecision,
  numberColumns,
  outcomeOpen,
  type ByteColumn,
  type Dictionaries,
  type NumberColumn,
  type Operations,
} from "./columns.js";
import { NumberReader } from "./numbers.js";
import { Positions, Recent } from "./recent.js";
import { TextReader, textColumn } from "./texts.js";

function emptyColumns(count: number) {
  return {
    callNs: new Float64Array(count),
    endNs: new Float64Array(count).fill(Number.NaN),
    callPlace: new Uint32Array(count),
    endPlace: new Uint32Array(count).fill(0xffffffff),
    thread: new Int32Array(count),
    process: new Float64Array(count),
    node: new Int32Array(count),
    function: new Int32Array(count),
    key: new Int32Array(count),
    outcome: new Uint8Array(count).fill(outcomeOpen),
    lagUs: new Float64Array(count),
    phase: new Int8Array(count),
    attempts: new Int32Array(count).fill(-1),
    systemIndex: new Float64Array(count).fill(Number.NaN),
  };
}

class OperationsDecoder {
  readonly columns: ReturnType<typeof emptyColumns>;
  readonly texts: TextReader;
  readonly errors: TextReader;
  readonly input;
  readonly output;
  readonly error;
  readonly #bytes: Readonly<Record<ByteColumn, ByteReader>>;
  readonly #numbers: Readonly<Record<NumberColumn, NumberReader>>;
  readonly #lastProcess = new Map<number, number>();
  readonly #lastNode = new Map<number, number>();
  readonly #positions = new Positions();
  readonly #idle = new Recent(Number.POSITIVE_INFINITY);
  readonly #under: number[] = [];
  #us = 0;
  #place = 0;
  #lastWasCall = false;

  constructor(sections: readonly Uint8Array[], dictionaries: Dictionaries) {
    const { count } = dictionaries;
    const section = (place: number): Uint8Array => {
      const found = sections[place];
      if (found === undefined) throw new RangeError(`the report's data has no section ${place}`);
      return found;
    };
    const numbers = (name: NumberColumn): NumberReader => {
      const place = byteColumns.length + 2 * numberColumns.indexOf(name);
      return new NumberReader(section(place), section(place + 1), name === "lag" ? lagPrecision : undefined);
    };
    this.#bytes = Object.fromEntries(
      byteColumns.map((name, place) => [name, new ByteReader(section(place))]),
    ) as Record<ByteColumn, ByteReader>;
    this.#numbers = Object.fromEntries(numberColumns.map((name) => [name, numbers(name)])) as Record<
      NumberColumn,
      NumberReader
    >;
    this.texts = new TextReader(dictionaries.templates, dictionaries.numbers, this.#bytes.places, this.#numbers.fresh);
    this.errors = new TextReader(
      dictionaries.errorTemplates,
      dictionaries.errorNumbers,
      this.#bytes.errorPlaces,
      this.#numbers.errorFresh,
    );
    this.columns = emptyColumns(count);
    this.input = textColumn(count);
    this.output = textColumn(count);
    this.error = textColumn(count);
    for (let row = 0; row < count; row++) {
      this.#ends();
      this.#call(row);
    }
    this.#ends();
    const all = [...Object.values(this.#bytes), ...Object.values(this.#numbers)];
    if (!all.every((reader) => reader.atEnd))
      throw new RangeError("a column of the report's data is longer than its operations");
  }

  #call(row: number): void {
    const { columns } = this;
    const bytes = this.#bytes;
    const numbers = this.#numbers;
    this.#us += (this.#lastWasCall ? numbers.callAfterCall : numbers.callAfterEnd).read();
    this.#lastWasCall = true;
    columns.callNs[row] = this.#us * 1000;
    columns.callPlace[row] = this.#place++;
    const place = bytes.thread.unsigned();
    const isNew = place === this.#idle.length;
    if (isNew) this.#idle.add(numbers.newThread.read());
    const thread = this.#idle.at(isNew ? 0 : place);
    this.#idle.last(isNew ? 0 : place);
    columns.thread[row] = thread;
    const process = (this.#lastProcess.get(thread) ?? thread) + bytes.process.signed();
    this.#lastProcess.set(thread, process);
    columns.process[row] = process;
    const node = (this.#lastNode.get(thread) ?? 0) + bytes.node.signed();
    this.#lastNode.set(thread, node);
    columns.node[row] = node - 1;
    const code = bytes.function.unsigned();
    columns.function[row] = code;
    const key = bytes.key.unsigned();
    columns.key[row] = key;
    columns.lagUs[row] = Math.max(0, numbers.lag.read() - 1);
    columns.phase[row] = bytes.phase.unsigned() - 1;
    this.texts.readRow(bytes.input, this.input, row, { context: askedContext(code), key });
    this.#under.push(row);
  }

  #ends(): void {
    for (let left = this.#bytes.ends.unsigned(); left > 0; left--) this.#end();
  }

  #end(): void {
    const { columns } = this;
    const bytes = this.#bytes;
    const numbers = this.#numbers;
    this.#us += (this.#lastWasCall ? numbers.endAfterCall : numbers.endAfterEnd).read();
    this.#lastWasCall = false;
    const [row] = this.#under.splice(bytes.endOf.unsigned(), 1);
    if (row === undefined) throw new RangeError("the report's data ends an operation that was not called");
    columns.endNs[row] = this.#us * 1000;
    columns.endPlace[row] = this.#place++;
    this.#idle.first(this.#idle.placeOf(columns.thread[row] ?? 0));
    const outcome = bytes.outcome.unsigned();
    columns.outcome[row] = outcome;
    const key = columns.key[row] ?? 0;
    const context = answeredContext(columns.function[row] ?? 0, outcome);
    this.texts.readRow(bytes.output, this.output, row, { context, key });
    this.errors.readRow(bytes.error, this.error, row, { context: outcome, key });
    columns.attempts[row] = bytes.attempts.unsigned() - 1;
    const raw = numbers.systemIndex.read() - 1;
    if (raw === -1) return;
    const position = this.#positions.expected(key) + (raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2);
    this.#positions.seen(key, position);
    columns.systemIndex[row] = position;
  }
}

/** Throws a RangeError where the sections are not those of the dictionaries. */
export function decodeOperations(sections: readonly Uint8Array[], dictionaries: Dictionaries): Operations {
  const { count, threads, functions, keys, nodes, phases } = dictionaries;
  const { columns, texts, errors, input, output, error } = new OperationsDecoder(sections, dictionaries);
  return {
    count,
    threads,
    functions,
    keys,
    nodes,
    phases,
    ...columns,
    input: (row) => texts.text(input, row),
    output: (row) => texts.text(output, row),
    error: (row) => errors.text(error, row),
  };
}

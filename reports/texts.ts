// Values as text, small. The values of one run look alike: they differ in their numbers only (`17`, `{"expected":3,"new":9}`,
// `"n2-118"`). A text is therefore split into a template, kept once, and its numbers. What is read, expected or compared was mostly
// written to the same key not long before, so a number is said by its place among those lately seen on the key.
import { ByteReader, ByteWriter } from "./bytes.js";
import { NumberWriter, type NumberReader } from "./numbers.js";
import { Frequent, Recent } from "./recent.js";

/** Stands for a number in a template. JSON text never holds a raw NUL, so it cannot be mistaken. */
const hole = "\u0000";
/** Longer texts are cut for the page; the history file has them whole. */
export const textLimit = 2000;
const holesLimit = 16;
/** Up to 15 digits and no leading zero: printed again, the number gives the same digits. */
const number = /(?<!\d)(?:0|[1-9]\d{0,14})(?!\d)/g;

/** How many numbers of a key are remembered; the place after the last says that it is none of them. */
const remembered = 24;

/** Numbers lately seen on each key, and the last that was none of those. One for the writer, one for the reader, fed alike. */
class Memory {
  readonly #byKey = new Map<number, Recent>();
  fresh = 0;

  of(key: number): Recent {
    let recent = this.#byKey.get(key);
    if (recent === undefined) this.#byKey.set(key, (recent = new Recent(remembered)));
    return recent;
  }
}

function cut(text: string): string {
  return text.length <= textLimit
    ? text
    : `${text.slice(0, textLimit)}… (${text.length - textLimit} more characters, see history.jsonl)`;
}

/** What a text belongs to. */
export interface TextPlace {
  /** Texts of one context look alike: those that one function asks, or is answered when it succeeds. */
  readonly context: number;
  /** Index of the key that its numbers are of. */
  readonly key: number;
}

function ofContext(contexts: Map<number, Frequent>, context: number): Frequent {
  let own = contexts.get(context);
  if (own === undefined) contexts.set(context, (own = new Frequent()));
  return own;
}

/** Writes columns of texts that share one dictionary of templates and one memory. */
export class TextWriter {
  readonly #templates = new Map<string, number>();
  readonly #inContext = new Map<number, Frequent>();
  readonly #memory = new Memory();
  /** Numbers written so far, so that the reader can allocate once. */
  numbers = 0;
  /** Where each number stands among those remembered of its key. */
  readonly places = new ByteWriter();
  /** The others, as differences. */
  readonly fresh = new NumberWriter();

  get templates(): readonly string[] {
    return [...this.#templates.keys()];
  }

  /** `text` null: nothing there at all, which is not the same as the JSON value null. */
  write(column: ByteWriter, text: string | null, place: TextPlace): void {
    if (text === null) {
      this.#template(column, 0, place.context);
      return;
    }
    const clean = cut(text.replaceAll(hole, "\u2400"));
    const found = clean.match(number) ?? [];
    const numbers = found.length <= holesLimit ? found.map(Number) : [];
    const template = numbers.length > 0 ? clean.replace(number, hole) : clean;
    let index = this.#templates.get(template);
    if (index === undefined) this.#templates.set(template, (index = this.#templates.size));
    this.#template(column, index + 1, place.context);
    for (const value of numbers) this.#number(value, place.key);
    this.numbers += numbers.length;
  }

  /** `raw`: 0 for no text at all, else the template's index and one. */
  #template(column: ByteWriter, raw: number, context: number): void {
    const own = ofContext(this.#inContext, context);
    const place = own.placeOf(raw);
    column.unsigned(place ?? own.length);
    if (place === undefined) {
      column.unsigned(raw);
      own.add(raw);
    }
    own.use(place ?? own.length - 1);
  }

  #number(value: number, key: number): void {
    const recent = this.#memory.of(key);
    const place = recent.placeOf(value);
    this.places.byte(place === -1 ? remembered : place);
    if (place === -1) {
      this.fresh.signed(value - this.#memory.fresh);
      this.#memory.fresh = value;
      recent.add(value);
    } else recent.first(place);
  }
}

/** A decoded column; texts are put together only when asked for. */
export interface TextColumn {
  /** Template + 1 of each row, 0 where there is no text. */
  readonly template: Uint32Array;
  /** Where each row's numbers start in the reader's `numbers`. */
  readonly start: Uint32Array;
}

/** Reads such columns, in the order in which they were written. */
export class TextReader {
  readonly #parts: readonly (readonly string[])[];
  readonly #inContext = new Map<number, Frequent>();
  readonly #memory = new Memory();
  readonly #numbers: Float64Array;
  readonly #places: ByteReader;
  readonly #fresh: NumberReader;
  #used = 0;

  constructor(templates: readonly string[], numbers: number, places: ByteReader, fresh: NumberReader) {
    this.#parts = templates.map((template) => template.split(hole));
    this.#numbers = new Float64Array(numbers);
    this.#places = places;
    this.#fresh = fresh;
  }

  readRow(source: ByteReader, into: TextColumn, row: number, place: TextPlace): void {
    const own = ofContext(this.#inContext, place.context);
    const known = source.unsigned();
    if (known === own.length) own.add(source.unsigned());
    const raw = own.use(known);
    into.template[row] = raw;
    into.start[row] = this.#used;
    if (raw === 0) return;
    const parts = this.#parts[raw - 1];
    if (parts === undefined)
      throw new RangeError(`the report's data names template ${raw - 1}, which it does not have`);
    for (let hole = 1; hole < parts.length; hole++) this.#numbers[this.#used++] = this.#number(place.key);
  }

  #number(key: number): number {
    const recent = this.#memory.of(key);
    const place = this.#places.byte();
    if (place < remembered) {
      const value = recent.at(place);
      recent.first(place);
      return value;
    }
    this.#memory.fresh += this.#fresh.signed();
    recent.add(this.#memory.fresh);
    return this.#memory.fresh;
  }

  text(column: TextColumn, row: number): string | null {
    const raw = column.template[row] ?? 0;
    const parts = raw === 0 ? undefined : this.#parts[raw - 1];
    if (parts === undefined) return null;
    const start = column.start[row] ?? 0;
    let text = parts[0] ?? "";
    for (let place = 1; place < parts.length; place++) text += `${this.#numbers[start + place - 1]}${parts[place]}`;
    return text;
  }
}

export function textColumn(rows: number): TextColumn {
  return { template: new Uint32Array(rows), start: new Uint32Array(rows) };
}

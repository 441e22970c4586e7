// Values as text, small. The values of one run look alike: they differ in their numbers only (`17`, `{"expected":3,"new":9}`,
// `"n2-118"`). A text is therefore split into a template, kept once, and its numbers, each written as the difference from the number
// last seen in the same place of the same template on the same key: a read of the value just written costs one byte of zero.
import { ByteReader, ByteWriter } from "./bytes.js";

/** Stands for a number in a template. JSON text never holds a raw NUL, so it cannot be mistaken. */
const hole = "\u0000";
/** Longer texts are cut for the page; the history file has them whole. */
export const textLimit = 2000;
const holesLimit = 16;
/** Up to 15 digits and no leading zero: printed again, the number gives the same digits. */
const number = /(?<!\d)(?:0|[1-9]\d{0,14})(?!\d)/g;

/** Numbers last seen, by key and template. One for the writer, one for the reader, fed alike. */
class Memory {
  readonly #byKey = new Map<number, Map<number, number[]>>();

  of(key: number, template: number): number[] {
    let ofKey = this.#byKey.get(key);
    if (ofKey === undefined) this.#byKey.set(key, (ofKey = new Map()));
    let numbers = ofKey.get(template);
    if (numbers === undefined) ofKey.set(template, (numbers = []));
    return numbers;
  }
}

function cut(text: string): string {
  return text.length <= textLimit
    ? text
    : `${text.slice(0, textLimit)}… (${text.length - textLimit} more characters, see history.jsonl)`;
}

/** Writes columns of texts that share one dictionary of templates and one memory. */
export class TextWriter {
  readonly #templates = new Map<string, number>();
  readonly #memory = new Memory();
  /** Numbers written so far, so that the reader can allocate once. */
  numbers = 0;

  get templates(): readonly string[] {
    return [...this.#templates.keys()];
  }

  /** `text` null: nothing there at all, which is not the same as the JSON value null. */
  write(column: ByteWriter, text: string | null, key: number): void {
    if (text === null) {
      column.unsigned(0);
      return;
    }
    const clean = cut(text.replaceAll(hole, "\u2400"));
    const found = clean.match(number) ?? [];
    const numbers = found.length <= holesLimit ? found.map(Number) : [];
    const template = numbers.length > 0 ? clean.replace(number, hole) : clean;
    let index = this.#templates.get(template);
    if (index === undefined) this.#templates.set(template, (index = this.#templates.size));
    column.unsigned(index + 1);
    const last = this.#memory.of(key, index);
    for (const [place, value] of numbers.entries()) {
      column.signed(value - (last[place] ?? 0));
      last[place] = value;
    }
    this.numbers += numbers.length;
  }
}

/** A decoded column; texts are put together only when asked for. */
export interface TextColumn {
  /** Template + 1 of each row, 0 where there is no text. */
  readonly template: Uint32Array;
  /** Where each row's numbers start in the reader's `numbers`. */
  readonly start: Uint32Array;
}

/** Reads such columns, row by row, in the order in which the rows were written. */
export class TextReader {
  readonly #parts: readonly (readonly string[])[];
  readonly #memory = new Memory();
  readonly #numbers: Float64Array;
  #used = 0;

  constructor(templates: readonly string[], numbers: number) {
    this.#parts = templates.map((template) => template.split(hole));
    this.#numbers = new Float64Array(numbers);
  }

  readRow(source: ByteReader, into: TextColumn, row: number, key: number): void {
    const raw = source.unsigned();
    into.template[row] = raw;
    into.start[row] = this.#used;
    if (raw === 0) return;
    const parts = this.#parts[raw - 1];
    if (parts === undefined)
      throw new RangeError(`the report's data names template ${raw - 1}, which it does not have`);
    const last = this.#memory.of(key, raw - 1);
    for (let place = 0; place < parts.length - 1; place++) {
      const value = source.signed() + (last[place] ?? 0);
      last[place] = value;
      this.#numbers[this.#used++] = value;
    }
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

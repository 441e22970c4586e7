// Small numbers for the values of a register, equal numbers for equal values, so that what judges it compares integers.
import type { JsonValue } from "../../history/index.js";
import type { Scratch } from "../scratch.js";
import { canonical } from "../values.js";

/** A Map of V8 holds at most 2^24 entries. */
const mapLimit = 2 ** 23;

const clearAhead = 1024;

export class ValueNumbers {
  #size = 0;
  /** By small whole numbers: the value's number + 1, or 0. Most histories write 0, 1, 2, … */
  readonly #whole: Int32Array;
  /** So many of them are cleared: a little ahead of what is asked for, so that no memory is gone through twice. */
  #cleared = 0;
  /** Strings, booleans, null and the other numbers. The last one grows. */
  readonly #primitives: Map<JsonValue, number>[] = [];
  /** Lists and objects, by canonical text. */
  readonly #composites = new Map<string, number>();

  /** `operations`: about how many operations there are; only speed depends on it. Good as long as the scratch memory is lent. */
  constructor(initial: JsonValue, operations: number, scratch: Scratch) {
    this.#whole = scratch.int32(2 * operations + 16);
    this.numberOf(initial);
  }

  get size(): number {
    return this.#size;
  }

  /** The initial value is number 0; the others count up as they appear. */
  numberOf(value: JsonValue): number {
    if (typeof value === "number") {
      const whole = value | 0;
      if (whole !== value || whole < 0 || whole >= this.#whole.length)
        return this.#primitive(Number.isFinite(value) ? value : null);
      if (whole >= this.#cleared) this.#clearUpTo(whole);
      const known = this.#whole[whole] ?? 0;
      if (known !== 0) return known - 1;
      this.#size += 1;
      this.#whole[whole] = this.#size;
      return this.#size - 1;
    }
    return value === null || typeof value !== "object" ? this.#primitive(value) : this.#composite(value);
  }

  /** Canonical texts by number. */
  texts(): string[] {
    const texts = Array.from({ length: this.#size }, () => "");
    for (const [value, next] of this.#whole.subarray(0, this.#cleared).entries())
      if (next !== 0) texts[next - 1] = canonical(value);
    for (const map of this.#primitives) for (const [value, number] of map) texts[number] = canonical(value);
    for (const [text, number] of this.#composites) texts[number] = text;
    return texts;
  }

  #clearUpTo(whole: number): void {
    const end = Math.min(whole + clearAhead, this.#whole.length);
    this.#whole.fill(0, this.#cleared, end);
    this.#cleared = end;
  }

  #primitive(value: JsonValue): number {
    for (const map of this.#primitives) {
      const known = map.get(value);
      if (known !== undefined) return known;
    }
    let newest = this.#primitives.at(-1);
    if (newest === undefined || newest.size >= mapLimit) this.#primitives.push((newest = new Map()));
    newest.set(value, this.#size);
    return this.#size++;
  }

  #composite(value: JsonValue): number {
    const text = canonical(value);
    const known = this.#composites.get(text);
    if (known !== undefined) return known;
    this.#composites.set(text, this.#size);
    return this.#size++;
  }
}

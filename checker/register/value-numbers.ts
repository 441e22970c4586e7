// Small numbers for the values of a register, equal numbers for equal values, so that what judges it compares integers.
import type { JsonValue } from "../../history/index.js";
import type { Scratch } from "../scratch.js";
import { canonical } from "../values.js";

/** A Map of V8 holds at most 2^24 entries. */
const mapLimit = 2 ** 23;

export class ValueNumbers {
  readonly #values: JsonValue[] = [];
  /** By small whole numbers: the value's number + 1, or 0. Most histories write 0, 1, 2, … */
  readonly #whole: Int32Array;
  /** Strings, booleans, null and the other numbers. The last one grows. */
  readonly #primitives: Map<JsonValue, number>[] = [];
  /** Lists and objects, by canonical text. */
  readonly #composites = new Map<string, number>();

  /** `operations`: about how many operations there are; only speed depends on it. Good as long as the scratch memory is lent. */
  constructor(initial: JsonValue, operations: number, scratch: Scratch) {
    this.#whole = scratch.int32(2 * operations + 16).fill(0);
    this.numberOf(initial);
  }

  get size(): number {
    return this.#values.length;
  }

  /** The initial value is number 0; the others count up as they appear. */
  numberOf(value: JsonValue): number {
    if (typeof value === "number") {
      const whole = value | 0;
      if (whole !== value || whole < 0 || whole >= this.#whole.length)
        return this.#primitive(Number.isFinite(value) ? value : null);
      const known = this.#whole[whole] ?? 0;
      if (known !== 0) return known - 1;
      this.#whole[whole] = this.#values.push(value);
      return this.#values.length - 1;
    }
    return value === null || typeof value !== "object" ? this.#primitive(value) : this.#composite(value);
  }

  /** Canonical texts by number. */
  texts(): string[] {
    return this.#values.map(canonical);
  }

  #primitive(value: JsonValue): number {
    for (const map of this.#primitives) {
      const known = map.get(value);
      if (known !== undefined) return known;
    }
    let newest = this.#primitives.at(-1);
    if (newest === undefined || newest.size >= mapLimit) this.#primitives.push((newest = new Map()));
    newest.set(value, this.#values.length);
    return this.#values.push(value) - 1;
  }

  #composite(value: JsonValue): number {
    const text = canonical(value);
    const known = this.#composites.get(text);
    if (known !== undefined) return known;
    this.#composites.set(text, this.#values.length);
    return this.#values.push(value) - 1;
  }
}

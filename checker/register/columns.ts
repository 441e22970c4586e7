// One key's operations brought to four plain kinds, with small integers for values, in columns: a million operations take no
// objects. What says nothing is left out, and an answer that contradicts itself is found here.
import type { JsonValue, Operation } from "../../history/index.js";
import type { Budget } from "../budget.js";
import type { Scratch } from "../scratch.js";
import { expectedIn, newIn, observedIn, previousIn, statusIn } from "./fields.js";
import { ValueNumbers } from "./value-numbers.js";

/**
 * `read`: the value is `value`. `not`: at some moment the value is not `value`. `write`: makes it `value`. `cas`: where it is
 * `expected`, makes it `value` (never equal to `expected`).
 */
export type RegisterKind = "read" | "not" | "write" | "cas";

export const kindNames: readonly RegisterKind[] = ["read", "not", "write", "cas"];
export const readKind = 0;
export const notKind = 1;
export const writeKind = 2;
export const casKind = 3;

/** A row is an operation; rows stand in the order in which the operations were given. */
export interface RegisterColumns {
  readonly count: number;
  /** Position in the list of operations given. */
  readonly position: Int32Array;
  /** Index in `kindNames`. */
  readonly kind: Uint8Array;
  readonly value: Int32Array;
  /** cas only; -1 otherwise. */
  readonly expected: Int32Array;
  readonly call: Float64Array;
  /** Infinity: of unknown outcome. */
  readonly return: Float64Array;
  readonly values: Pick<ValueNumbers, "size" | "texts">;
}

/** A contradiction found without a search; positions in the list of operations given. */
export interface Contradiction {
  readonly operations: readonly number[];
}

const nothing = -1;
const contradiction = -2;

/** The clock is looked at after so many operations. */
const lookEvery = 2 ** 16;

/** About how much scratch memory the columns of one operation take, with all that the algorithm without a search needs. */
export const bytesPerOperation = 96;

/**
 * Operations of outcome `fail` and reads without an answer are left out; shapes must have been checked. The columns lie in the
 * scratch memory. Throws BudgetExhausted.
 */
export function columnsOf(
  operations: readonly Operation[],
  initial: JsonValue,
  scratch: Scratch,
  budget?: Budget,
): RegisterColumns | Contradiction {
  const filler = new ColumnFiller(operations.length, initial, scratch);
  for (let position = 0; position < operations.length; position++) {
    if (position % lookEvery === 0) budget?.look();
    const operation = operations[position];
    if (operation === undefined || operation.outcome === "fail") continue;
    if (!filler.add(operation, position)) return { operations: [position] };
  }
  return filler.columns();
}

/** Takes operations one at a time; at most `length` of them. */
export class ColumnFiller {
  count = 0;
  readonly position: Int32Array;
  readonly kind: Uint8Array;
  readonly value: Int32Array;
  readonly expected: Int32Array;
  readonly call: Float64Array;
  readonly return: Float64Array;

  readonly values: ValueNumbers;

  constructor(length: number, initial: JsonValue, scratch: Scratch) {
    this.values = new ValueNumbers(initial, length, scratch);
    this.position = scratch.int32(length);
    this.kind = scratch.uint8(length);
    this.value = scratch.int32(length);
    this.expected = scratch.int32(length);
    this.call = scratch.float64(length);
    this.return = scratch.float64(length);
  }

  /** False when the operation contradicts itself. */
  add(operation: Operation, position: number): boolean {
    const row = this.count;
    this.expected[row] = -1;
    const kind = this.#kindOf(operation, row);
    if (kind === contradiction) return false;
    if (kind === nothing) return true;
    this.position[row] = position;
    this.kind[row] = kind;
    this.call[row] = operation.callNs;
    this.return[row] = operation.returnNs ?? Infinity;
    this.count = row + 1;
    return true;
  }

  columns(): RegisterColumns {
    const { count, values } = this;
    return {
      count,
      values,
      position: this.position.subarray(0, count),
      kind: this.kind.subarray(0, count),
      value: this.value.subarray(0, count),
      expected: this.expected.subarray(0, count),
      call: this.call.subarray(0, count),
      return: this.return.subarray(0, count),
    };
  }

  /** The kind of an operation, its values put into the row. */
  #kindOf(operation: Operation, row: number): number {
    const { function: name, input, output, returnNs } = operation;
    if (name === "get") return returnNs === null ? nothing : this.#one(readKind, this.values.numberOf(output), row);
    if (name !== "put") return this.#casKind(operation, row);
    const previous = returnNs === null ? undefined : previousIn(output);
    const value = this.values.numberOf(input);
    // A put that tells what it replaced is a cas that succeeded.
    return previous === undefined
      ? this.#one(writeKind, value, row)
      : this.#swap(this.values.numberOf(previous), value, row);
  }

  #casKind({ input, output, returnNs }: Operation, row: number): number {
    const expected = this.values.numberOf(expectedIn(input) ?? null);
    if (returnNs === null) {
      const value = this.values.numberOf(newIn(input) ?? null);
      return expected === value ? nothing : this.#swap(expected, value, row);
    }
    const status = statusIn(output);
    const told = observedIn(output);
    const observed = told === undefined ? -1 : this.values.numberOf(told);
    if (status === "ok") {
      if (observed !== -1 && observed !== expected) return contradiction;
      return this.#swap(expected, this.values.numberOf(newIn(input) ?? null), row);
    }
    if (status === "not-found") {
      const absent = this.values.numberOf(null);
      return observed !== -1 && observed !== absent ? contradiction : this.#one(readKind, absent, row);
    }
    if (observed === -1) return this.#one(notKind, expected, row);
    return observed === expected ? contradiction : this.#one(readKind, observed, row);
  }

  #one(kind: number, value: number, row: number): number {
    this.value[row] = value;
    return kind;
  }

  #swap(expected: number, value: number, row: number): number {
    this.value[row] = value;
    if (expected === value) return readKind;
    this.expected[row] = expected;
    return casKind;
  }
}

// One key's operations as objects of four plain kinds with small integers for values, and everything that can be said without a
// search: an operation of unknown outcome whose value was seen becomes one that happened, and what nobody can tell from not
// having happened is dropped.
import type { JsonValue, Operation } from "../../history/index.js";
import { withScratch } from "../scratch.js";
import {
  bytesPerOperation,
  columnsOf,
  kindNames,
  type Contradiction,
  type RegisterColumns,
  type RegisterKind,
} from "./columns.js";

export type { RegisterKind } from "./columns.js";

export interface RegisterOperation {
  /** Position in the list of operations given. */
  readonly position: number;
  readonly kind: RegisterKind;
  /** cas only; -1 otherwise. */
  readonly expected: number;
  readonly value: number;
  readonly call: number;
  /** Infinity: it may have happened at any later time, or never. */
  readonly return: number;
  /** It happened, whatever its outcome says. What is not required but has a return may have happened, but only within its interval. */
  readonly required: boolean;
}

export interface NormalisedRegister {
  readonly operations: readonly RegisterOperation[];
  /** Texts of the values by their number; the initial value is number 0. */
  readonly values: readonly string[];
}

/** All that a search asks of a register: how many values there are, not which. */
export interface NumberedRegister {
  readonly operations: readonly RegisterOperation[];
  readonly values: { readonly length: number };
}

/** Operations of outcome `fail` are left out; shapes must have been checked. */
export function normaliseRegister(
  operations: readonly Operation[],
  initial: JsonValue,
): NormalisedRegister | Contradiction {
  return withScratch(bytesPerOperation * operations.length, (scratch) => {
    const columns = columnsOf(operations, initial, scratch);
    return "operations" in columns ? columns : { operations: objectsOf(columns), values: columns.values.texts() };
  });
}

export function objectsOf(columns: RegisterColumns): RegisterOperation[] {
  const operations: RegisterOperation[] = [];
  for (let row = 0; row < columns.count; row++) {
    const returned = columns.return[row] ?? Infinity;
    operations.push({
      position: columns.position[row] ?? -1,
      kind: kindNames[columns.kind[row] ?? 0] ?? "read",
      expected: columns.expected[row] ?? -1,
      value: columns.value[row] ?? -1,
      call: columns.call[row] ?? 0,
      return: returned,
      required: returned !== Infinity,
    });
  }
  return operations;
}

/**
 * Tightens intervals to a fixpoint: the one writer of a value that a required operation observed happened, and before the
 * observer's return. The initial value is left out: it needs no writer.
 */
export function tighten({ operations: given, values }: NumberedRegister): NumberedRegister | Contradiction {
  const operations = [...given];
  const facts = new ValueFacts(values.length);
  for (let place = 0; place < operations.length; place++) {
    const operation = operations[place];
    if (operation === undefined) continue;
    facts.take(operation, place);
    facts.observe(operation, place);
  }
  // Each turn makes some return earlier or some operation required; both are bounded, and the second turn rarely changes much.
  for (let turn = 0; turn <= operations.length; turn++) {
    let changed = false;
    for (let value = 1; value < values.length; value++) {
      const observer = operations[facts.observer[value] ?? -1];
      if (observer === undefined) continue;
      const only = facts.writer[value] ?? none;
      if (only === none) return { operations: [observer.position] };
      const writer = operations[only];
      if (writer === undefined) continue;
      if (observer.return < writer.call) return { operations: [writer.position, observer.position] };
      if (writer.required && writer.return <= observer.return) continue;
      const tighter = { ...writer, required: true, return: Math.min(writer.return, observer.return) };
      operations[only] = tighter;
      facts.observe(tighter, only);
      changed = true;
    }
    if (!changed) break;
  }
  return { operations: operations.filter((operation) => operation.required || facts.canMatter(operation)), values };
}

const none = -1;
const several = -2;

/** What is known of each value; places are those in the list of operations. */
class ValueFacts {
  /** The one that writes it, or `none` or `several`. */
  readonly writer: Int32Array;
  /** The required operation that observes it and returns first, or `none`; and when that returns. */
  readonly observer: Int32Array;
  readonly #observed: Float64Array;
  /** 1: some operation, required or not, reads or expects it. */
  readonly #looked: Uint8Array;
  #hasNot = false;

  constructor(values: number) {
    this.writer = new Int32Array(values).fill(none);
    this.observer = new Int32Array(values).fill(none);
    this.#observed = new Float64Array(values);
    this.#looked = new Uint8Array(values);
  }

  take({ kind, expected, value }: RegisterOperation, place: number): void {
    if (kind === "read") this.#looked[value] = 1;
    else if (kind === "not") this.#hasNot = true;
    else {
      this.writer[value] = this.writer[value] === none ? place : several;
      if (kind === "cas") this.#looked[expected] = 1;
    }
  }

  observe({ kind, required, expected, value, return: returned }: RegisterOperation, place: number): void {
    if (!required || kind === "write" || kind === "not") return;
    const seen = kind === "cas" ? expected : value;
    if (this.observer[seen] !== none && returned >= (this.#observed[seen] ?? 0)) return;
    this.observer[seen] = place;
    this.#observed[seen] = returned;
  }

  /**
   * Can anybody tell an operation that is not required from not having happened? Not a write of a value, other than the initial one, that
   * no operation at all reads or expects, while nothing says what a value was not; nor a cas from a value that never was.
   */
  canMatter({ kind, expected, value }: RegisterOperation): boolean {
    if (kind === "read" || kind === "not") return true;
    if (kind === "cas" && expected !== 0 && this.writer[expected] === none) return false;
    return this.#hasNot || value === 0 || this.#looked[value] === 1;
  }
}

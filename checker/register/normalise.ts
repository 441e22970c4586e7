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

/** Operations of outcome `fail` are left out; shapes must have been checked. */
export function normaliseRegister(
  operations: readonly Operation[],
  initial: JsonValue,
): NormalisedRegister | Contradiction {
  return withScratch(bytesPerOperation * operations.length, (scratch) => {
    const columns = columnsOf(operations, initial, scratch);
    return "operations" in columns ? columns : objectsOf(columns);
  });
}

export function objectsOf(columns: RegisterColumns): NormalisedRegister {
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
  return { operations, values: columns.values.texts() };
}

interface ValueFacts {
  /** Positions in the list of operations, at most two kept: only "exactly one" matters. */
  writers: number[];
  leastObserverReturn: number;
  leastObserver: number;
}

/**
 * Tightens intervals to a fixpoint: the one writer of a value that a required operation observed happened, and before the
 * observer's return. The initial value is left out: it needs no writer.
 */
export function tighten(normal: NormalisedRegister): NormalisedRegister | Contradiction {
  const operations = [...normal.operations];
  // Each turn makes some return earlier or some operation required; both are bounded, and the second turn rarely changes much.
  for (let turn = 0; turn <= operations.length; turn++) {
    const facts = factsOf(operations, normal.values.length);
    let changed = false;
    for (const [value, { writers, leastObserverReturn, leastObserver }] of facts.entries()) {
      if (value === 0 || leastObserver === -1) continue;
      const observer = operations[leastObserver];
      const [only] = writers;
      if (observer === undefined) throw new Error("invariant: an observer without an operation");
      if (only === undefined) return { operations: [observer.position] };
      const writer = operations[only];
      if (writers.length !== 1 || writer === undefined) continue;
      if (leastObserverReturn < writer.call) return { operations: [writer.position, observer.position] };
      if (writer.required && writer.return <= leastObserverReturn) continue;
      operations[only] = { ...writer, required: true, return: Math.min(writer.return, leastObserverReturn) };
      changed = true;
    }
    if (!changed) break;
  }
  return { operations: dropUseless(operations, normal.values.length), values: normal.values };
}

function factsOf(operations: readonly RegisterOperation[], count: number): ValueFacts[] {
  const facts: ValueFacts[] = Array.from({ length: count }, () => ({
    writers: [],
    leastObserverReturn: Infinity,
    leastObserver: -1,
  }));
  for (let place = 0; place < operations.length; place++) {
    const operation = operations[place];
    if (operation === undefined) continue;
    if (operation.kind === "write" || operation.kind === "cas") {
      const writers = facts[operation.value]?.writers;
      if (writers !== undefined && writers.length < 2) writers.push(place);
    }
    if (!operation.required || operation.kind === "write" || operation.kind === "not") continue;
    const observed = facts[operation.kind === "cas" ? operation.expected : operation.value];
    if (observed !== undefined && (observed.leastObserver === -1 || operation.return < observed.leastObserverReturn)) {
      observed.leastObserverReturn = operation.return;
      observed.leastObserver = place;
    }
  }
  return facts;
}

/**
 * Drops writes of unknown outcome that nobody can tell from not having happened: of a value, not the initial one, that no
 * operation at all reads or expects, while nothing says what a value was not; and cas of unknown outcome from a value that never was.
 */
export function dropUseless(operations: readonly RegisterOperation[], count: number): RegisterOperation[] {
  const seen = new Uint8Array(count);
  const written = new Uint8Array(count);
  written[0] = 1;
  let hasNot = false;
  for (const { kind, expected, value } of operations) {
    if (kind === "not") hasNot = true;
    if (kind === "read") seen[value] = 1;
    if (kind === "cas") seen[expected] = 1;
    if (kind === "write" || kind === "cas") written[value] = 1;
  }
  return operations.filter(({ kind, expected, value, required }) => {
    if (required || (kind !== "write" && kind !== "cas")) return true;
    if (kind === "cas" && written[expected] === 0) return false;
    return hasNot || value === 0 || seen[value] === 1;
  });
}

// One key's operations brought to four plain kinds with small integers for values, and everything that can be said without a
// search: what says nothing is dropped, what contradicts itself is a violation at once, and an operation of unknown outcome whose
// value was seen becomes one that happened.
import type { JsonValue, Operation } from "../../history/index.js";
import { canonical, fieldOf } from "../values.js";

/**
 * `read`: the value is `value`. `not`: at some moment the value is not `value`. `write`: makes it `value`. `cas`: where it is
 * `expected`, makes it `value` (never equal to `expected`).
 */
export type RegisterKind = "read" | "not" | "write" | "cas";

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

/** A contradiction found without a search; positions in the list of operations given. */
export interface Contradiction {
  readonly operations: readonly number[];
}

class Values {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();
  numberOf(value: JsonValue): number {
    const text = canonical(value);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.texts.length);
    this.texts.push(text);
    return this.texts.length - 1;
  }
}

/** Operations of outcome `fail` must have been dropped; shapes must have been checked. */
export function normaliseRegister(
  operations: readonly Operation[],
  initial: JsonValue,
): NormalisedRegister | Contradiction {
  const values = new Values();
  values.numberOf(initial);
  const normal: RegisterOperation[] = [];
  for (const [position, operation] of operations.entries()) {
    const plain = normaliseOne(operation, position, values);
    if (plain === "contradiction") return { operations: [position] };
    if (plain !== null) normal.push(plain);
  }
  return { operations: normal, values: values.texts };
}

function normaliseOne(
  operation: Operation,
  position: number,
  values: Values,
): RegisterOperation | "contradiction" | null {
  const { function: name, input, output, callNs, returnNs } = operation;
  const known = returnNs !== null;
  const make = (kind: RegisterKind, value: number, expected = -1): RegisterOperation => ({
    position,
    kind,
    expected,
    value,
    call: callNs,
    return: returnNs ?? Infinity,
    required: known,
  });
  if (name === "get") return known ? make("read", values.numberOf(output)) : null;
  if (name === "put") {
    const value = values.numberOf(input);
    const previous = known ? fieldOf(output, "previous") : undefined;
    if (previous === undefined) return make("write", value);
    const replaced = values.numberOf(previous);
    return replaced === value ? make("read", value) : make("cas", value, replaced);
  }
  const expected = values.numberOf(fieldOf(input, "expected") ?? null);
  const value = values.numberOf(fieldOf(input, "new") ?? null);
  if (!known) return expected === value ? null : make("cas", value, expected);
  const status = fieldOf(output, "status");
  const told = fieldOf(output, "observed");
  const observed = told === undefined ? null : values.numberOf(told);
  if (status === "ok") {
    if (observed !== null && observed !== expected) return "contradiction";
    return expected === value ? make("read", value) : make("cas", value, expected);
  }
  if (status === "not-found") {
    const absent = values.numberOf(null);
    if (observed !== null && observed !== absent) return "contradiction";
    return make("read", absent);
  }
  if (observed === null) return make("not", expected);
  return observed === expected ? "contradiction" : make("read", observed);
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
  for (const [place, operation] of operations.entries()) {
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

// One operation while the history is still being told, and what it asks of a register in plain words.
import type { InvokeEvent, JsonValue, Operation, Outcome } from "../../history/index.js";
import { canonical, fieldOf } from "../values.js";
import type { Generation } from "./zones.js";

/** A value as a key of maps: equal for equal JSON values, cheap for plain ones. Forgotten with the last map that holds it. */
export type ValueKey = string | number | boolean | null;

/**
 * What an operation says of a register. `read`: the value is `value`. `not`: the value is not `expected`, at some moment. `write`:
 * makes it `value`. `cas`: where it is `expected`, makes it `value`. `replace`: where it is not `expected`, makes it `value`.
 * `nothing`: says nothing. `contradiction`: contradicts itself.
 */
export type RegisterWord = "read" | "not" | "write" | "cas" | "replace" | "nothing" | "contradiction";

/** Its fields are written once, by the constructor: hundreds of thousands of these are made in a second. */
export class LiveOperation implements Operation {
  declare readonly index: number;
  declare readonly process: number;
  declare readonly function: string;
  declare readonly key: JsonValue;
  declare readonly input: JsonValue;
  declare output: JsonValue;
  declare outcome: Outcome;
  declare error: string | null;
  declare readonly callNs: number;
  declare returnNs: number | null;
  declare readonly node: string | null;
  declare readonly callEvent: number;
  declare returnEvent: number | null;
  /** Its outcome is known, and everything that happened before its end was told. */
  declare settled: boolean;
  /** Its call was acted on. */
  declare swept: boolean;
  /** Registers only, once it is settled. */
  declare word: RegisterWord;
  declare expected: ValueKey;
  declare value: ValueKey;
  /** In zones only: what it observes and what it writes, and its place in their list of open operations. */
  declare observed: Generation | null;
  declare written: Generation | null;
  declare openAt: number;

  constructor(index: number, { process, function: name, key, input, time, node }: InvokeEvent, callEvent: number) {
    this.index = index;
    this.process = process;
    this.function = name;
    this.key = key;
    this.input = input;
    this.output = null;
    this.outcome = "info";
    this.error = null;
    this.callNs = time;
    this.returnNs = null;
    this.node = node;
    this.callEvent = callEvent;
    this.returnEvent = null;
    this.settled = false;
    this.swept = false;
    this.word = "nothing";
    this.expected = null;
    this.value = null;
    this.observed = null;
    this.written = null;
    this.openAt = -1;
  }

  /** A plain value that nothing can change any more. */
  copy(): Operation {
    const { index, process, function: name, key, input, output, outcome, error } = this;
    const { callNs, returnNs, node, callEvent, returnEvent } = this;
    const told = { index, process, function: name, key, input, output, outcome, error };
    return { ...told, callNs, returnNs, node, callEvent, returnEvent };
  }
}

/** Texts that begin so stand for values that are no plain ones. */
const mark = "\u0001";

export function valueKey(value: JsonValue): ValueKey {
  if (typeof value === "string") return value.startsWith(mark) ? mark + canonical(value) : value;
  if (value === null || typeof value !== "object") return value;
  return mark + canonical(value);
}

/** The value that an operation would write, or undefined when it writes none: known from its call on. */
export function writtenBy({ function: name, input }: Operation): ValueKey | undefined {
  if (name === "put") return valueKey(input);
  if (name === "cas") return valueKey(fieldOf(input, "new") ?? null);
  return name === "delete" ? null : undefined;
}

/** Puts a settled operation of get, put, cas and delete into a register's words. Its shape must have been checked. */
export function tellRegister(operation: LiveOperation): void {
  const known = operation.outcome === "ok";
  switch (operation.function) {
    case "get":
      if (known) tell(operation, "read", valueKey(operation.output));
      return;
    case "put":
      return tellPut(operation, valueKey(operation.input), known);
    case "delete":
      return tellDelete(operation, known);
    default:
      tellCas(operation, known);
  }
}

function tell(operation: LiveOperation, word: RegisterWord, value: ValueKey, expected: ValueKey = null): void {
  operation.word = word;
  operation.value = value;
  operation.expected = expected;
}

function tellPut(operation: LiveOperation, value: ValueKey, known: boolean): void {
  const previous = known ? fieldOf(operation.output, "previous") : undefined;
  if (previous === undefined) return tell(operation, "write", value);
  tellSwap(operation, valueKey(previous), value);
}

function tellDelete(operation: LiveOperation, known: boolean): void {
  const status = known ? fieldOf(operation.output, "status") : undefined;
  if (status === undefined) return tellPut(operation, null, known);
  const told = fieldOf(operation.output, "previous");
  const previous = told === undefined ? undefined : valueKey(told);
  if (status === "not-found") {
    if (previous !== undefined && previous !== null) operation.word = "contradiction";
    else tell(operation, "read", null);
  } else if (previous === undefined) tell(operation, "replace", null, null);
  else if (previous === null) operation.word = "contradiction";
  else tell(operation, "cas", null, previous);
}

function tellSwap(operation: LiveOperation, expected: ValueKey, value: ValueKey): void {
  if (expected === value) tell(operation, "read", value);
  else tell(operation, "cas", value, expected);
}

function tellCas(operation: LiveOperation, known: boolean): void {
  const { input, output } = operation;
  const expected = valueKey(fieldOf(input, "expected") ?? null);
  const value = valueKey(fieldOf(input, "new") ?? null);
  if (!known) {
    if (expected !== value) tell(operation, "cas", value, expected);
    return;
  }
  const status = fieldOf(output, "status");
  const told = fieldOf(output, "observed");
  const observed = told === undefined ? undefined : valueKey(told);
  if (status === "ok") {
    if (observed !== undefined && observed !== expected) operation.word = "contradiction";
    else tellSwap(operation, expected, value);
  } else if (status === "not-found") {
    if (observed !== undefined && observed !== null) operation.word = "contradiction";
    else tell(operation, "read", null);
  } else if (observed === undefined) tell(operation, "not", null, expected);
  else if (observed === expected) operation.word = "contradiction";
  else tell(operation, "read", observed);
}

// Short ways to write operations down in tests.
import type { JsonValue, Operation } from "../../history/index.js";

export interface Interval {
  readonly from: number;
  /** null: never returned. */
  readonly to: number | null;
}

let nextProcess = 1000;

/** An operation of a process of its own, so that any intervals go together. */
export function operation(
  index: number,
  name: string,
  input: JsonValue,
  output: JsonValue,
  from: number,
  to: number | null,
  extra: Partial<Operation> = {},
): Operation {
  return {
    index,
    process: nextProcess++,
    function: name,
    key: "k",
    input,
    output,
    outcome: to === null ? "info" : "ok",
    error: null,
    callNs: from,
    returnNs: to,
    node: null,
    callEvent: 2 * index,
    returnEvent: to === null ? null : 2 * index + 1,
    ...extra,
  };
}

/** Gives operations, written as functions of their index, their indices. */
export function operations(...makers: readonly ((index: number) => Operation)[]): Operation[] {
  return makers.map((make, index) => make(index));
}

type Maker = (index: number) => Operation;

export const get =
  (value: JsonValue, from: number, to: number | null): Maker =>
  (index) =>
    operation(index, "get", null, value, from, to);
export const put =
  (value: JsonValue, from: number, to: number | null): Maker =>
  (index) =>
    operation(index, "put", value, null, from, to);
/** A successful cas, or one of unknown outcome. */
export const cas =
  (expected: JsonValue, replacement: JsonValue, from: number, to: number | null): Maker =>
  (index) =>
    operation(index, "cas", { expected, new: replacement }, to === null ? null : { status: "ok" }, from, to);
/** A failed cas that observed a value. */
export const mismatch =
  (expected: JsonValue, observed: JsonValue, from: number, to: number): Maker =>
  (index) =>
    operation(index, "cas", { expected, new: "never" }, { status: "mismatch", observed }, from, to);
/** A failed cas that says only that the value was not `expected`: CHECKER.md's F. */
export const failedCas =
  (expected: JsonValue, from: number, to: number): Maker =>
  (index) =>
    operation(index, "cas", { expected, new: "never" }, { status: "mismatch" }, from, to);

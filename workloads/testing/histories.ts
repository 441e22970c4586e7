// Histories made by hand, one operation a line: each is called 10 ns after the one before and answered 5 ns later, unless told otherwise.
import type { JsonValue, Operation, Outcome } from "../../history/index.js";

export interface Row {
  readonly function: string;
  readonly key?: string;
  readonly input?: JsonValue;
  readonly outcome?: Outcome;
  readonly output?: JsonValue;
  readonly callNs?: number;
  readonly returnNs?: number;
}

export const get = (output: JsonValue, more: Partial<Row> = {}): Row => ({ function: "get", output, ...more });
export const put = (input: JsonValue, outcome: Outcome = "ok", previous: JsonValue = null): Row => ({
  function: "put",
  input,
  outcome,
  output: outcome === "ok" ? { previous } : null,
});
/** A cas that was done, or of the outcome given. */
export const cas = (expected: JsonValue, next: JsonValue, outcome: Outcome = "ok", more: Partial<Row> = {}): Row => ({
  function: "cas",
  input: { expected, new: next },
  outcome,
  output: outcome === "ok" ? { status: "ok", observed: expected } : null,
  ...more,
});
/** A cas that found something else. */
export const mismatch = (expected: JsonValue, next: JsonValue, observed: JsonValue): Row => ({
  function: "cas",
  input: { expected, new: next },
  output: { status: "mismatch", observed },
});

export function handMade(...rows: readonly Row[]): readonly Operation[] {
  return rows.map((row, index): Operation => {
    const { key = "k0", input = null, outcome = "ok", output = null, callNs = index * 10 } = row;
    const returnNs = outcome === "info" ? null : (row.returnNs ?? callNs + 5);
    return {
      index,
      process: index,
      function: row.function,
      key,
      input,
      output,
      outcome,
      error: null,
      callNs,
      returnNs,
      node: "n1",
      callEvent: index * 2,
      returnEvent: index * 2 + 1,
    };
  });
}

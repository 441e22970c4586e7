// The certificate verifier: re-checks what the engines claim, from the operations alone. It shares no code with them, down to
// the meaning of a register, and is small enough to be read in one go.
//
// Here a linearization is checked, by replaying it; verifier-core.ts and verifier-context.ts check the core of a violation.
import type { JsonValue, Operation } from "../history/index.js";

/** What operations mean: the value afterwards, or undefined when the operation could not have answered so. */
export interface Specification<State> {
  readonly initial: State;
  readonly step: (state: State, operation: Operation) => State | undefined;
  readonly text: (state: State) => string;
}

export function text(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => text(item)).join()}]`;
  if (value === undefined || value === null || typeof value !== "object") return JSON.stringify(value) ?? "undefined";
  const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${text(item)}`);
  return `{${fields.sort().join()}}`;
}

export function part(value: JsonValue, name: string): JsonValue | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })[name]
    : undefined;
}

/** A register with get, put and cas. */
export function registerSpecification(initial: JsonValue): Specification<JsonValue> {
  const step = (state: JsonValue, { function: name, input, output, outcome }: Operation): JsonValue | undefined => {
    const answered = outcome === "ok";
    const sees = (value: JsonValue | undefined) => value === undefined || text(value) === text(state);
    if (name === "get") return !answered || sees(output) ? state : undefined;
    if (name === "put") return !answered || sees(part(output, "previous")) ? input : undefined;
    const equal = text(part(input, "expected")) === text(state);
    if (!answered) return equal ? part(input, "new") : undefined;
    if (!sees(part(output, "observed"))) return undefined;
    if (part(output, "status") === "ok") return equal ? part(input, "new") : undefined;
    return (part(output, "status") === "not-found" ? state === null : !equal) ? state : undefined;
  };
  return { initial, step, text };
}

/** What is wrong with a claimed linearization, or null. `order` holds Operation.index. */
export function verifyLinearization<State>(
  specification: Specification<State>,
  operations: readonly Operation[],
  order: readonly number[],
): string | null {
  const byIndex = new Map(operations.map((operation) => [operation.index, operation]));
  let state = specification.initial;
  let latestCall = -Infinity;
  for (const index of order) {
    const operation = byIndex.get(index);
    if (operation === undefined) return `operation ${index} is unknown or stands twice`;
    byIndex.delete(index);
    if (operation.outcome === "fail") return `operation ${index} did not happen`;
    latestCall = Math.max(latestCall, operation.callNs);
    if ((operation.returnNs ?? Infinity) < latestCall) return `operation ${index} stands too late`;
    const after = specification.step(state, operation);
    if (after === undefined) return `operation ${index} cannot answer so in state ${specification.text(state)}`;
    state = after;
  }
  for (const { index, outcome } of byIndex.values()) if (outcome === "ok") return `operation ${index} is missing`;
  return null;
}

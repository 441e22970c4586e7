// The certificate verifier: re-checks what the engines claim, from the operations alone. It shares no code with them, down to the
// meaning of a register. Here a linearization is replayed; verifier-core.ts checks the core of a violation.
import type { JsonValue, Operation } from "../history/index.js";

/** What operations mean: the value afterwards, or undefined when the operation could not have answered so. */
export interface Specification<State> {
  readonly initial: State;
  readonly step: (state: State, operation: Operation) => State | undefined;
  readonly text: (state: State) => string;
}

export function text(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => text(item)).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "undefined";
  const field = ([name, item]: [string, JsonValue]) => `${JSON.stringify(name)}:${text(item)}`;
  return `{${Object.entries(value).map(field).sort().join()}}`;
}

export function part(value: JsonValue, name: string): JsonValue | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })[name]
    : undefined;
}

function same(one: JsonValue | undefined, other: JsonValue): boolean {
  return one === other || (typeof other === "object" && text(one) === text(other));
}

function stepRegister(state: JsonValue, { function: name, input, output, outcome }: Operation): JsonValue | undefined {
  const answered = outcome === "ok";
  if (name === "get") return !answered || same(output, state) ? state : undefined;
  const seen = answered ? part(output, name === "put" ? "previous" : "observed") : undefined;
  if (seen !== undefined && !same(seen, state)) return undefined;
  if (name === "put") return input;
  const equal = same(part(input, "expected"), state);
  const status = answered ? part(output, "status") : "ok";
  if (status === "ok") return equal ? part(input, "new") : undefined;
  return (status === "not-found" ? state === null : !equal) ? state : undefined;
}

export const registerSpecification = (initial: JsonValue) => ({ initial, step: stepRegister, text });
const named = (index: number): string => `operation ${index}`; // called: a text in a loop is made ahead, every time

/** What is wrong with a claimed linearization, or null. `order` holds Operation.index. */
export function verifyLinearization<State>(
  { initial, step, text: show }: Specification<State>,
  operations: readonly Operation[],
  order: readonly number[] | Int32Array | Float64Array,
): string | null {
  let places: Map<number, number> | null = null; // for what stands neither where its index says nor near the one before
  const placed = new Uint8Array(operations.length);
  let [state, near, latest]: [State, number, Operation | null] = [initial, 0, null]; // latest: called last of those so far
  for (let at = 0; at < order.length; at++) {
    const index = order[at] ?? -1;
    let place = operations[index]?.index === index ? index : near;
    for (let tries = 0; tries < 32 && operations[place]?.index !== index; tries++)
      place += (operations[place]?.index ?? Infinity) < index ? 1 : -1;
    if (operations[place]?.index !== index)
      place = (places ??= new Map(operations.map(({ index }, at) => [index, at]))).get(index) ?? -1;
    const operation = operations[place];
    if (operation === undefined || placed[place] === 1) return `${named(index)} is unknown or stands twice`;
    placed[place] = 1;
    near = place;
    if (operation.outcome === "fail") return `${named(index)} did not happen`;
    if (latest === null || operation.callNs > latest.callNs) latest = operation;
    if ((operation.returnNs ?? Infinity) < latest.callNs) return `${named(index)} stands too late`;
    const after = step(state, operation);
    if (after === undefined) return `${named(index)} cannot answer so in state ${show(state)}`;
    state = after;
  }
  const missing = operations.find((operation, place) => placed[place] === 0 && operation.outcome === "ok");
  return missing === undefined ? null : `${named(missing.index)} is missing`;
}

// The certificate verifier: re-checks what the engines claim, from the operations alone. It shares no code with them, down to
// the meaning of a register, and is small enough to be read in one go.
//
// A linearization is checked by replaying it. A core is checked by trying every order of its few operations, while those
// outside it are as free as the core's context says (explain/core-search.ts): nothing found means inconsistent.
import type { JsonValue, Operation } from "../history/index.js";

/** What operations mean: the value afterwards, or undefined when the operation could not have answered so. */
export interface Specification<State> {
  readonly initial: State;
  readonly step: (state: State, operation: Operation) => State | undefined;
  readonly text: (state: State) => string;
}

function text(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => text(item)).join()}]`;
  if (value === undefined || value === null || typeof value !== "object") return String(JSON.stringify(value));
  const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${text(item as JsonValue)}`);
  return `{${fields.sort().join()}}`;
}

function part(value: JsonValue, name: string): JsonValue | undefined {
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

export interface CoreClaim {
  /** Operation.index of the core. */
  readonly operations: readonly number[];
  readonly context: "own-window" | "any-time" | "open-ended";
}

interface Move {
  readonly operation: Operation;
  readonly from: number;
  readonly until: number;
  readonly use: "must" | "once" | "often";
}

/** An operation outside the core, its answer forgotten: what it may have written, or null for nothing. */
function shadowOf(operation: Operation, context: CoreClaim["context"]): Operation | null {
  const blind = { ...operation, outcome: "info", output: null } as const;
  if (operation.function === "get") return null;
  if (operation.outcome === "info" || context === "open-ended") return blind;
  const status = part(operation.output, "status");
  if (status !== undefined && status !== "ok") return null;
  const previous = part(operation.output, "previous");
  if (previous === undefined) return blind;
  return { ...blind, function: "cas", input: { expected: previous, new: operation.input } };
}

const writes = ({ function: name, input }: Operation) => text(name === "cas" ? part(input, "new") : input);

function movesOf(operations: readonly Operation[], { operations: core, context }: CoreClaim): Move[] {
  const moves: Move[] = [];
  const shadows: Move[] = [];
  const looked = new Set<string>();
  for (const operation of operations.filter(({ outcome }) => outcome !== "fail")) {
    const { function: name, index, callNs, returnNs, input, output } = operation;
    const interval = { from: callNs, until: returnNs ?? Infinity };
    if (core.includes(index)) {
      moves.push({ operation, ...interval, use: returnNs === null ? "once" : "must" });
      if (name === "get") looked.add(text(output));
      for (const field of ["observed", "previous"]) looked.add(text(part(output, field)));
      looked.add(text(part(input, "expected"))).add(part(output, "status") === "not-found" ? "null" : "");
      continue;
    }
    const shadow = shadowOf(operation, context);
    if (shadow === null) continue;
    const free = { from: context === "any-time" ? -Infinity : callNs, until: Infinity };
    if (context === "own-window") shadows.push({ operation: shadow, ...interval, use: "often" });
    else shadows.push({ operation: shadow, ...free, use: context === "any-time" ? "often" : "once" });
  }
  // A write outside the core matters only when its value can be looked at, perhaps through a chain of comparisons, or when any
  // other value will do.
  const blind = ({ operation: { output } }: Move) =>
    part(output, "status") === "mismatch" && !("observed" in Object(output));
  const everything = context === "open-ended" || moves.some(blind);
  for (let size = -1; size !== looked.size;) {
    size = looked.size;
    for (const { operation } of shadows)
      if (operation.function === "cas" && looked.has(writes(operation)))
        looked.add(text(part(operation.input, "expected")));
  }
  return [...moves, ...shadows.filter(({ operation }) => everything || looked.has(writes(operation)))];
}

/** Is the core inconsistent in its context? `undecided` after that many steps. */
export function verifyCore<State>(
  specification: Specification<State>,
  operations: readonly Operation[],
  claim: CoreClaim,
  maxSteps = 2_000_000,
): "inconsistent" | "consistent" | "undecided" {
  let bits = 0n;
  const moves = movesOf(operations, claim).map((move) => ({ ...move, bit: move.use === "often" ? 0n : 1n << bits++ }));
  const earliest = new Map<string, number>();
  const stack = [{ used: 0n, state: specification.initial, latestCall: -Infinity }];
  for (let steps = 0; ;) {
    const at = stack.pop();
    if (at === undefined) return "inconsistent";
    const open = moves.filter(({ bit }) => (at.used & bit) === 0n);
    const due = open.filter(({ use }) => use === "must");
    if (due.length === 0) return "consistent";
    const deadline = Math.min(...due.map(({ until }) => until));
    if (at.latestCall > deadline) continue;
    for (const { operation, from, until, use, bit } of open) {
      if ((steps += 1) > maxSteps) return "undecided";
      if (from > deadline || until < at.latestCall) continue;
      const state = specification.step(at.state, operation);
      if (state === undefined) continue;
      const used = use === "often" ? at.used : at.used | bit;
      const latestCall = Math.max(at.latestCall, from);
      const key = `${used.toString(36)} ${specification.text(state)}`;
      if ((earliest.get(key) ?? Infinity) <= latestCall) continue;
      earliest.set(key, latestCall);
      stack.push({ used, state, latestCall });
    }
  }
}

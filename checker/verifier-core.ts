// The certificate verifier, second half: is a core inconsistent in its context (ViolationCertificate)? Intervals can be put in an order
// iff none ends before the latest call so far; orders are tried, remembering what was placed, the state, and the earliest such call.
import type { Operation } from "../history/index.js";
import { part, text, type Specification } from "./verifier.js";

export interface CoreClaim {
  readonly operations: readonly number[]; // Operation.index of the core
  readonly context: "own-window" | "any-time" | "open-ended";
}

/** What an operation outside the core may have written, its answer forgotten. */
function shadowOf(one: Operation, context: CoreClaim["context"]): Operation {
  const told = one.outcome === "ok" && context !== "open-ended" ? part(one.output, "previous") : undefined;
  const change = told === undefined ? {} : { function: "cas", input: { expected: told, new: one.input } };
  const callNs = context === "any-time" ? -Infinity : one.callNs;
  const returnNs = context === "own-window" ? one.returnNs : null;
  return { ...one, ...change, callNs, returnNs, outcome: "info", output: null };
}

/** Of the others, those that wrote what somebody in the core can look at, be it through a chain of comparisons. */
function useful(others: readonly Operation[], core: readonly Operation[]): readonly Operation[] {
  const writes = others.filter(
    ({ outcome, output }) => outcome === "info" || (part(output, "status") ?? "ok") === "ok",
  );
  const looked = new Set(["null"]);
  for (const { input, output } of core) {
    const told = [part(output, "observed"), part(output, "previous")];
    if (part(output, "status") === "mismatch" && told[0] === undefined) return writes;
    for (const value of [...told, output, part(input, "expected")]) looked.add(text(value));
  }
  const written = writes.map(({ function: name, input }) => text(name === "put" ? input : part(input, "new")));
  for (let size = 0; size !== looked.size;) {
    size = looked.size;
    for (const [at, { input, output }] of writes.entries())
      if (looked.has(written[at] ?? "")) looked.add(text(part(input, "expected") ?? part(output, "previous")));
  }
  return writes.filter((_, at) => looked.has(written[at] ?? ""));
}

/** Is the core inconsistent in its context? `undecided` after that many steps. */
export function verifyCore<State>(
  { initial, step, text: identify }: Specification<State>,
  operations: readonly Operation[],
  { operations: indices, context }: CoreClaim,
  maxSteps = 1_000_000,
): "inconsistent" | "consistent" | "undecided" {
  const inside = new Set(indices);
  const core = operations.filter(({ index, outcome }) => inside.has(index) && outcome !== "fail");
  const others = operations.filter((one) => !inside.has(one.index) && one.outcome !== "fail" && one.function !== "get");
  const helpers = context === "open-ended" ? others : useful(others, core);
  const moves = [...core, ...helpers.map((one) => shadowOf(one, context))];
  const best = new Map<string, number>();
  const waiting: { readonly state: State; readonly used: readonly number[]; readonly latestCall: number }[] = [];
  const meet = (state: State, used: readonly number[], latestCall: number) => {
    const key = `${used.join()} ${identify(state)}`;
    if ((best.get(key) ?? Infinity) <= latestCall) return;
    best.set(key, latestCall);
    waiting.push({ state, used, latestCall });
  };
  meet(initial, [], -Infinity);
  let steps = 0;
  for (let branch = waiting.pop(); branch !== undefined; branch = waiting.pop()) {
    const { state, used, latestCall } = branch;
    const ends = core.map(({ returnNs }, at) => (used.includes(at) ? Infinity : (returnNs ?? Infinity)));
    const deadline = ends.reduce((least, end) => Math.min(least, end), Infinity);
    if (deadline === Infinity) return "consistent";
    for (const [at, move] of moves.entries()) {
      const time = Math.max(move.callNs, latestCall);
      if (time > Math.min(deadline, move.returnNs ?? Infinity) || used.includes(at)) continue;
      if (++steps > maxSteps) return "undecided";
      const after = step(state, move);
      const isOnce = at < core.length || context === "open-ended";
      if (after !== undefined) meet(after, isOnce ? [...used, at].sort((a, b) => a - b) : used, time);
    }
  }
  return "inconsistent";
}

// The certificate verifier, second half: is a core inconsistent in its context (ViolationCertificate)? Intervals can be put in an order
// iff none ends before the latest call so far; orders are tried, remembering what was placed, the state, and the earliest such call.
import type { Operation } from "../history/index.js";
import { part, text, type Specification } from "./verifier.js";

export interface CoreClaim {
  readonly operations: readonly number[]; // Operation.index of the core
  readonly context: "own-window" | "any-time" | "open-ended";
}

/** What an operation outside the core may have written, its answer forgotten. */
function shadowOf(operation: Operation, context: CoreClaim["context"]): Operation[] {
  const { function: name, input, output, outcome } = operation;
  const blind = { ...operation, outcome: "info", output: null } as const;
  if (outcome === "fail" || name === "get") return [];
  if (context === "open-ended") return [{ ...blind, returnNs: null }];
  const at = context === "own-window" ? blind : { ...blind, callNs: -Infinity, returnNs: null };
  if (outcome === "info") return [at];
  if ((part(output, "status") ?? "ok") !== "ok") return [];
  const previous = part(output, "previous");
  return [previous === undefined ? at : { ...at, function: "cas", input: { expected: previous, new: input } }];
}

/** Leaves out what writes values that nobody in the core can look at, not even through a chain of comparisons. */
function useful(shadows: readonly Operation[], core: readonly Operation[]): readonly Operation[] {
  const written = ({ function: name, input }: Operation) => text(name === "put" ? input : part(input, "new"));
  const looked = new Set(["null"]);
  for (const { input, output } of core) {
    const told = [part(output, "observed"), part(output, "previous")];
    if (part(output, "status") === "mismatch" && told[0] === undefined) return shadows;
    for (const value of [...told, output, part(input, "expected")]) looked.add(text(value));
  }
  for (let size = 0; size !== looked.size;) {
    size = looked.size;
    for (const one of shadows.toReversed())
      if (one.function === "cas" && looked.has(written(one))) looked.add(text(part(one.input, "expected")));
  }
  return shadows.filter((one) => looked.has(written(one)));
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
  const shadows = operations.flatMap((one) => (inside.has(one.index) ? [] : shadowOf(one, context)));
  const moves = [...core, ...(context === "open-ended" ? shadows : useful(shadows, core))];
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

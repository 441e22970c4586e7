// Whether an order that a search claims is sequentially consistent: looked at once more, from the operations alone.
import type { Operation } from "../../history/index.js";
import type { Model } from "../model.js";

/** `order`: positions. */
export function isSequentialOrder<State>(
  model: Model<State>,
  initial: State,
  operations: readonly Operation[],
  order: readonly number[],
): boolean {
  const placed = new Set<number>();
  const latest = new Map<number, { readonly at: number; readonly callNs: number }>();
  let state = initial;
  for (const at of order) {
    const operation = operations[at];
    if (operation === undefined || operation.outcome === "fail" || placed.has(at)) return false;
    placed.add(at);
    // A session's operations do not overlap, so their calls tell their order; at equal calls, their positions do.
    const { process, callNs } = operation;
    const before = latest.get(process);
    if (before !== undefined && (before.callNs > callNs || (before.callNs === callNs && before.at > at))) return false;
    latest.set(process, { at, callNs });
    const after = model.step(state, operation);
    if (after === "illegal") return false;
    state = after.state;
  }
  return operations.every(({ outcome }, at) => outcome !== "ok" || placed.has(at));
}

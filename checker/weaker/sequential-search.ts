// Sequential consistency (Lamport, 1979) of an object of any model, by search: sessions are queues, and what stands at the head of
// one may come next. An operation that changes nothing is taken as soon as it can be: waiting would gain nothing.
import type { Operation } from "../../history/index.js";
import type { Budget } from "../budget.js";
import type { Model } from "../model.js";

/** An order of positions, or null when there is none. Throws BudgetExhausted. */
export function searchSequential<State>(
  model: Model<State>,
  initial: State,
  operations: readonly Operation[],
  budget: Budget,
): readonly number[] | null {
  const queues = queuesOf(model, operations);
  const required = operations.filter(({ outcome }) => outcome === "ok").length;
  const seen = new Set<string>();
  interface Point {
    readonly heads: readonly number[];
    readonly state: State;
    /** How many answered operations were taken. */
    readonly answered: number;
    readonly last: { readonly at: number; readonly before: Point } | null;
  }
  const stack: Point[] = [{ heads: queues.map(() => 0), state: initial, answered: 0, last: null }];
  for (let point = stack.pop(); point !== undefined; point = stack.pop()) {
    budget.spend(1);
    if (point.answered === required) return orderOf(point);
    const key = `${point.heads.join()} ${model.identify(point.state)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const choices: { readonly point: Point; readonly call: number }[] = [];
    for (const [session, queue] of queues.entries()) {
      const at = queue[point.heads[session] ?? 0] ?? -1;
      const operation = operations[at];
      if (operation === undefined) continue;
      const after = model.step(point.state, operation);
      if (after === "illegal") continue;
      const heads = point.heads.with(session, (point.heads[session] ?? 0) + 1);
      const answered = point.answered + (operation.outcome === "ok" ? 1 : 0);
      const next: Point = { heads, state: after.state, answered, last: { at, before: point } };
      if (model.isRead(operation)) {
        choices.length = 0;
        choices.push({ point: next, call: 0 });
        break;
      }
      choices.push({ point: next, call: operation.callNs });
    }
    // What was called first is tried first: most histories are nearly in order.
    choices.sort((one, other) => other.call - one.call);
    for (const choice of choices) stack.push(choice.point);
  }
  return null;
}

function orderOf(point: {
  readonly last: { readonly at: number; readonly before: unknown } | null;
}): readonly number[] {
  const order: number[] = [];
  let at = point.last;
  while (at !== null) {
    order.push(at.at);
    at = (at.before as typeof point).last;
  }
  return order.reverse();
}

/** Positions by process, without what certainly did not happen and reads without an answer. */
function queuesOf<State>(model: Model<State>, operations: readonly Operation[]): readonly (readonly number[])[] {
  const queues = new Map<number, number[]>();
  // Stable: what was called at one moment stays in the order of the operations.
  const inOrder = [...operations.entries()].sort(([, one], [, other]) => one.callNs - other.callNs);
  for (const [at, operation] of inOrder) {
    if (operation.outcome === "fail") continue;
    if (operation.outcome === "info" && model.isRead(operation)) continue;
    const known = queues.get(operation.process);
    if (known === undefined) queues.set(operation.process, [at]);
    else known.push(at);
  }
  return [...queues.values()];
}

// What was known when a violation became certain can be put in order but for one operation of the core: which orders are these, and
// why does the one have no place in them?
import type { JsonValue, Operation } from "../../history/index.js";
import { Budget, BudgetExhausted } from "../budget.js";
import { CertificateMismatch } from "../certificate.js";
import { judgeOperations } from "../engine.js";
import type { AnyModel, Model } from "../model.js";
import type { PartialLinearization } from "../verdict.js";
import { subject } from "./sentence.js";

export interface PartialsInput {
  readonly model: AnyModel;
  readonly initial: JsonValue;
  /** All of the key. */
  readonly operations: readonly Operation[];
  /** Operation.index. */
  readonly core: readonly number[];
  readonly culprit: number;
  /** When the violation became certain. */
  readonly timeNs: number;
  readonly timeMs: number;
}

const maxPartials = 4;
const maxStateText = 80;
/** So many operations of an order are listed. */
const maxListed = 16;
/** So many operations are judged in all. */
const maxJudged = 200_000;

/** The longest first. */
export function partialLinearizations(input: PartialsInput): readonly PartialLinearization[] {
  const { operations, timeNs, culprit, core } = input;
  const known = operations.flatMap((one): Operation[] => {
    if (one.callNs > timeNs || one.outcome === "fail") return [];
    if (one.returnNs === null || one.returnNs <= timeNs) return [one];
    return [{ ...one, outcome: "info", output: null, returnNs: null }];
  });
  const deadline = performance.now() + input.timeMs;
  const found: PartialLinearization[] = [];
  const suspects = [...new Set([culprit, ...core])];
  let judged = 0;
  for (const suspect of suspects) {
    if (found.length >= maxPartials || performance.now() > deadline) break;
    judged += known.length;
    if (judged > maxJudged && suspect !== culprit) break;
    const left = known.find(({ index }) => index === suspect);
    if (left === undefined) continue;
    const rest = known.filter((one) => one !== left);
    const order = orderOf(rest, input, deadline);
    if (order !== null) found.push(input.model.open((model) => tell(model, input.initial, order, left)));
  }
  const length = ({ before, order }: PartialLinearization): number => before + order.length;
  return found.sort((one, other) => length(other) - length(one));
}

function orderOf(
  operations: readonly Operation[],
  { model, initial }: PartialsInput,
  deadline: number,
): readonly Operation[] | null {
  try {
    const timeMs = Math.max(1, deadline - performance.now());
    const { answer } = judgeOperations(operations, model, initial, new Budget({ timeMs, configurations: 100_000 }));
    return answer.valid ? Array.from(answer.order).flatMap((position) => operations[position] ?? []) : null;
  } catch (error) {
    if (error instanceof BudgetExhausted) return null;
    throw error;
  }
}

function tell<State>(model: Model<State>, initial: JsonValue, order: readonly Operation[], left: Operation) {
  const states = [model.initial(initial)];
  for (const operation of order) states.push(after(model, states, operation));
  const describe = (state: State | undefined): string =>
    state === undefined ? "" : (model.describe?.(state) ?? model.identify(state)).slice(0, maxStateText);
  const listed = order.slice(-maxListed);
  return {
    order: listed.map(({ index }) => index),
    before: order.length - listed.length,
    state: describe(states.at(-1)),
    notPlaced: [{ operation: left.index, reason: reasonAgainst(model, states, order, left, describe) }],
  };
}

function after<State>(model: Model<State>, states: readonly State[], operation: Operation): State {
  const state = states.at(-1);
  if (state === undefined) throw new Error("invariant: an order without a beginning");
  const next = model.step(state, operation);
  if (next === "illegal")
    throw new CertificateMismatch(`a partial linearization does not explain operation ${operation.index}`);
  return next.state;
}

/** Goes through the places that its interval leaves to an operation. */
function reasonAgainst<State>(
  model: Model<State>,
  states: readonly State[],
  order: readonly Operation[],
  left: Operation,
  describe: (state: State | undefined) => string,
): string {
  const there = new Set<string>();
  let stopped: { readonly before: Operation; readonly at: number } | null = null;
  for (const place of placesFor(order, left)) {
    const state = states[place];
    if (state === undefined) continue;
    const fits = model.step(state, left);
    if (fits === "illegal") there.add(describe(state));
    else stopped ??= stops(model, fits.state, order, place);
  }
  if (stopped !== null) return `after it, ${subject(stopped.before)} could not have been answered so`;
  const values = [...there].slice(0, 4).join(" or ");
  return there.size === 0
    ? "its interval leaves no place in this order"
    : `while it was under way there was only ${values}${there.size > 4 ? " or others" : ""}`;
}

/** Places, as how many operations come before, that keep to the order of time. */
function placesFor(order: readonly Operation[], { callNs, returnNs }: Operation): readonly number[] {
  const end = returnNs ?? Infinity;
  // What had returned before it was called comes before it, what was called after it had returned comes after it.
  const first = order.findLastIndex((one) => (one.returnNs ?? Infinity) < callNs) + 1;
  const behind = order.findIndex((one) => one.callNs > end);
  const last = behind === -1 ? order.length : behind;
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

/** The first operation that could no longer answer as it did. */
function stops<State>(
  model: Model<State>,
  begin: State,
  order: readonly Operation[],
  place: number,
): { readonly before: Operation; readonly at: number } | null {
  let state = begin;
  for (let at = place; at < order.length; at++) {
    const operation = order[at];
    if (operation === undefined) break;
    const next = model.step(state, operation);
    if (next === "illegal") return { before: operation, at };
    state = next.state;
  }
  return null;
}

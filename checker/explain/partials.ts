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
/** So many operations are judged in all, the first order apart. */
const maxJudged = 15_000;
/** So many operations that came before the core may stand in another order. */
const margin = 64;

/** Operations in order, from a state on that so many others led to. */
interface Order<State> {
  readonly begin: State;
  readonly before: number;
  readonly order: readonly Operation[];
}

/** The end of an order of all but the culprit. */
interface Rest<State> {
  readonly begin: State;
  readonly before: number;
  /** Its operations, the culprit, and those of unknown outcome that no order has used yet. */
  readonly spare: ReadonlySet<Operation>;
}

/** The longest first. */
export function partialLinearizations(input: PartialsInput): readonly PartialLinearization[] {
  return input.model.open((model) => new Partials(model, input).all());
}

class Partials<State> {
  readonly #known: readonly Operation[];
  readonly #deadline: number;
  #judged = 0;

  constructor(
    private readonly model: Model<State>,
    private readonly input: PartialsInput,
  ) {
    this.#known = knownAt(input.operations, input.timeNs);
    this.#deadline = performance.now() + input.timeMs;
  }

  all(): readonly PartialLinearization[] {
    const { culprit, core } = this.input;
    const found: PartialLinearization[] = [];
    let rest: Rest<State> | null = null;
    for (const suspect of new Set([culprit, ...core])) {
      if (found.length >= maxPartials || performance.now() > this.#deadline) break;
      const left = this.#known.find(({ index }) => index === suspect);
      if (left === undefined) continue;
      const order: Order<State> | null = (rest === null ? null : this.#near(rest, left)) ?? this.#whole(left);
      if (order === null) continue;
      found.push(tell(this.model, order, left));
      if (suspect === culprit) rest = this.#fromCoreOn(order.order);
    }
    const length = ({ before, order }: PartialLinearization): number => before + order.length;
    return found.sort((one, other) => length(other) - length(one));
  }

  #whole(left: Operation): Order<State> | null {
    if (left.index !== this.input.culprit && this.#judged + this.#known.length > maxJudged) return null;
    const operations = this.#known.filter((one) => one !== left);
    const order = this.#orderOf(operations, this.input.initial);
    return order === null ? null : { begin: this.model.initial(this.input.initial), before: 0, order };
  }

  /** Of an order of all but the culprit the end, so that nothing before it overlaps an operation of the core. */
  #fromCoreOn(order: readonly Operation[]): Rest<State> | null {
    const { model, input } = this;
    if (!input.model.register) return null;
    const members = this.#known.filter(({ index }) => index === input.culprit || input.core.includes(index));
    const first = members
      .map((one) => firstPlace(order, one))
      .reduce((least, place) => Math.min(least, place), Infinity);
    const before = Math.max(0, first - margin);
    let begin = model.initial(input.initial);
    for (const operation of order.slice(0, before)) begin = after(model, begin, operation);
    const used = new Set(order.slice(0, before));
    return { begin, before, spare: new Set(this.#known.filter((one) => !used.has(one))) };
  }

  /** Without `left` and with the culprit; the beginning stays as it was. */
  #near({ begin, before, spare }: Rest<State>, left: Operation): Order<State> | null {
    const operations = this.#known.filter((one) => one !== left && spare.has(one));
    const found = this.#orderOf(operations, JSON.parse(this.model.identify(begin)) as JsonValue);
    return found === null ? null : { begin, before, order: found };
  }

  #orderOf(operations: readonly Operation[], initial: JsonValue): readonly Operation[] | null {
    this.#judged += operations.length;
    try {
      const budget = new Budget({ timeMs: Math.max(1, this.#deadline - performance.now()), configurations: 100_000 });
      const { answer } = judgeOperations(operations, this.input.model, initial, budget);
      return answer.valid ? Array.from(answer.order).flatMap((position) => operations[position] ?? []) : null;
    } catch (error) {
      if (error instanceof BudgetExhausted) return null;
      throw error;
    }
  }
}

/** What had been called by a time; what had not returned by then may or may not have happened. */
function knownAt(operations: readonly Operation[], timeNs: number): readonly Operation[] {
  const known: Operation[] = [];
  for (const one of operations) {
    if (one.callNs > timeNs) continue;
    const isOver = (one.returnNs ?? Infinity) <= timeNs;
    known.push(isOver ? one : { ...one, outcome: "info", output: null, returnNs: null });
  }
  return known;
}

function tell<State>(
  model: Model<State>,
  { begin, before, order }: Order<State>,
  left: Operation,
): PartialLinearization {
  let state = begin;
  const states = [begin, ...order.map((operation) => (state = after(model, state, operation)))];
  const describe = (one: State): string => (model.describe?.(one) ?? model.identify(one)).slice(0, maxStateText);
  const listed = order.slice(-maxListed);
  return {
    order: listed.map(({ index }) => index),
    before: before + order.length - listed.length,
    state: describe(state),
    notPlaced: [{ operation: left.index, reason: reasonAgainst(model, states, order, left, describe) }],
  };
}

function after<State>(model: Model<State>, state: State, operation: Operation): State {
  const next = model.step(state, operation);
  if (next === "illegal")
    throw new CertificateMismatch(`a partial linearization does not explain operation ${operation.index}`);
  return next.state;
}

/** Goes through the places that its interval leaves to an operation. That there are some follows from the order of time. */
function reasonAgainst<State>(
  model: Model<State>,
  states: readonly State[],
  order: readonly Operation[],
  left: Operation,
  describe: (state: State) => string,
): string {
  const there = new Set<string>();
  let stopped: Operation | null = null;
  const first = firstPlace(order, left);
  for (const [place, state] of states.slice(0, lastPlace(order, left) + 1).entries()) {
    if (place < first) continue;
    const fits = model.step(state, left);
    if (fits === "illegal") there.add(describe(state));
    else stopped ??= stops(model, fits.state, order.slice(place));
  }
  if (stopped !== null) return `after it, ${subject(stopped)} could not have been answered so`;
  const values = [...there].slice(0, 4).join(" or ");
  return `while it was under way there was only ${values}${there.size > 4 ? " or others" : ""}`;
}

/** How many operations must come before this one: the last that had returned before it was called, and all before that. */
function firstPlace(order: readonly Operation[], { callNs }: Operation): number {
  return order.findLastIndex((one) => (one.returnNs ?? Infinity) < callNs) + 1;
}

/** How many may: all before the first that was called after it had returned. */
function lastPlace(order: readonly Operation[], { returnNs }: Operation): number {
  const behind = order.findIndex((one) => one.callNs > (returnNs ?? Infinity));
  return behind === -1 ? order.length : behind;
}

/** The first operation that could no longer answer as it did. */
function stops<State>(model: Model<State>, begin: State, order: readonly Operation[]): Operation | null {
  let state = begin;
  for (const operation of order) {
    const next = model.step(state, operation);
    if (next === "illegal") return operation;
    state = next.state;
  }
  return null;
}

// Counters: every answer lies between what was surely added by then and what may have been. After Jepsen's counter checker, for
// additions of either sign; an add that answers the new value is looked at as well. No search: it speaks of any length of history.
import type { JsonValue, Operation } from "../../history/index.js";
import { answer } from "../explain/sentence.js";
import { splitByKey } from "../keys.js";
import type { CheckerResult, Violation } from "../verdict.js";

const shownAtMost = 5;

/** `initial`: what the counter begins with; 0 where that is no number. At most five violations a key. */
export function checkCounter(operations: readonly Operation[], initial: JsonValue): CheckerResult {
  const start = typeof initial === "number" ? initial : 0;
  const violations: Violation[] = [];
  let answers = 0;
  let wrong = 0;
  for (const { key, operations: own } of splitByKey(operations)) {
    const bounds = new Bounds(own, start);
    let shown = 0;
    for (const operation of own) {
      const { function: name, outcome, output } = operation;
      if (outcome !== "ok" || typeof output !== "number" || (name !== "get" && name !== "add")) continue;
      answers += 1;
      const { least, most } = bounds.around(operation);
      if (output >= least && output <= most) continue;
      wrong += 1;
      if (shown++ < shownAtMost) violations.push(outOf(key, operation, output, least, most));
    }
  }
  return { checker: "counter", valid: violations.length === 0, violations, unknown: [], details: { answers, wrong } };
}

function outOf(key: JsonValue, operation: Operation, output: number, least: number, most: number): Violation {
  const low = output < least;
  const name = low ? "lost write" : "resurrected write";
  const why = low
    ? `but at least ${least} was there: every acknowledged addition counted, and every subtraction that may have happened`
    : `but at most ${most} can have been there: every addition that may have happened counted, and every acknowledged subtraction`;
  const claim = operation.function === "get" ? answer(operation) : `${answer(operation)} with ${output}`;
  return {
    class: name,
    checker: "counter",
    sentence: `${claim}, ${why}.`,
    key,
    operations: [operation.index],
    timeNs: operation.returnNs,
    fingerprint: `${name}/counter/${low ? "below" : "above"}`,
  };
}

/** Sums of additions up to a time, by two sorted lists with running sums. */
class Bounds {
  readonly #gains: Sums;
  readonly #sureGains: Sums;
  readonly #losses: Sums;
  readonly #sureLosses: Sums;
  constructor(
    operations: readonly Operation[],
    readonly start: number,
  ) {
    const adds = operations.flatMap(({ function: name, input, outcome, callNs, returnNs }) =>
      name === "add" && outcome !== "fail" && typeof input === "number"
        ? [{ amount: input, callNs, returnNs: returnNs ?? Infinity }]
        : [],
    );
    const isDone = ({ returnNs }: { readonly returnNs: number }): boolean => returnNs < Infinity;
    const gains = adds.filter(({ amount }) => amount > 0);
    const losses = adds.filter(({ amount }) => amount < 0);
    this.#gains = new Sums(gains.map(({ amount, callNs }) => [callNs, amount]));
    this.#sureGains = new Sums(gains.filter(isDone).map(({ amount, returnNs }) => [returnNs, amount]));
    this.#losses = new Sums(losses.map(({ amount, callNs }) => [callNs, amount]));
    this.#sureLosses = new Sums(losses.filter(isDone).map(({ amount, returnNs }) => [returnNs, amount]));
  }

  /** What an answer may be. Intervals are closed: what touches may stand before or after. */
  around({ function: name, input, callNs, returnNs }: Operation): { readonly least: number; readonly most: number } {
    const end = returnNs ?? Infinity;
    // An add's own amount is surely in its answer; among what may be in, it is counted already, among what surely is, it is not.
    const own = name === "add" && typeof input === "number" ? input : 0;
    const least = this.start + this.#sureGains.before(callNs) + this.#losses.upTo(end);
    const most = this.start + this.#gains.upTo(end) + this.#sureLosses.before(callNs);
    return { least: least + Math.max(0, own), most: most + Math.min(0, own) };
  }
}

class Sums {
  readonly #times: readonly number[];
  readonly #sums: readonly number[];
  constructor(entries: readonly (readonly [time: number, amount: number])[]) {
    const sorted = entries.toSorted(([left], [right]) => left - right);
    let sum = 0;
    this.#times = sorted.map(([time]) => time);
    this.#sums = sorted.map(([, amount]) => (sum += amount));
  }
  before(time: number): number {
    return this.#at(time, false);
  }
  upTo(time: number): number {
    return this.#at(time, true);
  }
  #at(limit: number, inclusive: boolean): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const time = this.#times[middle] ?? Infinity;
      if (inclusive ? time <= limit : time < limit) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#sums[low - 1] ?? 0);
  }
}

// What only rises: the last id handed out, a lock's token, a version that goes from key to key. Whoever begins after an answer that showed
// so much must not see less. No search: one pass over the operations by time.
import { describeAnswer, type Violation, type ViolationClass } from "../checker/index.js";
import type { JsonValue, Operation } from "../history/index.js";

/** What an answered operation shows: at some moment of it the number went from `low` to `high`; for a read they are equal. */
export interface Observation {
  /** The operation of the store itself. */
  readonly operation: Operation;
  /** Observations of different objects are not compared. */
  readonly object: JsonValue;
  /** Where several keys form one object: what is known at one holds for all of lower position as well. 0 for a single key. */
  readonly position: number;
  readonly low: number;
  readonly high: number;
}

export interface RisingResult {
  readonly violations: readonly Violation[];
  /** Observations that began after another of their object. */
  readonly compared: number;
}

const shownAtMost = 5;

/** At most five violations an object. `class`: of an observation that shows less than there was. */
export function checkRising(
  checker: string,
  kind: ViolationClass,
  what: string,
  observations: readonly Observation[],
): RisingResult {
  const objects = new Map<string, Observation[]>();
  for (const observation of observations) {
    const name = JSON.stringify(observation.object);
    const known = objects.get(name);
    if (known === undefined) objects.set(name, [observation]);
    else known.push(observation);
  }
  const violations: Violation[] = [];
  let compared = 0;
  for (const own of objects.values()) {
    const found = checkOne(checker, kind, what, own);
    violations.push(...found.violations);
    compared += found.compared;
  }
  return { violations, compared };
}

const returned = ({ operation }: Observation): number => operation.returnNs ?? Infinity;

function checkOne(
  checker: string,
  kind: ViolationClass,
  what: string,
  observations: readonly Observation[],
): RisingResult {
  const byCall = observations.toSorted((one, other) => one.operation.callNs - other.operation.callNs);
  const byReturn = observations.toSorted((one, other) => returned(one) - returned(other));
  /** The most that was known at each position, of all answers so far. */
  const most: (Observation | undefined)[] = [];
  const violations: Violation[] = [];
  let compared = 0;
  let next = 0;
  for (const observation of byCall) {
    for (; next < byReturn.length; next += 1) {
      const answered = byReturn[next];
      // What touches may stand before or after.
      if (answered === undefined || returned(answered) >= observation.operation.callNs) break;
      const before = most[answered.position];
      if (before === undefined || answered.high > before.high) most[answered.position] = answered;
    }
    const known = highest(most, observation.position);
    if (known === undefined) continue;
    compared += 1;
    if (observation.low >= known.high || violations.length >= shownAtMost) continue;
    const { operation } = observation;
    violations.push({
      class: kind,
      checker,
      sentence: `${describeAnswer(operation)}, ${what} ${observation.low}, though ${describeAnswer(known.operation)}: it was ${known.high} by then.`,
      key: operation.key,
      operations: [known.operation.index, operation.index],
      timeNs: operation.returnNs,
      fingerprint: `${kind}/${checker}/less`,
    });
  }
  return { violations, compared };
}

function highest(most: readonly (Observation | undefined)[], from: number): Observation | undefined {
  let best: Observation | undefined;
  for (let position = from; position < most.length; position += 1) {
    const known = most[position];
    if (known !== undefined && (best === undefined || known.high > best.high)) best = known;
  }
  return best;
}

// Derived histories: what clients did to the higher objects, worked out of what they did to the store. Each derived operation carries the
// index of the operation of the store that decided it, so that what a checker says of it can be looked up in the run.
import type { CheckerResult, UnknownReason, Violation } from "../checker/index.js";
import type { JsonValue, Operation, Outcome } from "../history/index.js";

/** One try of a derived operation: an operation of the store that may have carried it out. */
export interface Attempt {
  readonly operation: Operation;
  readonly effect: "done" | "unknown" | "none";
}

/**
 * The outcome over all tries: one that was done settles it; else one of unknown outcome leaves it unknown, however certainly the others
 * were refused; only when each was refused for certain did it not happen.
 */
export function outcomeOf(attempts: readonly Attempt[]): Outcome {
  if (attempts.some(({ effect }) => effect === "done")) return "ok";
  return attempts.some(({ effect }) => effect === "unknown") ? "info" : "fail";
}

export interface DerivedCall {
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
  readonly output: JsonValue;
}

/**
 * One derived operation of all its tries, from the call of the first that may have done it to the return of the one that did. Tries that
 * certainly changed nothing count for the outcome and not for the time. Throws when there is none.
 */
export function derivedOf(attempts: readonly Attempt[], call: DerivedCall): Operation {
  const outcome = outcomeOf(attempts);
  const able = outcome === "fail" ? attempts : attempts.filter(({ effect }) => effect !== "none");
  const [first] = able;
  const decisive = able.find(({ effect }) => effect === "done") ?? able.at(-1);
  if (first === undefined || decisive === undefined) throw new Error("a derived operation needs at least one try");
  return {
    ...decisive.operation,
    ...call,
    output: outcome === "ok" ? call.output : null,
    outcome,
    callNs: first.operation.callNs,
    returnNs: outcome === "info" ? null : decisive.operation.returnNs,
  };
}

/** A read of a derived object at the time of an operation of the store. */
export function derivedRead(operation: Operation, key: JsonValue, output: JsonValue): Operation {
  return { ...operation, function: "get", key, input: null, output, outcome: "ok" };
}

/** The key of a derived history that stands for one object; `keyOf` undoes it. */
export const objectKey = (key: JsonValue, made: number): JsonValue => [key, made];
const keyOf = (derived: JsonValue): JsonValue =>
  Array.isArray(derived) ? ((derived as readonly JsonValue[])[0] ?? null) : derived;

export interface DerivedCounts {
  /** What the run was for, done for certain; with none there is nothing to judge. */
  readonly done: number;
  readonly what: string;
  /** What was judged, in a sentence for the report. */
  readonly sentence: string;
  readonly details: { readonly [name: string]: JsonValue };
}

/** Composes what the checkers of a derived history say into the workload's own result, with violations at the store's own keys. */
export function judgeDerived(
  workload: string,
  results: readonly Pick<CheckerResult, "violations">[],
  { done, what, sentence, details }: DerivedCounts,
): CheckerResult {
  const violations: readonly Violation[] = results
    .flatMap((result) => result.violations)
    .map((violation) => ({ ...violation, key: keyOf(violation.key) }));
  const unknown: readonly UnknownReason[] =
    done > 0 ? [] : [{ code: "nothing-to-judge", sentence: `${workload}: no ${what} is known to have been done` }];
  const valid = violations.length > 0 ? false : unknown.length > 0 ? "unknown" : true;
  return { checker: workload, valid, violations, unknown, details: { sentence, ...details } };
}

/** How many derived operations there were by outcome. */
export function countOutcomes(operations: readonly Operation[]): { ok: number; info: number; fail: number } {
  const counts = { ok: 0, info: 0, fail: 0 };
  for (const { outcome } of operations) counts[outcome] += 1;
  return counts;
}

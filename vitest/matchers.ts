// What the matchers decide, without vitest: whether a history stands, and what a person is told when it does not.
import {
  checkLinearizability,
  formatExplanation,
  initialOf,
  operationsIn,
  type AnyModel,
  type BudgetLimits,
  type CheckerResult,
  type GivenHistory,
  type Validity,
  type Violation,
} from "../checker/index.js";
import type { JsonValue, Operation } from "../history/index.js";

/** What `toSatisfy` takes beside vitest's own predicates. An object and no function: without the matcher of this room vitest refuses it. */
export interface HistoryChecker {
  /** For messages: `set`, `no lost wake-ups`, … */
  readonly name: string;
  check(operations: readonly Operation[]): Pick<CheckerResult, "valid" | "violations" | "unknown">;
}

export interface LinearizableOptions {
  /** Value of every key before the first operation. Default: what the history's header says, or null. */
  readonly initial?: JsonValue;
  /** What passes it is unknown, and fails. Default: a minute. */
  readonly budget?: BudgetLimits;
}

/** As vitest's matchers answer. */
export interface Matched {
  readonly pass: boolean;
  readonly message: () => string;
}

const shownViolations = 3;

/** An unknown result fails the assertion and its negation alike: a test that did not look has shown nothing. */
function matched(what: string, valid: Validity, isNot: boolean, told: () => readonly string[]): Matched {
  const pass = valid === "unknown" ? isNot : valid;
  const words = valid === "unknown" ? "that cannot be told" : isNot ? "it is" : "it is not";
  return {
    pass,
    message: () => [`expected the history ${isNot ? "not " : ""}to ${what}: ${words}`, "", ...told()].join("\n"),
  };
}

/** Throws TypeError for what is no history at all, CertificateMismatch when the checker is broken. */
export function matchLinearizable(
  received: unknown,
  model: string | AnyModel,
  options: LinearizableOptions,
  isNot: boolean,
): Matched {
  const name = typeof model === "string" ? model : model.name;
  const result = judged(received, (operations, given) =>
    checkLinearizability(operations, model, {
      initial: options.initial ?? initialOf(given),
      ...(options.budget === undefined ? {} : { budget: options.budget }),
    }),
  );
  return matched(`be linearizable by ${name}`, result.valid, isNot, () => told(result));
}

/** The same for a checker of its own kind. */
export function matchChecker(received: unknown, checker: HistoryChecker, isNot: boolean): Matched {
  const result = judged(received, (operations) => resultOf(checker, checker.check(operations)));
  return matched(`satisfy ${checker.name}`, result.valid, isNot, () => told(result));
}

export function isHistoryChecker(value: unknown): value is HistoryChecker {
  return typeof value === "object" && value !== null && "check" in value && typeof value.check === "function";
}

type Judged = Pick<CheckerResult, "valid" | "violations" | "unknown">;

function judged(received: unknown, judge: (operations: readonly Operation[], given: GivenHistory) => Judged): Judged {
  if (!isHistory(received))
    throw new TypeError("expected a history: events or operations in a list, or what readHistory gives");
  let operations: readonly Operation[];
  try {
    operations = operationsIn(received);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return unknown({ code: "malformed", sentence: error.message });
  }
  // No answer was judged: every model would take it.
  if (!operations.some(({ outcome }) => outcome === "ok"))
    return unknown({ code: "nothing-to-judge", sentence: "the history holds no answered operation" });
  return judge(operations, received);
}

const unknown = (reason: CheckerResult["unknown"][number]): Judged => ({
  valid: "unknown",
  violations: [],
  unknown: [reason],
});

/** A checker in JavaScript may answer anything; a promise or a misspelt field must not pass for a verdict. */
function resultOf({ name }: HistoryChecker, result: unknown): Judged {
  const { valid, violations, unknown: reasons } = (result ?? {}) as Partial<Judged>;
  const isValidity = valid === true || valid === false || valid === "unknown";
  if (!isValidity || !Array.isArray(violations) || !Array.isArray(reasons))
    throw new TypeError(`the checker ${name} gave no result: expected { valid, violations, unknown }`);
  return { valid, violations, unknown: reasons };
}

function isHistory(value: unknown): value is GivenHistory {
  if (Array.isArray(value)) return value.every((item) => typeof item === "object" && item !== null);
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "history";
}

function told({ valid, violations, unknown: reasons }: Judged): readonly string[] {
  if (valid === true) return ["every answer has its place in one order"];
  const lines = violations.slice(0, shownViolations).flatMap(violationLines);
  const more = violations.length - shownViolations;
  return [
    ...lines,
    ...(more > 0 ? [`and ${more} more`] : []),
    ...reasons.map(({ code, sentence }) => `unknown (${code}): ${sentence}`),
  ];
}

function violationLines(violation: Violation): readonly string[] {
  return [formatExplanation(violation), `fingerprint ${violation.fingerprint}`, ""];
}

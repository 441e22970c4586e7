// Linearizability, key by key: validate, drop what says nothing, search, explain, and have the answer re-checked by the verifier.
import { MalformedHistory, type JsonValue, type Operation } from "../history/index.js";
import { Budget, BudgetExhausted, type BudgetLimits, type BudgetWatch } from "./budget.js";
import { CertificateMismatch } from "./certificate.js";
import {
  EngineDoesNotApply,
  firstEngine,
  judgeOperations,
  type EngineAnswer,
  type EngineName,
  type Prepared,
} from "./engine.js";
import { explainViolation } from "./explain/explain-violation.js";
import type { LoggedCommand } from "./judge-input.js";
import { splitByKey, validateOperations, type KeyHistory } from "./keys.js";
import type { AnyModel } from "./model.js";
import { casRegister } from "./models/index.js";
import { resolveModel } from "./models/resolve-model.js";
import { readOneKey, type OneKey } from "./one-key.js";
import { bytesPerOperation } from "./register/columns.js";
import { withScratch } from "./scratch.js";
import { verifyCore } from "./verifier-core.js";
import { registerSpecification, verifyLinearization, type Specification } from "./verifier.js";
import {
  composeValidity,
  type CheckerResult,
  type KeyResult,
  type UnknownReason,
  type Validity,
  type Violation,
} from "./verdict.js";
import { show } from "./values.js";

export type { EngineName } from "./engine.js";
export { resolveModel } from "./models/resolve-model.js";

export interface LinearizabilityOptions {
  readonly initial: JsonValue;
  readonly budget?: BudgetLimits;
  /** Who may end the search, and hears of its configurations. */
  readonly watch?: BudgetWatch;
  /**
   * Default, key by key: no search for registers whose written values are distinct and for texts that can be taken apart,
   * configuration sets for other registers, Wing and Gong's search for everything else. One that cannot judge a key leaves it unknown.
   */
  readonly engine?: EngineName;
  /** Attempts that the client made for an operation, where known; only for the class of a violation. */
  readonly attemptsOf?: (operation: Operation) => number | null;
  /** When leaders changed, where that is known; only for the class of a violation. */
  readonly leaderChangesNs?: readonly number[];
  /** The commands on a key that its group's log holds, in its order, where known; only for the class of a violation. */
  readonly logOnKey?: (key: JsonValue) => readonly LoggedCommand[] | null;
  /** Time for explaining one key's violation. Default 5,000. */
  readonly explainMs?: number;
  /** How many violated keys are explained in full; the others only get their core. Default 20. */
  readonly explainKeys?: number;
}

export interface LinearizabilityResult extends CheckerResult {
  readonly checker: "linearizability";
  readonly keys: readonly KeyResult[];
}

/**
 * Judges operations of any number of keys. Never throws for what is in them: malformed input and exhausted budgets are unknown
 * with the reason. Throws CertificateMismatch when an engine's answer does not stand up to the verifier: then Minos is broken.
 */
export function checkLinearizability(
  operations: readonly Operation[],
  model: string | AnyModel,
  options: LinearizabilityOptions,
): LinearizabilityResult {
  const chosen = resolveModel(model);
  const quick = withScratch(bytesPerOperation * operations.length, (scratch) => {
    const one = readOneKey(operations, chosen, options.initial, scratch);
    if (one === null) return null;
    const budget = new Budget(options.budget, undefined, undefined, options.watch);
    const explain = (options.explainKeys ?? 20) > 0;
    return judgeKey({ key: one.key, operations }, chosen, options, budget, explain, { ...one, scratch });
  });
  if (quick !== null) return together([quick]);
  try {
    validateOperations(operations, chosen);
  } catch (error) {
    if (!(error instanceof MalformedHistory)) throw error;
    const unknown: UnknownReason[] = [{ code: "malformed", sentence: error.message }];
    return { checker: "linearizability", valid: "unknown", violations: [], unknown, keys: [] };
  }
  const budget = new Budget(options.budget, undefined, undefined, options.watch);
  const judged = new Map<KeyHistory, JudgedKey>();
  const split = splitByKey(operations, chosen.partition);
  // Small keys first: a hard one cannot take their time away.
  const bySize = [...split].sort((left, right) => left.operations.length - right.operations.length);
  let explained = 0;
  for (const key of bySize) {
    const explain = explained < (options.explainKeys ?? 20);
    const result = judgeKey(key, chosen, options, budget, explain);
    if (result.violation !== null) explained += 1;
    judged.set(key, result);
  }
  return together(split.flatMap((key) => judged.get(key) ?? []));
}

function together(inOrder: readonly JudgedKey[]): LinearizabilityResult {
  const violations = inOrder.flatMap(({ violation }) => (violation === null ? [] : [violation]));
  violations.sort((left, right) => (left.timeNs ?? Infinity) - (right.timeNs ?? Infinity));
  return {
    checker: "linearizability",
    valid: composeValidity(inOrder.map(({ result }) => result.valid)),
    violations,
    unknown: inOrder.flatMap(({ unknown }) => (unknown === null ? [] : [unknown])),
    keys: inOrder.map(({ result }) => result),
  };
}

interface JudgedKey {
  readonly result: KeyResult;
  readonly violation: Violation | null;
  readonly unknown: UnknownReason | null;
}

function judgeKey(
  given: KeyHistory,
  givenModel: AnyModel,
  options: LinearizabilityOptions,
  budget: Budget,
  explain: boolean,
  prepared: (Prepared & Pick<OneKey, "indices">) | null = null,
): JudgedKey {
  const { history, model } = inRegisterWords(given, givenModel);
  let engine: EngineName = options.engine ?? firstEngine(model);
  const startedMs = performance.now();
  const spent = budget.part({});
  const result = (valid: Validity, linearization: readonly number[] | null, reason: string | null): KeyResult => ({
    key: history.key,
    valid,
    operations: history.operations.length,
    engine,
    durationMs: performance.now() - startedMs,
    linearization,
    reason,
  });
  try {
    const { operations } = history;
    const onEngine = (used: EngineName) => {
      engine = used;
    };
    const asked = options.engine ?? null;
    const { answer } = judgeOperations(operations, model, options.initial, spent, asked, onEngine, prepared);
    if (answer.valid) {
      const order = indicesOf(answer.order, operations, prepared);
      requireLinearization(history, model, options.initial, order);
      if (history !== given) requireLinearization(given, givenModel, options.initial, order);
      return { result: result(true, order, null), violation: null, unknown: null };
    }
    const violation = explainKey(history, model, options, answer, explain ? (options.explainMs ?? 5_000) : 300);
    return { result: result(false, null, violation.sentence), violation, unknown: null };
  } catch (error) {
    const unknown = whyUnknown(error, history, spent);
    return { result: result("unknown", null, unknown.sentence), violation: null, unknown };
  }
}

/** Operation.index of the operations at these positions. */
function indicesOf(
  positions: readonly number[] | Int32Array,
  operations: readonly Operation[],
  prepared: Pick<OneKey, "indices"> | null,
): number[] {
  if (prepared !== null && prepared.indices === null) return Array.from(positions);
  const indices: number[] = [];
  for (let at = 0; at < positions.length; at++) {
    const position = positions[at] ?? -1;
    indices.push(prepared?.indices?.[position] ?? operations[position]?.index ?? -1);
  }
  return indices;
}

/** A key that can be told as a register's is judged as one. */
function inRegisterWords(
  history: KeyHistory,
  model: AnyModel,
): { readonly history: KeyHistory; readonly model: AnyModel } {
  const told = model.inRegisterWords?.(history.operations) ?? null;
  return told === null ? { history, model } : { history: { key: history.key, operations: told }, model: casRegister };
}

/** Why a key could not be judged. Throws what says that the checker is broken. */
function whyUnknown(error: unknown, { key, operations }: KeyHistory, budget: Budget): UnknownReason {
  if (error instanceof EngineDoesNotApply)
    return { code: "not-applicable", sentence: `key ${show(key)}: ${error.message}` };
  if (!(error instanceof BudgetExhausted)) throw error;
  const { reached, spent } = budget;
  const share = reached === null ? "" : `, ${Math.floor(100 * reached)} % of its events swept`;
  const howFar = `after ${spent} configurations of ${operations.length} operations${share}`;
  if (error.budget === "signal")
    return { code: "interrupted", sentence: `key ${show(key)}: ${error.sentence} ${howFar}` };
  const sentence = `key ${show(key)}: the ${error.budget} budget ran out (${error.sentence}) ${howFar}`;
  return { code: "budget", sentence };
}

export function requireLinearization(
  history: KeyHistory,
  model: AnyModel,
  initial: JsonValue,
  order: readonly number[] | Int32Array | Float64Array,
): void {
  linearizationCheck(model, initial)(history, order);
}

/** The verifier made ready for any number of keys. Throws CertificateMismatch. */
export function linearizationCheck(
  model: AnyModel,
  initial: JsonValue,
): (history: KeyHistory, order: readonly number[] | Int32Array | Float64Array) => void {
  const against =
    <State>(specification: Specification<State>) =>
    ({ operations, key }: KeyHistory, order: readonly number[] | Int32Array | Float64Array): void => {
      const problem = verifyLinearization(specification, operations, order);
      if (problem !== null)
        throw new CertificateMismatch(
          `the linearization of key ${show(key)} does not stand up to the verifier: ${problem}`,
        );
    };
  return model.register
    ? against(registerSpecification(initial))
    : model.open((opened) => against(specificationOf(opened, initial)));
}

function specificationOf<State>(model: import("./model.js").Model<State>, initial: JsonValue) {
  return {
    initial: model.initial(initial),
    step: (state: State, operation: Operation): State | undefined => {
      const after = model.step(state, operation);
      return after === "illegal" ? undefined : after.state;
    },
    text: (state: State) => model.identify(state),
  };
}

function explainKey(
  { key, operations }: KeyHistory,
  model: AnyModel,
  { initial, attemptsOf = () => null, leaderChangesNs = [], logOnKey = () => null }: LinearizabilityOptions,
  found: EngineAnswer & { readonly valid: false },
  timeMs: number,
): Violation {
  const input = { key, initial, operations, attemptsOf, leaderChangesNs, log: logOnKey(key), timeMs };
  const violation = explainViolation(model, input, found);
  const claim = (violation: Violation) => ({
    operations: violation.operations,
    context: violation.certificate?.context ?? ("own-window" as const),
  });
  if (model.register)
    return withVerdictOf(violation, verifyCore(registerSpecification(initial), operations, claim(violation)));
  return withVerdictOf(
    violation,
    model.open((opened) => verifyCore(specificationOf(opened, initial), operations, claim(violation), 300_000)),
  );
}

/** A core that the verifier can explain away is no proof: something is broken, and the verdict must not stand on it. */
function withVerdictOf(violation: Violation, checked: "inconsistent" | "consistent" | "undecided"): Violation {
  const { certificate } = violation;
  if (certificate === undefined) return violation;
  if (checked === "consistent")
    throw new CertificateMismatch(`the core of a violation does not stand up to the verifier: ${violation.sentence}`);
  return { ...violation, certificate: { ...certificate, verified: checked === "inconsistent" } };
}

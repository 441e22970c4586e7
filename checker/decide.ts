// Only the verdict: for callers that judge many histories and want an explanation of few, and for benchmarks. `check` and
// `checkLinearizability` come to the same verdicts and say why.
import { MalformedHistory, type JsonValue, type Operation } from "../history/index.js";
import { Budget, BudgetExhausted, type BudgetLimits } from "./budget.js";
import { EngineDoesNotApply, judgeOperations, type EngineName } from "./engine.js";
import { splitByKey, validateOperations } from "./keys.js";
import { requireLinearization, resolveModel } from "./linearizability.js";
import type { AnyModel } from "./model.js";
import { show } from "./values.js";
import type { Validity } from "./verdict.js";

export interface DecideOptions {
  readonly initial: JsonValue;
  readonly budget?: BudgetLimits;
  readonly engine?: EngineName;
}

export interface Decision {
  readonly valid: Validity;
  /** The engine that judged the last key. */
  readonly engine: EngineName | null;
  /** Configurations visited. */
  readonly spent: number;
  /** false: the first key found to have no linearization. */
  readonly violated: { readonly key: JsonValue } | null;
  /** "unknown": why. */
  readonly reason: string | null;
}

/**
 * Is the history linearizable? Ends at the first key that is not. Linearizations are re-checked by the verifier. Never throws for what is in the
 * operations; throws CertificateMismatch when an engine's answer does not stand up to the verifier: then Minos is broken.
 */
export function decide(operations: readonly Operation[], model: string | AnyModel, options: DecideOptions): Decision {
  const chosen = resolveModel(model);
  const budget = new Budget(options.budget);
  let engine: EngineName | null = null;
  const decision = (valid: Validity, violated: Decision["violated"], reason: string | null): Decision => ({
    valid,
    engine,
    spent: budget.spent,
    violated,
    reason,
  });
  let reason: string | null = null;
  try {
    validateOperations(operations, chosen);
  } catch (error) {
    if (error instanceof MalformedHistory) return decision("unknown", null, error.message);
    throw error;
  }
  // Small keys first: a hard one cannot take their time away.
  const keys = [...splitByKey(operations, chosen.partition)];
  keys.sort((one, other) => one.operations.length - other.operations.length);
  for (const key of keys) {
    try {
      const { answer, engine: used } = judgeOperations(key.operations, chosen, options.initial, budget, options.engine);
      engine = used;
      if (!answer.valid) return decision(false, { key: key.key }, null);
      requireLinearization(key, chosen, options.initial, indicesOf(key.operations, answer.order));
    } catch (error) {
      if (!(error instanceof BudgetExhausted || error instanceof EngineDoesNotApply)) throw error;
      reason = `key ${show(key.key)}: ${error.message}`;
    }
  }
  return decision(reason === null ? true : "unknown", null, reason);
}

function indicesOf(operations: readonly Operation[], order: readonly number[] | Int32Array): readonly number[] {
  const indices: number[] = [];
  for (const position of order) indices.push(operations[position]?.index ?? -1);
  return indices;
}

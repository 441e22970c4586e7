// Only the verdict: for callers that judge many histories and want an explanation of few, and for benchmarks. `check` and
// `checkLinearizability` come to the same verdicts and say why.
import { MalformedHistory, type JsonValue, type Operation } from "../history/index.js";
import { Budget, BudgetExhausted, type BudgetLimits } from "./budget.js";
import { EngineDoesNotApply, judgeOperations, type EngineName, type Prepared } from "./engine.js";
import { splitByKey, validateOperations, type KeyHistory } from "./keys.js";
import { linearizationCheck, resolveModel } from "./linearizability.js";
import type { AnyModel } from "./model.js";
import { readOneKey, type OneKey } from "./one-key.js";
import { bytesPerOperation } from "./register/columns.js";
import { withScratch } from "./scratch.js";
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
  let verify: ReturnType<typeof linearizationCheck> | null = null;
  /** False when it has no linearization. */
  const judge = (key: KeyHistory, prepared: PreparedKey | null): boolean => {
    try {
      const judged = judgeOperations(
        key.operations,
        chosen,
        options.initial,
        budget,
        options.engine,
        undefined,
        prepared,
      );
      engine = judged.engine;
      if (!judged.answer.valid) return false;
      const order = indicesOf(key.operations, judged.answer.order, prepared);
      (verify ??= linearizationCheck(chosen, options.initial))(key, order);
    } catch (error) {
      if (!(error instanceof BudgetExhausted || error instanceof EngineDoesNotApply)) throw error;
      reason = `key ${show(key.key)}: ${error.message}`;
    }
    return true;
  };
  const quick = withScratch(bytesPerOperation * operations.length, (scratch) => {
    const one = readOneKey(operations, chosen, options.initial, scratch);
    if (one === null) return null;
    return judge({ key: one.key, operations }, { ...one, scratch }) ? "done" : { key: one.key };
  });
  if (quick !== null && quick !== "done") return decision(false, quick, null);
  if (quick === "done") return decision(reason === null ? true : "unknown", null, reason);
  try {
    validateOperations(operations, chosen);
  } catch (error) {
    if (error instanceof MalformedHistory) return decision("unknown", null, error.message);
    throw error;
  }
  // Small keys first: a hard one cannot take their time away.
  const keys = [...splitByKey(operations, chosen.partition)];
  keys.sort((one, other) => one.operations.length - other.operations.length);
  for (const key of keys) if (!judge(key, null)) return decision(false, { key: key.key }, null);
  return decision(reason === null ? true : "unknown", null, reason);
}

type PreparedKey = Prepared & Pick<OneKey, "indices">;

/** Operation.index by place in the order; in scratch memory where there is some. */
function indicesOf(
  operations: readonly Operation[],
  order: readonly number[] | Int32Array,
  prepared: PreparedKey | null,
): readonly number[] | Int32Array | Float64Array {
  if (prepared !== null && prepared.indices === null) return order;
  const indices = prepared === null ? [] : prepared.scratch.float64(order.length);
  for (let at = 0; at < order.length; at++) {
    const position = order[at] ?? -1;
    indices[at] = prepared?.indices?.[position] ?? operations[position]?.index ?? -1;
  }
  return indices;
}

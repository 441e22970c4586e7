// What the threads that judge hard keys and their owner say to each other.
import type { JsonValue, Operation } from "../../history/index.js";
import type { BudgetLimits } from "../budget.js";
import type { EngineName } from "../engine.js";
import type { LinearizabilityResult } from "../linearizability.js";

/** A model that another thread can find: a built-in by its name, or what a module exports under a name. */
export type ModelReference =
  | { readonly kind: "built-in"; readonly name: string }
  | { readonly kind: "module"; readonly url: string; readonly exported: string };

export interface JudgeWorkerData {
  readonly model: ModelReference;
  readonly initial: JsonValue;
  readonly engine: EngineName | undefined;
  readonly explainMs: number | undefined;
}

export interface ToJudgeWorker {
  readonly operations: readonly Operation[];
  readonly budget: BudgetLimits;
  readonly explainKeys: number;
}

export type FromJudgeWorker =
  | { readonly kind: "visited"; readonly configurations: number }
  | { readonly kind: "judged"; readonly result: LinearizabilityResult }
  /** It threw: the checker is broken, or the user's model is. */
  | { readonly kind: "threw"; readonly name: string; readonly message: string; readonly stack: string | undefined };

// Pure functions from a history to a verdict. Nothing here knows a cluster, a fault's mechanics or a file. `judge` composes
// every checker; `check` is its heart, for any history and any model (`checkLinearizability` is the same without promises); the
// verifier re-checks what that claims.
export { Budget, BudgetExhausted, type BudgetLimits, type BudgetName, type BudgetWatch } from "./budget.js";
export {
  createIncrementalChecker,
  type IncrementalBudget,
  type IncrementalChecker,
  type IncrementalOptions,
  type LiveProgress,
  type LiveVerdict,
  type LiveViolation,
} from "./incremental.js";
export { CertificateMismatch } from "./certificate.js";
export { startWorker } from "./worker-file.js";
export { watchInWorker, type LiveWatch, type WatchInWorkerOptions } from "./live/watch-in-worker.js";
export { answer as describeAnswer } from "./explain/sentence.js";
export { formatExplanation } from "./explain/format.js";
export { furtherFloorNames, type FurtherFloors } from "./floors.js";
export * from "./judge-input.js";
export { engineNames } from "./engine.js";
export { corruptionMeasures } from "./corruptions.js";
export { judge } from "./judge.js";
export { refusedOperation } from "./keys.js";
export {
  checkLinearizability,
  type EngineName,
  type LinearizabilityOptions,
  type LinearizabilityResult,
} from "./linearizability.js";
export { decide, type DecideOptions, type Decision } from "./decide.js";
export { checkCounter } from "./checkers/counter.js";
export { checkMonotonic } from "./checkers/monotonic.js";
export { checkSet } from "./checkers/set.js";
export {
  check,
  initialOf,
  operationsIn,
  type CheckOptions,
  type CheckProgress,
  type GivenHistory,
  type RecordedOperation,
} from "./check.js";
export {
  defineModel,
  replay,
  type AnyFunctions,
  type DefinedModel,
  type FunctionTable,
  type ModelDefinition,
  type OperationOf,
  type Step,
} from "./define-model.js";
export type { AnyModel, Model } from "./model.js";
export {
  casRegister,
  counter,
  kv,
  kvAppend,
  modelNamed,
  modelNames,
  mutex,
  queue,
  register,
  set,
  unorderedQueue,
} from "./models/index.js";
export * from "./verdict.js";
export type { CoreClaim } from "./verifier-core.js";
export { verifyCore } from "./verifier-core.js";
export { registerSpecification, verifyLinearization, type Specification } from "./verifier.js";

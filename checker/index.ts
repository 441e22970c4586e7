// Pure functions from a history to a verdict. Nothing here knows a cluster, a fault's mechanics or a file.
export { Budget, BudgetExhausted, type BudgetLimits, type BudgetName } from "./budget.js";
export { IncrementalChecker, type IncrementalOptions } from "./incremental.js";
export * from "./judge-input.js";
export { judge } from "./judge.js";
export { defineModel, type AnyModel, type Model } from "./model.js";
export * from "./verdict.js";

// When did it become certain? The earliest return after which what was seen so far has no linearization.
import type { Budget } from "../budget.js";
import { BudgetExhausted } from "../budget.js";
import { tighten, type NormalisedRegister, type RegisterOperation } from "../register/normalise.js";
import { searchRegister } from "../register/sweep.js";

/** What was known at a time: operations called by then; those not returned by then may or may not have happened. */
function knownAt(operations: readonly RegisterOperation[], time: number): RegisterOperation[] {
  const known: RegisterOperation[] = [];
  for (const operation of operations) {
    if (operation.call > time) continue;
    if (operation.return <= time || !operation.required) known.push(operation);
    else if (operation.kind === "write" || operation.kind === "cas")
      known.push({ ...operation, return: Infinity, required: false });
  }
  return known;
}

/** True when it was found inconsistent; a budget that runs out counts as "not found". */
export function isRegisterInconsistent(normal: NormalisedRegister, budget: Budget): boolean {
  try {
    const tight = tighten(normal);
    return !("values" in tight) || !searchRegister(tight, budget).valid;
  } catch (error) {
    if (error instanceof BudgetExhausted) return false;
    throw error;
  }
}

/** The operation whose return made an inconsistent history so, by bisection; null when the budget is too small to tell. */
export function firstContradiction(normal: NormalisedRegister, budgetForOne: () => Budget): RegisterOperation | null {
  const returns = normal.operations
    .filter(({ required }) => required)
    .sort((left, right) => left.return - right.return);
  const badAt = (place: number): boolean => {
    const operations = knownAt(normal.operations, returns[place]?.return ?? Infinity);
    return isRegisterInconsistent({ ...normal, operations }, budgetForOne());
  };
  let low = 0;
  let high = returns.length - 1;
  if (high < 0 || !badAt(high)) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (badAt(middle)) high = middle;
    else low = middle + 1;
  }
  return returns[low] ?? null;
}

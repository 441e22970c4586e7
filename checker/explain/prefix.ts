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
  return whereStuck(normal, budget) !== null;
}

/** Position of the operation where the search got stuck (-1: none in particular), or null when it was not found inconsistent. */
export function whereStuck(normal: NormalisedRegister, budget: Budget): number | null {
  try {
    const tight = tighten(normal);
    if (!("values" in tight)) return tight.operations.at(-1) ?? -1;
    const answer = searchRegister(tight, budget);
    return answer.valid ? null : (answer.stuck ?? -1);
  } catch (error) {
    if (error instanceof BudgetExhausted) return null;
    throw error;
  }
}

/**
 * The operation whose return made an inconsistent history so; null when the budget is too small to tell. `near`: the operation at
 * whose return the search got stuck, knowing the future; it is usually the one, so the search gallops outwards from there.
 */
export function firstContradiction(
  normal: NormalisedRegister,
  near: number | null,
  budgetForOne: () => Budget,
): RegisterOperation | null {
  const returns = normal.operations
    .filter(({ required }) => required)
    .sort((left, right) => left.return - right.return);
  const isBad = (place: number): boolean => {
    const operations = knownAt(normal.operations, returns[place]?.return ?? Infinity);
    return isRegisterInconsistent({ ...normal, operations }, budgetForOne());
  };
  const last = returns.length - 1;
  const found = returns.findIndex(({ position }) => position === near);
  let high = found === -1 ? last : found;
  let step = 1;
  let low = 0;
  if (last < 0) return null;
  while (!isBad(high)) {
    if (high >= last) return null;
    low = high + 1;
    high = Math.min(last, high + step);
    step *= 4;
  }
  for (step = 1; low < high; step *= 4) {
    const probe = Math.max(low, high - step);
    if (!isBad(probe)) {
      low = probe + 1;
      break;
    }
    high = probe;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBad(middle)) high = middle;
    else low = middle + 1;
  }
  return returns[low] ?? null;
}

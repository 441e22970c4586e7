// When did it become certain? The earliest return after which what was seen so far has no linearization.
import type { Budget } from "../budget.js";
import { BudgetExhausted } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { judgeWithoutSearch } from "../no-search/index.js";
import { bytesPerOperation, kindNames } from "../register/columns.js";
import { tighten, type NormalisedRegister, type RegisterOperation } from "../register/normalise.js";
import { searchRegister } from "../register/sweep.js";
import { withScratch } from "../scratch.js";

/** What is known to be wrong with a history: where a search got stuck, and operations in conflict where they are known. */
export interface Trouble {
  /** Position; -1: none in particular. */
  readonly stuck: number;
  /** Positions. */
  readonly conflict: readonly number[];
}

/**
 * What was known at a time: operations called by then; those not returned by then may or may not have happened. What they turned out
 * to be counts all the same: a comparison that failed later on cannot have written.
 */
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

/** Null when it was not found inconsistent; a budget that runs out counts as that. */
export function troubleWith(normal: NormalisedRegister, budget: Budget): Trouble | null {
  try {
    const quick = withoutSearch(normal, budget);
    if (quick !== "search") return quick;
    const tight = tighten(normal);
    if (!("values" in tight)) return { stuck: tight.operations.at(-1) ?? -1, conflict: [] };
    const answer = searchRegister(tight, budget);
    return answer.valid ? null : { stuck: answer.stuck ?? -1, conflict: [] };
  } catch (error) {
    if (error instanceof BudgetExhausted) return null;
    throw error;
  }
}

function withoutSearch({ operations, values }: NormalisedRegister, budget: Budget): Trouble | null | "search" {
  return withScratch(bytesPerOperation * operations.length, (scratch) => {
    const count = operations.length;
    const columns = {
      count,
      values: { size: values.length, texts: () => [...values] },
      position: scratch.int32(count),
      kind: scratch.uint8(count),
      value: scratch.int32(count),
      expected: scratch.int32(count),
      call: scratch.float64(count),
      return: scratch.float64(count),
    };
    for (const [row, operation] of operations.entries()) {
      columns.position[row] = row;
      columns.kind[row] = kindNames.indexOf(operation.kind);
      columns.value[row] = operation.value;
      columns.expected[row] = operation.expected;
      columns.call[row] = operation.call;
      columns.return[row] = operation.return;
    }
    const answer = judgeWithoutSearch(columns, scratch, budget);
    if (answer.kind === "linearizable") return null;
    if (answer.kind === "not-applicable") return "search";
    const rows = [...answer.conflict.operations, ...answer.conflict.unknown];
    return troubleAmong(rows.flatMap((row) => operations[row] ?? []));
  });
}

function troubleAmong(members: readonly RegisterOperation[]): Trouble {
  const answered = members.filter(({ required }) => required);
  const last = answered.toSorted((one, other) => other.return - one.return)[0];
  return { stuck: last?.position ?? -1, conflict: members.map(({ position }) => position) };
}

/** What the engine that judged the history said is wrong with it. */
export function troubleFound(
  { operations }: NormalisedRegister,
  { stuck, conflict }: EngineAnswer & { readonly valid: false },
): Trouble {
  if (conflict === undefined) return { stuck: stuck ?? -1, conflict: [] };
  const positions = new Set([...conflict.operations, ...conflict.unknown]);
  return troubleAmong(operations.filter(({ position }) => positions.has(position)));
}

export interface FirstContradiction {
  readonly operation: RegisterOperation;
  readonly trouble: Trouble;
}

/**
 * The operation whose return made an inconsistent history so, with what is known to be wrong by then; null when the budget is too
 * small to tell.
 */
export function firstContradiction(
  normal: NormalisedRegister,
  known: Trouble,
  budgetForOne: () => Budget,
): FirstContradiction | null {
  // Operations in conflict are so from the moment on at which the last of them returns: mostly nothing was wrong before.
  let trouble = known;
  while (trouble.conflict.length > 0) {
    const stuck = normal.operations.find(({ position }) => position === trouble.stuck);
    if (stuck === undefined) break;
    const earlier = troubleWith(knownBefore(normal, stuck.return), budgetForOne());
    const operation = normal.operations.find((one) => one.required && one.return === stuck.return) ?? stuck;
    if (earlier === null) return { operation, trouble };
    trouble = earlier;
  }
  return firstByGalloping(normal, trouble.stuck, budgetForOne);
}

/** What was known just before a time: when the last operation had returned that did so earlier. */
function knownBefore(normal: NormalisedRegister, time: number): NormalisedRegister {
  let latest = -Infinity;
  for (const one of normal.operations) if (one.required && one.return < time) latest = Math.max(latest, one.return);
  return { ...normal, operations: knownAt(normal.operations, latest) };
}

/** `near`: an operation that is usually the one, so the search gallops outwards from there. */
function firstByGalloping(
  normal: NormalisedRegister,
  near: number,
  budgetForOne: () => Budget,
): FirstContradiction | null {
  const returns = normal.operations
    .filter(({ required }) => required)
    .sort((left, right) => left.return - right.return);
  let trouble: Trouble | null = null;
  const isBad = (place: number): boolean => {
    const operations = knownAt(normal.operations, returns[place]?.return ?? Infinity);
    const found = troubleWith({ ...normal, operations }, budgetForOne());
    if (found !== null) trouble = found;
    return found !== null;
  };
  const last = returns.length - 1;
  const found = returns.findIndex(({ position }) => position === near);
  let high = found === -1 ? last : found;
  let step = 1;
  let low = 0;
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
  const operation = returns[low];
  return operation === undefined || trouble === null ? null : { operation, trouble };
}

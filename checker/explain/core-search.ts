// Is a small set of operations of one register inconsistent by itself, whatever all the others did?
//
// The operations outside the core may have happened any number of times or never, at any moment at all. That only weakens what
// the history says, so a core that is inconsistent even so proves the whole history inconsistent, and tells its own story: the
// writes of the values that it looks at are in it.
//
// A sequence of intervals can be put into order of time iff none ends before the latest call so far. So a partial order of
// placement needs to remember, besides what is placed and the value, only that latest call; the smaller the better.
import { Budget, BudgetExhausted } from "../budget.js";
import type { RegisterOperation } from "../register/normalise.js";

/** A write that may happen at any moment, any number of times. */
interface ContextMove {
  readonly isCas: boolean;
  readonly expected: number;
  readonly value: number;
}

interface Label {
  readonly placed: bigint;
  readonly value: number;
  readonly latestCall: number;
}

/** False when it is consistent, or the budget ran out first. */
export function isInconsistentAnyTime(
  core: readonly RegisterOperation[],
  others: readonly RegisterOperation[],
  configurations: number,
): boolean {
  const budget = new Budget({ configurations, timeMs: 2_000 });
  try {
    return !explains(core, movesOf(core, others), budget);
  } catch (error) {
    if (error instanceof BudgetExhausted) return false;
    throw error;
  }
}

/** Only writes matter, and only of values from which something in the core can be reached. */
function movesOf(core: readonly RegisterOperation[], others: readonly RegisterOperation[]): readonly ContextMove[] {
  const writes = others.filter(({ kind }) => kind === "write" || kind === "cas");
  const everything = core.some(({ kind }) => kind === "not");
  const needed = new Set<number>();
  for (const { kind, expected, value } of core) {
    if (kind === "read") needed.add(value);
    if (kind === "cas") needed.add(expected);
  }
  for (let size = -1; size !== needed.size;) {
    size = needed.size;
    for (const { kind, expected, value } of writes) if (kind === "cas" && needed.has(value)) needed.add(expected);
  }
  const moves = new Map<string, ContextMove>();
  for (const { kind, expected, value } of writes)
    if (everything || needed.has(value)) moves.set(`${expected}>${value}`, { isCas: kind === "cas", expected, value });
  return [...moves.values()];
}

/** Can every required operation of the core be placed? Throws BudgetExhausted. */
function explains(core: readonly RegisterOperation[], moves: readonly ContextMove[], budget: Budget): boolean {
  const best = new Map<string, number>();
  const stack: Label[] = [];
  const meet = (label: Label): void => {
    budget.spend(1);
    const key = `${label.value}|${label.placed.toString(36)}`;
    const known = best.get(key);
    if (known !== undefined && known <= label.latestCall) return;
    best.set(key, label.latestCall);
    stack.push(label);
  };
  meet({ placed: 0n, value: 0, latestCall: -Infinity });
  for (;;) {
    const label = stack.pop();
    if (label === undefined) return false;
    const outcome = extend(label, core, moves, meet, budget);
    if (outcome === "complete") return true;
  }
}

function extend(
  label: Label,
  core: readonly RegisterOperation[],
  moves: readonly ContextMove[],
  meet: (label: Label) => void,
  budget: Budget,
): "complete" | "going on" {
  const { placed, value, latestCall } = label;
  const waiting: { readonly bit: bigint; readonly operation: RegisterOperation }[] = [];
  let deadline = Infinity;
  let required = 0;
  for (const [at, operation] of core.entries()) {
    const bit = 1n << BigInt(at);
    if ((placed & bit) !== 0n) continue;
    waiting.push({ bit, operation });
    if (!operation.required) continue;
    required += 1;
    deadline = Math.min(deadline, operation.return);
  }
  if (required === 0) return "complete";
  if (latestCall > deadline) return "going on";
  for (const { bit, operation } of waiting) {
    if (operation.call > deadline) continue;
    const after = valueAfter(value, operation);
    if (after === null) continue;
    const changesNothing = operation.kind === "read" || operation.kind === "not";
    if (changesNothing && operation.call <= latestCall) {
      // Costs nothing and takes nothing away: no alternative needs to be tried.
      meet({ placed: placed | bit, value, latestCall });
      return "going on";
    }
  }
  for (const { bit, operation } of waiting) {
    if (operation.call > deadline) continue;
    const after = valueAfter(value, operation);
    if (after !== null) meet({ placed: placed | bit, value: after, latestCall: Math.max(latestCall, operation.call) });
  }
  for (const move of moves) {
    budget.spend(1);
    if (move.value === value || (move.isCas && move.expected !== value)) continue;
    meet({ placed, value: move.value, latestCall });
  }
  return "going on";
}

function valueAfter(value: number, operation: RegisterOperation): number | null {
  switch (operation.kind) {
    case "read":
      return operation.value === value ? value : null;
    case "not":
      return operation.value === value ? null : value;
    case "write":
      return operation.value;
    case "cas":
      return operation.expected === value ? operation.value : null;
  }
}

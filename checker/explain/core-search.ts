// Is a small set of operations of one register already inconsistent, whatever all the others did?
//
// The operations outside the core become the context: each may have happened any number of times or never, at any moment of its
// own interval (`own-window`) or at any moment at all (`any-time`). That only weakens what the history says, so a core that is
// inconsistent in its context proves the whole history inconsistent; and taking an operation out of the core only weakens it
// further, so that "minimal" has a meaning.
//
// A sequence of intervals can be put into order of time iff none ends before the latest call so far. So a partial order of
// placement needs to remember, besides what is placed and the value, only that latest call; the smaller the better.
import { Budget, BudgetExhausted } from "../budget.js";
import type { RegisterOperation } from "../register/normalise.js";

export type CoreContext = "own-window" | "any-time";

interface ContextMove {
  readonly isCas: boolean;
  readonly expected: number;
  readonly value: number;
  readonly from: number;
  readonly until: number;
}

interface Label {
  readonly placed: bigint;
  readonly value: number;
  readonly latestCall: number;
}

/** `unproven`: consistent, or the budget ran out first. */
export function isInconsistent(
  core: readonly RegisterOperation[],
  others: readonly RegisterOperation[],
  context: CoreContext,
  configurations: number,
): "inconsistent" | "unproven" {
  const budget = new Budget({ configurations, timeMs: 2_000 });
  try {
    return explains(core, movesOf(core, others, context), budget) ? "unproven" : "inconsistent";
  } catch (error) {
    if (error instanceof BudgetExhausted) return "unproven";
    throw error;
  }
}

/** Only writes matter, and only of values from which something in the core can be reached. */
function movesOf(
  core: readonly RegisterOperation[],
  others: readonly RegisterOperation[],
  context: CoreContext,
): readonly ContextMove[] {
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
  const moves = writes
    .filter(({ value }) => everything || needed.has(value))
    .map(({ kind, expected, value, call, return: until }) => ({
      isCas: kind === "cas",
      expected,
      value,
      from: context === "own-window" ? call : -Infinity,
      until: context === "own-window" ? until : Infinity,
    }));
  return moves.sort((left, right) => right.until - left.until);
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
    if (move.until < latestCall) break;
    budget.spend(1);
    if (move.from > deadline || move.value === value || (move.isCas && move.expected !== value)) continue;
    meet({ placed, value: move.value, latestCall: Math.max(latestCall, move.from) });
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

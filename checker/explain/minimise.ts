// From an inconsistent key to the few operations that show it.
import type { Operation } from "../../history/index.js";
import { Budget, BudgetExhausted } from "../budget.js";
import type { Model } from "../model.js";
import type { RegisterOperation } from "../register/normalise.js";
import { searchWingGong } from "../wing-gong.js";
import { isInconsistent, type CoreContext } from "./core-search.js";

export interface Core {
  /** Positions in the list of operations given, ascending. */
  readonly positions: readonly number[];
  /** What operations outside the core may have done; see core-search.ts. `open-ended`: once, at any time from their call on. */
  readonly context: CoreContext | "open-ended";
  /** Without any one of them the rest is consistent. False only when the budget ran out on the way. */
  readonly minimal: boolean;
}

/** A core this small tells its own story, earlier writes included, so it is preferred. */
const readableSize = 8;
const configurationsPerTest = 60_000;

/**
 * Greedy removal, in halves first: what can leave while the rest stays inconsistent, leaves. `isCore` must be monotone.
 * Ends with a turn over single items in which none could leave, or when the time is up.
 */
export function minimise<Item>(
  items: readonly Item[],
  isCore: (items: readonly Item[]) => boolean,
  deadlineMs: number,
): { readonly items: readonly Item[]; readonly minimal: boolean } {
  let core = items;
  for (let size = Math.max(1, Math.ceil(items.length / 2)); ;) {
    let removed = false;
    for (let start = 0; start < core.length;) {
      if (performance.now() > deadlineMs) return { items: core, minimal: false };
      const rest = [...core.slice(0, start), ...core.slice(start + size)];
      if (rest.length < core.length && isCore(rest)) {
        core = rest;
        removed = true;
      } else start += size;
    }
    if (size === 1 && !removed) return { items: core, minimal: true };
    size = Math.max(1, Math.floor(size / 2));
  }
}

/**
 * The core of an inconsistent register history. `before`: no operation called after this time matters. Null when the budget was
 * too small to find any.
 */
export function coreOfRegister(operations: readonly RegisterOperation[], before: number, timeMs: number): Core | null {
  const deadlineMs = performance.now() + timeMs;
  const start = startingCore(operations, before, deadlineMs);
  if (start === null) return null;
  const without = (items: readonly RegisterOperation[]): RegisterOperation[] => {
    const inside = new Set(items);
    return operations.filter((operation) => !inside.has(operation));
  };
  const holds = (context: CoreContext) => (items: readonly RegisterOperation[]) =>
    isInconsistent(items, without(items), context, configurationsPerTest) === "inconsistent";
  const narrow = minimise(start, holds("own-window"), deadlineMs);
  const story = [...new Set([...narrow.items, ...explainersOf(narrow.items, operations)])];
  if (narrow.minimal && story.length <= 5 * readableSize && holds("any-time")(story)) {
    const whole = minimise(story, holds("any-time"), deadlineMs);
    if (whole.minimal && whole.items.length <= readableSize) return coreOf(whole.items, "any-time", true);
  }
  return coreOf(narrow.items, "own-window", narrow.minimal);
}

/** Looks at the last few operations first: most violations are local in time. */
function startingCore(
  operations: readonly RegisterOperation[],
  before: number,
  deadlineMs: number,
): readonly RegisterOperation[] | null {
  const candidates = operations.filter((operation) => operation.required && operation.return <= before);
  candidates.sort((left, right) => right.return - left.return || right.call - left.call);
  for (let size = 4; performance.now() < deadlineMs; size *= 2) {
    const core = candidates.slice(0, size);
    const outside = new Set(core);
    const others = operations.filter((operation) => !outside.has(operation));
    const patience = configurationsPerTest * (size < candidates.length ? 1 : 20);
    if (isInconsistent(core, others, "own-window", patience) === "inconsistent") return core;
    if (size >= candidates.length) break;
  }
  // Operations of unknown outcome may happen once only: that can be the contradiction.
  const all = operations.filter(({ call }) => call <= before);
  const later = operations.filter(({ call }) => call > before);
  return isInconsistent(all, later, "own-window", 20 * configurationsPerTest) === "inconsistent" ? all : null;
}

/** Every write of a value that the core looks at, and of the values that those writes look at. */
function explainersOf(
  core: readonly RegisterOperation[],
  operations: readonly RegisterOperation[],
): readonly RegisterOperation[] {
  const looked = new Set<number>();
  for (const { kind, expected, value } of core) {
    if (kind === "read") looked.add(value);
    if (kind === "cas") looked.add(expected);
  }
  return operations.filter(({ kind, value }) => (kind === "write" || kind === "cas") && looked.has(value));
}

function coreOf(items: readonly RegisterOperation[], context: CoreContext, minimal: boolean): Core {
  return { positions: items.map(({ position }) => position).sort((left, right) => left - right), context, minimal };
}

/** For any model: operations outside the core have an unknown outcome, and reads among them are gone. */
export function coreOfModel<State>(
  model: Model<State>,
  initial: State,
  operations: readonly Operation[],
  before: number,
  timeMs: number,
): Core | null {
  const deadlineMs = performance.now() + timeMs;
  const positions = [...operations.keys()].filter((position) => {
    const operation = operations[position];
    return operation !== undefined && operation.returnNs !== null && operation.callNs <= before;
  });
  const isCore = (items: readonly number[]): boolean => {
    const inside = new Set(items);
    const weaker = operations.flatMap((operation, position) => weaken(model, operation, inside.has(position)));
    try {
      return !searchWingGong(
        model,
        initial,
        weaker,
        new Budget({ configurations: configurationsPerTest, timeMs: 1_000 }),
      ).valid;
    } catch (error) {
      if (error instanceof BudgetExhausted) return false;
      throw error;
    }
  };
  if (!isCore(positions)) return null;
  const { items, minimal } = minimise(positions, isCore, deadlineMs);
  return { positions: items, context: "open-ended", minimal };
}

export function weaken<State>(model: Model<State>, operation: Operation, inside: boolean): Operation[] {
  if (inside) return [operation];
  if (model.isRead(operation)) return [];
  return [{ ...operation, outcome: "info", output: null, returnNs: null }];
}

// From an inconsistent key to the few operations that show it.
import type { Operation } from "../../history/index.js";
import { Budget, BudgetExhausted } from "../budget.js";
import type { Model } from "../model.js";
import type { RegisterOperation } from "../register/normalise.js";
import { searchWingGong } from "../general-search/index.js";
import type { NormalisedRegister } from "../register/normalise.js";
import type { ViolationCertificate } from "../verdict.js";
import { isInconsistentCore, lookedAt, Surroundings } from "./core-search.js";

export interface Core {
  /** Positions in the list of operations given, ascending. */
  readonly positions: readonly number[];
  readonly context: ViolationCertificate["context"];
  /** Without any one of them the rest is consistent. False only when the budget ran out on the way. */
  readonly minimal: boolean;
}

/** A core this small, and little larger than the smallest, tells its own story, earlier writes included: it is preferred. */
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
  for (let size = Math.ceil(items.length / 2); ;) {
    let removed = false;
    for (let start = 0; start < core.length;) {
      if (performance.now() > deadlineMs) return { items: core, minimal: false };
      const rest = [...core.slice(0, start), ...core.slice(start + size)];
      if (isCore(rest)) {
        core = rest;
        removed = true;
      } else start += size;
    }
    if (size === 1 && !removed) return { items: core, minimal: true };
    size = Math.max(1, Math.floor(size / 2));
  }
}

/**
 * The core of an inconsistent register history, whose inconsistency shows when the operation returning at `before` does. `hint`:
 * positions of operations that are known to be in conflict. Null when the budget was too small to find any.
 */
export function coreOfRegister(
  { operations }: NormalisedRegister,
  before: number,
  timeMs: number,
  hint: readonly number[],
): Core | null {
  const deadlineMs = performance.now() + timeMs;
  const all = new Surroundings(operations);
  const inWindows = (items: readonly RegisterOperation[]): boolean =>
    isInconsistentCore(items, all, "own-window", 5 * configurationsPerTest);
  const start = conflictOf(hint, all, inWindows) ?? lastFew(operations, before, deadlineMs, inWindows);
  if (start === null) return null;
  const narrow = minimise(start, inWindows, deadlineMs);
  const anyTime = (items: readonly RegisterOperation[]): boolean =>
    isInconsistentCore(items, all, "any-time", configurationsPerTest);
  const story = [...new Set([...narrow.items, ...explainersOf(narrow.items, all)])];
  if (narrow.minimal && story.length <= 5 * readableSize && anyTime(story)) {
    const whole = minimise(story, anyTime, deadlineMs);
    const isReadable = whole.items.length <= Math.min(readableSize, narrow.items.length + 2);
    if (whole.minimal && isReadable && whole.items.every(({ call }) => call <= before))
      return coreOf(whole.items, "any-time", true);
  }
  return coreOf(narrow.items, "own-window", narrow.minimal);
}

/** How far back a chain of comparisons is followed from an operation of a conflict. */
const chainLength = 64;

/** Operations in conflict, with the writes and comparisons that tie them together as far as that is needed; or null. */
function conflictOf(
  hint: readonly number[],
  known: Surroundings,
  holds: (items: readonly RegisterOperation[]) => boolean,
): readonly RegisterOperation[] | null {
  const positions = new Set(hint);
  let core: readonly RegisterOperation[] = known.operations.filter(({ position }) => positions.has(position));
  for (let length = 0; length < chainLength; length++) {
    if (holds(core)) return core;
    const grown = [...new Set([...core, ...explainersOf(core, known)])];
    if (grown.length === core.length) return null;
    core = grown;
  }
  return null;
}

/** Looks at the last few operations first: most violations are local in time. */
function lastFew(
  given: readonly RegisterOperation[],
  before: number,
  deadlineMs: number,
  holds: (items: readonly RegisterOperation[]) => boolean,
): readonly RegisterOperation[] | null {
  const operations = given.filter(({ call }) => call <= before);
  const answered = operations.filter((operation) => operation.required && operation.return <= before);
  answered.sort((left, right) => right.return - left.return || right.call - left.call);
  // What had not returned by then may still have to be held to happening once only.
  const unknown = operations.filter((operation) => !operation.required || operation.return > before);
  unknown.sort((left, right) => right.call - left.call);
  for (let size = 4; performance.now() < deadlineMs; size *= 2) {
    const core = answered.slice(0, size);
    if (holds(core)) return core;
    const withUnknown = [...core, ...unknown.slice(0, size)];
    if (unknown.length > 0 && holds(withUnknown)) return withUnknown;
    if (size >= answered.length && size >= unknown.length) return null;
  }
  return null;
}

/** Every write of a value that the core looks at. */
function explainersOf(core: readonly RegisterOperation[], known: Surroundings): readonly RegisterOperation[] {
  const looked = new Set(core.flatMap((one) => lookedAt(one) ?? []));
  return [...looked].flatMap((value) => known.writersOf(value));
}

function coreOf(items: readonly RegisterOperation[], context: Core["context"], minimal: boolean): Core {
  return { positions: items.map(({ position }) => position).sort((left, right) => left - right), context, minimal };
}

/** For any model: operations outside the core have an unknown outcome, and reads among them are gone. */
export function coreOfModel<State>(
  model: Model<State>,
  initial: State,
  operations: readonly Operation[],
  timeMs: number,
): Core | null {
  const deadlineMs = performance.now() + timeMs;
  const positions = operations.flatMap(({ returnNs }, position) => (returnNs === null ? [] : [position]));
  const isCore = (items: readonly number[]): boolean => {
    const inside = new Set(items);
    const weaker = operations.flatMap((operation, position) => weaken(model, operation, inside.has(position)));
    try {
      return !searchWingGong(model, initial, weaker, new Budget({ configurations: 20_000, timeMs: 200 })).valid;
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
  // Its answer forgotten, even one that changed nothing may have been one that did.
  const blind: Operation = { ...operation, outcome: "info", output: null, returnNs: null };
  return model.isRead(blind) ? [] : [blind];
}

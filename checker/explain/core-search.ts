// Is a small set of operations of one register inconsistent by itself, whatever all the others did?
//
// The operations outside the core may have happened any number of times or never: inside their own intervals, or at any moment at
// all. That only weakens what the history says, so a core that is inconsistent even so proves the whole history inconsistent. At
// any moment at all is the weakest: such a core tells its own story, the writes of the values that it looks at are in it.
//
// A sequence of intervals can be put into order of time iff none ends before the latest call so far. So a partial order of
// placement needs to remember, besides what is placed and the value, only that latest call; the smaller the better. What may happen
// any number of times matters only by the moments at which some operation of its kind may, which are a few disjoint intervals.
import { Budget, BudgetExhausted } from "../budget.js";
import type { RegisterOperation } from "../register/normalise.js";

/** A write with its moments: ends of disjoint closed intervals in order, first and last by turns. */
interface ContextMove {
  readonly isCas: boolean;
  readonly expected: number;
  readonly value: number;
  readonly moments: readonly number[];
}

export type CoreContext = "own-window" | "any-time";

/** The writes of a key, found by the value that they write. */
export class Surroundings {
  /** By value: the place of its first write, or -1; by place: that of the next write of the same value. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  constructor(readonly operations: readonly RegisterOperation[]) {
    let greatest = 0;
    for (const { value } of operations) if (value > greatest) greatest = value;
    this.#first = new Int32Array(greatest + 1).fill(-1);
    this.#next = new Int32Array(operations.length);
    for (let place = operations.length - 1; place >= 0; place--) {
      const operation = operations[place];
      if (operation === undefined || !isWrite(operation)) continue;
      this.#next[place] = this.#first[operation.value] ?? -1;
      this.#first[operation.value] = place;
    }
  }

  writersOf(value: number): readonly RegisterOperation[] {
    const writers: RegisterOperation[] = [];
    for (let place = this.#first[value] ?? -1; place !== -1; place = this.#next[place] ?? -1) {
      const operation = this.operations[place];
      if (operation !== undefined) writers.push(operation);
    }
    return writers;
  }

  /** What the writes outside the core may do; only those of values from which something in the core can be reached. */
  movesAround(core: readonly RegisterOperation[], context: CoreContext): readonly ContextMove[] {
    const inside = new Set(core);
    const everything = core.some(({ kind }) => kind === "not");
    const needed = new Set(everything ? this.#first.keys() : core.flatMap((one) => lookedAt(one) ?? []));
    const kinds = new Map<string, RegisterOperation[]>();
    // A set grows while it is walked: values that comparisons expect are walked too.
    for (const value of needed) {
      for (const one of this.writersOf(value)) {
        if (inside.has(one)) continue;
        if (one.kind === "cas") needed.add(one.expected);
        const text = `${one.expected}>${one.value}`;
        const known = kinds.get(text);
        if (known === undefined) kinds.set(text, [one]);
        else known.push(one);
      }
    }
    return [...kinds.values()].flatMap((same) => {
      const [first] = same;
      if (first === undefined) return [];
      const { kind, expected, value } = first;
      const moments = context === "any-time" ? [-Infinity, Infinity] : union(same);
      return [{ isCas: kind === "cas", expected, value, moments }];
    });
  }
}

export function isWrite({ kind }: RegisterOperation): boolean {
  return kind === "write" || kind === "cas";
}

/** The value that an operation says was there, or null. */
export function lookedAt({ kind, value, expected }: RegisterOperation): number | null {
  if (kind === "read") return value;
  return kind === "cas" ? expected : null;
}

function union(operations: readonly RegisterOperation[]): readonly number[] {
  const sorted = operations.toSorted((one, other) => one.call - other.call);
  const ends: number[] = [];
  for (const { call, return: end } of sorted) {
    const last = ends.at(-1);
    if (last === undefined || call > last) ends.push(call, end);
    else if (end > last) ends[ends.length - 1] = end;
  }
  return ends;
}

/** The earliest of these moments that is not before `time`; Infinity when there is none. */
function firstMoment(moments: readonly number[], time: number): number {
  let low = 0;
  let high = moments.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[2 * middle + 1] ?? Infinity) < time) low = middle + 1;
    else high = middle;
  }
  const start = moments[2 * low];
  return start === undefined ? Infinity : Math.max(start, time);
}

/** False when it is consistent, or the budget ran out first. */
export function isInconsistentCore(
  core: readonly RegisterOperation[],
  surroundings: Surroundings,
  context: CoreContext,
  configurations: number,
): boolean {
  const budget = new Budget({ configurations, timeMs: 2_000 });
  try {
    return !new Placement(core, surroundings.movesAround(core, context), budget).explains();
  } catch (error) {
    if (error instanceof BudgetExhausted) return false;
    throw error;
  }
}

/** What has been placed: all answered operations before `from`, in order of call, and those in `ahead`; and `used` of the unknown. */
interface Label {
  readonly from: number;
  readonly ahead: readonly number[];
  readonly used: readonly number[];
  readonly value: number;
  readonly latestCall: number;
}

class Placement {
  readonly #due: readonly RegisterOperation[];
  readonly #free: readonly RegisterOperation[];
  readonly #best = new Map<string, number>();
  readonly #stack: Label[] = [];

  constructor(
    core: readonly RegisterOperation[],
    private readonly moves: readonly ContextMove[],
    private readonly budget: Budget,
  ) {
    const inOrder = core.toSorted((one, other) => one.call - other.call);
    this.#due = inOrder.filter(({ required }) => required);
    this.#free = inOrder.filter(({ required }) => !required);
  }

  /** Can every answered operation be placed? Throws BudgetExhausted. */
  explains(): boolean {
    this.#meet({ from: 0, ahead: [], used: [], value: 0, latestCall: -Infinity });
    for (let label = this.#stack.pop(); label !== undefined; label = this.#stack.pop()) {
      if (label.from === this.#due.length) return true;
      this.#extend(label);
    }
    return false;
  }

  #meet(label: Label): void {
    this.budget.spend(1);
    const key = `${label.value}|${label.from}|${label.ahead.join()}|${label.used.join()}`;
    const known = this.#best.get(key);
    if (known !== undefined && known <= label.latestCall) return;
    this.#best.set(key, label.latestCall);
    this.#stack.push(label);
  }

  #extend(label: Label): void {
    const { value, latestCall } = label;
    const waiting: number[] = [];
    let deadline = Infinity;
    for (let at = label.from; at < this.#due.length; at++) {
      const operation = this.#due[at];
      if (operation === undefined || operation.call > deadline) break;
      if (label.ahead.includes(at)) continue;
      deadline = Math.min(deadline, operation.return);
      waiting.push(at);
    }
    if (latestCall > deadline) return;
    const candidates = waiting.flatMap((at) => {
      const operation = this.#due[at];
      const after = operation === undefined || operation.call > deadline ? null : valueAfter(value, operation);
      return operation === undefined || after === null ? [] : [{ at, operation, after }];
    });
    // Costs nothing and takes nothing away: no alternative needs to be tried.
    const free = candidates.find(
      ({ operation }) => (operation.kind === "read" || operation.kind === "not") && operation.call <= latestCall,
    );
    if (free !== undefined) {
      this.#place(label, free.at, value, latestCall);
      return;
    }
    for (const { at, operation, after } of candidates)
      this.#place(label, at, after, Math.max(latestCall, operation.call));
    for (const [at, operation] of this.#free.entries()) {
      if (operation.call > deadline) break;
      const after = label.used.includes(at) ? null : valueAfter(value, operation);
      if (after === null || after === value) continue;
      const used = [...label.used, at].sort((one, other) => one - other);
      this.#meet({ ...label, used, value: after, latestCall: Math.max(latestCall, operation.call) });
    }
    for (const move of this.moves) {
      this.budget.spend(1);
      if (move.value === value || (move.isCas && move.expected !== value)) continue;
      const moment = firstMoment(move.moments, latestCall);
      if (moment <= deadline && moment !== Infinity) this.#meet({ ...label, value: move.value, latestCall: moment });
    }
  }

  #place(label: Label, at: number, value: number, latestCall: number): void {
    let { from } = label;
    const ahead = [...label.ahead, at].sort((one, other) => one - other);
    while (ahead[0] === from) {
      ahead.shift();
      from += 1;
    }
    this.#meet({ ...label, from, ahead, value, latestCall });
  }
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

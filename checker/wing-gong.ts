// The general search for a linearization, for any model: Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with
// Lowe's memoisation of configurations ("Testing for Linearizability", 2017). A configuration is the set of operations that
// were linearized and the state they led to; one that was seen before is not entered again.
//
// Beyond the papers: operations of unknown outcome never have to be linearized, and of those with equal function and input only
// the earliest is tried (they are interchangeable); a read that the state satisfies is taken without an alternative, since it
// can only help; the set is keyed by its distance from a fully linearized prefix, so that the cache does not grow with n².
import type { Operation } from "../history/index.js";
import type { Budget } from "./budget.js";
import type { EngineAnswer } from "./engine.js";
import type { Model } from "./model.js";
import { canonical } from "./values.js";

interface Entry {
  /** Position in the operations given. */
  readonly operation: number;
  readonly isCall: boolean;
  /** A call's return; null for a return, and for a call that never returned. */
  readonly match: Entry | null;
  previous: Entry | null;
  next: Entry | null;
}

interface Frame<State> {
  readonly entry: Entry;
  /** Before it was linearized. */
  readonly state: State;
}

/** Throws BudgetExhausted. Operations of outcome `fail` must have been dropped. */
export function searchWingGong<State>(
  model: Model<State>,
  initial: State,
  operations: readonly Operation[],
  budget: Budget,
): EngineAnswer {
  const head = linkEntries(operations);
  const unknowns = new UnknownKinds(operations);
  const taken = new TakenSet(operations);
  const cache = new Set<string>();
  const stack: Frame<State>[] = [];
  let remaining = operations.filter(({ returnNs }) => returnNs !== null).length;
  let state = initial;
  let stuck: number | null = null;
  let deepest = -1;
  let entry = head.next;

  while (remaining > 0) {
    budget.spend(1);
    if (entry === null) throw new Error("invariant: the list ends while completed operations remain");
    if (entry.isCall) {
      const operation = operationAt(operations, entry.operation);
      if (unknowns.mayTry(entry.operation)) {
        const after = model.step(state, operation);
        if (after !== "illegal") {
          taken.add(entry.operation);
          const key = `${taken.key()}|${model.identify(after.state)}`;
          if (!cache.has(key)) {
            cache.add(key);
            stack.push({ entry, state });
            unknowns.use(entry.operation);
            if (operation.returnNs !== null) remaining -= 1;
            state = after.state;
            lift(entry);
            entry = head.next;
            continue;
          }
          taken.remove(entry.operation);
        }
      }
      entry = entry.next;
      continue;
    }
    // The return of an operation that is not linearized: this branch is dead.
    if (stack.length > deepest) {
      deepest = stack.length;
      stuck = entry.operation;
    }
    let frame: Frame<State> | undefined;
    let tookRead: boolean;
    do {
      frame = stack.pop();
      if (frame === undefined) return { valid: false, stuck };
      const operation = operationAt(operations, frame.entry.operation);
      unlift(frame.entry);
      unknowns.release(frame.entry.operation);
      taken.remove(frame.entry.operation);
      if (operation.returnNs !== null) remaining += 1;
      state = frame.state;
      // Not having taken a read that was possible opens nothing.
      tookRead = model.isRead(operation);
    } while (tookRead);
    entry = frame.entry.next;
  }
  return { valid: true, order: stack.map(({ entry }) => entry.operation) };
}

function operationAt(operations: readonly Operation[], position: number): Operation {
  const operation = operations[position];
  if (operation === undefined) throw new Error(`invariant: no operation at ${position}`);
  return operation;
}

/** The events in order of time, at equal times calls before returns; unknown operations have no return entry. */
function linkEntries(operations: readonly Operation[]): Entry {
  const entries: { time: number; entry: Entry }[] = [];
  for (const [position, { callNs, returnNs }] of operations.entries()) {
    const back: Entry | null =
      returnNs === null ? null : { operation: position, isCall: false, match: null, previous: null, next: null };
    entries.push({
      time: callNs,
      entry: { operation: position, isCall: true, match: back, previous: null, next: null },
    });
    if (back !== null && returnNs !== null) entries.push({ time: returnNs, entry: back });
  }
  entries.sort((left, right) => left.time - right.time || Number(right.entry.isCall) - Number(left.entry.isCall));
  const head: Entry = { operation: -1, isCall: false, match: null, previous: null, next: null };
  let last = head;
  for (const { entry } of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

/** Takes a call and its return out of the list. */
function lift(entry: Entry): void {
  unlink(entry);
  if (entry.match !== null) unlink(entry.match);
}

/** Puts them back; in the opposite order of lifting. */
function unlift(entry: Entry): void {
  if (entry.match !== null) relink(entry.match);
  relink(entry);
}

function unlink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}

/** Unknown operations of equal function and input, in order of call: the next to be used is the only one worth trying. */
class UnknownKinds {
  readonly #kindOf = new Map<number, { readonly members: number[]; used: number }>();
  constructor(operations: readonly Operation[]) {
    const kinds = new Map<string, { readonly members: number[]; used: number }>();
    const byCall = [...operations.keys()].filter((position) => operationAt(operations, position).returnNs === null);
    byCall.sort((left, right) => operationAt(operations, left).callNs - operationAt(operations, right).callNs);
    for (const position of byCall) {
      const { function: name, key, input } = operationAt(operations, position);
      const text = `${name} ${canonical(key)} ${canonical(input)}`;
      const kind = kinds.get(text) ?? { members: [], used: 0 };
      kinds.set(text, kind);
      kind.members.push(position);
      this.#kindOf.set(position, kind);
    }
  }
  mayTry(position: number): boolean {
    const kind = this.#kindOf.get(position);
    return kind === undefined || kind.members[kind.used] === position;
  }
  use(position: number): void {
    const kind = this.#kindOf.get(position);
    if (kind !== undefined) kind.used += 1;
  }
  release(position: number): void {
    const kind = this.#kindOf.get(position);
    if (kind !== undefined) kind.used -= 1;
  }
}

/** The set of linearized operations, with a text that is as long as the set is ragged, not as long as the history. */
class TakenSet {
  /** Ranks: completed operations in order of call, then unknown ones. */
  readonly #rank: readonly number[];
  readonly #taken: Uint8Array;
  #prefix = 0;
  readonly #beyond = new Set<number>();
  constructor(operations: readonly Operation[]) {
    const order = [...operations.keys()].sort((left, right) => {
      const a = operationAt(operations, left);
      const b = operationAt(operations, right);
      return Number(a.returnNs === null) - Number(b.returnNs === null) || a.callNs - b.callNs;
    });
    const rank: number[] = Array.from({ length: operations.length }, () => 0);
    for (const [place, position] of order.entries()) rank[position] = place;
    this.#rank = rank;
    this.#taken = new Uint8Array(operations.length + 1);
  }
  add(position: number): void {
    const rank = this.#rank[position] ?? 0;
    this.#taken[rank] = 1;
    this.#beyond.add(rank);
    while (this.#taken[this.#prefix] === 1) {
      this.#beyond.delete(this.#prefix);
      this.#prefix += 1;
    }
  }
  remove(position: number): void {
    const rank = this.#rank[position] ?? 0;
    this.#taken[rank] = 0;
    this.#beyond.delete(rank);
    while (this.#prefix > rank) {
      this.#prefix -= 1;
      if (this.#prefix !== rank) this.#beyond.add(this.#prefix);
    }
  }
  key(): string {
    const beyond = [...this.#beyond].sort((left, right) => left - right);
    return `${this.#prefix}:${beyond.join(",")}`;
  }
}

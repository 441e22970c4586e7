// The general search for a linearization, for any model: Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with
// Lowe's memoisation of configurations ("Testing for Linearizability", 2017). A configuration is the set of operations that
// were linearized and the state they led to; one that was found to lead nowhere is not entered again.
//
// Beyond the papers:
// - Operations of unknown outcome never have to be linearized, and of those with equal function, key and input only the earliest called is tried:
//   they are interchangeable. They are tried last, and not where they would leave the very same state.
// - A read that the state allows is taken at once, without an alternative: it can only help. Moved to the front of any completion
//   it changes no state, and nothing that is left had returned before it was called.
// - Only dead ends are remembered (dead-ends.ts), when they are left: the configurations on the way to the present one have smaller
//   sets. A search that never turns back remembers nothing.
import type { Operation } from "../../history/index.js";
import type { Budget } from "../budget.js";
import type { DeadEnds } from "./dead-ends.js";
import type { EngineAnswer } from "../engine.js";
import type { Model } from "../model.js";
import { borrowSearchMemory, giveBackSearchMemory, type SearchMemory } from "./search-memory.js";
import { sortByTime } from "../sort-by-time.js";
import { canonical } from "../values.js";

/** Throws BudgetExhausted. Operations of outcome `fail` must have been dropped. */
export function searchWingGong<State>(
  model: Model<State>,
  initial: State,
  operations: readonly Operation[],
  budget: Budget,
): EngineAnswer {
  const memory = borrowSearchMemory();
  try {
    return new Search(model, initial, operations, budget, memory).run();
  } finally {
    giveBackSearchMemory(memory);
  }
}

/** A step that was taken, and what held before it. */
interface Step<State> {
  readonly rank: number;
  /** There is no alternative to it. */
  readonly forced: boolean;
  readonly state: State;
  readonly greatest: number;
}

/** Unknown operations of equal function, key and input, in order of call. */
interface UnknownKind {
  readonly place: number;
  readonly ranks: number[];
  used: number;
}

class Search<State> {
  /** Ranks: completed operations in order of call, then those of unknown outcome in order of call. */
  readonly #byRank: Operation[] = [];
  readonly #positionOf: Int32Array;
  readonly #completed: number;
  /** Completed operations not linearized yet. */
  #remaining: number;
  readonly #isRead: boolean[] = [];
  /** Events of the completed operations, 2 · rank for a call, + 1 for a return, in order of time, calls first. */
  readonly #events: Int32Array;
  /** Places in `#events` of those not linearized, linked in both directions from `#head` on, which is one past the last. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #head: number;
  /** By rank: the place of the call; of an unknown operation, the place of the first event that is not before it. */
  readonly #callAt: Int32Array;
  readonly #returnAt: Int32Array;
  readonly #kinds: UnknownKind[] = [];
  readonly #kindOf: UnknownKind[] = [];
  readonly #steps: Step<State>[] = [];
  readonly #dead: DeadEnds;
  #state: State;
  /** Of the set of linearized operations: its hash, and the greatest rank of a completed one. */
  #first = 0;
  #second = 0;
  #greatest = -1;

  constructor(
    readonly model: Model<State>,
    initial: State,
    readonly operations: readonly Operation[],
    readonly budget: Budget,
    memory: SearchMemory,
  ) {
    this.#state = initial;
    this.#dead = memory.dead;
    const count = operations.length;
    memory.reserve(count);
    const completed = memory.rank(operations);
    this.#positionOf = memory.positionOf;
    this.#completed = completed;
    this.#remaining = completed;
    for (let rank = 0; rank < count; rank++) {
      const operation = operations[memory.positionOf[rank] ?? -1];
      if (operation === undefined) throw new Error(`invariant: no operation of rank ${rank}`);
      this.#byRank.push(operation);
      if (rank < completed) this.#isRead.push(model.isRead(operation));
    }
    this.#head = 2 * completed;
    this.#callAt = memory.callAt;
    this.#returnAt = memory.returnAt;
    this.#events = memory.events;
    this.#next = memory.next;
    this.#previous = memory.previous;
    this.#link(memory);
    this.#sortUnknown();
  }

  run(): EngineAnswer {
    let stuck: number | null = null;
    let deepest = -1;
    // The deepest try so far, in answered operations.
    this.budget.measuredBy(() => Math.max(0, deepest) / Math.max(1, this.#byRank.length));
    // Asked at least once, so that a model whose states have no text is noticed in every search.
    this.model.identify(this.#state);
    this.#takeReads();
    /** The last candidate tried here: the place of its return, or, past the head, that of its kind in `#kinds`. */
    let tried = -1;
    while (this.#remaining > 0) {
      this.budget.spend(1);
      if (this.#advance(tried)) {
        this.#takeReads();
        tried = -1;
        continue;
      }
      if (this.#steps.length > deepest) {
        deepest = this.#steps.length;
        stuck = this.#positionOf[(this.#events[this.#firstReturn()] ?? 0) >> 1] ?? null;
      }
      const left = this.#turnBack();
      if (left === -1) return { valid: false, stuck };
      const kind = this.#kindOfRank(left);
      tried = kind === undefined ? (this.#returnAt[left] ?? 0) : this.#head + 1 + kind.place;
    }
    return { valid: true, order: this.#steps.map(({ rank }) => this.#positionOf[rank] ?? -1) };
  }

  #startOf(): number {
    return this.#next[this.#head] ?? 0;
  }

  /**
   * Takes the first candidate after those already tried that is possible and not known to lead nowhere: answered ones in order of return, since
   * what must come first most often does, then unknown ones.
   */
  #advance(tried: number): boolean {
    let last = tried;
    while (last < this.#head) {
      const rank = this.#nextByReturn(last);
      if (rank === -1) break;
      if (this.#try(rank)) return true;
      last = this.#returnAt[rank] ?? 0;
    }
    const limit = this.#firstReturn();
    for (let place = Math.max(0, tried - this.#head); place < this.#kinds.length; place++) {
      const kind = this.#kinds[place];
      const rank = kind?.ranks[kind.used];
      if (rank !== undefined && (this.#callAt[rank] ?? 0) <= limit && this.#try(rank)) return true;
    }
    return false;
  }

  /** Of the answered operations that nothing left must precede, other than reads, the one whose return is the next after this place. */
  #nextByReturn(place: number): number {
    let found = -1;
    let least = this.#head;
    for (let at = this.#startOf(); ; at = this.#next[at] ?? 0) {
      const event = this.#events[at] ?? 1;
      if ((event & 1) === 1) return found;
      const rank = event >> 1;
      const returned = this.#returnAt[rank] ?? 0;
      if (returned <= place || returned >= least || this.#isRead[rank] === true) continue;
      found = rank;
      least = returned;
    }
  }

  #firstReturn(): number {
    let at = this.#startOf();
    while (((this.#events[at] ?? 1) & 1) === 0) at = this.#next[at] ?? 0;
    return at;
  }

  #try(rank: number): boolean {
    const after = this.model.step(this.#state, this.#operation(rank));
    if (after === "illegal") return false;
    const isUnknown = rank >= this.#completed;
    if (isUnknown && after.state === this.#state) return false;
    const { model } = this;
    const before = this.#state;
    this.#take(rank, after.state, false);
    if (!this.#dead.mayHave(this.#first)) return true;
    this.#describe();
    if (!this.#dead.has(this.#first, this.#second, this.#greatest, () => model.identify(after.state))) return true;
    this.#untake();
    this.#state = before;
    return false;
  }

  /** Takes every read that the state allows and that nothing left must precede. */
  #takeReads(): void {
    for (let at = this.#startOf(); at !== this.#head;) {
      const event = this.#events[at] ?? 1;
      if ((event & 1) === 1) return;
      const rank = event >> 1;
      at = this.#next[at] ?? 0;
      if (this.#isRead[rank] !== true) continue;
      const after = this.model.step(this.#state, this.#operation(rank));
      if (after === "illegal") continue;
      this.#take(rank, after.state, true);
      // Its return may have been the limit: more reads may be possible now, none of those passed over.
      if (at === this.#returnAt[rank]) at = this.#next[at] ?? 0;
    }
  }

  /** Leaves the present configuration, which leads nowhere: the rank of the step that is undone, -1 when there is none. */
  #turnBack(): number {
    for (;;) {
      const step = this.#steps.at(-1);
      if (step === undefined) return -1;
      if (!step.forced) {
        this.#describe();
        this.#dead.add(this.#first, this.#second, this.#greatest, this.model.identify(this.#state));
      }
      this.#untake();
      if (!step.forced) return step.rank;
    }
  }

  #operation(rank: number): Operation {
    const operation = this.#byRank[rank];
    if (operation === undefined) throw new Error(`invariant: no operation of rank ${rank}`);
    return operation;
  }

  /** Negative places in an array would be looked up by name. */
  #kindOfRank(rank: number): UnknownKind | undefined {
    return rank < this.#completed ? undefined : this.#kindOf[rank - this.#completed];
  }

  #take(rank: number, after: State, forced: boolean): void {
    this.#steps.push({ rank, forced, state: this.#state, greatest: this.#greatest });
    this.#state = after;
    this.#first ^= this.#dead.hashOf(rank, 0);
    this.#second ^= this.#dead.hashOf(rank, 1);
    const kind = this.#kindOfRank(rank);
    if (kind !== undefined) {
      kind.used += 1;
      return;
    }
    this.#remaining -= 1;
    if (rank > this.#greatest) this.#greatest = rank;
    this.#unlink(this.#callAt[rank] ?? 0);
    this.#unlink(this.#returnAt[rank] ?? 0);
  }

  #untake(): void {
    const step = this.#steps.pop();
    if (step === undefined) throw new Error("invariant: no step to take back");
    const { rank } = step;
    this.#state = step.state;
    this.#first ^= this.#dead.hashOf(rank, 0);
    this.#second ^= this.#dead.hashOf(rank, 1);
    this.#greatest = step.greatest;
    const kind = this.#kindOfRank(rank);
    if (kind !== undefined) {
      kind.used -= 1;
      return;
    }
    this.#remaining += 1;
    this.#relink(this.#returnAt[rank] ?? 0);
    this.#relink(this.#callAt[rank] ?? 0);
  }

  /** Describes the set of linearized operations to `#dead`. */
  #describe(): void {
    const dead = this.#dead;
    dead.begin();
    if (this.#greatest >= 0) {
      const end = this.#callAt[this.#greatest] ?? 0;
      for (let at = this.#startOf(); at < end; at = this.#next[at] ?? 0) {
        const event = this.#events[at] ?? 0;
        if ((event & 1) === 0) dead.missing(event >> 1);
      }
    }
    for (const { ranks, used } of this.#kinds) if (used > 0) dead.unknown(ranks[used - 1] ?? -1);
  }

  #unlink(at: number): void {
    const next = this.#next[at] ?? 0;
    const previous = this.#previous[at] ?? 0;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  /** In the opposite order of unlinking. */
  #relink(at: number): void {
    this.#next[this.#previous[at] ?? 0] = at;
    this.#previous[this.#next[at] ?? 0] = at;
  }

  #link({ ends, callTimes, returnTimes }: SearchMemory): void {
    const completed = this.#completed;
    const events = this.#events;
    for (let rank = 0; rank < completed; rank++) ends[rank] = rank;
    sortByTime(ends, returnTimes, 0, completed);
    const count = this.operations.length;
    let at = 0;
    let end = 0;
    let unknown = completed;
    for (let rank = 0; rank <= completed; rank++) {
      const call = rank < completed ? (callTimes[rank] ?? 0) : Infinity;
      for (; end < completed; end++) {
        const returning = ends[end] ?? 0;
        const time = returnTimes[returning] ?? 0;
        if (time >= call) break;
        for (; unknown < count && (callTimes[unknown] ?? 0) <= time; unknown++) this.#callAt[unknown] = at;
        this.#returnAt[returning] = at;
        events[at++] = 2 * returning + 1;
      }
      if (rank === completed) break;
      this.#callAt[rank] = at;
      events[at++] = 2 * rank;
    }
    // Called after everything had returned: never of use.
    for (; unknown < count; unknown++) this.#callAt[unknown] = this.#head + 1;
    events[this.#head] = 1;
    for (let node = 0; node <= this.#head; node++) {
      this.#next[node] = node === this.#head ? 0 : node + 1;
      this.#previous[node] = node === 0 ? this.#head : node - 1;
    }
  }

  #sortUnknown(): void {
    const kinds = new Map<string, UnknownKind>();
    for (let rank = this.#completed; rank < this.#byRank.length; rank++) {
      const { function: name, key, input } = this.#operation(rank);
      const text = `${name} ${canonical(key)} ${canonical(input)}`;
      let kind = kinds.get(text);
      if (kind === undefined) {
        kind = { place: this.#kinds.length, ranks: [], used: 0 };
        kinds.set(text, kind);
        this.#kinds.push(kind);
      }
      kind.ranks.push(rank);
      this.#kindOf.push(kind);
    }
  }
}

// Just-in-time linearization with sets of configurations (after Lowe, "Testing for Linearizability", 2017), one event at a time and
// without a look at what comes later: at the return of an operation every configuration is extended until that operation is
// linearized in it. No configuration left: not linearizable.
//
// What keeps the sets small: reads are taken as soon as they are possible; operations that can stand for each other are used in
// the order of their deadlines; a configuration that can do no more than another is dropped; and whether a blind write was hidden
// by another is left open until somebody asks (configuration.ts).
import { addUsed, bitsPerWord, countUsed, Frontier, useOne, type Configuration } from "./configuration.js";
import { EngineGaveUp, type LiveEngine } from "./engine.js";
import type { LiveOperation } from "./operation.js";
import type { Rules } from "./rules.js";
import { UnknownKinds, type UnknownKind } from "./unknown-kinds.js";

export interface SweepLimits {
  /** Configurations visited at the return of one operation. */
  readonly configurations: number;
  /** Asked now and then inside the search; throws EngineGaveUp. */
  readonly look: () => void;
}

/** Where a sweep begins, if not before everything. */
export interface Seed<State> {
  readonly state: State;
  readonly done: readonly LiveOperation[];
  readonly free: readonly LiveOperation[];
  /** One of a kind for each that is used up. */
  readonly used: readonly LiveOperation[];
}

interface OpenOperation {
  readonly operation: LiveOperation;
  readonly word: number;
  readonly bit: number;
  readonly isBlind: boolean;
  readonly kind: string;
  /** Slots, by words, of open operations that can stand for this one and have to be done earlier. */
  readonly earlierTwins: number[];
}

const lookEvery = 256;

export class Sweep<State> implements LiveEngine {
  readonly #rules: Rules<State>;
  readonly #limits: SweepLimits;
  readonly #unknown: UnknownKinds<State>;
  readonly #open = new Map<LiveOperation, OpenOperation>();
  readonly #openReads: OpenOperation[] = [];
  readonly #openWrites: OpenOperation[] = [];
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Bit sets over slots: open reads, open blind writes. */
  readonly #reads: number[] = [];
  readonly #blind: number[] = [];
  #configurations: Configuration<State>[];
  /** Kinds of unknown operations worth trying at the return being swept. */
  #candidates: readonly UnknownKind[] = [];
  #spent = 0;

  constructor(rules: Rules<State>, initial: State, limits: SweepLimits) {
    this.#rules = rules;
    this.#limits = limits;
    this.#unknown = new UnknownKinds(rules);
    this.#configurations = [this.#configuration(initial, [], [], [], false)];
  }

  get held(): number {
    return this.#configurations.length + this.#unknown.size;
  }

  /** Starts in the middle of a history: with these operations open, and unknown ones that may still take effect. */
  seed(open: Iterable<LiveOperation>, unknown: Iterable<LiveOperation>, seeds: readonly Seed<State>[]): void {
    for (const operation of open) this.#openUp(operation);
    for (const operation of unknown) this.#unknown.add(operation);
    const frontier = new Frontier<State>(this.#reads, this.#unknown.standIns);
    for (const { state, done, free, used } of seeds) {
      let usedUp: readonly number[] = [];
      for (const operation of used) usedUp = useOne(usedUp, this.#unknown.add(operation, 0).id);
      frontier.add(this.#configuration(state, this.#bits(done), this.#bits(free), usedUp, false));
    }
    this.#configurations = frontier.list();
    this.#settle();
  }

  call(operation: LiveOperation): void {
    if (operation.outcome === "info") {
      if (!this.#rules.isRead(operation)) this.#unknown.add(operation);
      return;
    }
    const { word, bit } = this.#openUp(operation);
    if (!this.#rules.isRead(operation)) return;
    for (const { state, done } of this.#configurations)
      if (this.#rules.after(state, operation) !== undefined) done[word] = (done[word] ?? 0) | bit;
  }

  return(operation: LiveOperation): boolean {
    const open = this.#open.get(operation);
    if (open === undefined) throw new Error("invariant: an operation returns that was not called");
    this.#spent = 0;
    this.#configurations = this.#extend(open);
    this.#closeDown(open);
    this.#settle();
    return this.#configurations.length > 0;
  }

  #configuration(
    state: State,
    done: number[],
    free: number[],
    used: readonly number[],
    owing: boolean,
  ): Configuration<State> {
    return { state, identity: this.#rules.identify(state), done, free, used, owing, superseded: false };
  }

  #bits(operations: readonly LiveOperation[]): number[] {
    const bits = this.#reads.map(() => 0);
    for (const operation of operations) {
      const open = this.#open.get(operation);
      if (open === undefined) throw new Error("invariant: an operation is linearized that is not open");
      bits[open.word] = (bits[open.word] ?? 0) | open.bit;
    }
    return bits;
  }

  #openUp(operation: LiveOperation): OpenOperation {
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    const word = Math.floor(slot / bitsPerWord);
    if (word === this.#reads.length) {
      this.#reads.push(0);
      this.#blind.push(0);
      for (const { done, free } of this.#configurations) {
        done.push(0);
        free.push(0);
      }
    }
    const bit = 1 << (slot % bitsPerWord);
    const isBlind = this.#rules.isBlind(operation);
    const isRead = this.#rules.isRead(operation);
    const kind = isRead ? "" : this.#rules.kindOf(operation);
    const open: OpenOperation = { operation, word, bit, isBlind, kind, earlierTwins: [] };
    this.#open.set(operation, open);
    if (isBlind) this.#blind[word] = (this.#blind[word] ?? 0) | bit;
    if (isRead) {
      this.#reads[word] = (this.#reads[word] ?? 0) | bit;
      this.#openReads.push(open);
      return open;
    }
    for (const other of this.#openWrites) {
      if (other.kind !== kind) continue;
      const [first, later] = isDueBefore(other.operation, operation) ? [other, open] : [open, other];
      later.earlierTwins[first.word] = (later.earlierTwins[first.word] ?? 0) | first.bit;
    }
    this.#openWrites.push(open);
    return open;
  }

  #closeDown(open: OpenOperation): void {
    const { operation, word, bit } = open;
    this.#open.delete(operation);
    this.#reads[word] = (this.#reads[word] ?? 0) & ~bit;
    this.#blind[word] = (this.#blind[word] ?? 0) & ~bit;
    this.#freeSlots.push(word * bitsPerWord + (31 - Math.clz32(bit)));
    const list = this.#rules.isRead(operation) ? this.#openReads : this.#openWrites;
    list.splice(list.indexOf(open), 1);
    for (const { earlierTwins } of this.#openWrites) if (earlierTwins[word] !== undefined) earlierTwins[word] &= ~bit;
  }

  /** Every configuration in which the returning operation is linearized, its bit cleared. */
  #extend(returning: OpenOperation): Configuration<State>[] {
    const { word, bit } = returning;
    const survivors = new Frontier<State>(this.#reads, this.#unknown.standIns);
    const entered = new Frontier<State>(this.#reads, this.#unknown.standIns);
    const stack: Configuration<State>[] = [];
    const meet = (configuration: Configuration<State>): void => {
      this.#spend();
      const { done, free, owing } = configuration;
      if (((done[word] ?? 0) & bit) === 0) {
        if (!entered.add(configuration)) return;
        stack.push(configuration);
        // It may have been hidden, or be seen yet.
        if (((free[word] ?? 0) & bit) !== 0 && !owing) survivors.add(without(configuration, word, bit));
        return;
      }
      // An unknown operation whose effect nobody has looked at: without it, which is tried too, as much is possible.
      if (owing) return;
      done[word] = (done[word] ?? 0) & ~bit;
      survivors.add(configuration);
    };
    for (const configuration of this.#configurations) meet(configuration);
    if (stack.length > 0) this.#candidates = this.#chooseCandidates();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) if (!next.superseded) this.#step(next, meet);
    return survivors.list();
  }

  #chooseCandidates(): readonly UnknownKind[] {
    if (this.#unknown.size === 0) return [];
    return [...(this.#rules.observesValues ? this.#unknown.towards(this.#open.keys()) : this.#unknown.all())];
  }

  #step(from: Configuration<State>, meet: (configuration: Configuration<State>) => void): void {
    for (const open of this.#openWrites) {
      const { operation, word, bit, isBlind } = open;
      if (((from.done[word] ?? 0) & bit) !== 0 || (from.owing && isBlind)) continue;
      if (this.#hasEarlierTwin(from, open)) continue;
      const state = this.#rules.after(from.state, operation);
      if (state === undefined) continue;
      const done = from.done.slice();
      const free = from.free.slice();
      done[word] = (done[word] ?? 0) | bit;
      free[word] = (free[word] ?? 0) & ~bit;
      this.#arrive(state, done, free, from.used, isBlind, false, meet);
    }
    for (const kind of this.#candidates) this.#stepUnknown(from, kind, meet);
  }

  #stepUnknown(
    from: Configuration<State>,
    kind: UnknownKind,
    meet: (configuration: Configuration<State>) => void,
  ): void {
    const isBlind = this.#rules.isBlind(kind.operation);
    if ((from.owing && isBlind) || countUsed(from.used, kind.id) >= kind.count) return;
    const state = this.#rules.after(from.state, kind.operation);
    if (state === undefined || this.#rules.identify(state) === from.identity) return;
    if (this.#rules.knownStandsForUnknown && this.#hasKnownTwin(from, kind)) return;
    const used = useOne(from.used, kind.id);
    this.#arrive(state, from.done.slice(), from.free.slice(), used, isBlind, true, meet);
  }

  #arrive(
    state: State,
    done: number[],
    free: number[],
    used: readonly number[],
    isBlind: boolean,
    isUnknown: boolean,
    meet: (configuration: Configuration<State>) => void,
  ): void {
    // Every other blind write that is still to come may have been hidden just before this one.
    if (isBlind) for (let at = 0; at < free.length; at++) free[at] = (this.#blind[at] ?? 0) & ~(done[at] ?? 0);
    let looked = false;
    for (const { operation, word, bit } of this.#openReads) {
      if (((done[word] ?? 0) & bit) !== 0 || this.#rules.after(state, operation) === undefined) continue;
      done[word] = (done[word] ?? 0) | bit;
      looked = true;
    }
    const owing = isUnknown && !looked && this.#rules.observesValues;
    const next = this.#configuration(state, done, free, used, owing);
    if (!owing || this.#isLookedAtNext(next)) meet(next);
  }

  /** Can some operation that depends on the value take effect here? */
  #isLookedAtNext(configuration: Configuration<State>): boolean {
    const { state, done, used } = configuration;
    for (const { operation, word, bit, isBlind } of this.#openWrites)
      if (!isBlind && ((done[word] ?? 0) & bit) === 0 && this.#rules.after(state, operation) !== undefined) return true;
    for (const { operation, id, count } of this.#candidates) {
      if (this.#rules.isBlind(operation) || countUsed(used, id) >= count) continue;
      if (this.#rules.after(state, operation) !== undefined) return true;
    }
    return false;
  }

  /** Is one that can stand for it, with an earlier deadline and as free as it, not linearized yet? */
  #hasEarlierTwin({ done, free }: Configuration<State>, { word, bit, earlierTwins }: OpenOperation): boolean {
    const isFree = ((free[word] ?? 0) & bit) !== 0;
    for (const [at, twins] of earlierTwins.entries()) {
      const alike = isFree ? (free[at] ?? 0) : ~(free[at] ?? 0);
      if (((twins ?? 0) & ~(done[at] ?? 0) & alike) !== 0) return true;
    }
    return false;
  }

  #hasKnownTwin({ done }: Configuration<State>, kind: UnknownKind): boolean {
    for (const { operation, word, bit } of this.#openWrites) {
      if (((done[word] ?? 0) & bit) !== 0) continue;
      const { word: name, expected, value } = kind.operation;
      if (operation.word === name && operation.expected === expected && operation.value === value) return true;
    }
    return false;
  }

  /** What every configuration has used up is gone. */
  #settle(): void {
    const [first, ...others] = this.#configurations;
    if (first === undefined || first.used.length === 0) return;
    for (let at = 0; at < first.used.length; at += 2) {
      const kind = first.used[at] ?? -1;
      let least = first.used[at + 1] ?? 0;
      for (const { used } of others) least = Math.min(least, countUsed(used, kind));
      if (least === 0) continue;
      if (least === (first.used[at + 1] ?? 0)) at -= 2;
      for (const configuration of this.#configurations) configuration.used = addUsed(configuration.used, kind, -least);
      this.#unknown.settle(kind, least);
    }
  }

  #spend(): void {
    this.#spent += 1;
    if (this.#spent > this.#limits.configurations) {
      throw new EngineGaveUp({
        budget: "configurations",
        sentence: `more than ${this.#limits.configurations} configurations at one return`,
      });
    }
    if (this.#spent % lookEvery === 0) this.#limits.look();
  }
}

/** The same with one open operation no longer open. */
function without<State>(configuration: Configuration<State>, word: number, bit: number): Configuration<State> {
  const free = configuration.free.slice();
  free[word] = (free[word] ?? 0) & ~bit;
  return { ...configuration, done: configuration.done.slice(), free, superseded: false };
}

function isDueBefore(one: LiveOperation, other: LiveOperation): boolean {
  const due = (one.returnNs ?? Infinity) - (other.returnNs ?? Infinity);
  return due < 0 || (due === 0 && one.index < other.index);
}

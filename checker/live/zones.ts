// The live verdict of a register whose written values can be told apart, without a search: at most a few comparisons an event, and
// memory only for what can still be read.
//
// After Gibbons and Korach ("Testing Shared Memories", 1997), as in CHECKER.md: a chain is a write, the cas operations from it one
// after the other, and everything that observed their values. It takes effect in one piece. f is the least return in it, s the
// greatest call; chain X must come before chain Y iff f_X < s_Y; there is a contradiction iff two chains must each come before the other.
//
// Told in order of time, s can only grow to the present, and f is set once, by the first return. So a call contradicts its chain X
// iff X has had a return and some other chain with a return has s > f_X; that stays so for all later calls: such a chain is past and
// can be forgotten. Likewise a value from which a cas has returned. Whoever observes a value that is past needs another writer of
// it, called before he returns: he begins a new generation of the value, and is a violation if he returns before its writer came.
//
// What can observe the present of two writers of one value, or says only what the value was not, is not for this algorithm:
// `admits` answers false before anything was changed, and `seeds.ts` hands over to the sweep.
import type { LiveEngine } from "./engine.js";
import type { LiveOperation, ValueKey } from "./operation.js";

/** Values written by operations that were called but not swept yet, and how often. */
export type PendingWrites = ReadonlyMap<ValueKey, number>;

export class Chain {
  /** The chain that it became part of. */
  declare joined: Chain | null;
  /** It begins with a write that was called, or with the initial value. */
  declare rooted: boolean;
  /** Least return; Infinity while nothing in it has returned. */
  declare firstReturn: number;
  declare greatestCall: number;
  /** The value that its last cas leaves. */
  declare tail: Generation;
  declare past: boolean;

  constructor(only: Generation, called: number) {
    this.joined = null;
    this.rooted = false;
    this.firstReturn = Infinity;
    this.greatestCall = called;
    this.tail = only;
    this.past = false;
  }
}

/** One period in which a value was current. */
export class Generation {
  declare readonly value: ValueKey;
  declare chain: Chain;
  /** The values before and after it, by cas; null at the ends and where they are forgotten. */
  declare previous: Generation | null;
  declare next: Generation | null;
  declare hasWriter: boolean;
  /** Its writer, where that is of unknown outcome: it never returns. */
  declare unknownWriter: LiveOperation | null;
  /** How many open operations write or observe it. */
  declare open: number;
  /** Something after it in its chain has returned. */
  declare left: boolean;

  /** A chain of its own. */
  constructor(value: ValueKey, called: number) {
    this.value = value;
    this.chain = new Chain(this, called);
    this.previous = null;
    this.next = null;
    this.hasWriter = false;
    this.unknownWriter = null;
    this.open = 0;
    this.left = false;
  }
}

/** A write of unknown outcome that nobody has observed; `from` where it is a cas. Those that are equal stand for each other. */
export interface DormantWrite {
  readonly operation: LiveOperation;
  count: number;
}

export class Zones implements LiveEngine {
  readonly #pending: PendingWrites;
  readonly #current = new Map<ValueKey, Generation>();
  readonly #dormant = new Map<ValueKey, DormantWrite[]>();
  /** Of known outcome; each knows its place here. */
  readonly #open: LiveOperation[] = [];
  /** Chains with a return that are not past, in order of their first return. */
  readonly #begun: Chain[] = [];
  /** Of chains with a return: the one with the greatest call, and the greatest call of all others. */
  #top: Chain;
  #second = -Infinity;

  constructor(initial: ValueKey, pending: PendingWrites) {
    this.#pending = pending;
    const first = new Generation(initial, -Infinity);
    first.hasWriter = true;
    first.chain.rooted = true;
    first.chain.firstReturn = -Infinity;
    this.#current.set(initial, first);
    this.#begun.push(first.chain);
    this.#top = first.chain;
  }

  get held(): number {
    return this.#current.size + this.#dormant.size;
  }

  /** Whether `call` may be told of this operation. */
  admits(operation: LiveOperation): boolean {
    const { word, value, expected } = operation;
    if (word === "not" || word === "replace") return false;
    if (word === "read") return this.#hasOneSource(value);
    const waiting = this.#observable(value);
    if (operation.outcome === "info") {
      if (word !== "cas" || waiting === null || waiting.hasWriter) return true;
    } else if (waiting?.hasWriter === true) {
      // A second writer of a value that can still be observed would leave open whose it is.
      return false;
    }
    return word === "write" || this.#hasOneSource(expected, value, waiting === null ? null : chainOf(waiting));
  }

  call(operation: LiveOperation): void {
    const { word, value, expected, callNs } = operation;
    if (operation.outcome === "info") {
      this.#callUnknown(operation);
      return;
    }
    const observed = word === "write" ? null : this.#observe(word === "cas" ? expected : value, callNs, word === "cas");
    const written = word === "read" ? null : this.#write(value, callNs);
    if (observed !== null && written !== null) this.#link(observed, written, callNs);
    else if (written !== null) chainOf(written).rooted = true;
    if (observed !== null) observed.open += 1;
    if (written !== null) written.open += 1;
    operation.observed = observed;
    operation.written = written;
    operation.openAt = this.#open.push(operation) - 1;
  }

  return(operation: LiveOperation): boolean {
    if (this.#open[operation.openAt] !== operation || operation.returnNs === null)
      throw new Error("invariant: an operation returns that was not called");
    this.#close(operation);
    const { observed, written } = operation;
    const last = written ?? observed;
    if (last === null) throw new Error("invariant: an operation that touches no value");
    const chain = chainOf(last);
    if (!chain.rooted) return false;
    if (chain.firstReturn === Infinity) this.#begin(chain, operation.returnNs);
    if (observed !== null) observed.open -= 1;
    if (written !== null) written.open -= 1;
    for (let at = last.previous; at !== null && !at.left; at = at.previous) at.left = true;
    // Whatever was left just now and has nothing open is forgotten, from here to the chain's beginning.
    for (let at: Generation | null = last; at !== null;) {
      const { previous }: Generation = at;
      this.#forgetIfPast(at);
      at = previous;
    }
    if (observed !== null) this.#forgetIfPast(observed);
    return true;
  }

  /** The last one takes its place in the list. */
  #close({ openAt }: LiveOperation): void {
    const last = this.#open.pop();
    if (last === undefined || openAt === this.#open.length) return;
    this.#open[openAt] = last;
    last.openAt = openAt;
  }

  /**
   * Does at most one writer, called or to be called, explain whoever observes the value now; and so on for what it needs? `written`:
   * what the observer writes himself; `waiting`: the chain that it would explain, which must not be what it needs.
   */
  #hasOneSource(value: ValueKey, written: ValueKey | null = null, waiting: Chain | null = null): boolean {
    // As many steps as there are values with such writes: more means cas in a circle. Alone they explain nothing, but a write of one
    // of their values may yet come that sets them going.
    let at = value;
    for (let step = 0; step <= this.#dormant.size; step++) {
      const dormant = this.#dormant.get(at) ?? [];
      const present = this.#observable(at);
      if ((present !== null && chainOf(present) === waiting) || (step > 0 && at === written)) return false;
      const hasWriter = present?.hasWriter === true;
      const others = (this.#pending.get(at) ?? 0) + (at === written ? 1 : 0) + (hasWriter ? 1 : 0);
      if (dormant.length + others > 1) return false;
      const [write] = dormant;
      if (write === undefined || write.operation.word === "write") return true;
      at = write.operation.expected;
    }
    return false;
  }

  /** The generation that an operation called now may observe. */
  #observable(value: ValueKey): Generation | null {
    const generation = this.#current.get(value);
    if (generation === undefined || generation.left) return null;
    return chainOf(generation).past ? null : generation;
  }

  #write(value: ValueKey, now: number): Generation {
    const generation = this.#observable(value) ?? this.#begetGeneration(value, now);
    generation.hasWriter = true;
    const chain = chainOf(generation);
    chain.greatestCall = now;
    return generation;
  }

  #begetGeneration(value: ValueKey, now: number): Generation {
    const generation = new Generation(value, now);
    this.#current.set(value, generation);
    return generation;
  }

  /**
   * A value is observed now. Where one write of unknown outcome explains it, that write did happen, and with it whatever it needs in
   * its turn. `leaving`: by a cas, of which there can be one only.
   */
  #observe(value: ValueKey, now: number, leaving: boolean): Generation {
    const observed = this.#take(value, now, leaving);
    this.#wake(observed, now);
    this.#touch(chainOf(observed), now);
    return observed;
  }

  #take(value: ValueKey, now: number, leaving: boolean): Generation {
    const generation = this.#observable(value);
    if (generation === null || (leaving && generation.next !== null)) return this.#begetGeneration(value, now);
    return generation;
  }

  #wake(observed: Generation, now: number): void {
    for (let generation = observed; !generation.hasWriter;) {
      const [write, ...others] = this.#dormant.get(generation.value) ?? [];
      if (write === undefined || others.length > 0) return;
      const { operation } = write;
      write.count -= 1;
      if (write.count === 0) this.#dormant.delete(generation.value);
      generation.hasWriter = true;
      generation.unknownWriter = operation;
      if (operation.word === "write") {
        chainOf(generation).rooted = true;
        return;
      }
      const from = this.#take(operation.expected, now, true);
      this.#link(from, generation, now);
      generation = from;
    }
  }

  #link(from: Generation, to: Generation, now: number): void {
    if (from.next !== null || to.previous !== null)
      throw new Error("invariant: a value has one cas from it and one to it");
    const head = chainOf(from);
    const rest = chainOf(to);
    if (head === rest) throw new Error("invariant: a chain has a beginning and an end");
    from.next = to;
    to.previous = from;
    if (rest.firstReturn !== Infinity) throw new Error("invariant: a chain begins before its first write");
    rest.joined = head;
    head.tail = rest.tail;
    this.#touch(head, now);
  }

  /** A call in a chain, now. */
  #touch(chain: Chain, now: number): void {
    const { greatestCall } = this.#top;
    chain.greatestCall = now;
    if (chain.firstReturn === Infinity) return;
    if (chain !== this.#top) this.#second = Math.max(this.#second, greatestCall);
    this.#top = chain;
    this.#forgetPastChains();
  }

  /** A chain's first return. */
  #begin(chain: Chain, now: number): void {
    chain.firstReturn = now;
    this.#begun.push(chain);
    if (chain.greatestCall > this.#top.greatestCall) {
      this.#second = this.#top.greatestCall;
      this.#top = chain;
    } else this.#second = Math.max(this.#second, chain.greatestCall);
    this.#forgetPastChains();
  }

  #greatestCallBut(chain: Chain): number {
    return chain === this.#top ? this.#second : this.#top.greatestCall;
  }

  #forgetPastChains(): void {
    const begun = this.#begun;
    const { greatestCall } = this.#top;
    let kept = 0;
    let at = 0;
    for (; at < begun.length; at++) {
      const chain = begun[at];
      if (chain === undefined || chain.firstReturn >= greatestCall) break;
      if (this.#greatestCallBut(chain) <= chain.firstReturn) begun[kept++] = chain;
      else this.#pass(chain);
    }
    if (kept === at) return;
    for (; at < begun.length; at++) {
      const chain = begun[at];
      if (chain !== undefined) begun[kept++] = chain;
    }
    begun.length = kept;
  }

  /** Nobody called from now on can be of this chain. */
  #pass(chain: Chain): void {
    chain.past = true;
    for (let value: Generation | null = chain.tail; value !== null;) {
      const { previous }: Generation = value;
      this.#forgetIfPast(value);
      value = previous;
    }
  }

  #forgetIfPast(generation: Generation): void {
    if (generation.open > 0 || (!generation.left && !chainOf(generation).past)) return;
    if (this.#current.get(generation.value) === generation) this.#current.delete(generation.value);
    if (generation.next !== null) generation.next.previous = generation.previous;
    if (generation.previous !== null) generation.previous.next = generation.next;
  }

  #callUnknown(operation: LiveOperation): void {
    const { value } = operation;
    const known = this.#dormant.get(value);
    const same = known?.find(
      (write) => write.operation.word === operation.word && write.operation.expected === operation.expected,
    );
    if (same !== undefined) same.count += 1;
    else if (known !== undefined) known.push({ operation, count: 1 });
    else this.#dormant.set(value, [{ operation, count: 1 }]);
    const waiting = this.#observable(value);
    if (waiting === null || waiting.hasWriter) return;
    this.#wake(waiting, operation.callNs);
    // Its own call is of the chain too, be it later than every observer's.
    if (waiting.hasWriter) this.#touch(chainOf(waiting), operation.callNs);
  }

  // What seeds.ts asks.

  /** Chains with a return that could be the last one now. */
  get lastChains(): readonly Chain[] {
    return this.#begun.filter((chain) => this.#greatestCallBut(chain) <= chain.firstReturn);
  }

  get openOperations(): Iterable<LiveOperation> {
    return this.#open;
  }

  get dormantWrites(): Iterable<readonly DormantWrite[]> {
    return this.#dormant.values();
  }
}

export function chainOf(generation: Generation): Chain {
  let { chain } = generation;
  while (chain.joined !== null) chain = chain.joined;
  generation.chain = chain;
  return chain;
}

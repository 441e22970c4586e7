// Just-in-time linearization of one register with sets of configurations (after Lowe, "Testing for Linearizability", 2017): the
// events are swept in order of time, and at the return of an operation every configuration is extended until that operation is
// linearized in it. No configuration left: not linearizable.
//
// What keeps the sets small:
// - a read that the value satisfies is linearized at once;
// - unknown operations of one kind are interchangeable, so only their number counts;
// - among open operations of one kind the earliest deadline goes first, a completed one before an unknown one;
// - a configuration that can do no more than another is dropped (configurations.ts);
// - a value that must still be seen and that nobody can write again is not left;
// - **the gap**. Just before a plain write that took effect, any plain write that was open then, and reads of its value, can still be put in
//   without anything afterwards changing, as long as they have not returned. So nothing is decided about them when that plain write takes effect: an open plain
//   write that fits into the gap of its configuration needs to be put there at its own return at the earliest, and it may still be used where it is
//   seen; a read that fits, at its return. A configuration in which such a write is still open can do all that one in which it
//   is used up can. Only the last plain write's gap counts: it has room for whatever fits into an earlier one and is still open.
//
// Why nothing is lost by extending so little. Take any linearization with as few optional and unknown operations as can be, equal
// operations in order of deadline. Claim: at every moment some configuration in the set leads, by moves that are open to it (plain writes or
// cas at the end, plain writes in the gap), to one that dominates what that linearization has done by then. At the
// return of x those moves are followed up to x. In them
// - a plain write whose next write is a plain one again is left out: it and its reads fit into the gap of that later one. So in one
//   extension a plain write that is not the last must be followed by a cas from its value (`mustCas`);
// - an optional or unknown cas is followed by something that depends on its value, a read or a cas, or it would not be needed.
// If x is put into the gap, the other moves are still open afterwards: they only come later, when more operations have been called and the
// gap is later, if it moved at all. What the moves still owe is open, or it would have been x before.
import type { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { type ConfigurationSet, edgeCell, firstWord, logCell, superseded, valueCell } from "./configurations.js";
import type { NormalisedRegister, RegisterOperation } from "./normalise.js";
import { borrowMemory, giveBack, Slots, type SweepMemory } from "./sweep-memory.js";
import { planSweep, type SweepPlan, type WriteKind } from "./plan.js";
import { placeReads, type WriteLog } from "./write-log.js";

/**
 * Widths tried in turn. A sweep that keeps only the most promising configurations finds the witness of a long valid history
 * fast; only one that dropped none may say that there is no witness.
 */
const widths: readonly number[] = [4, 64, 1024, Infinity];
/** At one return, so many times the width may be found, and looked at, before the rest is left out. */
const found = 2;
const looked = 64;

/** Throws BudgetExhausted. */
export function searchRegister(normal: NormalisedRegister, budget: Budget): EngineAnswer {
  const memory = borrowMemory();
  try {
    for (const width of widths) {
      const sweep = new Sweep(planSweep(normal), budget, width, memory);
      const answer = sweep.run();
      if (answer.valid || !sweep.narrowed) return answer;
    }
    throw new Error("invariant: the widest sweep drops nothing");
  } finally {
    giveBack(memory);
  }
}

class Sweep {
  /** True once a configuration was dropped only because there were too many. */
  narrowed = false;
  readonly #slotOf: Int32Array;
  readonly #writeSlots = new Slots();
  readonly #readSlots = new Slots();
  readonly #optionSlots = new Slots();
  /** Kinds of plain writes with an operation open, or called and of unknown outcome. */
  readonly #plainKinds: WriteKind[] = [];
  /** Slots of what is open now: plain writes, cas, reads, "not"s, optional plain writes; by value, reads of it and "not"s of it. */
  readonly #openPlain: Int32Array;
  readonly #openCas: Int32Array;
  readonly #openReads: Int32Array;
  readonly #openNots: Int32Array;
  readonly #openOptions: Int32Array;
  readonly #readsOf: Int32Array;
  readonly #notsOf: Int32Array;
  /** Unknown plain writes called so far, and for each of them how many before it. */
  #unknownCalled = 0;
  readonly #unknownBefore: Int32Array;
  /** Where the parts of a row begin. */
  readonly #reads: number;
  readonly #options: number;
  #current: ConfigurationSet;
  #survivors: ConfigurationSet;
  readonly #entered: ConfigurationSet;
  readonly #stack: number[] = [];
  /** The row that is being extended, and what comes of it. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #log: WriteLog;
  #now = 0;
  /** The operation whose return is being swept, the word and bit that say that it is linearized, and the word that says that it fits into the gap. */
  #returning = -1;
  #word = 0;
  #bit = 0;
  #fitWord = 0;
  /** By value: whether a chain of cas from it leads to something that needs it. Valid for the return at `#worthAt`. */
  readonly #worth: Uint8Array;
  #worthAt = -1;

  constructor(
    readonly plan: SweepPlan,
    readonly budget: Budget,
    readonly width: number,
    memory: SweepMemory,
  ) {
    const { layout, operations, writersOf } = plan;
    const { writeWords, readWords, optionWords } = layout;
    this.#slotOf = new Int32Array(operations.length);
    this.#unknownBefore = new Int32Array(operations.length);
    this.#reads = firstWord + 2 * writeWords;
    this.#options = this.#reads + 2 * readWords;
    this.#openPlain = new Int32Array(writeWords);
    this.#openCas = new Int32Array(writeWords);
    this.#openReads = new Int32Array(readWords);
    this.#openNots = new Int32Array(readWords);
    this.#openOptions = new Int32Array(optionWords);
    this.#readsOf = new Int32Array(writersOf.length * readWords);
    this.#notsOf = new Int32Array(plan.hasNot ? writersOf.length * readWords : 0);
    this.#worth = new Uint8Array(writersOf.length);
    this.#current = memory.current;
    this.#current.reset(layout);
    this.#survivors = memory.survivors;
    this.#survivors.reset(layout);
    this.#entered = memory.entered;
    this.#entered.reset(layout);
    this.#log = memory.log;
    this.#log.clear();
    this.#from = new Int32Array(layout.size);
    this.#to = new Int32Array(layout.size);
    this.#current.add(this.#from, this.#openCas);
  }

  run(): EngineAnswer {
    const { events, operations } = this.plan;
    this.budget.measuredBy(() => this.#now / Math.max(1, events.length));
    for (let at = 0; at < events.length; at++) {
      const event = events[at] ?? 0;
      const operation = operations[event >> 1];
      if (operation === undefined) throw new Error("invariant: an event without an operation");
      this.#now = at;
      if ((event & 1) === 0) this.#call(event >> 1, operation);
      else {
        this.#return(event >> 1, operation);
        if (this.#current.size === 0) return { valid: false, stuck: operation.position };
      }
    }
    const writes = this.#log.writes(this.plan, this.#current.rows[logCell] ?? 0);
    return { valid: true, order: placeReads(this.plan, writes) };
  }

  #call(index: number, operation: RegisterOperation): void {
    const kind = this.plan.kindOf[index] ?? null;
    if (kind === null) this.#callRead(index, operation);
    else if (operation.return === Infinity) {
      if (!kind.isCas) {
        this.#unknownBefore[index] = this.#unknownCalled++;
        if (kind.called === 0 && kind.open.length === 0) this.#plainKinds.push(kind);
      }
      kind.called += 1;
    } else this.#callWrite(index, kind);
  }

  #callRead(index: number, { kind, value }: RegisterOperation): void {
    const slot = this.#readSlots.take();
    this.#slotOf[index] = slot;
    const { readWords, size } = this.plan.layout;
    const word = slot >>> 5;
    const bit = 1 << slot;
    this.#openReads[word] = (this.#openReads[word] ?? 0) | bit;
    const byValue = kind === "read" ? this.#readsOf : this.#notsOf;
    byValue[value * readWords + word] = (byValue[value * readWords + word] ?? 0) | bit;
    if (kind === "not") this.#openNots[word] = (this.#openNots[word] ?? 0) | bit;
    const { rows, length } = this.#current;
    for (let row = 0, at = 0; row < length; row++, at += size) {
      if (((rows[at] ?? 0) >> 1 === value) !== (kind === "read")) continue;
      rows[at + this.#reads + word] = (rows[at + this.#reads + word] ?? 0) | bit;
    }
  }

  #callWrite(index: number, kind: WriteKind): void {
    const slot = (kind.isOptional ? this.#optionSlots : this.#writeSlots).take();
    this.#slotOf[index] = slot;
    const open = kind.isOptional ? this.#openOptions : kind.isCas ? this.#openCas : this.#openPlain;
    if (!(kind.isOptional && kind.isCas)) open[slot >>> 5] = (open[slot >>> 5] ?? 0) | (1 << slot);
    if (!kind.isCas && kind.open.length === 0 && kind.called === 0) this.#plainKinds.push(kind);
    const { deadline } = this.plan;
    const mine = deadline[index] ?? 0;
    let at = kind.open.length;
    while (at > 0 && (deadline[kind.open[at - 1] ?? 0] ?? 0) > mine) at -= 1;
    kind.open.splice(at, 0, index);
  }

  #return(index: number, operation: RegisterOperation): void {
    const kind = this.plan.kindOf[index] ?? null;
    const slot = this.#slotOf[index] ?? 0;
    const { writeWords, readWords, optionWords, size } = this.plan.layout;
    this.#returning = index;
    this.#bit = 1 << slot;
    this.#word = (kind === null ? this.#reads : kind.isOptional ? this.#options : firstWord) + (slot >>> 5);
    this.#fitWord = this.#word + (kind === null ? readWords : kind.isOptional ? optionWords : writeWords);
    this.#survivors.clear();
    this.#entered.clear();
    const { rows, length } = this.#current;
    for (let row = 0, at = 0; row < length; row++, at += size) {
      this.budget.spend(1);
      for (let cell = 0; cell < size; cell++) this.#from[cell] = rows[at + cell] ?? 0;
      if (((this.#from[this.#word] ?? 0) & this.#bit) !== 0) {
        this.#copy();
        this.#survive();
      } else this.#begin(operation, kind);
    }
    this.#extend();
    this.#end(slot, operation, kind);
    this.#survivors.compact();
    [this.#current, this.#survivors] = [this.#survivors, this.#current];
    this.#narrow();
    if (this.#log.isLarge) this.#log.compact(this.#current.rows, size, logCell, this.#current.length);
  }

  /** The returning operation is not linearized in `#from`: what can be done without an extension, and a start for those. */
  #begin(operation: RegisterOperation, kind: WriteKind | null): void {
    const fits = ((this.#from[this.#fitWord] ?? 0) & this.#bit) !== 0;
    if (kind === null) {
      if (fits) this.#putReadIntoGap(operation);
    } else if (kind.isOptional) {
      // It may just as well not have happened.
      this.#copy();
      this.#survive();
      if (fits) this.#putIntoGap(kind, this.#returning, false);
    } else if (fits) this.#putIntoGap(kind, this.#returning, false);
    this.#copy();
    this.#enter();
  }

  #end(slot: number, { kind: name, value }: RegisterOperation, kind: WriteKind | null): void {
    const word = slot >>> 5;
    const mask = ~(1 << slot);
    if (kind === null) {
      const { readWords } = this.plan.layout;
      this.#openReads[word] = (this.#openReads[word] ?? 0) & mask;
      const byValue = name === "read" ? this.#readsOf : this.#notsOf;
      byValue[value * readWords + word] = (byValue[value * readWords + word] ?? 0) & mask;
      if (name === "not") this.#openNots[word] = (this.#openNots[word] ?? 0) & mask;
      this.#readSlots.give(slot);
      return;
    }
    const open = kind.isOptional ? this.#openOptions : kind.isCas ? this.#openCas : this.#openPlain;
    open[word] = (open[word] ?? 0) & mask;
    kind.open.splice(kind.open.indexOf(this.#returning), 1);
    if (!kind.isCas && kind.open.length === 0 && kind.called === 0)
      this.#plainKinds.splice(this.#plainKinds.indexOf(kind), 1);
    (kind.isOptional ? this.#optionSlots : this.#writeSlots).give(slot);
  }

  #copy(): void {
    const { size } = this.plan.layout;
    for (let cell = 0; cell < size; cell++) this.#to[cell] = this.#from[cell] ?? 0;
  }

  /** `#to` is done with the returning operation: whose slot is free again. */
  #survive(): boolean {
    this.#to[this.#word] = (this.#to[this.#word] ?? 0) & ~this.#bit;
    this.#to[this.#fitWord] = (this.#to[this.#fitWord] ?? 0) & ~this.#bit;
    return this.#survivors.add(this.#to, this.#openCas);
  }

  #enter(): boolean {
    if (!this.#entered.add(this.#to, this.#openCas)) return false;
    this.#stack.push(this.#entered.length - 1);
    return true;
  }

  /** Extends what was entered until the returning operation is linearized. */
  #extend(): void {
    const { size } = this.plan.layout;
    for (;;) {
      const row = this.#stack.pop();
      if (row === undefined) return;
      if (this.#survivors.size > found * this.width || this.#entered.size > looked * this.width) {
        this.narrowed = true;
        this.#stack.length = 0;
        return;
      }
      const { rows } = this.#entered;
      const at = row * size;
      if (rows[at] === superseded) continue;
      for (let cell = 0; cell < size; cell++) this.#from[cell] = rows[at + cell] ?? 0;
      this.#successors();
    }
  }

  #successors(): void {
    const coded = this.#from[valueCell] ?? 0;
    const state = coded >> 1;
    for (const kind of this.plan.casFrom[state] ?? []) this.#tryKind(kind);
    if ((coded & 1) === 1) return;
    const { kind: name, value } = this.#operation(this.#returning);
    const gapHelps = this.#gapHelps();
    for (const kind of this.#plainKinds) {
      if (kind.open[0] === this.#returning) {
        if (!this.#mayGoUnseen(kind, state, gapHelps)) this.#append(kind, this.#returning, false);
      } else if (name === "read" ? kind.value === value : name === "not" && kind.value !== value) this.#tryKind(kind);
      else if ((kind.value !== state || gapHelps) && this.#isWorth(kind.value)) this.#tryKind(kind);
    }
  }

  /**
   * Would a later gap have room for more: for an open plain write, or together with one for a read? If not, a plain write of a value that
   * nothing depends on changes nothing that matters.
   */
  #gapHelps(): boolean {
    const { writeWords, readWords } = this.plan.layout;
    for (let word = 0; word < writeWords; word++) {
      const at = firstWord + word;
      const placed = (this.#from[at] ?? 0) | (this.#from[at + writeWords] ?? 0);
      if (((this.#openPlain[word] ?? 0) & ~placed) !== 0) return true;
    }
    for (let word = 0; word < readWords; word++)
      if (((this.#openReads[word] ?? 0) & ~(this.#from[this.#reads + word] ?? 0)) !== 0) return true;
    return false;
  }

  /** The returning plain write need not be the last one in `#from`: it can go unseen, and nothing would be gained by its being seen. */
  #mayGoUnseen(kind: WriteKind, state: number, gapHelps: boolean): boolean {
    if (gapHelps || !(kind.isOptional || ((this.#from[this.#fitWord] ?? 0) & this.#bit) !== 0)) return false;
    if (kind.value === state) return true;
    if (this.plan.hasNot || (this.plan.lastPossibleObserver[kind.value] ?? -1) > this.#now) return false;
    return !this.#casPossible(this.#from, kind.value);
  }

  /** Appends the operation of a kind with the earliest deadline, or else an unknown one, where there is any. */
  #tryKind(kind: WriteKind): void {
    const index = this.#firstOpen(this.#from, kind);
    if (index !== -1) this.#append(kind, index, false);
    else if (this.#hasUnknown(this.#from, kind)) this.#append(kind, this.#nextUnknown(kind), true);
  }

  #operation(index: number): RegisterOperation {
    const operation = this.plan.operations[index];
    if (operation === undefined) throw new Error(`invariant: no operation ${index}`);
    return operation;
  }

  #nextUnknown(kind: WriteKind): number {
    const index = kind.unknown[this.#from[kind.cell] ?? 0];
    if (index === undefined) throw new Error("invariant: an unknown operation was called but is not listed");
    return index;
  }

  #hasUnknown(row: Int32Array, kind: WriteKind): boolean {
    return kind.cell !== -1 && (row[kind.cell] ?? 0) < kind.called;
  }

  /** The open operation of a kind with the earliest deadline that is not linearized yet, or -1. */
  #firstOpen(row: Int32Array, kind: WriteKind): number {
    const base = kind.isOptional ? this.#options : firstWord;
    for (const index of kind.open) {
      const slot = this.#slotOf[index] ?? 0;
      if (((row[base + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) return index;
    }
    return -1;
  }

  /** Linearizes an operation at the end of `#from`. */
  #append(kind: WriteKind, index: number, unknown: boolean): void {
    const to = this.#to;
    const { value } = kind;
    if (this.#mustStay(value, index)) return;
    this.#copy();
    this.#take(kind, index, unknown);
    if (!kind.isCas) this.#openGap();
    const helped = this.#linearizeReads(value, !kind.isCas);
    const entry = this.#log.push(index, false, to[logCell] ?? 0);
    to[logCell] = entry;
    this.budget.spend(1);
    to[valueCell] = 2 * value;
    if (((to[this.#word] ?? 0) & this.#bit) !== 0) {
      if (!this.#survive()) this.#log.drop(entry);
      return;
    }
    const mustCas = !kind.isCas || ((unknown || kind.isOptional) && !helped);
    if (mustCas) to[valueCell] = 2 * value + 1;
    if ((mustCas && !(this.#isWorth(value) && this.#casPossible(to, value))) || !this.#enter()) this.#log.drop(entry);
  }

  #take(kind: WriteKind, index: number, unknown: boolean): void {
    const to = this.#to;
    if (unknown) {
      to[kind.cell] = (to[kind.cell] ?? 0) + 1;
      return;
    }
    const { writeWords, optionWords } = this.plan.layout;
    const slot = this.#slotOf[index] ?? 0;
    const at = (kind.isOptional ? this.#options : firstWord) + (slot >>> 5);
    const fit = at + (kind.isOptional ? optionWords : writeWords);
    to[at] = (to[at] ?? 0) | (1 << slot);
    to[fit] = (to[fit] ?? 0) & ~(1 << slot);
  }

  /** The plain write just taken has a gap before it, with room for all open plain writes. */
  #openGap(): void {
    const to = this.#to;
    const { writeWords, optionWords } = this.plan.layout;
    for (let word = 0, at = firstWord; word < writeWords; word++, at++)
      to[at + writeWords] = (this.#openPlain[word] ?? 0) & ~(to[at] ?? 0);
    for (let word = 0, at = this.#options; word < optionWords; word++, at++)
      to[at + optionWords] = (this.#openOptions[word] ?? 0) & ~(to[at] ?? 0);
    to[edgeCell] = this.#unknownCalled;
  }

  /** Linearizes every open read that the value satisfies; true when there was one. After a plain write the others fit into its gap. */
  #linearizeReads(value: number, newGap: boolean): boolean {
    const to = this.#to;
    const { readWords } = this.plan.layout;
    let helped = false;
    for (let word = 0, at = this.#reads; word < readWords; word++, at++) {
      const done = to[at] ?? 0;
      const satisfied = this.#satisfied(value, word);
      if ((satisfied & ~done) !== 0) helped = true;
      to[at] = done | satisfied;
      to[at + readWords] = (newGap ? (this.#openReads[word] ?? 0) : (to[at + readWords] ?? 0)) & ~(done | satisfied);
    }
    return helped;
  }

  /** Slots of open reads, "not"s among them, that the value satisfies. */
  #satisfied(value: number, word: number): number {
    const reads = this.#readsOf[value * this.plan.layout.readWords + word] ?? 0;
    if (!this.plan.hasNot) return reads;
    return reads | ((this.#openNots[word] ?? 0) & ~(this.#notsOf[value * this.plan.layout.readWords + word] ?? 0));
  }

  /** The returning read fits into the gap: with each kind of plain writes that satisfies it and has one that fits too. */
  #putReadIntoGap({ kind: name, value }: RegisterOperation): void {
    if (name === "read") for (const kind of this.plan.plainOf[value] ?? []) this.#tryInGap(kind);
    else for (const kind of this.#plainKinds) if (kind.value !== value) this.#tryInGap(kind);
  }

  #tryInGap(kind: WriteKind): void {
    const { writeWords, optionWords } = this.plan.layout;
    const base = kind.isOptional ? this.#options + optionWords : firstWord + writeWords;
    for (const index of kind.open) {
      const slot = this.#slotOf[index] ?? 0;
      if (((this.#from[base + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) continue;
      this.#putIntoGap(kind, index, false);
      return;
    }
    if (!this.#hasUnknown(this.#from, kind)) return;
    const index = this.#nextUnknown(kind);
    if ((this.#unknownBefore[index] ?? 0) < (this.#from[edgeCell] ?? 0)) this.#putIntoGap(kind, index, true);
  }

  /** A plain write goes unseen in the gap of `#from`, but for the reads of its value that fit there too. */
  #putIntoGap(kind: WriteKind, index: number, unknown: boolean): void {
    const to = this.#to;
    const { readWords } = this.plan.layout;
    this.#copy();
    this.#take(kind, index, unknown);
    for (let word = 0, at = this.#reads; word < readWords; word++, at++) {
      const satisfied = this.#satisfied(kind.value, word) & (to[at + readWords] ?? 0);
      to[at] = (to[at] ?? 0) | satisfied;
      to[at + readWords] = (to[at + readWords] ?? 0) & ~satisfied;
    }
    const entry = this.#log.push(index, true, to[logCell] ?? 0);
    to[logCell] = entry;
    this.budget.spend(1);
    if (!this.#survive()) this.#log.drop(entry);
  }

  /** Can some cas from this value still be linearized here? */
  #casPossible(row: Int32Array, value: number): boolean {
    for (const kind of this.plan.casFrom[value] ?? [])
      if (this.#hasUnknown(row, kind) || this.#firstOpen(row, kind) !== -1) return true;
    return false;
  }

  /**
   * Does a chain of cas from this value lead to something that could need it: a cas that happened, or an open read? Asked of all
   * configurations at once, so it says yes too often.
   */
  #isWorth(value: number): boolean {
    if (this.#worthAt !== this.#now) this.#findWorth();
    return this.#worth[value] === 1;
  }

  #findWorth(): void {
    this.#worthAt = this.#now;
    this.#worth.fill(0);
    const active = this.plan.casKinds.filter((kind) => kind.open.length > 0 || kind.called > 0);
    const someNot = this.#openNots.some((bits) => bits !== 0);
    for (let changed = true; changed;) {
      changed = false;
      for (const kind of active) {
        if (this.#worth[kind.expected] === 1) continue;
        const isNeeded = kind.open.length > 0 && (!kind.isOptional || kind.open[0] === this.#returning);
        if (!isNeeded && !someNot && this.#worth[kind.value] !== 1 && !this.#isReadNow(kind.value)) continue;
        this.#worth[kind.expected] = 1;
        changed = true;
      }
    }
  }

  #isReadNow(value: number): boolean {
    const { readWords } = this.plan.layout;
    for (let word = 0; word < readWords; word++) if ((this.#readsOf[value * readWords + word] ?? 0) !== 0) return true;
    return false;
  }

  /** Leaving the value of `#from` by any operation but a cas that needs it ends every chance of what must still see it. */
  #mustStay(next: number, leaving: number): boolean {
    const value = (this.#from[valueCell] ?? 0) >> 1;
    if (next === value || (this.plan.lastWriter[value] ?? -1) > this.#now) return false;
    let needed = (this.plan.lastObserver[value] ?? -1) > this.#now;
    if (!needed) {
      for (const kind of this.plan.casFrom[value] ?? [])
        if (!kind.isOptional)
          for (const index of kind.open) if (index !== leaving && !this.#isTaken(index)) needed = true;
      if (!needed) return false;
    }
    for (const kind of this.plan.writersOf[value] ?? [])
      if (this.#hasUnknown(this.#from, kind) || this.#firstOpen(this.#from, kind) !== -1) return false;
    return true;
  }

  #isTaken(index: number): boolean {
    const slot = this.#slotOf[index] ?? 0;
    return ((this.#from[firstWord + (slot >>> 5)] ?? 0) & (1 << slot)) !== 0;
  }

  /** Keeps the configurations that have used the fewest unknown operations: they can do most. */
  #narrow(): void {
    const { length, rows } = this.#current;
    if (length <= this.width) return;
    this.narrowed = true;
    const { counts, size } = this.plan.layout;
    const used = new Int32Array(length);
    for (let row = 0; row < length; row++)
      for (let cell = counts; cell < size; cell++) used[row] = (used[row] ?? 0) + (rows[row * size + cell] ?? 0);
    const ranked = Array.from(used.keys()).sort(
      (left, right) => (used[left] ?? 0) - (used[right] ?? 0) || left - right,
    );
    const best = ranked.slice(0, this.width).sort((left, right) => left - right);
    for (const [place, row] of best.entries()) rows.copyWithin(place * size, row * size, (row + 1) * size);
    this.#current.truncate(this.width);
  }
}

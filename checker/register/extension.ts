// How a configuration goes over the return of an operation: it is extended, in every way that may matter, until that operation is linearized in it.
//
// What keeps the ways few, and the sets of configurations small:
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
// Why nothing is lost by extending so little. Take any linearization with as few unknown operations as can be, equal
// operations in order of deadline. Claim: at every moment some configuration in the set leads, by moves that are open to it (plain writes or
// cas at the end, plain writes in the gap), to one that dominates what that linearization has done by then. At the
// return of x those moves are followed up to x. In them
// - a plain write whose next write is a plain one again is left out: it and its reads fit into the gap of that later one. So in one
//   extension a plain write that is not the last must be followed by a cas from its value (`mustCas`);
// - an unknown cas is followed by something that depends on its value, a read or a cas, or it would not be needed.
// If x is put into the gap, the other moves are still open afterwards: they only come later, when more operations have been called and the
// gap is later, if it moved at all. What the moves still owe is open, or it would have been x before.
import type { Budget } from "../budget.js";
import {
  type ConfigurationSet,
  edgeCell,
  firstWord,
  levelCell,
  logCell,
  superseded,
  valueCell,
} from "./configurations.js";
import type { RegisterOperation } from "./normalise.js";
import { OpenOperations } from "./open-operations.js";
import type { SweepPlan, WriteKind } from "./plan.js";
import type { SweepMemory } from "./sweep-memory.js";
import type { WriteLog } from "./write-log.js";

export class Extension {
  readonly open: OpenOperations;
  readonly log: WriteLog;
  /** Where the reads stand in a row. */
  readonly #reads: number;
  readonly #entered: ConfigurationSet;
  /** The row that is being extended, and what comes of it. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Takes the rows in which the returning operation is linearized. */
  #survivors: ConfigurationSet;
  /** The event that is being gone over, and how many returns there are up to it. */
  #now = -1;
  #level = 0;
  /** The operation that returns, the word and bit that say that it is linearized, and the word that says that it fits into the gap. */
  #returning = -1;
  #word = 0;
  #bit = 0;
  #fitWord = 0;

  constructor(
    readonly plan: SweepPlan,
    readonly budget: Budget,
    { entered, survivors, log, scratch }: SweepMemory,
  ) {
    const { layout } = plan;
    this.open = new OpenOperations(plan, scratch);
    this.#reads = firstWord + 2 * layout.writeWords;
    this.#entered = entered;
    this.#survivors = survivors;
    this.log = log;
    this.log.clear();
    this.#from = scratch.int32(layout.size);
    this.#to = scratch.int32(layout.size);
  }

  /** Adds the configuration before all events. */
  putFirst(rows: ConfigurationSet): void {
    rows.add(this.#from.fill(0), this.open.cas);
  }

  /** Turns to the return number `level`, counted from 0. All events before it have been applied to `open`. */
  begin(level: number, survivors: ConfigurationSet): void {
    const now = this.plan.returns[level] ?? -1;
    const index = (this.plan.events[now] ?? 0) >> 1;
    const { layout, kindOf, slotOf } = this.plan;
    const isRead = (kindOf[index] ?? null) === null;
    const slot = slotOf[index] ?? 0;
    this.#now = now;
    this.#level = level + 1;
    this.#returning = index;
    this.#bit = 1 << slot;
    this.#word = (isRead ? this.#reads : firstWord) + (slot >>> 5);
    this.#fitWord = this.#word + (isRead ? layout.readWords : layout.writeWords);
    this.#survivors = survivors;
    this.#entered.reset(layout);
  }

  /** Takes a row in, as it was after the return before. What needs an extension waits for `finish`. */
  offer(rows: Int32Array, at: number): void {
    this.budget.spend(1);
    const from = this.#from;
    const { size, readWords } = this.plan.layout;
    for (let cell = 0; cell < size; cell++) from[cell] = rows[at + cell] ?? 0;
    from[levelCell] = this.#level;
    // Reads that were called meanwhile may be satisfied as it is; the others have been looked at.
    const value = (from[valueCell] ?? 0) >> 1;
    for (let word = 0, cell = this.#reads; word < readWords; word++, cell++)
      from[cell] = (from[cell] ?? 0) | this.open.satisfied(value, word);
    this.#copy();
    if (((from[this.#word] ?? 0) & this.#bit) !== 0) {
      this.#survive();
      return;
    }
    if (((from[this.#fitWord] ?? 0) & this.#bit) !== 0) {
      const kind = this.plan.kindOf[this.#returning] ?? null;
      if (kind === null) this.#putReadIntoGap(this.#operation(this.#returning));
      else this.#putIntoGap(kind, this.#returning, false);
      this.#copy();
    }
    this.#enter();
  }

  /** Extends what was offered until the returning operation is linearized, by few operations before by many. */
  finish(): void {
    const { size } = this.plan.layout;
    for (let row = 0; row < this.#entered.length; row++) {
      const { rows } = this.#entered;
      const at = row * size;
      if (rows[at] === superseded) continue;
      for (let cell = 0; cell < size; cell++) this.#from[cell] = rows[at + cell] ?? 0;
      this.#successors();
    }
  }

  #copy(): void {
    const { size } = this.plan.layout;
    for (let cell = 0; cell < size; cell++) this.#to[cell] = this.#from[cell] ?? 0;
  }

  /** `#to` is done with the returning operation: whose slot is free again. */
  #survive(): boolean {
    this.#to[this.#word] = (this.#to[this.#word] ?? 0) & ~this.#bit;
    this.#to[this.#fitWord] = (this.#to[this.#fitWord] ?? 0) & ~this.#bit;
    return this.#survivors.add(this.#to, this.open.cas);
  }

  #enter(): boolean {
    return this.#entered.add(this.#to, this.open.cas);
  }

  #successors(): void {
    const coded = this.#from[valueCell] ?? 0;
    const state = coded >> 1;
    for (const kind of this.plan.casFrom[state] ?? []) this.#tryKind(kind);
    if ((coded & 1) === 1) return;
    const { kind: name, value } = this.#operation(this.#returning);
    const gapHelps = this.#gapHelps();
    for (const kind of this.open.plainKinds) {
      if (kind.open[0] === this.#returning) {
        if (!this.#mayGoUnseen(kind, state, gapHelps)) this.#append(kind, this.#returning, false);
      } else if (name === "read" ? kind.value === value : name === "not" && kind.value !== value) this.#tryKind(kind);
      else if ((kind.value !== state || gapHelps) && this.open.isWorth(kind.value, this.#now)) this.#tryKind(kind);
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
      if (((this.open.plain[word] ?? 0) & ~placed) !== 0) return true;
    }
    for (let word = 0; word < readWords; word++)
      if (((this.open.reads[word] ?? 0) & ~(this.#from[this.#reads + word] ?? 0)) !== 0) return true;
    return false;
  }

  /** The returning plain write need not be the last one in `#from`: it can go unseen, and nothing would be gained by its being seen. */
  #mayGoUnseen(kind: WriteKind, state: number, gapHelps: boolean): boolean {
    if (gapHelps || ((this.#from[this.#fitWord] ?? 0) & this.#bit) === 0) return false;
    if (kind.value === state) return true;
    if (this.plan.hasNot || (this.plan.lastPossibleObserver[kind.value] ?? -1) > this.#now) return false;
    return !this.open.casPossible(this.#from, kind.value);
  }

  /** Appends the operation of a kind with the earliest deadline, or else an unknown one, where there is any. */
  #tryKind(kind: WriteKind): void {
    const index = this.open.firstOpen(this.#from, kind);
    if (index !== -1) this.#append(kind, index, false);
    else if (this.open.hasUnknown(this.#from, kind)) this.#append(kind, this.#nextUnknown(kind), true);
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

  /** Linearizes an operation at the end of `#from`. */
  #append(kind: WriteKind, index: number, unknown: boolean): void {
    const to = this.#to;
    const { value } = kind;
    if (this.#mustStay(value, index)) return;
    this.#copy();
    this.#take(kind, index, unknown);
    if (!kind.isCas) this.#openGap();
    const helped = this.#linearizeReads(value, !kind.isCas);
    const entry = this.log.push(index, false, to[logCell] ?? 0);
    to[logCell] = entry;
    this.budget.spend(1);
    to[valueCell] = 2 * value;
    if (((to[this.#word] ?? 0) & this.#bit) !== 0) {
      if (!this.#survive()) this.log.drop(entry);
      return;
    }
    const mustCas = !kind.isCas || (unknown && !helped);
    if (mustCas) to[valueCell] = 2 * value + 1;
    if ((mustCas && !(this.open.isWorth(value, this.#now) && this.open.casPossible(to, value))) || !this.#enter())
      this.log.drop(entry);
  }

  #take(kind: WriteKind, index: number, unknown: boolean): void {
    const to = this.#to;
    if (unknown) {
      to[kind.cell] = (to[kind.cell] ?? 0) + 1;
      return;
    }
    const { writeWords } = this.plan.layout;
    const slot = this.plan.slotOf[index] ?? 0;
    const at = firstWord + (slot >>> 5);
    to[at] = (to[at] ?? 0) | (1 << slot);
    to[at + writeWords] = (to[at + writeWords] ?? 0) & ~(1 << slot);
  }

  /** The plain write just taken has a gap before it, with room for all open plain writes. */
  #openGap(): void {
    const to = this.#to;
    const { writeWords } = this.plan.layout;
    for (let word = 0, at = firstWord; word < writeWords; word++, at++)
      to[at + writeWords] = (this.open.plain[word] ?? 0) & ~(to[at] ?? 0);
    to[edgeCell] = this.open.unknownCalled;
  }

  /** Linearizes every open read that the value satisfies; true when there was one. After a plain write the others fit into its gap. */
  #linearizeReads(value: number, newGap: boolean): boolean {
    const to = this.#to;
    const { readWords } = this.plan.layout;
    let helped = false;
    for (let word = 0, at = this.#reads; word < readWords; word++, at++) {
      const done = to[at] ?? 0;
      const satisfied = this.open.satisfied(value, word);
      if ((satisfied & ~done) !== 0) helped = true;
      to[at] = done | satisfied;
      to[at + readWords] = (newGap ? (this.open.reads[word] ?? 0) : (to[at + readWords] ?? 0)) & ~(done | satisfied);
    }
    return helped;
  }

  /** The returning read fits into the gap: with each kind of plain writes that satisfies it and has one that fits too. */
  #putReadIntoGap({ kind: name, value }: RegisterOperation): void {
    if (name === "read") for (const kind of this.plan.plainOf[value] ?? []) this.#tryInGap(kind);
    else for (const kind of this.open.plainKinds) if (kind.value !== value) this.#tryInGap(kind);
  }

  #tryInGap(kind: WriteKind): void {
    const { writeWords } = this.plan.layout;
    const base = firstWord + writeWords;
    for (const index of kind.open) {
      const slot = this.plan.slotOf[index] ?? 0;
      if (((this.#from[base + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) continue;
      this.#putIntoGap(kind, index, false);
      return;
    }
    if (!this.open.hasUnknown(this.#from, kind)) return;
    const index = this.#nextUnknown(kind);
    if ((this.open.unknownBefore[index] ?? 0) < (this.#from[edgeCell] ?? 0)) this.#putIntoGap(kind, index, true);
  }

  /** A plain write goes unseen in the gap of `#from`, but for the reads of its value that fit there too. */
  #putIntoGap(kind: WriteKind, index: number, unknown: boolean): void {
    const to = this.#to;
    const { readWords } = this.plan.layout;
    this.#copy();
    this.#take(kind, index, unknown);
    for (let word = 0, at = this.#reads; word < readWords; word++, at++) {
      const satisfied = this.open.satisfied(kind.value, word) & (to[at + readWords] ?? 0);
      to[at] = (to[at] ?? 0) | satisfied;
      to[at + readWords] = (to[at + readWords] ?? 0) & ~satisfied;
    }
    const entry = this.log.push(index, true, to[logCell] ?? 0);
    to[logCell] = entry;
    this.budget.spend(1);
    if (!this.#survive()) this.log.drop(entry);
  }

  /** Leaving the value of `#from` by any operation but a cas that needs it ends every chance of what must still see it. */
  #mustStay(next: number, leaving: number): boolean {
    const value = (this.#from[valueCell] ?? 0) >> 1;
    if (next === value || (this.plan.lastWriter[value] ?? -1) > this.#now) return false;
    const isNeeded = (this.plan.lastObserver[value] ?? -1) > this.#now;
    if (!isNeeded && !this.open.casNeeds(this.#from, value, leaving)) return false;
    for (const kind of this.plan.writersOf[value] ?? [])
      if (this.open.hasUnknown(this.#from, kind) || this.open.firstOpen(this.#from, kind) !== -1) return false;
    return true;
  }
}

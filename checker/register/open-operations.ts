// What is open at one moment of a sweep: slots of operations that were called and have not returned, and what rows of configurations say of them.
import type { Scratch } from "../scratch.js";
import { firstWord } from "./configurations.js";
import type { RegisterOperation } from "./normalise.js";
import type { SweepPlan, WriteKind } from "./plan.js";

export class OpenOperations {
  readonly #slotOf: Int32Array;
  /** Kinds of plain writes with an operation open, or called and of unknown outcome. */
  readonly plainKinds: WriteKind[] = [];
  /** Slots of open plain writes, cas, reads ("not"s among them), "not"s. */
  readonly plain: Int32Array;
  readonly cas: Int32Array;
  readonly reads: Int32Array;
  readonly nots: Int32Array;
  /** Unknown plain writes called so far, and for each of them how many were before it. */
  unknownCalled = 0;
  readonly unknownBefore: Int32Array;
  /** By value, words: slots of open reads of it, and of "not"s of it. */
  readonly #readsOf: Int32Array;
  readonly #notsOf: Int32Array;
  readonly #readWords: number;
  /** By value: whether a chain of cas from it leads to something that needs it. Valid at `#worthAt`. */
  readonly #worth: Uint8Array;
  #worthAt = -1;

  /** Its arrays lie in the scratch memory. */
  constructor(
    readonly plan: SweepPlan,
    scratch: Scratch,
  ) {
    const { layout, operations, slotOf, writersOf, hasNot } = plan;
    const { writeWords, readWords } = layout;
    this.#slotOf = slotOf;
    this.unknownBefore = scratch.int32(operations.length).fill(0);
    this.plain = scratch.int32(writeWords).fill(0);
    this.cas = scratch.int32(writeWords).fill(0);
    this.reads = scratch.int32(readWords).fill(0);
    this.nots = scratch.int32(readWords).fill(0);
    this.#readsOf = scratch.int32(writersOf.length * readWords).fill(0);
    this.#notsOf = scratch.int32(hasNot ? writersOf.length * readWords : 0).fill(0);
    this.#worth = scratch.uint8(writersOf.length).fill(0);
    this.#readWords = readWords;
  }

  /** Goes over an event in order of time; `undo` takes back the last one that was gone over. */
  apply(event: number): void {
    if ((event & 1) === 0) this.#call(event >> 1);
    else this.#close(event >> 1);
  }

  undo(event: number): void {
    const index = event >> 1;
    if ((event & 1) === 1) this.#open(index);
    else if (this.#operation(index).return === Infinity) this.#uncallUnknown(index);
    else this.#close(index);
  }

  #call(index: number): void {
    if (this.#operation(index).return !== Infinity) {
      this.#open(index);
      return;
    }
    const kind = this.#kind(index);
    if (!kind.isCas) {
      this.unknownBefore[index] = this.unknownCalled++;
      if (isIdle(kind)) this.plainKinds.push(kind);
    }
    kind.called += 1;
  }

  #uncallUnknown(index: number): void {
    const kind = this.#kind(index);
    kind.called -= 1;
    if (kind.isCas) return;
    this.unknownCalled -= 1;
    if (isIdle(kind)) this.plainKinds.splice(this.plainKinds.indexOf(kind), 1);
  }

  #open(index: number): void {
    const { kindOf, deadline } = this.plan;
    const slot = this.#slotOf[index] ?? 0;
    const word = slot >>> 5;
    const bit = 1 << slot;
    const kind = kindOf[index] ?? null;
    if (kind === null) {
      const { kind: name, value } = this.#operation(index);
      setBit(this.reads, word, bit);
      setBit(name === "read" ? this.#readsOf : this.#notsOf, value * this.#readWords + word, bit);
      if (name === "not") setBit(this.nots, word, bit);
      return;
    }
    setBit(kind.isCas ? this.cas : this.plain, word, bit);
    if (!kind.isCas && isIdle(kind)) this.plainKinds.push(kind);
    const mine = deadline[index] ?? 0;
    let at = kind.open.length;
    while (at > 0 && (deadline[kind.open[at - 1] ?? 0] ?? 0) > mine) at -= 1;
    kind.open.splice(at, 0, index);
  }

  #close(index: number): void {
    const slot = this.#slotOf[index] ?? 0;
    const word = slot >>> 5;
    const bit = 1 << slot;
    const kind = this.plan.kindOf[index] ?? null;
    if (kind === null) {
      const { kind: name, value } = this.#operation(index);
      clearBit(this.reads, word, bit);
      clearBit(name === "read" ? this.#readsOf : this.#notsOf, value * this.#readWords + word, bit);
      if (name === "not") clearBit(this.nots, word, bit);
      return;
    }
    clearBit(kind.isCas ? this.cas : this.plain, word, bit);
    kind.open.splice(kind.open.indexOf(index), 1);
    if (!kind.isCas && isIdle(kind)) this.plainKinds.splice(this.plainKinds.indexOf(kind), 1);
  }

  #operation(index: number): RegisterOperation {
    const operation = this.plan.operations[index];
    if (operation === undefined) throw new Error(`invariant: no operation ${index}`);
    return operation;
  }

  #kind(index: number): WriteKind {
    const kind = this.plan.kindOf[index] ?? null;
    if (kind === null) throw new Error("invariant: a read of unknown outcome is nothing to be linearized");
    return kind;
  }

  /** Slots of open reads, "not"s among them, that the value satisfies. */
  satisfied(value: number, word: number): number {
    const reads = this.#readsOf[value * this.#readWords + word] ?? 0;
    if (!this.plan.hasNot) return reads;
    return reads | ((this.nots[word] ?? 0) & ~(this.#notsOf[value * this.#readWords + word] ?? 0));
  }

  hasUnknown(row: Int32Array, kind: WriteKind): boolean {
    return kind.cell !== -1 && (row[kind.cell] ?? 0) < kind.called;
  }

  /** The open operation of a kind with the earliest deadline that is not linearized in the row yet, or -1. */
  firstOpen(row: Int32Array, kind: WriteKind): number {
    for (const index of kind.open) {
      const slot = this.#slotOf[index] ?? 0;
      if (((row[firstWord + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) return index;
    }
    return -1;
  }

  /** Can some cas from this value still be linearized? */
  casPossible(row: Int32Array, value: number): boolean {
    for (const kind of this.plan.casFrom[value] ?? [])
      if (this.hasUnknown(row, kind) || this.firstOpen(row, kind) !== -1) return true;
    return false;
  }

  /** Must some open cas from this value, other than this one, still be linearized? */
  casNeeds(row: Int32Array, value: number, other: number): boolean {
    for (const kind of this.plan.casFrom[value] ?? []) {
      for (const index of kind.open) {
        const slot = this.#slotOf[index] ?? 0;
        if (index !== other && ((row[firstWord + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) return true;
      }
    }
    return false;
  }

  /**
   * Does a chain of cas from this value lead to something that could need it: a cas that happened, or an open read? Asked of all configurations at once, so it says yes too often. `now` tells one moment from another.
   */
  isWorth(value: number, now: number): boolean {
    if (this.#worthAt !== now) this.#findWorth();
    this.#worthAt = now;
    return this.#worth[value] === 1;
  }

  #findWorth(): void {
    const worth = this.#worth;
    worth.fill(0);
    const active = this.plan.casKinds.filter(({ open, called }) => open.length > 0 || called > 0);
    const someNot = this.nots.some((bits) => bits !== 0);
    for (let changed = true; changed;) {
      changed = false;
      for (const { open, expected, value } of active) {
        if (worth[expected] === 1) continue;
        if (open.length === 0 && !someNot && worth[value] !== 1 && !this.#isReadNow(value)) continue;
        worth[expected] = 1;
        changed = true;
      }
    }
  }

  #isReadNow(value: number): boolean {
    for (let word = 0; word < this.#readWords; word++)
      if ((this.#readsOf[value * this.#readWords + word] ?? 0) !== 0) return true;
    return false;
  }
}

/** No operation of this kind is open, or called and of unknown outcome. */
function isIdle({ open, called }: WriteKind): boolean {
  return open.length === 0 && called === 0;
}

function setBit(words: Int32Array, word: number, bit: number): void {
  words[word] = (words[word] ?? 0) | bit;
}

function clearBit(words: Int32Array, word: number, bit: number): void {
  words[word] = (words[word] ?? 0) & ~bit;
}

// What is open at one moment of a sweep: slots of operations that were called and have not returned, and what rows of configurations say of them.
import { firstWord } from "./configurations.js";
import type { RegisterOperation } from "./normalise.js";
import type { SweepPlan, WriteKind } from "./plan.js";
import { Slots } from "./sweep-memory.js";

export class OpenOperations {
  readonly slotOf: Int32Array;
  /** Kinds of plain writes with an operation open, or called and of unknown outcome. */
  readonly plainKinds: WriteKind[] = [];
  /** Slots of open plain writes, cas, reads ("not"s among them), "not"s, optional plain writes. */
  readonly plain: Int32Array;
  readonly cas: Int32Array;
  readonly reads: Int32Array;
  readonly nots: Int32Array;
  readonly options: Int32Array;
  /** Unknown plain writes called so far, and for each of them how many were before it. */
  unknownCalled = 0;
  readonly unknownBefore: Int32Array;
  /** By value, words: slots of open reads of it, and of "not"s of it. */
  readonly #readsOf: Int32Array;
  readonly #notsOf: Int32Array;
  readonly #writeSlots = new Slots();
  readonly #readSlots = new Slots();
  readonly #optionSlots = new Slots();
  readonly #readWords: number;
  readonly #optionsAt: number;
  /** By value: whether a chain of cas from it leads to something that needs it. Valid at `#worthAt`. */
  readonly #worth: Uint8Array;
  #worthAt = -1;

  constructor(readonly plan: SweepPlan) {
    const { layout, operations, writersOf, hasNot } = plan;
    const { writeWords, readWords, optionWords } = layout;
    this.slotOf = new Int32Array(operations.length);
    this.unknownBefore = new Int32Array(operations.length);
    this.plain = new Int32Array(writeWords);
    this.cas = new Int32Array(writeWords);
    this.reads = new Int32Array(readWords);
    this.nots = new Int32Array(readWords);
    this.options = new Int32Array(optionWords);
    this.#readsOf = new Int32Array(writersOf.length * readWords);
    this.#notsOf = new Int32Array(hasNot ? writersOf.length * readWords : 0);
    this.#worth = new Uint8Array(writersOf.length);
    this.#readWords = readWords;
    this.#optionsAt = firstWord + 2 * (writeWords + readWords);
  }

  /** Its slot. */
  callRead(index: number, { kind, value }: RegisterOperation): number {
    const slot = this.#readSlots.take();
    this.slotOf[index] = slot;
    const word = slot >>> 5;
    const bit = 1 << slot;
    setBit(this.reads, word, bit);
    setBit(kind === "read" ? this.#readsOf : this.#notsOf, value * this.#readWords + word, bit);
    if (kind === "not") setBit(this.nots, word, bit);
    return slot;
  }

  callUnknown(index: number, kind: WriteKind): void {
    if (!kind.isCas) {
      this.unknownBefore[index] = this.unknownCalled++;
      if (kind.called === 0 && kind.open.length === 0) this.plainKinds.push(kind);
    }
    kind.called += 1;
  }

  callWrite(index: number, kind: WriteKind): void {
    const slot = (kind.isOptional ? this.#optionSlots : this.#writeSlots).take();
    this.slotOf[index] = slot;
    const words = this.#wordsOf(kind);
    if (words !== null) setBit(words, slot >>> 5, 1 << slot);
    if (!kind.isCas && kind.open.length === 0 && kind.called === 0) this.plainKinds.push(kind);
    const { deadline } = this.plan;
    const mine = deadline[index] ?? 0;
    let at = kind.open.length;
    while (at > 0 && (deadline[kind.open[at - 1] ?? 0] ?? 0) > mine) at -= 1;
    kind.open.splice(at, 0, index);
  }

  endRead(index: number, { kind, value }: RegisterOperation): void {
    const slot = this.slotOf[index] ?? 0;
    const word = slot >>> 5;
    const bit = 1 << slot;
    clearBit(this.reads, word, bit);
    clearBit(kind === "read" ? this.#readsOf : this.#notsOf, value * this.#readWords + word, bit);
    if (kind === "not") clearBit(this.nots, word, bit);
    this.#readSlots.give(slot);
  }

  endWrite(index: number, kind: WriteKind): void {
    const slot = this.slotOf[index] ?? 0;
    const words = this.#wordsOf(kind);
    if (words !== null) clearBit(words, slot >>> 5, 1 << slot);
    kind.open.splice(kind.open.indexOf(index), 1);
    if (!kind.isCas && kind.open.length === 0 && kind.called === 0)
      this.plainKinds.splice(this.plainKinds.indexOf(kind), 1);
    (kind.isOptional ? this.#optionSlots : this.#writeSlots).give(slot);
  }

  /** Optional cas fit into no gap and are compared bit by bit: no list of them is needed. */
  #wordsOf(kind: WriteKind): Int32Array | null {
    if (kind.isOptional) return kind.isCas ? null : this.options;
    return kind.isCas ? this.cas : this.plain;
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
    const base = kind.isOptional ? this.#optionsAt : firstWord;
    for (const index of kind.open) {
      const slot = this.slotOf[index] ?? 0;
      if (((row[base + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) return index;
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
      if (kind.isOptional) continue;
      for (const index of kind.open) {
        const slot = this.slotOf[index] ?? 0;
        if (index !== other && ((row[firstWord + (slot >>> 5)] ?? 0) & (1 << slot)) === 0) return true;
      }
    }
    return false;
  }

  /**
   * Does a chain of cas from this value lead to something that could need it: a cas that happened, the operation that is returning, or an open
   * read? Asked of all configurations at once, so it says yes too often. `now` tells one moment from another.
   */
  isWorth(value: number, returning: number, now: number): boolean {
    if (this.#worthAt !== now) this.#findWorth(returning);
    this.#worthAt = now;
    return this.#worth[value] === 1;
  }

  #findWorth(returning: number): void {
    const worth = this.#worth;
    worth.fill(0);
    const active = this.plan.casKinds.filter(({ open, called }) => open.length > 0 || called > 0);
    const someNot = this.nots.some((bits) => bits !== 0);
    for (let changed = true; changed;) {
      changed = false;
      for (const { open, isOptional, expected, value } of active) {
        if (worth[expected] === 1) continue;
        const isNeeded = open.length > 0 && (!isOptional || open[0] === returning);
        if (!isNeeded && !someNot && worth[value] !== 1 && !this.#isReadNow(value)) continue;
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

function setBit(words: Int32Array, word: number, bit: number): void {
  words[word] = (words[word] ?? 0) | bit;
}

function clearBit(words: Int32Array, word: number, bit: number): void {
  words[word] = (words[word] ?? 0) & ~bit;
}

// A linearization at the first try, where one is easily found: one pass over the events that puts every operation in place no sooner
// than it must be, with the value that is there and what is pending for its only state. It is stuck where a choice that it made was
// wrong, and takes none back: that says nothing, and the search begins as it would have without it. What it finds is a linearization
// like any other, and is verified as all are.
//
// A read is placed as soon as the value is right, which never harms. At the return of anything else that is not placed yet, pending
// writes make the value fit, those that return soonest first. What was called before the last plain write took effect may also go just
// before that one, where nothing after it can tell. Where both are possible, the next one that sees either value decides.
import type { Budget } from "../budget.js";
import type { Scratch } from "../scratch.js";
import { casKind, notKind, readKind, writeKind, type RegisterColumns } from "./columns.js";
import type { Timeline } from "./timeline.js";

/** So many pending operations are looked through for each operation, and some more; then it is left to the search. */
const looksEach = 48;
const atLeast = 512;
/** So many returns ahead it looks for one that sees a value. */
const window = 24;
/** So many writes at most make a value fit. */
const longestChain = 3;

/** Positions in the list of operations given, or null: stuck. The order lies in the scratch memory. Throws BudgetExhausted. */
export function linearizeGreedily(
  columns: RegisterColumns,
  timeline: Timeline,
  scratch: Scratch,
  budget: Budget,
): Int32Array | null {
  return new Greedy(columns, timeline, scratch, budget).run();
}

class Greedy {
  readonly #columns: RegisterColumns;
  readonly #timeline: Timeline;
  readonly #budget: Budget;
  /** By row, 1: it has its place, or is about to get it. */
  readonly #placed: Uint8Array;
  /** By row, the one that follows in the order; that of `count` is the first. */
  readonly #next: Int32Array;
  readonly #order: Int32Array;
  /** Rows that have no place yet. */
  readonly #writes: Int32Array;
  readonly #reads: Int32Array;
  #pendingWrites = 0;
  #pendingReads = 0;
  readonly #chain: Int32Array;
  #looksLeft: number;

  #value = 0;
  #last: number;
  /** The call that was the last one up to now. */
  #now = -Infinity;
  /** Just before the last plain write: after this row, with this value, for what was called by then. */
  #gapAfter: number;
  #gapValue = 0;
  #gapCall = -Infinity;

  constructor(columns: RegisterColumns, timeline: Timeline, scratch: Scratch, budget: Budget) {
    const { count } = columns;
    this.#columns = columns;
    this.#timeline = timeline;
    this.#budget = budget;
    this.#placed = scratch.uint8(count).fill(0);
    this.#next = scratch.int32(count + 1);
    this.#order = scratch.int32(count);
    this.#writes = scratch.int32(count);
    this.#reads = scratch.int32(count);
    this.#chain = scratch.int32(longestChain);
    this.#looksLeft = atLeast + looksEach * count;
    this.#last = count;
    this.#next[count] = -1;
    this.#gapAfter = count;
  }

  run(): Int32Array | null {
    const { count, kind, call, return: returns } = this.#columns;
    const { calls, ends, answered } = this.#timeline;
    let end = 0;
    for (let place = 0; place <= count; place++) {
      const row = place < count ? (calls[place] ?? 0) : -1;
      const time = row === -1 ? Infinity : (call[row] ?? 0);
      for (; end < answered; end++) {
        const returning = ends[end] ?? 0;
        if ((returns[returning] ?? 0) >= time) break;
        if (this.#placed[returning] === 1) continue;
        this.#budget.spend(1);
        if (!this.#place(returning, end + 1) || this.#looksLeft < 0) return null;
      }
      if (row === -1) break;
      this.#now = time;
      if (kind[row] === writeKind || kind[row] === casKind) this.#writes[this.#pendingWrites++] = row;
      else if (this.#fits(row, this.#value)) this.#append(row);
      else this.#reads[this.#pendingReads++] = row;
    }
    return this.#positions();
  }

  #positions(): Int32Array {
    const { count, position } = this.#columns;
    let length = 0;
    for (let row = this.#next[count] ?? -1; row !== -1; row = this.#next[row] ?? -1)
      this.#order[length++] = position[row] ?? -1;
    return this.#order.subarray(0, length);
  }

  /** A row that returns now gets its place; `end`: of the next return. False: there is none for it. */
  #place(row: number, end: number): boolean {
    const { kind, call, value, expected } = this.#columns;
    const what = kind[row];
    const sees = what === readKind ? (value[row] ?? 0) : what === casKind ? (expected[row] ?? 0) : -1;
    if (what === notKind) return this.#change();
    this.#placed[row] = 1;
    if ((call[row] ?? 0) <= this.#gapCall) {
      const length = this.#reach(this.#gapValue, sees, this.#gapCall, 0);
      if (length !== -1 && (!this.#isReachable(sees) || this.#keeps(value[row] ?? 0, end))) {
        // Looked for once more: the look at the end used the same memory for its chain.
        const again = this.#reach(this.#gapValue, sees, this.#gapCall, 0);
        for (let at = 0; at < again; at++) this.#insert(this.#chain[at] ?? 0);
        this.#insert(row);
        return true;
      }
    }
    const length = this.#reach(this.#value, sees, this.#now, 0);
    if (length === -1) return false;
    for (let at = 0; at < length; at++) this.#set(this.#chain[at] ?? 0);
    this.#set(row);
    return true;
  }

  #isReachable(sees: number): boolean {
    return this.#reach(this.#value, sees, this.#now, 0) !== -1;
  }

  /**
   * Is the present value seen before the other one, by those that return from there on? Both are gone after the return of a write that
   * is called later.
   */
  #keeps(other: number, end: number): boolean {
    const { kind, call, value, expected } = this.#columns;
    const { ends, answered } = this.#timeline;
    if (other === this.#value) return false;
    const until = Math.min(answered, end + window);
    for (let at = end; at < until; at++) {
      const row = ends[at] ?? 0;
      if (this.#placed[row] === 1) continue;
      const what = kind[row];
      if (what === writeKind && (call[row] ?? 0) > this.#now) return false;
      const sees = what === readKind ? value[row] : what === casKind ? expected[row] : -1;
      if (sees === this.#value) return true;
      if (sees === other) return false;
    }
    return false;
  }

  /** Any other value than the present one. */
  #change(): boolean {
    const { kind, value, expected, return: returns } = this.#columns;
    let best = -1;
    this.#looksLeft -= this.#pendingWrites;
    for (let at = 0; at < this.#pendingWrites; at++) {
      const row = this.#writes[at] ?? 0;
      if (this.#placed[row] === 1 || value[row] === this.#value) continue;
      if (kind[row] === casKind && expected[row] !== this.#value) continue;
      if (best === -1 || (returns[row] ?? 0) < (returns[best] ?? 0)) best = row;
    }
    if (best === -1) return false;
    this.#placed[best] = 1;
    this.#set(best);
    return true;
  }

  /**
   * Puts pending writes into the chain, called by a time, that lead from one value to another; -1: to whatever there is. How many, or -1:
   * there are none. The last is put in first, so that those before it are looked for without it.
   */
  #reach(from: number, to: number, by: number, depth: number): number {
    if (to === -1 || from === to) return 0;
    if (depth === longestChain) return -1;
    const { kind, call, value, expected, return: returns } = this.#columns;
    let best = -1;
    let hasCas = false;
    this.#looksLeft -= this.#pendingWrites;
    for (let at = 0; at < this.#pendingWrites; at++) {
      const row = this.#writes[at] ?? 0;
      if (value[row] !== to || this.#placed[row] === 1 || (call[row] ?? 0) > by) continue;
      if (kind[row] === casKind && expected[row] !== from) hasCas = true;
      else if (best === -1 || (returns[row] ?? 0) < (returns[best] ?? 0)) best = row;
    }
    if (best !== -1) {
      this.#chain[0] = best;
      return 1;
    }
    if (!hasCas) return -1;
    for (let at = 0; at < this.#pendingWrites && this.#looksLeft >= 0; at++) {
      const row = this.#writes[at] ?? 0;
      if (value[row] !== to || this.#placed[row] === 1 || (call[row] ?? 0) > by) continue;
      this.#placed[row] = 1;
      const before = this.#reach(from, expected[row] ?? 0, by, depth + 1);
      this.#placed[row] = 0;
      if (before === -1) continue;
      this.#chain[before] = row;
      return before + 1;
    }
    return -1;
  }

  #fits(row: number, current: number): boolean {
    return (this.#columns.value[row] === current) === (this.#columns.kind[row] === readKind);
  }

  #append(row: number): void {
    this.#placed[row] = 1;
    this.#next[this.#last] = row;
    this.#next[row] = -1;
    this.#last = row;
  }

  /** At the end of the order, with the reads that fit then. */
  #set(row: number): void {
    const what = this.#columns.kind[row];
    if (what === writeKind) {
      this.#gapAfter = this.#last;
      this.#gapValue = this.#value;
      this.#gapCall = this.#now;
    }
    this.#append(row);
    if (what === readKind) return this.#forget(this.#reads, this.#pendingReads--, row);
    this.#forget(this.#writes, this.#pendingWrites--, row);
    this.#value = this.#columns.value[row] ?? 0;
    this.#looksLeft -= this.#pendingReads;
    for (let at = this.#pendingReads - 1; at >= 0; at--) {
      const read = this.#reads[at] ?? 0;
      if (this.#placed[read] === 1 || !this.#fits(read, this.#value)) continue;
      this.#append(read);
      this.#reads[at] = this.#reads[--this.#pendingReads] ?? 0;
    }
  }

  #after(row: number): void {
    this.#placed[row] = 1;
    this.#next[row] = this.#next[this.#gapAfter] ?? -1;
    this.#next[this.#gapAfter] = row;
    this.#gapAfter = row;
  }

  /** Before the last plain write, with the reads that fit then. */
  #insert(row: number): void {
    const { kind, call, value } = this.#columns;
    this.#after(row);
    if (kind[row] === readKind) return this.#forget(this.#reads, this.#pendingReads--, row);
    this.#forget(this.#writes, this.#pendingWrites--, row);
    this.#gapValue = value[row] ?? 0;
    this.#looksLeft -= this.#pendingReads;
    for (let at = this.#pendingReads - 1; at >= 0; at--) {
      const read = this.#reads[at] ?? 0;
      if (this.#placed[read] === 1 || !this.#fits(read, this.#gapValue) || (call[read] ?? 0) > this.#gapCall) continue;
      this.#after(read);
      this.#reads[at] = this.#reads[--this.#pendingReads] ?? 0;
    }
  }

  #forget(rows: Int32Array, length: number, row: number): void {
    for (let at = 0; at < length; at++) {
      if (rows[at] !== row) continue;
      rows[at] = rows[length - 1] ?? 0;
      return;
    }
  }
}

// Chains of values: a first write, its reads, the cas from it, that one's reads, and so on. Each value is current for one
// contiguous time, which a cas from it ends; so a chain stands together in every linearization, in one order but for reads of the
// same value.
import { casKind, readKind, writeKind, type RegisterColumns } from "../register/columns.js";
import type { Scratch } from "../scratch.js";
import { violation, type NoSearchAnswer } from "./answer.js";
import { hasHappened, type Writers } from "./writers.js";

/** Chain 0 is the initial value's, whose first write is virtual: it has no row, was called and returned at -Infinity. */
export interface Chains {
  readonly count: number;
  /** Rows, chain after chain, in the order in which they take effect; chain `c` holds places `start[c]` up to `start[c + 1]`. */
  readonly members: Int32Array;
  readonly start: Int32Array;
  /** By chain: the rows with its least return and with its greatest call; -1 is the virtual write. */
  readonly leastReturnRow: Int32Array;
  readonly greatestCallRow: Int32Array;
}

export function callOf(columns: RegisterColumns, row: number): number {
  return row === -1 ? -Infinity : (columns.call[row] ?? 0);
}

export function returnOf(columns: RegisterColumns, row: number): number {
  return row === -1 ? -Infinity : (columns.return[row] ?? 0);
}

export function buildChains(columns: RegisterColumns, writers: Writers, scratch: Scratch): Chains | NoSearchAnswer {
  return new ChainBuilder(columns, writers, scratch).build();
}

class ChainBuilder {
  readonly members: Int32Array;
  readonly start: Int32Array;
  readonly leastReturnRow: Int32Array;
  readonly greatestCallRow: Int32Array;
  #chains = 0;
  #placed = 0;
  #placedCas = 0;
  /** Of the chain being walked. Rows only: numbers that are no small integers would be made anew at each change. */
  #leastReturnRow = -1;
  #greatestCallRow = -1;
  /** Rows that read value `v` are `reads[readStart[v]]` up to `reads[readStart[v + 1]]`, in order of call. */
  readonly #readStart: Int32Array;
  readonly #reads: Int32Array;

  constructor(
    readonly columns: RegisterColumns,
    readonly writers: Writers,
    scratch: Scratch,
  ) {
    const { count, kind, value, values } = columns;
    let roots = 1;
    const readStart = scratch.int32(values.size + 1).fill(0);
    for (let row = 0; row < count; row++) {
      const own = value[row] ?? 0;
      if (kind[row] === readKind) readStart[own] = (readStart[own] ?? 0) + 1;
      else if (kind[row] === writeKind) roots += 1;
    }
    let sum = 0;
    for (let own = 0; own <= values.size; own++) readStart[own] = sum += readStart[own] ?? 0;
    this.#reads = scratch.int32(sum);
    // From the last row to the first: each value's starts then stand where its first read is.
    for (let row = count - 1; row >= 0; row--) {
      if (kind[row] !== readKind) continue;
      const own = value[row] ?? 0;
      const place = (readStart[own] ?? 0) - 1;
      readStart[own] = place;
      this.#reads[place] = row;
    }
    this.#readStart = readStart;
    this.members = scratch.int32(count);
    this.start = scratch.int32(roots + 1);
    this.start[0] = 0;
    this.leastReturnRow = scratch.int32(roots);
    this.greatestCallRow = scratch.int32(roots);
  }

  build(): Chains | NoSearchAnswer {
    const { columns, writers } = this;
    let late = this.#walk(0);
    for (let row = 0; row < columns.count && late === -1; row++) {
      if (columns.kind[row] !== writeKind || !hasHappened(columns, writers.evidence, row)) continue;
      this.members[this.#placed++] = row;
      this.#leastReturnRow = this.#greatestCallRow = row;
      late = this.#walk(columns.value[row] ?? 0);
    }
    if (late !== -1) return violation(columns, writers.evidence, "order", [this.#greatestCallRow, late]);
    if (this.#placedCas !== writers.casCount) return violation(columns, writers.evidence, "cycle", this.#cycle());
    const { members, start, leastReturnRow, greatestCallRow } = this;
    return { count: this.#chains, members, start, leastReturnRow, greatestCallRow };
  }

  /** Follows the chain from its first value to its end; -1, or the row that returned before an earlier one was called. */
  #walk(first: number): number {
    const { columns, writers } = this;
    let value = first;
    // Ends: each turn passes another cas, and a chain that began at a root never meets a value again. A value that is written more
    // than once has no reads and no cas from it: it ends its chain.
    for (;;) {
      const late = this.#placeReads(value);
      if (late !== -1) return late;
      const cas = writers.next[value] ?? -1;
      if (cas === -1) break;
      if (returnOf(columns, cas) < callOf(columns, this.#greatestCallRow)) return cas;
      this.#place(cas);
      this.#placedCas += 1;
      value = columns.value[cas] ?? 0;
    }
    const chain = this.#chains++;
    this.leastReturnRow[chain] = this.#leastReturnRow;
    this.greatestCallRow[chain] = this.#greatestCallRow;
    this.start[chain + 1] = this.#placed;
    return -1;
  }

  /** Reads of one value come in any order among themselves; in order of call none is later than the one after it. */
  #placeReads(value: number): number {
    const end = this.#readStart[value + 1] ?? 0;
    for (let at = this.#readStart[value] ?? 0; at < end; at++) {
      const row = this.#reads[at] ?? 0;
      if (returnOf(this.columns, row) < callOf(this.columns, this.#greatestCallRow)) return row;
      this.#place(row);
    }
    return -1;
  }

  #place(row: number): void {
    const { columns } = this;
    if (returnOf(columns, row) < returnOf(columns, this.#leastReturnRow)) this.#leastReturnRow = row;
    if (callOf(columns, row) > callOf(columns, this.#greatestCallRow)) this.#greatestCallRow = row;
    this.members[this.#placed++] = row;
  }

  /**
   * The members of a cycle of cas. What no walk reached is in one: its value was written by another that no walk reached, and so on
   * back, and since one cas at most leaves a value there is no way out of a cycle.
   */
  #cycle(): readonly number[] {
    const { columns, writers } = this;
    const placed = new Uint8Array(columns.count);
    for (const row of this.members.subarray(0, this.#placed)) placed[row] = 1;
    const isLost = (row: number): boolean =>
      columns.kind[row] === casKind && placed[row] === 0 && hasHappened(columns, writers.evidence, row);
    let first = 0;
    while (!isLost(first)) first += 1;
    const before = (row: number): number => writers.writer[columns.expected[row] ?? 0] ?? -1;
    const members = [first];
    for (let row = before(first); row !== first; row = before(row)) members.push(row);
    return members;
  }
}

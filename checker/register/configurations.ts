// Sets of configurations in which no member is made superfluous by another.
//
// A configuration is a row of integers in one typed array:
//
//   0  2 · the register's value, + 1 when the next operation must be a cas from it
//   1  how many unknown plain writes had been called when the last plain write took effect (the gap's edge, see extension.ts)
//   2  the newest entry of its log of writes
//   3  after how many returns it stands: only configurations of one moment are compared
//   T  open writes that are linearized, 32 to a word        F  open plain writes that fit into the gap
//   D  open reads that are linearized                       R  the other open reads that fit into the gap
//   counts: how many operations of unknown outcome of each kind are used up
//
// F and R are disjoint from T and D.

/** Where the parts of a row stand, and how kinds of unknown operations relate. */
export interface Layout {
  readonly writeWords: number;
  readonly readWords: number;
  /** The first of the counts. */
  readonly counts: number;
  /**
   * Cells of the kinds of unknown operations, three numbers for each value that they write: the cell of the plain write (-1: there is none), the first cell
   * of its cas, one past the last.
   */
  readonly targets: Int32Array;
  readonly size: number;
}

/** One bit to each slot. */
export const bitsPerWord = 32;

export function wordsFor(slots: number): number {
  return Math.ceil(slots / bitsPerWord);
}

export const valueCell = 0;
export const edgeCell = 1;
export const logCell = 2;
export const levelCell = 3;
export const firstWord = 4;

const leastTable = 64;
/** Stands in the value cell of a row that a better one has replaced. */
export const superseded = -1;

const emptyLayout: Layout = {
  writeWords: 0,
  readWords: 0,
  counts: firstWord,
  targets: new Int32Array(0),
  size: firstWord,
};

export class ConfigurationSet {
  /** Rows, one after the other; superseded ones are among them until `compact`. */
  rows: Int32Array = new Int32Array(0);
  /** Rows in `rows`, superseded ones included. */
  length = 0;
  /** Without superseded ones. */
  size = 0;
  #layout: Layout = emptyLayout;
  #stride = 0;
  /** First row of each bucket + 1, valid where the stamp is current; and the next row + 1 of each row's bucket. */
  #heads = new Int32Array(leastTable);
  #stamps = new Int32Array(leastTable);
  #stamp = 1;
  #next: Int32Array = new Int32Array(leastTable);
  #hashes: Int32Array = new Int32Array(leastTable);

  /** Empties it, for configurations of another layout. */
  reset(layout: Layout): void {
    this.#layout = layout;
    this.#stride = layout.size;
    if (this.rows.length < layout.size) this.rows = new Int32Array(leastTable * layout.size);
    this.clear();
  }

  get bytes(): number {
    return 4 * (this.rows.length + 2 * this.#next.length + 2 * this.#heads.length);
  }

  clear(): void {
    this.length = 0;
    this.size = 0;
    this.#stamp += 1;
  }

  /** Makes room for one more row. */
  #room(): number {
    const at = this.length * this.#stride;
    if (at + this.#stride > this.rows.length) this.rows = doubled(this.rows);
    if (this.length === this.#next.length) {
      this.#next = doubled(this.#next);
      this.#hashes = doubled(this.#hashes);
    }
    return at;
  }

  /**
   * Takes a copy of the row in, unless a member is at least as good: then false. Members that it makes superfluous are superseded. Only rows of
   * one moment, of equal value and of equal linearized writes within `exact` (words of T) are compared; the mask must be the same for all rows
   * of a moment.
   */
  add(row: Int32Array, exact: Int32Array): boolean {
    if (4 * this.length >= 3 * this.#heads.length) this.#chain(2 * this.#heads.length);
    const stride = this.#stride;
    const newcomer = this.#room();
    const rows = this.rows;
    for (let cell = 0; cell < stride; cell++) rows[newcomer + cell] = row[cell] ?? 0;
    const hash = hashOf(row, exact);
    const bucket = hash & (this.#heads.length - 1);
    const first = this.#stamps[bucket] === this.#stamp ? (this.#heads[bucket] ?? 0) : 0;
    let previous = 0;
    for (let member = first; member !== 0;) {
      const at = (member - 1) * stride;
      const next = this.#next[member - 1] ?? 0;
      if (
        this.#hashes[member - 1] === hash &&
        rows[at] === rows[newcomer] &&
        rows[at + levelCell] === rows[newcomer + levelCell]
      ) {
        if (this.#dominates(at, newcomer)) return false;
        if (this.#dominates(newcomer, at)) {
          rows[at] = superseded;
          this.size -= 1;
          if (previous === 0) {
            this.#heads[bucket] = next;
            this.#stamps[bucket] = this.#stamp;
          } else this.#next[previous - 1] = next;
          member = next;
          continue;
        }
      }
      previous = member;
      member = next;
    }
    this.#hashes[this.length] = hash;
    this.length += 1;
    this.#link(this.length, bucket);
    this.size += 1;
    return true;
  }

  #link(member: number, bucket: number): void {
    this.#next[member - 1] = this.#stamps[bucket] === this.#stamp ? (this.#heads[bucket] ?? 0) : 0;
    this.#heads[bucket] = member;
    this.#stamps[bucket] = this.#stamp;
  }

  /** Forgets superseded members and those of earlier moments; the others move together. Says which rows they were. */
  forgetBefore(level: number): readonly number[] {
    const stride = this.#stride;
    const rows = this.rows;
    const kept: number[] = [];
    for (let row = 0; row < this.length; row++) {
      const at = row * stride;
      if (rows[at] === superseded || (rows[at + levelCell] ?? 0) < level) continue;
      rows.copyWithin(kept.length * stride, at, at + stride);
      this.#hashes[kept.length] = this.#hashes[row] ?? 0;
      kept.push(row);
    }
    this.length = kept.length;
    this.size = kept.length;
    this.#chain(this.#heads.length);
    return kept;
  }

  /** Moves the members together. Afterwards rows may be changed, and nothing may be added before `clear`. */
  compact(): void {
    if (this.size === this.length) return;
    const stride = this.#stride;
    const rows = this.rows;
    let kept = 0;
    for (let row = 0; row < this.length; row++) {
      if (rows[row * stride] === superseded) continue;
      if (kept !== row) rows.copyWithin(kept * stride, row * stride, (row + 1) * stride);
      kept += 1;
    }
    this.length = kept;
  }

  /** Links all members again, in so many buckets. */
  #chain(buckets: number): void {
    this.#heads = new Int32Array(buckets);
    this.#stamps = new Int32Array(buckets);
    this.#stamp = 1;
    for (let row = 0; row < this.length; row++)
      if (this.rows[row * this.#stride] !== superseded) this.#link(row + 1, (this.#hashes[row] ?? 0) & (buckets - 1));
  }

  /**
   * Whatever the row at `worse`, of equal value, can still do, that at `better` can do too.
   * - An open write: linearized in both or in neither, unless it fits into the better one's gap, where it may go unseen at any time.
   * - Reads: linearized or fitting into the gap in the better one where they are in the other one.
   * - Unknown operations: at most as many used, kind by kind, except that a plain write saved stands for a cas to the same value spent,
   *   since it can do all that the cas can.
   */
  #dominates(better: number, worse: number): boolean {
    const rows = this.rows;
    const { writeWords, readWords, counts, targets } = this.#layout;
    if ((rows[better + edgeCell] ?? 0) < (rows[worse + edgeCell] ?? 0)) return false;
    let a = better + firstWord;
    let b = worse + firstWord;
    for (let word = 0; word < writeWords; word++, a++, b++) {
      const fits = rows[a + writeWords] ?? 0;
      const different = (rows[a] ?? 0) ^ (rows[b] ?? 0);
      if (((different | (rows[b + writeWords] ?? 0)) & ~fits) !== 0) return false;
    }
    a += writeWords;
    b += writeWords;
    for (let word = 0; word < readWords; word++, a++, b++) {
      const done = rows[a] ?? 0;
      if (((rows[b] ?? 0) & ~done) !== 0) return false;
      if (((rows[b + readWords] ?? 0) & ~(done | (rows[a + readWords] ?? 0))) !== 0) return false;
    }
    if (counts === this.#stride) return true;
    for (let target = 0; target < targets.length; target += 3) {
      const plain = targets[target] ?? -1;
      const end = targets[target + 2] ?? 0;
      let saved = plain === -1 ? 0 : (rows[worse + plain] ?? 0) - (rows[better + plain] ?? 0);
      if (saved < 0) return false;
      for (let cell = targets[target + 1] ?? 0; cell < end; cell++) {
        const overspent = (rows[better + cell] ?? 0) - (rows[worse + cell] ?? 0);
        if (overspent > 0) {
          saved -= overspent;
          if (saved < 0) return false;
        }
      }
    }
    return true;
  }
}

function hashOf(row: Int32Array, exact: Int32Array): number {
  let hash = Math.imul((row[valueCell] ?? 0) + 1, 0x9e3779b1) ^ Math.imul(row[levelCell] ?? 0, 0xc2b2ae35);
  for (let word = 0; word < exact.length; word++) {
    const bits = (row[firstWord + word] ?? 0) & (exact[word] ?? 0);
    hash = Math.imul(hash ^ bits, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash ^ (hash >>> 13);
}

export function doubled(cells: Int32Array): Int32Array {
  const larger = new Int32Array(2 * cells.length);
  larger.set(cells);
  return larger;
}

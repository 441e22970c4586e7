// Which configurations of a search lead nowhere: sets of linearized operations, and for each the states (by text) that it is hopeless with.
//
// A set is named by a 64-bit Zobrist hash and compared exactly. Of completed operations in order of call, those not taken although a later one
// is are all open at one moment, so a set is written down as the greatest rank taken and the few smaller ones that are not,
// and the unknown operations taken. That is as long as the history is concurrent, not as long as the history is.

const leastBuckets = 64;
/** More buckets than that are left to the collector. */
const keptBuckets = 4096;
/** Cells of an entry before its lists: next entry of the bucket, second half of the hash, greatest rank, lengths of both lists. */
const headerCells = 5;

export class DeadEnds {
  #buckets = new Int32Array(0);
  #cells = new Int32Array(0);
  #used = 1;
  #entries = 0;
  /** By entry in order of making: its texts; the entry's number is kept in the cell before its header. */
  readonly #texts: (string | Set<string>)[] = [];
  /** Lists of the set that is looked up or added: ranks. */
  readonly #list: number[] = [];
  #length = 0;
  #missing = 0;

  /** Memory held, texts apart. */
  get bytes(): number {
    return this.#buckets.byteLength + this.#cells.byteLength;
  }

  /** What a rank adds to the halves of a set's hash; sets are told apart whatever this says. */
  hashOf(rank: number, half: number): number {
    return zobrist(rank, half);
  }

  /** Forgets all, and keeps the memory if that is small: most searches of keys need little. */
  clear(): void {
    if (this.#entries === 0) return;
    if (this.#buckets.length > keptBuckets) {
      this.#buckets = new Int32Array(0);
      this.#cells = new Int32Array(0);
    } else this.#buckets.fill(0);
    this.#used = 1;
    this.#entries = 0;
    this.#texts.length = 0;
  }

  /** Begins the description of a set: ranks below the greatest one that are missing, then unknown ones that are taken, in a fixed order. */
  begin(): void {
    this.#length = 0;
    this.#missing = 0;
  }

  missing(rank: number): void {
    this.#list[this.#length++] = rank;
    this.#missing += 1;
  }

  unknown(rank: number): void {
    this.#list[this.#length++] = rank;
  }

  /** Might some set of this hash be here? */
  mayHave(first: number): boolean {
    if (this.#entries === 0) return false;
    return this.#buckets[first & (this.#buckets.length - 1)] !== 0;
  }

  /** Is the set described, with this state, known to lead nowhere? */
  has(first: number, second: number, greatest: number, text: () => string): boolean {
    const at = this.#find(first, second, greatest);
    if (at === 0) return false;
    const texts = this.#texts[this.#cells[at - 1] ?? 0];
    return typeof texts === "string" ? texts === text() : (texts?.has(text()) ?? false);
  }

  add(first: number, second: number, greatest: number, text: string): void {
    const at = this.#find(first, second, greatest);
    if (at === 0) {
      this.#insert(first, second, greatest);
      this.#texts.push(text);
      return;
    }
    const entry = this.#cells[at - 1] ?? 0;
    const texts = this.#texts[entry];
    if (typeof texts === "string") this.#texts[entry] = new Set([texts, text]);
    else texts?.add(text);
  }

  #find(first: number, second: number, greatest: number): number {
    if (this.#entries === 0) return 0;
    const cells = this.#cells;
    for (let at = this.#buckets[first & (this.#buckets.length - 1)] ?? 0; at !== 0; at = cells[at] ?? 0)
      if (cells[at + 1] === second && cells[at + 2] === greatest && this.#isEqual(at)) return at;
    return 0;
  }

  #isEqual(at: number): boolean {
    const list = this.#list;
    if (this.#cells[at + 3] !== this.#missing || this.#cells[at + 4] !== this.#length) return false;
    for (let place = 0; place < this.#length; place++)
      if (this.#cells[at + headerCells + place] !== list[place]) return false;
    return true;
  }

  #insert(first: number, second: number, greatest: number): void {
    if (this.#entries >= this.#buckets.length) this.#growBuckets();
    const list = this.#list;
    const length = 2 + headerCells + this.#length;
    while (this.#used + length > this.#cells.length) {
      const cells = new Int32Array(Math.max(16 * leastBuckets, 2 * this.#cells.length));
      cells.set(this.#cells);
      this.#cells = cells;
    }
    const cells = this.#cells;
    const at = this.#used + 2;
    const bucket = first & (this.#buckets.length - 1);
    cells[at - 2] = first;
    cells[at - 1] = this.#entries;
    cells[at] = this.#buckets[bucket] ?? 0;
    cells[at + 1] = second;
    cells[at + 2] = greatest;
    cells[at + 3] = this.#missing;
    cells[at + 4] = this.#length;
    for (let place = 0; place < this.#length; place++) cells[at + headerCells + place] = list[place] ?? 0;
    this.#buckets[bucket] = at;
    this.#used += length;
    this.#entries += 1;
  }

  #growBuckets(): void {
    this.#buckets = new Int32Array(Math.max(leastBuckets, 4 * this.#buckets.length));
    const cells = this.#cells;
    for (let from = 1; from < this.#used;) {
      const at = from + 2;
      const bucket = (cells[at - 2] ?? 0) & (this.#buckets.length - 1);
      cells[at] = this.#buckets[bucket] ?? 0;
      this.#buckets[bucket] = at;
      from += 2 + headerCells + (cells[at + 4] ?? 0);
    }
  }
}

/** Two halves of a number that looks random, for each rank: a set's hash is the exclusive or of its members'. */
export function zobrist(rank: number, half: number): number {
  let mixed = Math.imul(rank + 1, half === 0 ? 0x9e3779b1 : 0x85ebca6b) + (half === 0 ? 0x6d2b79f5 : 0x1b873593);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

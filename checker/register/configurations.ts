// Sets of configurations in which no member is made superfluous by another.
//
// A configuration is a flat list of small integers: the register's value, which open writes are linearized (30 to a word), which
// open reads are, which open writes that need not have happened are, and how many operations of unknown outcome of each kind are
// used up.

/** A linearization so far, newest first. Shared between configurations. */
export interface Witness {
  /** Index of the operation in the sweep's list. */
  readonly operation: number;
  readonly previous: Witness | null;
}

export interface Configuration {
  readonly cells: number[];
  witness: Witness | null;
  /**
   * The last operation was of unknown outcome and nothing has made use of its value yet. Left at that it might as well not have
   * happened, so the next operation must depend on the value.
   */
  readonly owing: boolean;
  /** A better one was found; not to be entered any more. */
  superseded: boolean;
}

/** Where the parts of a configuration stand, and how kinds of unknown operations relate. */
export interface Layout {
  readonly writeWords: number;
  readonly readWords: number;
  readonly optionWords: number;
  /**
   * Cells of the kinds of unknown operations, by the value that they write: first the plain write (or -1 when there is none),
   * then one past the previous cell for each cas, up to `end`.
   */
  readonly targets: readonly { readonly plain: number; readonly casStart: number; readonly end: number }[];
  readonly size: number;
}

/** One bit to each slot, 30 slots to a word, so that words stay small integers. */
export const bitsPerWord = 30;

export class ConfigurationSet {
  readonly #layout: Layout;
  readonly #buckets = new Map<number, Configuration[]>();
  #size = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  get size(): number {
    return this.#size;
  }

  /** False when a member is at least as good. Members that the newcomer makes superfluous leave. */
  add(newcomer: Configuration): boolean {
    const hash = this.#hash(newcomer);
    const bucket = this.#buckets.get(hash);
    if (bucket === undefined) {
      this.#buckets.set(hash, [newcomer]);
      this.#size += 1;
      return true;
    }
    for (const member of bucket) if (this.#dominates(member, newcomer)) return false;
    let kept = 0;
    for (const member of bucket) {
      if (this.#dominates(newcomer, member)) member.superseded = true;
      else bucket[kept++] = member;
    }
    this.#size += kept + 1 - bucket.length;
    bucket.length = kept;
    bucket.push(newcomer);
    return true;
  }

  list(): Configuration[] {
    const all: Configuration[] = [];
    for (const bucket of this.#buckets.values()) for (const member of bucket) all.push(member);
    return all;
  }

  #hash({ cells, owing }: Configuration): number {
    let hash = owing ? 0x9e37 : 0;
    for (let at = 0; at <= this.#layout.writeWords; at++) hash = (Math.imul(hash, 0x01000193) ^ (cells[at] ?? 0)) | 0;
    return hash;
  }

  /**
   * Whatever `worse` can still do, `better` can do too: same value, same open writes linearized, at least the same reads, at
   * most the same optional writes, and at most as many unknown operations used: kind by kind, except that a plain write saved stands for a cas to the same value
   * spent, since it can do all that the cas can.
   */
  #dominates(better: Configuration, worse: Configuration): boolean {
    const { writeWords, readWords, optionWords, targets } = this.#layout;
    const a = better.cells;
    const b = worse.cells;
    if (better.owing !== worse.owing) return false;
    for (let at = 0; at <= writeWords; at++) if (a[at] !== b[at]) return false;
    for (let at = 1 + writeWords; at < 1 + writeWords + readWords; at++)
      if (((b[at] ?? 0) & ~(a[at] ?? 0)) !== 0) return false;
    const options = 1 + writeWords + readWords;
    for (let at = options; at < options + optionWords; at++) if (((a[at] ?? 0) & ~(b[at] ?? 0)) !== 0) return false;
    for (const { plain, casStart, end } of targets) {
      let saved = plain === -1 ? 0 : (b[plain] ?? 0) - (a[plain] ?? 0);
      if (saved < 0) return false;
      for (let at = casStart; at < end; at++) {
        const overspent = (a[at] ?? 0) - (b[at] ?? 0);
        if (overspent > 0) {
          saved -= overspent;
          if (saved < 0) return false;
        }
      }
    }
    return true;
  }
}

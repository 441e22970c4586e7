// Memory for columns of numbers, lent to one judgement at a time and used again by the next. Fresh arrays for every key would make
// the collector walk the whole history again and again: their size counts as pressure on it.

/** Room for this many bytes at least. */
const leastBytes = 2 ** 16;

export class Scratch {
  #chunk = new ArrayBuffer(0);
  #used = 0;
  /** Bytes lent since the last `clear`, in all chunks. */
  #lent = 0;

  /** Its contents are left over from earlier use, as are those of the others. */
  int32(length: number): Int32Array {
    const at = this.#take(4 * length);
    return new Int32Array(this.#chunk, at, length);
  }

  float64(length: number): Float64Array {
    const at = this.#take(8 * length);
    return new Float64Array(this.#chunk, at, length);
  }

  uint8(length: number): Uint8Array {
    const at = this.#take(length);
    return new Uint8Array(this.#chunk, at, length);
  }

  get bytes(): number {
    return this.#chunk.byteLength;
  }

  /** All arrays lent so far are void. */
  clear(): void {
    this.#used = 0;
    this.#lent = 0;
  }

  /** Makes room for what is about to be asked for, so that it comes from one chunk. */
  reserve(bytes: number): void {
    if (this.#used + bytes <= this.#chunk.byteLength) return;
    this.#chunk = new ArrayBuffer(Math.max(leastBytes, this.#lent + bytes));
    this.#used = 0;
  }

  /** Where the bytes begin; the next begin at a multiple of eight. */
  #take(bytes: number): number {
    if (this.#used + bytes > this.#chunk.byteLength) this.reserve(bytes);
    const at = this.#used;
    const whole = Math.ceil(bytes / 8) * 8;
    this.#used += whole;
    this.#lent += whole;
    return at;
  }
}

/** The one that nobody uses now, unless the collector has taken it. */
let spare: WeakRef<Scratch> | null = null;

/** Lends scratch memory, about so much of it, for the time of the call; nothing of it may be kept. */
export function withScratch<Result>(bytes: number, use: (scratch: Scratch) => Result): Result {
  const scratch = spare?.deref() ?? new Scratch();
  spare = null;
  scratch.reserve(bytes);
  try {
    return use(scratch);
  } finally {
    scratch.clear();
    spare = new WeakRef(scratch);
  }
}

// Bytes in, bytes out: the small binary alphabet that the report's columns are written in. Unsigned integers are LEB128, signed ones
// zigzag over it; both carry safe integers rather than 32 bits, because times are nanoseconds. No Node and no DOM: the page reads
// what the command wrote with this same file.

const initialCapacity = 1024;

/** The largest magnitude that `signed` carries: its zigzag form must stay a safe integer. */
export const signedLimit = Math.floor(Number.MAX_SAFE_INTEGER / 2);

/** Appends to a buffer that doubles when full. */
export class ByteWriter {
  #bytes = new Uint8Array(initialCapacity);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no unsigned safe integer`);
    this.#reserve(8);
    let rest = value;
    // Shifts work on 32 bits only, so large values are divided down first.
    while (rest > 0x7fffffff) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  signed(value: number): void {
    if (!Number.isSafeInteger(value) || Math.abs(value) > signedLimit)
      throw new RangeError(`${value} is out of the range of a signed column`);
    this.unsigned(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  /** What was written so far. The array is a view: copy it or use it up before writing more. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads what a ByteWriter wrote; throws rather than read past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new RangeError("the report's data ends in the middle of a number");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new RangeError("a number in the report's data is longer than any safe integer");
  }

  byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new RangeError("the report's data ends in the middle of a column");
    return byte;
  }

  signed(): number {
    const raw = this.unsigned();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  bytes(count: number): Uint8Array {
    const end = this.#position + count;
    if (end > this.#bytes.length) throw new RangeError("the report's data ends in the middle of a section");
    const view = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return view;
  }
}

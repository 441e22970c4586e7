// Numbers of very different sizes, small: each is a symbol, which says how large it is to a quarter of its power of two, and the bits
// below, which nothing can predict. Symbols repeat and deflate well; the bits are noise and are kept apart, as they are.
import { ByteReader, ByteWriter } from "./bytes.js";

/** Below this a number is its own symbol. */
const plain = 8;
/** Stands before the symbol of a number below zero. */
const negative = 255;
/** How many bits are written or read at once, so that shifts stay within 32. */
const bitsAtOnce = 16;

export class BitWriter {
  readonly bytes = new ByteWriter();
  #pending = 0;
  #count = 0;

  write(value: number, bits: number): void {
    let rest = value;
    for (let left = bits; left > 0; left -= bitsAtOnce) {
      const now = Math.min(left, bitsAtOnce);
      const scale = 2 ** now;
      this.#pending |= (rest % scale) << this.#count;
      rest = Math.floor(rest / scale);
      this.#count += now;
      while (this.#count >= 8) {
        this.bytes.byte(this.#pending & 0xff);
        this.#pending >>>= 8;
        this.#count -= 8;
      }
    }
  }

  /** Fills the last byte with zeros. Write no more afterwards. */
  end(): void {
    if (this.#count > 0) this.bytes.byte(this.#pending);
    this.#pending = 0;
    this.#count = 0;
  }
}

export class BitReader {
  readonly #source: ByteReader;
  #pending = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#source = new ByteReader(bytes);
  }

  read(bits: number): number {
    let value = 0;
    let scale = 1;
    for (let left = bits; left > 0; left -= bitsAtOnce) {
      const now = left < bitsAtOnce ? left : bitsAtOnce;
      while (this.#count < now) {
        this.#pending |= this.#source.byte() << this.#count;
        this.#count += 8;
      }
      value += (this.#pending & ((1 << now) - 1)) * scale;
      scale *= 1 << now;
      this.#pending >>>= now;
      this.#count -= now;
    }
    return value;
  }
}

/** Writes safe integers, most of them not below zero. */
export class NumberWriter {
  readonly symbols = new ByteWriter();
  readonly bits = new BitWriter();
  /** Bits kept below the leading one: all, or so many that the number is rounded. */
  readonly #precision: number;

  constructor(precision = 53) {
    this.#precision = precision;
  }

  write(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer`);
    if (value < 0) {
      this.symbols.byte(negative);
      this.write(-value - 1);
      return;
    }
    if (value < plain) {
      this.symbols.byte(value);
      return;
    }
    const exponent = exponentOf(value);
    const dropped = Math.max(0, exponent - this.#precision);
    const below = exponent - 2;
    const top = Math.floor(value / 2 ** below);
    this.symbols.byte(plain + (exponent - 3) * 4 + (top & 3));
    const low = value - top * 2 ** below;
    this.bits.write(Math.floor(low / 2 ** dropped), below - dropped);
  }

  /** For numbers on both sides of zero. */
  signed(value: number): void {
    this.write(value >= 0 ? value * 2 : -value * 2 - 1);
  }
}

function exponentOf(value: number): number {
  if (value <= 0x7fffffff) return 31 - Math.clz32(value);
  return 31 + exponentOf(Math.floor(value / 0x80000000));
}

/** Reads what a NumberWriter of the same precision wrote. A rounded number is in the middle of those that it may have been. */
export class NumberReader {
  readonly #symbols: ByteReader;
  readonly #bits: BitReader;
  readonly #precision: number;

  constructor(symbols: Uint8Array, bits: Uint8Array, precision = 53) {
    this.#symbols = new ByteReader(symbols);
    this.#bits = new BitReader(bits);
    this.#precision = precision;
  }

  get atEnd(): boolean {
    return this.#symbols.atEnd;
  }

  read(): number {
    const symbol = this.#symbols.byte();
    if (symbol < plain) return symbol;
    if (symbol === negative) return -this.read() - 1;
    const exponent = ((symbol - plain) >> 2) + 3;
    const dropped = exponent > this.#precision ? exponent - this.#precision : 0;
    const below = exponent - 2;
    const low = this.#bits.read(below - dropped);
    const value = (4 + ((symbol - plain) & 3)) * 2 ** below + low * 2 ** dropped;
    return dropped === 0 ? value : value + 2 ** (dropped - 1);
  }

  signed(): number {
    const raw = this.read();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }
}

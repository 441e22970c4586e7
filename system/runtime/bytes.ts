// Reading and writing small binary values by hand, for what is written a hundred thousand times a second: commands, requests and
// answers. Integers are little-endian base 128, texts UTF-8 behind their length.

import { crc32c } from "./crc32c.js";

/** A buffer that grows as it is written. */
export class ByteWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#at;
  }

  /** The bytes from `from` on: a view, valid for ever, since what was written is never written again. */
  view(from = 0): Buffer {
    return this.#bytes.subarray(from, this.#at);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** A safe integer of at least 0. */
  integer(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x8000_0000) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  text(text: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.#reserve(4 + text.length * 3);
    const start = this.#at + 4;
    const length = this.#write(text, start);
    this.#bytes.writeUInt32LE(length, this.#at);
    this.#at = start + length;
  }

  /** Room for `count` bytes to be filled in later with `set32`; returns their place. */
  skip(count: number): number {
    this.#reserve(count);
    const place = this.#at;
    this.#at += count;
    return place;
  }

  /** CRC-32C of the bytes from `from` on. */
  checksum(from: number): number {
    return crc32c(this.#bytes, from, this.#at);
  }

  set32(place: number, value: number): void {
    this.#bytes.writeUInt32LE(value, place);
  }

  #write(text: string, start: number): number {
    const bytes = this.#bytes;
    // Short texts are mostly ASCII; a loop is faster for them than a call into native code.
    if (text.length > 32) return bytes.write(text, start, "utf8");
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 128) return bytes.write(text, start, "utf8");
      bytes[start + index] = unit;
    }
    return text.length;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** The same bytes, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Raised when the bytes end too soon or hold what cannot have been written. */
export class BytesError extends Error {
  override readonly name = "BytesError";
}

/**
 * Keys are few and come again and again: short texts that were read, each at a place that its bytes determine. The next one with
 * the same bytes is the same string, which costs nothing to make and is found in a map by its address.
 */
const knownTexts: string[] = Array.from({ length: 4096 }, () => "");
const knownTextBytesMax = 32;

/** Reads `bytes[at, end)`. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined || this.#at >= this.#end) throw new BytesError("the bytes end too soon");
    this.#at++;
    return value;
  }

  integer(): number {
    let value = this.byte();
    if (value < 128) return value;
    value &= 127;
    let factor = 128;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) break;
      factor *= 128;
    }
    if (!Number.isSafeInteger(value)) throw new BytesError("an integer is too large");
    return value;
  }

  double(): number {
    if (this.#at + 8 > this.#end) throw new BytesError("the bytes end too soon");
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const length = this.#textLength();
    const start = this.#at;
    this.#at = start + length;
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** A text that is likely to come again. */
  key(): string {
    const length = this.#textLength();
    if (length > knownTextBytesMax) {
      this.#at -= 4;
      return this.text();
    }
    const bytes = this.#bytes;
    const start = this.#at;
    this.#at = start + length;
    let mixed = length;
    for (let at = start; at < this.#at; at++) mixed = Math.imul(mixed ^ (bytes[at] ?? 0), 0x0100_0193);
    const place = (mixed ^ (mixed >>> 15)) & 4095;
    const known = knownTexts[place] ?? "";
    if (known.length === length && isText(known, bytes, start)) return known;
    const text = bytes.toString("utf8", start, this.#at);
    // As many units as bytes: each byte is an ASCII character, or stands for none and reads as U+FFFD, which equals no byte.
    if (text.length === length) knownTexts[place] = text;
    return text;
  }

  /** Of the text that begins here, which lies whole before the end. */
  #textLength(): number {
    if (this.#at + 4 > this.#end) throw new BytesError("the bytes end too soon");
    const length = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    if (this.#at + length > this.#end) throw new BytesError("a text ends too soon");
    return length;
  }
}

function isText(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[start + index]) return false;
  return true;
}

// Frames on a stream: u32 length of the payload, u32 CRC-32C of the payload (both little-endian), payload. The reader takes
// chunks as TCP cuts them and gives back whole payloads; anything wrong with a frame ends the stream, since nothing after it
// can be trusted.
import type { ByteWriter } from "./bytes.js";
import { crc32c } from "./crc32c.js";

export const frameHeaderBytes = 8;
/** Longest payload that is taken. An AcceptSync of a long log is the longest thing sent. */
export const maximumFrameBytes = 512 * 1024 * 1024;

export function encodeFrame(payload: Uint8Array): Buffer {
  if (payload.length > maximumFrameBytes) throw new Error(`a frame of ${payload.length} bytes is above the limit`);
  const frame = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32c(payload), 4);
  frame.set(payload, frameHeaderBytes);
  return frame;
}

/** Starts a frame in a writer; what is written until `endFrame` is its payload. Returns where it begins. */
export function beginFrame(writer: ByteWriter): number {
  return writer.skip(frameHeaderBytes);
}

export function endFrame(writer: ByteWriter, start: number): void {
  const payload = start + frameHeaderBytes;
  const length = writer.length - payload;
  if (length > maximumFrameBytes) throw new Error(`a frame of ${length} bytes is above the limit`);
  writer.set32(start, length);
  writer.set32(start + 4, writer.checksum(payload));
}

/** Raised by the reader for a length above the limit or a checksum that does not match. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Takes a payload, which is `bytes[start, end)`. */
export type PayloadTaker = (bytes: Buffer, start: number, end: number) => void;

/** Cuts a byte stream into payloads. */
export class FrameReader {
  readonly #maximum: number;
  /** A header that was cut by the end of a chunk. */
  readonly #header = Buffer.allocUnsafe(frameHeaderBytes);
  #headerFilled = 0;
  /** A payload that was. */
  #payload: Buffer | null = null;
  #payloadFilled = 0;
  #checksum = 0;

  constructor(maximum = maximumFrameBytes) {
    this.#maximum = maximum;
  }

  /** The payloads that `chunk` completes. A payload is valid until the caller keeps it: it may be a view of `chunk`. */
  push(chunk: Buffer): Buffer[] {
    const payloads: Buffer[] = [];
    this.read(chunk, (bytes, start, end) => payloads.push(bytes.subarray(start, end)));
    return payloads;
  }

  /** Hands over the payloads that `chunk` completes without making a view of each: for streams of many small frames. */
  read(chunk: Buffer, take: PayloadTaker): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload !== null) at += this.#continuePayload(this.#payload, chunk, at, take);
      else if (this.#headerFilled > 0 || at + frameHeaderBytes > chunk.length)
        at += this.#continueHeader(chunk, at, take);
      else {
        const length = this.#allowed(chunk.readUInt32LE(at));
        const checksum = chunk.readUInt32LE(at + 4);
        const start = at + frameHeaderBytes;
        if (start + length > chunk.length) {
          this.#beginPayload(length, checksum, take);
          at = start;
        } else {
          at = start + length;
          check(chunk, start, at, checksum);
          take(chunk, start, at);
        }
      }
    }
  }

  #continueHeader(chunk: Buffer, at: number, take: PayloadTaker): number {
    const taken = chunk.copy(this.#header, this.#headerFilled, at, at + frameHeaderBytes - this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === frameHeaderBytes) {
      this.#headerFilled = 0;
      this.#beginPayload(this.#allowed(this.#header.readUInt32LE(0)), this.#header.readUInt32LE(4), take);
    }
    return taken;
  }

  #beginPayload(length: number, checksum: number, take: PayloadTaker): void {
    const payload = Buffer.allocUnsafe(length);
    this.#checksum = checksum;
    this.#payloadFilled = 0;
    this.#payload = payload;
    if (length === 0) this.#continuePayload(payload, payload, 0, take);
  }

  #continuePayload(payload: Buffer, chunk: Buffer, at: number, take: PayloadTaker): number {
    const taken = chunk.copy(payload, this.#payloadFilled, at);
    this.#payloadFilled += taken;
    if (this.#payloadFilled === payload.length) {
      this.#payload = null;
      check(payload, 0, payload.length, this.#checksum);
      take(payload, 0, payload.length);
    }
    return taken;
  }

  #allowed(length: number): number {
    if (length > this.#maximum) throw new FrameError(`a frame of ${length} bytes; at most ${this.#maximum} are taken`);
    return length;
  }
}

function check(bytes: Buffer, start: number, end: number, checksum: number): void {
  if (crc32c(bytes, start, end) !== checksum) throw new FrameError("a frame's checksum does not match");
}

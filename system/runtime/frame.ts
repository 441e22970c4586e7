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
  const payload = writer.view(start + frameHeaderBytes);
  if (payload.length > maximumFrameBytes) throw new Error(`a frame of ${payload.length} bytes is above the limit`);
  writer.set32(start, payload.length);
  writer.set32(start + 4, crc32c(payload));
}

/** Raised by the reader for a length above the limit or a checksum that does not match. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Cuts a byte stream into payloads. */
export class FrameReader {
  readonly #maximum: number;
  #header = Buffer.allocUnsafe(frameHeaderBytes);
  #headerFilled = 0;
  #payload: Buffer | null = null;
  #payloadFilled = 0;

  constructor(maximum = maximumFrameBytes) {
    this.#maximum = maximum;
  }

  /** The payloads that `chunk` completes. A payload is valid until the caller keeps it: it may be a view of `chunk`. */
  push(chunk: Buffer): Buffer[] {
    const payloads: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload === null) {
        const taken = this.#startFrame(chunk, at, payloads);
        at += taken;
      } else {
        const taken = chunk.copy(this.#payload, this.#payloadFilled, at);
        at += taken;
        this.#payloadFilled += taken;
        if (this.#payloadFilled === this.#payload.length) {
          payloads.push(this.#checked(this.#payload));
          this.#payload = null;
          this.#headerFilled = 0;
        }
      }
    }
    return payloads;
  }

  /** Reads a header at `at`, and the payload as well when it lies whole in the chunk. Returns the bytes taken. */
  #startFrame(chunk: Buffer, at: number, payloads: Buffer[]): number {
    const missing = frameHeaderBytes - this.#headerFilled;
    const taken = Math.min(missing, chunk.length - at);
    chunk.copy(this.#header, this.#headerFilled, at, at + taken);
    this.#headerFilled += taken;
    if (this.#headerFilled < frameHeaderBytes) return taken;
    const length = this.#header.readUInt32LE(0);
    if (length > this.#maximum) throw new FrameError(`a frame of ${length} bytes; at most ${this.#maximum} are taken`);
    const start = at + taken;
    if (start + length <= chunk.length) {
      payloads.push(this.#checked(chunk.subarray(start, start + length)));
      this.#headerFilled = 0;
      return taken + length;
    }
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadFilled = 0;
    return taken;
  }

  #checked(payload: Buffer): Buffer {
    if (crc32c(payload) !== this.#header.readUInt32LE(4)) throw new FrameError("a frame's checksum does not match");
    return payload;
  }
}

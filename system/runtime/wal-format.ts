// The bytes of the write-ahead log: segments of a fixed size, filled with zeros before use, each holding batches one after
// another. A batch is one group commit. Pure: bytes in, bytes or a verdict out; `wal.ts` does the reading and writing.
//
//   segment   "MINOSWAL", u32 version, u32 segment number, u32 salt, u32 CRC of these
//   batch     u32 magic, u32 payload length, u32 sequence (low), u32 sequence (high), u32 CRC of salt, header and payload,
//             payload, zeros up to the next multiple of 8
//
// The salt is drawn with the data directory's identity and enters every checksum, so that nothing a client stores can look
// like a batch.
import { crc32c } from "./crc32c.js";

export const segmentHeaderBytes = 24;
export const batchHeaderBytes = 20;
const alignment = 8;
const segmentMagic = Buffer.from("MINOSWAL", "latin1");
const segmentVersion = 1;
const batchMagic = 0x5a7c_4257;

export function segmentHeader(segment: number, salt: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(header, 0);
  header.writeUInt32LE(segmentVersion, 8);
  header.writeUInt32LE(segment, 12);
  header.writeUInt32LE(salt, 16);
  header.writeUInt32LE(crc32c(header, 0, 20), 20);
  return header;
}

export function isSegmentHeader(bytes: Buffer, segment: number, salt: number): boolean {
  return (
    bytes.length >= segmentHeaderBytes && segmentHeader(segment, salt).equals(bytes.subarray(0, segmentHeaderBytes))
  );
}

/** Bytes that a batch with this payload takes in its segment. */
export function batchBytes(payloadLength: number): number {
  return Math.ceil((batchHeaderBytes + payloadLength) / alignment) * alignment;
}

/** Into the beginning of `space`, if it is long enough; otherwise into new bytes. */
export function encodeBatch(sequence: number, payload: Uint8Array, salt: number, space?: Buffer): Buffer {
  const length = batchBytes(payload.length);
  const batch = space !== undefined && space.length >= length ? space.subarray(0, length) : Buffer.allocUnsafe(length);
  batch.fill(0, batchHeaderBytes + payload.length);
  batch.writeUInt32LE(batchMagic, 0);
  batch.writeUInt32LE(payload.length, 4);
  batch.writeUInt32LE(sequence % 2 ** 32, 8);
  batch.writeUInt32LE(Math.floor(sequence / 2 ** 32), 12);
  batch.set(payload, batchHeaderBytes);
  batch.writeUInt32LE(batchChecksum(batch, 0, payload.length, salt), 16);
  return batch;
}

function batchChecksum(bytes: Buffer, at: number, payloadLength: number, salt: number): number {
  const header = crc32c(bytes, at, at + 16, salt);
  return crc32c(bytes, at + batchHeaderBytes, at + batchHeaderBytes + payloadLength, header);
}

export interface Batch {
  readonly sequence: number;
  readonly payload: Buffer;
  /** Where the next batch begins. */
  readonly end: number;
}

/** The batch at `at`, or null when none stands there whole. */
export function readBatch(segment: Buffer, at: number, salt: number): Batch | null {
  if (at + batchHeaderBytes > segment.length || segment.readUInt32LE(at) !== batchMagic) return null;
  const length = segment.readUInt32LE(at + 4);
  if (at + batchHeaderBytes + length > segment.length) return null;
  if (segment.readUInt32LE(at + 16) !== batchChecksum(segment, at, length, salt)) return null;
  const sequence = segment.readUInt32LE(at + 8) + segment.readUInt32LE(at + 12) * 2 ** 32;
  const start = at + batchHeaderBytes;
  return { sequence, payload: segment.subarray(start, start + length), end: at + batchBytes(length) };
}

/** The first valid batch at or after `from` whose sequence number is greater than `sequence`. */
function findLaterBatch(segment: Buffer, from: number, sequence: number, salt: number): Batch | null {
  for (let at = from; at + batchHeaderBytes <= segment.length; at += alignment) {
    if (segment.readUInt32LE(at) !== batchMagic) continue;
    const batch = readBatch(segment, at, salt);
    if (batch !== null && batch.sequence > sequence) return batch;
  }
  return null;
}

export interface Segment {
  readonly number: number;
  readonly bytes: Buffer;
}

export type LogScan =
  | {
      readonly ok: true;
      readonly payloads: readonly Buffer[];
      /** Sequence number of the next batch. */
      readonly nextSequence: number;
      /** Where it goes. */
      readonly segment: number;
      readonly offset: number;
      /** Segments that hold bytes of a torn batch at or after that place: to be zeroed before anything is written. */
      readonly torn: readonly { readonly segment: number; readonly from: number }[];
    }
  | { readonly ok: false; readonly error: string };

/**
 * Reads a whole log. A bad batch with no later-numbered valid batch after it is a torn tail: a batch is only written once
 * the one before it is durable, so nothing that anybody was told of can be lost with it. With a later one after it, durable
 * bytes have changed: corruption.
 */
export function scanLog(segments: readonly Segment[], salt: number): LogScan {
  const payloads: Buffer[] = [];
  let sequence = 1;
  for (const [position, segment] of segments.entries()) {
    if (segment.number !== position + 1) return corrupt(`segment ${position + 1} is missing`);
    if (!isSegmentHeader(segment.bytes, segment.number, salt))
      return corrupt(`the header of segment ${segment.number} is damaged`);
  }
  for (const [position, segment] of segments.entries()) {
    let at = segmentHeaderBytes;
    for (;;) {
      const batch = readBatch(segment.bytes, at, salt);
      if (batch === null || batch.sequence !== sequence) break;
      payloads.push(batch.payload);
      sequence++;
      at = batch.end;
    }
    const clean = isZero(segment.bytes, at);
    const next = segments[position + 1];
    // The rest was too short for batch `sequence`, which begins the next segment.
    if (clean && next !== undefined && readBatch(next.bytes, segmentHeaderBytes, salt)?.sequence === sequence) continue;
    const later = laterBatch(segments.slice(position), at, sequence, salt);
    if (later !== null)
      return corrupt(
        `batch ${sequence} in segment ${segment.number} at byte ${at} is damaged, but batch ${later} after it is whole`,
      );
    const torn = segments
      .slice(position)
      .map((each, index) => ({ segment: each, from: index === 0 ? at : segmentHeaderBytes }))
      .filter((each) => !isZero(each.segment.bytes, each.from))
      .map((each) => ({ segment: each.segment.number, from: each.from }));
    return { ok: true, payloads, nextSequence: sequence, segment: segment.number, offset: at, torn };
  }
  return corrupt("there is no segment");
}

/** Sequence number of a valid batch above `sequence` behind `at` of the first segment or in a later one; null: none. */
function laterBatch(segments: readonly Segment[], at: number, sequence: number, salt: number): number | null {
  for (const [position, segment] of segments.entries()) {
    const found = findLaterBatch(segment.bytes, position === 0 ? at : segmentHeaderBytes, sequence, salt);
    if (found !== null) return found.sequence;
  }
  return null;
}

function isZero(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

function corrupt(error: string): LogScan {
  return { ok: false, error: `the write-ahead log is corrupt: ${error}` };
}

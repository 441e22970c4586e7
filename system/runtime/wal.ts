// The write-ahead log on disk: group commit with fdatasync on segments that were filled with zeros beforehand, so that a
// commit changes no metadata. At most one batch is between write and fdatasync at any time; whatever is appended meanwhile
// becomes the next batch. A failed write or fdatasync is reported once and nothing is written after it: what the page cache
// holds then is anybody's guess, so the node has to stop.
import * as fs from "node:fs";
import { join } from "node:path";

import { encodeBatch, scanLog, segmentHeader, segmentHeaderBytes } from "./wal-format.js";
import type { Segment } from "./wal-format.js";

/** The first segment is small, because a node's first boot waits for its zeros; the later ones are made in the background. */
const firstSegmentBytes = 1024 * 1024;
const segmentBytes = 16 * 1024 * 1024;
const zeroChunk = Buffer.alloc(1024 * 1024);
/** Batches up to this length share one buffer, as there is only one at a time. */
const sharedBatchBytes = 1024 * 1024;
/** Encoded bytes that may wait for one fdatasync. */
const maximumPendingBytes = 1024 * 1024 * 1024;

/** The calls that tests replace to make a disk fail. */
export interface DiskCalls {
  writeSync(file: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  fdatasync(file: number, done: (error: Error | null) => void): void;
}

const realDisk: DiskCalls = {
  writeSync: (file, bytes, offset, length, position) => fs.writeSync(file, bytes, offset, length, position),
  fdatasync: (file, done) => fs.fdatasync(file, done),
};

export interface LogListener {
  /** Every append up to and including this number is durable. */
  durable(write: number): void;
  /** The disk failed; the log takes nothing more. */
  failed(error: Error): void;
}

export interface LogCounters {
  batches: number;
  fdatasyncs: number;
  bytes: number;
}

export interface OpenedLog {
  readonly log: WriteAheadLog;
  /** Payloads of all durable batches, in order. */
  readonly payloads: readonly Buffer[];
  /** A torn tail was cut. */
  readonly cut: boolean;
}

interface Open {
  readonly number: number;
  readonly file: number;
  readonly size: number;
  offset: number;
}

/** Raised when the log on disk cannot be trusted. */
export class CorruptLogError extends Error {
  override readonly name = "CorruptLogError";
}

export class WriteAheadLog {
  readonly counters: LogCounters = { batches: 0, fdatasyncs: 0, bytes: 0 };
  readonly #directory: string;
  readonly #salt: number;
  readonly #disk: DiskCalls;
  readonly #space = Buffer.allocUnsafe(sharedBatchBytes);
  #current: Open;
  #next: Open | null = null;
  #preparing = false;
  #sequence: number;
  #waitingForSegment: Buffer | null = null;
  #inFlightWrite: number | null = null;
  #listener: LogListener | null = null;
  #failed = false;
  #closed = false;

  private constructor(
    directory: string,
    salt: number,
    disk: DiskCalls,
    current: Open,
    next: Open | null,
    sequence: number,
  ) {
    this.#directory = directory;
    this.#salt = salt;
    this.#disk = disk;
    this.#current = current;
    this.#next = next;
    this.#sequence = sequence;
  }

  /** Reads the log, cuts a torn tail, and makes it ready for writing. Throws CorruptLogError. */
  static open(directory: string, salt: number, disk: DiskCalls = realDisk): OpenedLog {
    fs.mkdirSync(directory, { recursive: true });
    const names = fs.readdirSync(directory);
    for (const name of names) if (name.endsWith(".tmp")) fs.unlinkSync(join(directory, name));
    if (!names.some((name) => name.endsWith(".wal"))) createSegmentSync(directory, 1, salt, firstSegmentBytes);
    const segments = readSegments(directory);
    const scan = scanLog(segments, salt);
    if (!scan.ok) throw new CorruptLogError(scan.error);
    refuseShortened(segments);
    for (const { segment, from } of scan.torn) zeroFrom(join(directory, segmentName(segment)), from);
    // At most one empty segment lies after the current one, since the next but one is only made when that is in use.
    const open = (number: number, offset: number): Open | null => {
      const size = segments[number - 1]?.bytes.length;
      if (size === undefined) return null;
      return { number, file: fs.openSync(join(directory, segmentName(number)), "r+"), size, offset };
    };
    const current = open(scan.segment, scan.offset);
    if (current === null) throw new CorruptLogError("the write-ahead log has no segment");
    const next = open(scan.segment + 1, segmentHeaderBytes);
    const log = new WriteAheadLog(directory, salt, disk, current, next, scan.nextSequence);
    return { log, payloads: scan.payloads, cut: scan.torn.length > 0 };
  }

  listen(listener: LogListener): void {
    this.#listener = listener;
  }

  /** True while a batch is between write and fdatasync: a commit now would be refused. */
  get busy(): boolean {
    return this.#inFlightWrite !== null || this.#waitingForSegment !== null;
  }

  /**
   * Writes one batch that holds everything up to write number `write`, and reports it through the listener once it is durable. Only when
   * not busy, so that the caller gathers meanwhile: that is the group commit.
   */
  commit(write: number, payload: Uint8Array): void {
    if (this.#failed || this.#closed) return;
    if (this.busy) throw new Error("a batch was committed before the last one was durable");
    if (payload.length > maximumPendingBytes) throw new Error(`a batch of ${payload.length} bytes is above the limit`);
    this.#inFlightWrite = write;
    this.#place(encodeBatch(this.#sequence, payload, this.#salt, this.#space));
  }

  /** Closes the files. A batch in flight is abandoned: nobody has been told of it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const open of [this.#current, this.#next]) if (open !== null) fs.closeSync(open.file);
  }

  #place(batch: Buffer): void {
    const fits = this.#current.offset + batch.length <= this.#current.size;
    // A batch longer than a segment makes a fresh one grow: fdatasync then writes the new size as well.
    const fresh = this.#current.offset === segmentHeaderBytes;
    if (!fits && !fresh) {
      if (this.#next === null) {
        this.#waitingForSegment = batch;
        this.#prepareNext();
        return;
      }
      fs.closeSync(this.#current.file);
      this.#current = this.#next;
      this.#next = null;
    }
    this.#write(batch);
  }

  #write(batch: Buffer): void {
    const target = this.#current;
    try {
      for (let done = 0; done < batch.length;)
        done += this.#disk.writeSync(target.file, batch, done, batch.length - done, target.offset + done);
    } catch (error) {
      this.#fail("write", error);
      return;
    }
    target.offset += batch.length;
    this.#sequence++;
    this.counters.batches++;
    this.counters.bytes += batch.length;
    this.counters.fdatasyncs++;
    this.#disk.fdatasync(target.file, (error) => this.#synced(error));
    if (this.#next === null && target.offset * 2 > target.size) this.#prepareNext();
  }

  #synced(error: Error | null): void {
    if (this.#closed || this.#failed) return;
    if (error !== null) {
      this.#fail("fdatasync", error);
      return;
    }
    const write = this.#inFlightWrite;
    this.#inFlightWrite = null;
    if (write !== null) this.#listener?.durable(write);
  }

  #prepareNext(): void {
    if (this.#preparing) return;
    this.#preparing = true;
    const number = this.#current.number + 1;
    createSegment(this.#directory, number, this.#salt, segmentBytes).then(
      () => this.#prepared(number),
      (error: unknown) => this.#fail("making a segment", error),
    );
  }

  #prepared(number: number): void {
    this.#preparing = false;
    if (this.#closed || this.#failed) return;
    const file = fs.openSync(join(this.#directory, segmentName(number)), "r+");
    this.#next = { number, file, size: segmentBytes, offset: segmentHeaderBytes };
    const waiting = this.#waitingForSegment;
    this.#waitingForSegment = null;
    if (waiting !== null) this.#place(waiting);
  }

  #fail(what: string, error: unknown): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#listener?.failed(new Error(`the disk failed: ${what}: ${reason}`));
  }
}

function segmentName(number: number): string {
  return `${String(number).padStart(8, "0")}.wal`;
}

function readSegments(directory: string): readonly Segment[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /^\d{8}\.wal$/.test(name))
    .sort()
    .map((name) => ({ number: Number(name.slice(0, 8)), bytes: fs.readFileSync(join(directory, name)) }));
}

/**
 * A segment has its full size, durably, before it has its name, and never shrinks: a shorter one has lost its end to something else than a
 * crash, and what stood there cannot be told from a torn tail any more.
 */
function refuseShortened(segments: readonly Segment[]): void {
  for (const { number, bytes } of segments) {
    const size = number === 1 ? firstSegmentBytes : segmentBytes;
    if (bytes.length < size)
      throw new CorruptLogError(
        `the write-ahead log is corrupt: segment ${number} has ${bytes.length} bytes instead of at least ${size}`,
      );
  }
}

/** A segment appears under its name only whole: written, synced, renamed, directory synced. */
function createSegmentSync(directory: string, number: number, salt: number, size: number): void {
  const path = join(directory, segmentName(number));
  const file = fs.openSync(`${path}.tmp`, "w");
  for (let at = 0; at < size; at += zeroChunk.length) fs.writeSync(file, zeroChunk, 0, zeroChunk.length, at);
  fs.writeSync(file, segmentHeader(number, salt), 0, segmentHeaderBytes, 0);
  fs.fsyncSync(file);
  fs.closeSync(file);
  fs.renameSync(`${path}.tmp`, path);
  syncDirectory(directory);
}

async function createSegment(directory: string, number: number, salt: number, size: number): Promise<void> {
  const path = join(directory, segmentName(number));
  const file = await fs.promises.open(`${path}.tmp`, "w");
  try {
    // In chunks, each synced by itself, so that the commits going on meanwhile do not wait behind all of it.
    for (let at = 0; at < size; at += zeroChunk.length) {
      await file.write(zeroChunk, 0, zeroChunk.length, at);
      await file.datasync();
    }
    await file.write(segmentHeader(number, salt), 0, segmentHeaderBytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.promises.rename(`${path}.tmp`, path);
  const opened = await fs.promises.open(directory, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

function zeroFrom(path: string, from: number): void {
  const file = fs.openSync(path, "r+");
  const size = fs.fstatSync(file).size;
  for (let at = from; at < size; at += zeroChunk.length)
    fs.writeSync(file, zeroChunk, 0, Math.min(zeroChunk.length, size - at), at);
  fs.fsyncSync(file);
  fs.closeSync(file);
}

export function syncDirectory(directory: string): void {
  const opened = fs.openSync(directory, "r");
  fs.fsyncSync(opened);
  fs.closeSync(opened);
}

// Shows what the write-ahead log gives back after every kind of damage: a torn tail is cut, damage before a later whole batch
// is corruption, a failing disk stops the log, and one batch is durable before the next is written.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { batchBytes, encodeBatch, readBatch, scanLog, segmentHeader, segmentHeaderBytes } from "./wal-format.js";
import { CorruptLogError, WriteAheadLog } from "./wal.js";
import type { DiskCalls } from "./wal.js";

const salt = 0x1234_5678;
let directory = "";

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "minos-wal-"));
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

/** Commits one payload and waits until it is durable. */
async function commit(log: WriteAheadLog, write: number, payload: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    log.listen({ durable: () => resolve(), failed: reject });
    log.commit(write, typeof payload === "string" ? Buffer.from(payload) : payload);
  });
}

async function write(payloads: readonly string[]): Promise<void> {
  const { log } = WriteAheadLog.open(directory, salt);
  for (const [index, payload] of payloads.entries()) await commit(log, index + 1, payload);
  log.close();
}

function reopen(): readonly string[] {
  const { log, payloads } = WriteAheadLog.open(directory, salt);
  log.close();
  return payloads.map((payload) => payload.toString());
}

const segmentPath = (number = 1): string => join(directory, `${String(number).padStart(8, "0")}.wal`);

/** Changes bytes of a segment in place. */
function damage(at: number, bytes: Uint8Array): void {
  const file = fs.openSync(segmentPath(), "r+");
  fs.writeSync(file, bytes, 0, bytes.length, at);
  fs.closeSync(file);
}

describe("the write-ahead log", () => {
  it("gives back every durable batch in order", async () => {
    await write(["one", "two", "three"]);
    expect(reopen()).toEqual(["one", "two", "three"]);
  });

  it("goes on where it stopped", async () => {
    await write(["one"]);
    await write(["two"]);
    expect(reopen()).toEqual(["one", "two"]);
  });

  it("cuts a torn last batch at whatever byte it was torn, and writes over it", async () => {
    const second = segmentHeaderBytes + batchBytes(3);
    const whole = encodeBatch(2, Buffer.from("the second batch"), salt);
    await write(["one"]);
    for (let kept = 1; kept < whole.length - 4; kept++) {
      // As it was before the round before, and the torn part: a directory of its own for each would be fsynced hundreds of times.
      damage(second, Buffer.alloc(4096));
      damage(second, whole.subarray(0, kept));
      const { log, payloads, cut } = WriteAheadLog.open(directory, salt);
      expect(payloads.map(String)).toEqual(["one"]);
      expect(cut).toBe(true);
      await commit(log, 1, "2");
      log.close();
      expect(reopen()).toEqual(["one", "2"]);
    }
  });

  it("takes a torn batch whose later sectors reached the disk first for a torn tail", async () => {
    await write(["one"]);
    damage(segmentHeaderBytes + batchBytes(3) + 512, Buffer.alloc(512, 0xaa));
    expect(reopen()).toEqual(["one"]);
    expect(
      fs
        .readFileSync(segmentPath())
        .subarray(segmentHeaderBytes + batchBytes(3))
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it("refuses to start when a batch before a whole one is damaged, at whatever byte", async () => {
    await write(["one", "two", "three"]);
    const start = segmentHeaderBytes + batchBytes(3);
    const original = fs.readFileSync(segmentPath());
    // The padding behind the payload carries nothing, so its change is no damage.
    for (let at = start; at < start + 23; at++) {
      damage(at, Buffer.from([original.readUInt8(at) ^ 0x01]));
      expect(() => WriteAheadLog.open(directory, salt), `byte ${at}`).toThrow(CorruptLogError);
      damage(at, original.subarray(at, at + 1));
    }
    expect(reopen()).toEqual(["one", "two", "three"]);
  });

  it("says where the corruption is", async () => {
    await write(["one", "two", "three"]);
    damage(segmentHeaderBytes + batchBytes(3), Buffer.alloc(4));
    expect(() => WriteAheadLog.open(directory, salt)).toThrow(
      "the write-ahead log is corrupt: batch 2 in segment 1 at byte 48 is damaged, but batch 3 after it is whole",
    );
  });

  it("refuses a damaged or missing segment", async () => {
    await write(["one"]);
    damage(3, Buffer.from("x"));
    expect(() => WriteAheadLog.open(directory, salt)).toThrow("the header of segment 1 is damaged");
    fs.renameSync(segmentPath(1), segmentPath(2));
    expect(() => WriteAheadLog.open(directory, salt)).toThrow("segment 1 is missing");
  });

  it("does not take a client's bytes for a batch, since its checksums are salted", () => {
    const forged = encodeBatch(9, Buffer.from("forged"), salt + 1);
    const torn = encodeBatch(1, forged, salt).subarray(0, forged.length + 21);
    const bytes = Buffer.alloc(4096);
    segmentHeader(1, salt).copy(bytes);
    torn.copy(bytes, segmentHeaderBytes);
    bytes.writeUInt8(bytes.readUInt8(segmentHeaderBytes + 12) ^ 1, segmentHeaderBytes + 12);
    expect(scanLog([{ number: 1, bytes }], salt)).toMatchObject({ ok: true, payloads: [], nextSequence: 1 });
    expect(readBatch(forged, 0, salt + 1)?.sequence).toBe(9);
  });

  it("goes on in the next segment, and holds a batch longer than one", async () => {
    const { log } = WriteAheadLog.open(directory, salt);
    const large = [Buffer.alloc(700_000, 1), Buffer.alloc(600_000, 2), Buffer.alloc(18_000_000, 3), Buffer.alloc(9, 4)];
    for (const [index, payload] of large.entries()) await commit(log, index + 1, payload);
    log.close();
    const again = WriteAheadLog.open(directory, salt);
    expect(again.payloads.map((payload) => [payload.length, payload[0]])).toEqual(
      large.map((payload) => [payload.length, payload[0]]),
    );
    expect(again.cut).toBe(false);
    await commit(again.log, 1, "more");
    again.log.close();
    expect(reopen().at(-1)).toBe("more");
  });
});

describe("the disk", () => {
  /** A disk whose fdatasync answers when told to, and with what it is told. */
  function manualDisk(): { disk: DiskCalls; syncs: ((error: Error | null) => void)[]; writes: number[] } {
    const syncs: ((error: Error | null) => void)[] = [];
    const writes: number[] = [];
    const disk: DiskCalls = {
      writeSync: (file, bytes, offset, length, position) => {
        writes.push(position);
        return fs.writeSync(file, bytes, offset, length, position);
      },
      fdatasync: (_file, done) => syncs.push(done),
    };
    return { disk, syncs, writes };
  }

  it("has one batch durable before the next is written", () => {
    const { disk, syncs, writes } = manualDisk();
    const { log } = WriteAheadLog.open(directory, salt, disk);
    const durable: number[] = [];
    log.listen({ durable: (write) => durable.push(write), failed: (error) => expect.unreachable(error.message) });
    log.commit(1, Buffer.from("one"));
    expect(log.busy).toBe(true);
    expect(() => log.commit(2, Buffer.from("two"))).toThrow("before the last one was durable");
    expect(writes).toHaveLength(1);
    expect(durable).toEqual([]);
    syncs[0]?.(null);
    expect(durable).toEqual([1]);
    log.commit(2, Buffer.from("two"));
    expect(writes).toHaveLength(2);
    log.close();
  });

  it("that fails an fdatasync is reported once, and nothing is written or called durable after it", () => {
    const { disk, syncs, writes } = manualDisk();
    const { log } = WriteAheadLog.open(directory, salt, disk);
    const failures: string[] = [];
    log.listen({ durable: () => expect.unreachable(), failed: (error) => failures.push(error.message) });
    log.commit(1, Buffer.from("one"));
    syncs[0]?.(new Error("EIO"));
    log.commit(2, Buffer.from("two"));
    expect(failures).toEqual(["the disk failed: fdatasync: EIO"]);
    expect(writes).toHaveLength(1);
    log.close();
  });

  it("that fails a write is reported, and no fdatasync follows", () => {
    const { disk, syncs } = manualDisk();
    const full: DiskCalls = {
      ...disk,
      writeSync: () => {
        throw new Error("ENOSPC");
      },
    };
    const { log } = WriteAheadLog.open(directory, salt, full);
    const failures: string[] = [];
    log.listen({ durable: () => expect.unreachable(), failed: (error) => failures.push(error.message) });
    log.commit(1, Buffer.from("one"));
    expect(failures).toEqual(["the disk failed: write: ENOSPC"]);
    expect(syncs).toHaveLength(0);
    log.close();
  });

  it("that writes in parts gets the rest", async () => {
    const { disk, syncs } = manualDisk();
    const slow: DiskCalls = {
      ...disk,
      writeSync: (file, bytes, offset, length, position) =>
        fs.writeSync(file, bytes, offset, Math.min(length, 5), position),
    };
    const { log } = WriteAheadLog.open(directory, salt, slow);
    log.listen({ durable: () => undefined, failed: (error) => expect.unreachable(error.message) });
    log.commit(1, Buffer.from("a longer payload"));
    syncs[0]?.(null);
    log.close();
    expect(reopen()).toEqual(["a longer payload"]);
  });
});

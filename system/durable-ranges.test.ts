// Shows, with data directories that the store's own log wrote, which bytes on a stopped node's disk must be noticed when they change: each
// bit of every batch but the last, as its reader says; and that nothing else is offered.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DiskFile } from "../cluster/index.js";
import { durableRanges } from "./durable-ranges.js";
import { openDataDirectory } from "./runtime/data-directory.js";
import { CorruptLogError, type WriteAheadLog } from "./runtime/wal.js";

const owner = { cluster: "c", configuration: "one", node: "n1" };
let directory = "";

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "minos-ranges-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

async function commit(log: WriteAheadLog, write: number, payload: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    log.listen({ durable: () => resolve(), failed: reject });
    log.commit(write, Buffer.from(payload));
  });
}

async function writeLog(payloads: readonly string[]): Promise<void> {
  const { log } = openDataDirectory(directory, owner).opened;
  for (const [index, payload] of payloads.entries()) await commit(log, index + 1, payload);
  log.close();
}

const names = (): readonly string[] => [
  "node.json",
  ...fs.readdirSync(join(directory, "wal")).map((name) => `wal/${name}`),
];
const read = (): readonly DiskFile[] =>
  names().map((path) => ({ path, bytes: fs.readFileSync(join(directory, path)) }));

/** What the log gives back when it is opened. */
function reopen(): readonly string[] {
  const { log, payloads } = openDataDirectory(directory, owner).opened;
  log.close();
  return payloads.map((payload) => payload.toString());
}

const payloads = ["one", "number two", "3"];

test("each bit of every range is noticed when it changes", async () => {
  await writeLog(payloads);
  const [file] = read().filter(({ path }) => path.startsWith("wal/"));
  const ranges = durableRanges(read());
  expect(ranges.map(({ from, to }) => to - from)).toEqual([20 + 3, 20 + 10]);
  for (const { path, from, to } of ranges) {
    expect(path).toBe(file?.path);
    for (let bit = 8 * from; bit < 8 * to; bit += 1) {
      const changed = Buffer.from(file?.bytes ?? expect.fail("no log"));
      const at = Math.floor(bit / 8);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (bit % 8)), at);
      fs.writeFileSync(join(directory, path), changed);
      expect(reopen, `bit ${bit % 8} of byte ${at}`).toThrow(CorruptLogError);
    }
  }
});

test("a file that was cut anywhere is noticed, the last batch and the space behind it included", async () => {
  await writeLog(payloads);
  const [{ path, bytes }] = read().filter((file) => file.path.startsWith("wal/")) as [DiskFile];
  const ends = [...Array.from({ length: 150 }, (_, at) => at), bytes.length / 2, bytes.length - 1];
  for (const end of ends) {
    fs.writeFileSync(join(directory, path), bytes.subarray(0, end));
    expect(reopen, `cut at ${end}`).toThrow(CorruptLogError);
  }
  fs.writeFileSync(join(directory, path), bytes);
  expect(reopen()).toEqual(payloads);
});

test("the last batch is offered by no range: without it the log ends earlier and says nothing", async () => {
  await writeLog(payloads);
  const last = durableRanges(read()).at(-1) ?? expect.fail("no range");
  const path = join(directory, last.path);
  const bytes = fs.readFileSync(path);
  const at = bytes.indexOf("3", last.to + 20);
  expect(at).toBeGreaterThan(last.to);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  fs.writeFileSync(path, bytes);
  expect(reopen()).toEqual(payloads.slice(0, 2));
});

test("a log of one batch or none, and a directory that is empty, have none", async () => {
  expect(durableRanges([])).toEqual([]);
  await writeLog([]);
  expect(durableRanges(read())).toEqual([]);
  await writeLog(["one"]);
  expect(durableRanges(read())).toEqual([]);
});

// Shows that M22 plants its bug, which no core sees: the patched write-ahead log reads back a batch of which only some sectors reached
// the disk. A node that starts from it serves a value that nobody wrote; the shipped one starts from what was durable.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judge, type Verdict } from "../checker/index.js";
import type { HistoryEvent } from "../history/index.js";
import type { ClientResponse, Command, DurableState, KvOperation, Value } from "../system/core/index.js";
import * as shippedReplay from "../system/runtime/replay.js";
import * as shippedWal from "../system/runtime/wal.js";
import { batchBytes, encodeBatch, segmentHeaderBytes } from "../system/runtime/wal-format.js";
import { LoneCore, ballot, openSession, tableOf } from "../system/testing/lone-core.js";
import { buildMutant } from "./index.js";
import { mutantNamed } from "./testing/build-all.js";
import { sceneHeader } from "./testing/play.js";

/** What of the runtime stands between disk and core. */
type Storage = Pick<typeof shippedWal, "WriteAheadLog"> & Pick<typeof shippedReplay, "replay">;

const SALT = 0x5eed;
const SECTOR = 512;
const written = "a".repeat(4 * SECTOR);

let folder = "";
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "minos-torn-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

async function patchedStorage(): Promise<Storage> {
  const file = await buildMutant({
    mutant: mutantNamed("M22"),
    sourceDirectory: "system",
    outDirectory: join(folder, "M22"),
    build: async (tree, out) => {
      const contents = `export { WriteAheadLog } from "./runtime/wal.js"; export { replay } from "./runtime/replay.js";`;
      const outfile = join(out, "storage.mjs");
      const resolve = { "msgpackr/pack": join(process.cwd(), "node_modules/msgpackr/index.js") };
      await esbuild.build({
        stdin: { contents, resolveDir: tree },
        alias: resolve,
        outfile,
        bundle: true,
        platform: "node",
        format: "esm",
      });
      return outfile;
    },
  });
  return (await import(pathToFileURL(file).href)) as Storage;
}

function put(value: Value): Command {
  const waiter = { origin: ballot(1, 1).node, incarnation: 1, connection: 1, id: 1 };
  const operation: KvOperation = { function: "put", key: "k", value };
  return { type: "operation", session: 0, number: 1, acknowledgedBelow: 1, operation, waiter };
}

/** A node alone in its group: its session's batch is durable, of the batch with its first write only every other sector is there. */
function tornDirectory(name: string): string {
  const directory = join(folder, name);
  shippedWal.WriteAheadLog.open(directory, SALT).log.close();
  const own = ballot(1, 1);
  const first = shippedReplay.encodeOperations([
    { type: "table", table: tableOf(1, 1) },
    { type: "promised", ballot: own },
    { type: "accepted", ballot: own },
    { type: "append", index: 0, commands: [openSession] },
    { type: "decided", length: 1 },
  ]);
  const second = shippedReplay.encodeOperations([{ type: "append", index: 1, commands: [put(written)] }]);
  const torn = Buffer.from(encodeBatch(2, second, SALT));
  torn.fill(0, 2 * SECTOR, 3 * SECTOR);
  const file = fs.openSync(join(directory, "00000001.wal"), "r+");
  fs.writeSync(file, encodeBatch(1, first, SALT), 0, batchBytes(first.length), segmentHeaderBytes);
  fs.writeSync(file, torn, 0, torn.length, segmentHeaderBytes + batchBytes(first.length));
  fs.closeSync(file);
  return directory;
}

/** The node starts from that disk, takes over, and its client reads the key. */
function readAfterRestart(storage: Storage, directory: string): Extract<ClientResponse, { type: "result" }> {
  const { log, payloads } = storage.WriteAheadLog.open(directory, SALT);
  log.close();
  const state: DurableState = storage.replay(payloads);
  const node = new LoneCore({ node: 1, nodes: 1, incarnation: 2, state });
  for (let tick = 0; tick < 50 && node.status.phase !== "accept"; tick += 1) node.tick(1).persist();
  node.request({
    type: "operation",
    id: 2,
    group: 0,
    session: 0,
    number: 2,
    acknowledgedBelow: 1,
    operation: { function: "get", key: "k" },
  });
  node.persist();
  const result = node.replies.map(({ response }) => response).find((response) => response.type === "result");
  if (result === undefined) throw new Error("the read was not answered");
  return result;
}

/** The writer never heard an answer; the reader did. */
function verdictOf(read: Value): Verdict {
  const put = { process: 0, function: "put", key: "k" } as const;
  const get = { process: 1, function: "get", key: "k" } as const;
  const events: HistoryEvent[] = [
    sceneHeader,
    { type: "invoke", time: 1, thread: 0, node: "n1", input: written, ...put },
    { type: "info", time: 2, output: null, error: "timeout", ...put },
    { type: "invoke", time: 3, thread: 1, node: "n1", input: null, ...get },
    { type: "ok", time: 4, output: read, ...get },
  ];
  return judge({ mode: "history", events, model: "cas-register", initial: null });
}

test("the shipped store cuts the torn batch and reads what was durable", () => {
  const { result } = readAfterRestart({ ...shippedWal, ...shippedReplay }, tornDirectory("shipped"));
  expect(result).toMatchObject({ function: "get", found: false });
  expect(verdictOf(null).valid).toBe(true);
});

test("M22 serves a value that nobody wrote, and is convicted of it", async () => {
  const { result } = readAfterRestart(await patchedStorage(), tornDirectory("patched"));
  if (result.function !== "get") throw new Error("not the answer to a read");
  expect(result.value).toHaveLength(written.length);
  expect(result.value).not.toBe(written);
  const { violations } = verdictOf(result.value);
  expect(violations.map((violation) => violation.class)).toEqual(["value from nowhere"]);
  expect(mutantNamed("M22").classes).toContain("value from nowhere");
});

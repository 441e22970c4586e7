// Shows `minos maelstrom` as Maelstrom would use it: three processes on standard streams, a network that is late and lossy and cuts one of
// them off for a while, clients on all of them; what they were told is linearizable, and would not be if one answer were another.
import { resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { check } from "../checker/index.js";
import type { Operation } from "../history/index.js";
import { linKvLoad, MaelstromNetwork } from "./testing/maelstrom.js";

test("three nodes behind a poor network serve lin-kv and stay linearizable while one is cut off", async () => {
  const network = new MaelstromNetwork({
    command: [process.execPath, resolve("dist/cli/main.js"), "maelstrom"],
    nodes: 3,
    seed: 1,
    latencyMs: 20,
    lossShare: 0.02,
  });
  onTestFinished(() => network.stop());
  await network.start();
  const cutting = [setTimeout(() => (network.cutOff = "n1"), 3_000), setTimeout(() => (network.cutOff = null), 6_000)];
  onTestFinished(() => cutting.forEach(clearTimeout));
  const operations = await linKvLoad(network, { seed: 1, threads: 6, forMs: 9_000, timeoutMs: 1_000 });
  expect(network.errors).toBe("");
  const ok = operations.filter(({ outcome }) => outcome === "ok");
  expect(ok.length).toBeGreaterThan(60);
  expect(new Set(ok.map((operation) => operation.function))).toEqual(new Set(["get", "put", "cas"]));
  expect((await check(operations, "cas-register", { initial: null })).valid).toBe(true);

  const read = ok.find((operation) => operation.function === "get" && operation.output !== null);
  expect(read).toBeDefined();
  const lie = operations.map((operation): Operation => (operation === read ? { ...operation, output: 99 } : operation));
  expect((await check(lie, "cas-register", { initial: null })).valid).toBe(false);
});

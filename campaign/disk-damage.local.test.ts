// Shows on real processes that a store whose disk was damaged or emptied refuses for good, while the others serve; and that one which does
// not look at its log comes back as a member, so that it is asked for everything that the others are asked for.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { createLocalCluster } from "../local/index.js";
import { systemNamed } from "./systems.js";
import { flipOn, showDiskDamage, showTruncation, withStore } from "./testing/disk-cases.js";

const n5 = nodeNames(5)[4] ?? expect.fail("no node");

test("a bit turned over and an emptied disk are each refused for good, and the others serve", async () => {
  await showDiskDamage(createLocalCluster, await systemNamed("store")(null));
});

test("a log that has lost its end is refused, and the others serve", async () => {
  await showTruncation(createLocalCluster, await systemNamed("store")(null));
});

test("a store that takes damage for a torn tail is not named as refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "minos-careless-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const patch = join(folder, "careless.json");
  const find = "    if (later !== null)\n";
  const replace = "    if (later !== null && later < 0)\n";
  writeFileSync(patch, JSON.stringify({ file: "runtime/wal-format.ts", find, replace }));
  await withStore(createLocalCluster, await systemNamed("store")(patch), async (store) => {
    const { records, healed } = await store.damage([flipOn(n5)]);
    expect(records.at(-1)?.stage).toBe("confirmed-off");
    expect(healed.refused).toEqual([]);
    expect(await store.isReady(n5)).toBe(true);
  });
});

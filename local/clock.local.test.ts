// Shows that faults of a clock change what time a real process has, for that process only, and leave nothing behind on the machine.
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { tinySystem } from "../test/tiny-system/description.js";
import { createLocalCluster } from "./cluster.js";
import { testWithFaketime } from "./testing/require-faketime.js";

const nodes = nodeNames(2);
const [n1 = expect.fail("no node"), n2 = expect.fail("no node")] = nodes;

async function withCluster(
  more: { readonly fakeClocks?: boolean; readonly faketime?: null },
  act: (cluster: ReturnType<typeof createLocalCluster>) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "minos-clock-"));
  const runId = `clock-${process.pid}-${Date.now()}`;
  const cluster = createLocalCluster({ system: tinySystem(), nodes, replication: 2, runId, directory, ...more });
  try {
    await cluster.boot(AbortSignal.timeout(30_000));
    await act(cluster);
  } finally {
    const { leftBehind } = await cluster.teardown();
    await rm(directory, { recursive: true, force: true });
    expect(leftBehind).toEqual([]);
  }
}

testWithFaketime(
  "one node's time jumps, survives its kill, and is right again after a heal; its neighbour and this process notice nothing",
  async () => {
    const pids: number[] = [];
    await withCluster({ fakeClocks: true }, async (cluster) => {
      const offsetOf = async (node: typeof n1): Promise<number> => {
        const { clock } = await cluster.status(node, AbortSignal.timeout(5_000));
        return (clock?.wallMs ?? Number.NaN) - Date.now();
      };
      cluster.onEvent((event) => void (event.type === "started" && event.pid !== null && pids.push(event.pid)));
      await cluster.setClock?.(n1, { how: "jump", offsetMs: -86_400_000 });
      expect(await offsetOf(n1)).toBeLessThan(-86_000_000);
      expect(Math.abs(await offsetOf(n2))).toBeLessThan(10_000);
      await cluster.kill(n1);
      await expect.poll(async () => (await cluster.observeProcess(n1)).state).toBe("exited");
      await cluster.start(n1);
      await expect.poll(() => offsetOf(n1).catch(() => 0), { timeout: 10_000 }).toBeLessThan(-86_000_000);
      await cluster.healEverything();
      expect(Math.abs(await offsetOf(n1))).toBeLessThan(10_000);
    });
    const left = readdirSync("/dev/shm").filter((name) => pids.some((pid) => name.endsWith(`_${pid}`)));
    expect(left).toEqual([]);
  },
);

test("without the library the fault is refused with what to install", async () => {
  await withCluster({ fakeClocks: true, faketime: null }, async (cluster) => {
    expect(cluster.capabilities.clock).toMatchObject({ able: false });
    expect(JSON.stringify(cluster.capabilities.clock)).toContain("apt-get install libfaketime");
    await expect(cluster.setClock?.(n1, { how: "jump", offsetMs: 1_000 })).rejects.toThrow(
      "apt-get install libfaketime",
    );
  });
});

testWithFaketime("a run that did not ask for it has no clock to change", async () => {
  await withCluster({}, async (cluster) => {
    await expect(cluster.setClock?.(n1, { how: "jump", offsetMs: 1_000 })).rejects.toThrow("without a clock");
  });
});

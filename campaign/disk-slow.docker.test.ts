// Shows on real containers that a node's disk is slowed by its control group, measured by what a write takes inside before, while and after,
// that its neighbour's is not, and that the store serves meanwhile and afterwards.
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { createDockerCluster } from "../docker/index.js";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import type { Fault } from "../nemesis/index.js";
import { systemNamed } from "./systems.js";
import { withStore } from "./testing/disk-cases.js";

const three = nodeNames(3);
const n3 = three[2] ?? expect.fail("no node");
const slow: Fault = {
  kind: "disk-slow",
  target: { by: "name", nodes: [n3] },
  rate_kb_per_s: 64,
  at_ms: 0,
  for_ms: 2_000,
};

await describeWithDocker("slow disks in containers", () => {
  test("a write takes long on the slowed node and nowhere else, the store serves, and after the heal it takes what it took before", async () => {
    let beside = Number.POSITIVE_INFINITY;
    const act = async (store: Parameters<Parameters<typeof withStore>[2]>[0]): Promise<void> => {
      const whileOn = async (): Promise<void> => {
        beside = (await store.probeWrites(three[1] ?? n3, 32_000)).tookMs;
        for (let index = 0; index < 5; index += 1) await store.put(`s${index}`, index);
      };
      const { records, healed } = await store.damage([slow], { whileOn });
      expect(
        records.map(({ stage }) => stage),
        JSON.stringify(records),
      ).toEqual(["requested", "confirmed-on", "heal-requested", "confirmed-off"]);
      const [, on, , off] = records.map(
        ({ evidence }) => evidence as { readonly n3: Readonly<Record<string, number>> },
      );
      expect(on?.n3["durable_after_ms"]).toBeGreaterThanOrEqual(250);
      expect(on?.n3["before_ms"]).toBeLessThan(250);
      expect(beside).toBeLessThan(250);
      expect(off?.n3["durable_after_ms"]).toBeLessThan(250);
      expect(healed).toMatchObject({ healed: true, problems: [], refused: [] });
      expect(await store.get("s4")).toBe(4);
    };
    await withStore(createDockerCluster, await systemNamed("store")(null), act, three);
  });
});

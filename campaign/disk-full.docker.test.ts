// Shows on real containers that a disk is filled to its last page and is roomy again afterwards, that a store which can write no more ends
// and says why while the others serve, that this is no crash, and that it comes back with all that was acknowledged.
import { expect, test } from "vitest";
import { nodeNames, type ClusterOptions } from "../cluster/index.js";
import { createDockerCluster } from "../docker/index.js";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { systemNamed } from "./systems.js";
import { withStore } from "./testing/disk-cases.js";

const three = nodeNames(3);
const n3 = three[2] ?? expect.fail("no node");
const limited = (options: ClusterOptions) => createDockerCluster({ ...options, limitedDisks: true });
/** Its log is made longer by a mebibyte and more at a time: so much has to be written before it asks for more. */
const value = (index: number): string => `${index} ${"x".repeat(30_000)}`;
const values = 60;

await describeWithDocker("full disks in containers", () => {
  test("a node whose disk is full ends rather than acknowledge, the others serve, and with room it is back", async () => {
    const whileFull = async (store: Parameters<Parameters<typeof withStore>[2]>[0]): Promise<void> => {
      for (let index = 0; index < values; index += 1) await store.put(`k${index % 4}`, value(index));
      await expect.poll(() => store.isReady(n3), { timeout: 20_000 }).toBe(false);
    };
    await withStore(
      limited,
      await systemNamed("store")(null),
      async (store) => {
        const { records, healed } = await store.damage(
          [{ kind: "disk-full", target: { by: "name", nodes: [n3] }, at_ms: 0, for_ms: 8_000 }],
          { whileOn: () => whileFull(store) },
        );
        expect(
          records.map(({ stage }) => stage),
          JSON.stringify(records),
        ).toEqual(["requested", "confirmed-on", "heal-requested", "confirmed-off"]);
        expect(records[1]?.evidence).toMatchObject({ n3: { free_bytes: 0 } });
        expect(healed).toMatchObject({ healed: true, refused: [] });
        expect(await store.log(n3)).toContain("ENOSPC");
        expect(store.events.filter((event) => event.type === "panic")).toEqual([]);
        expect(store.events.filter((event) => event.type === "exited" && !event.expected)).toEqual([]);
        expect(await store.isReady(n3)).toBe(true);
        expect(await store.get("k0")).toBe(value(values - 4));
      },
      three,
    );
  });

  test("a disk of a limited size is not emptied: its volume would be found again", async () => {
    await withStore(
      limited,
      await systemNamed("store")(null),
      async (store) => {
        const { records } = await store.damage([
          { kind: "wipe-disk", target: { by: "name", nodes: [n3] }, at_ms: 0, for_ms: 300 },
        ]);
        expect(records[1]).toMatchObject({ stage: "unconfirmed" });
      },
      three,
    );
  });
});

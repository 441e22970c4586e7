// Shows that a container's node reads a time of day of its own, keeps it over a kill, and is right again after a heal, while its
// neighbour and this process notice nothing; and that a run which did not ask for it has nothing laid over its nodes.
import { expect, test } from "vitest";
import { findFaketime, installFaketime, nodeName, type NodeName } from "../cluster/index.js";
import { bootTiny, containerOf } from "./testing/boot.js";
import { describeWithDocker } from "./testing/require-docker.js";

const n1 = nodeName("n1");
const n2 = nodeName("n2");
const dayMs = 86_400_000;

await describeWithDocker("clocks in containers", () => {
  test("libfaketime is here, or this says why nothing was shown", ({ skip }) => {
    if (findFaketime() !== null || process.env["MINOS_REQUIRE_DOCKER"] === "1")
      return expect(findFaketime(), installFaketime).not.toBeNull();
    return skip(installFaketime);
  });

  test.skipIf(findFaketime() === null)(
    "one node's time jumps, survives its kill, and is right again after a heal",
    async () => {
      const { cluster } = await bootTiny({ fakeClocks: true });
      const aheadMs = async (node: NodeName): Promise<number> => {
        const { clock } = await cluster.status(node, AbortSignal.timeout(5_000));
        return (clock?.wallMs ?? Number.NaN) - Date.now();
      };
      await cluster.setClock?.(n1, { how: "jump", offsetMs: -dayMs });
      await expect.poll(() => aheadMs(n1)).toBeLessThan(-dayMs + 60_000);
      expect(Math.abs(await aheadMs(n2))).toBeLessThan(60_000);
      await cluster.kill(n1);
      await expect.poll(async () => (await cluster.observeProcess(n1)).state).toBe("exited");
      await cluster.start(n1);
      await expect.poll(() => aheadMs(n1).catch(() => 0), { timeout: 20_000 }).toBeLessThan(-dayMs + 60_000);
      await cluster.healEverything();
      await expect.poll(async () => Math.abs(await aheadMs(n1))).toBeLessThan(60_000);
    },
  );

  test("a run that did not ask for it has no library in its containers and no clock to change", async () => {
    const { cluster, runId } = await bootTiny();
    const { facts } = await containerOf(runId, "n1");
    expect(facts.Config.Env.join()).not.toContain("FAKETIME");
    expect(facts.HostConfig.Binds ?? []).toEqual([]);
    const reason = findFaketime() === null ? "libfaketime is not installed" : "without a clock";
    await expect(cluster.setClock?.(n1, { how: "jump", offsetMs: 1_000 })).rejects.toThrow(reason);
  });
});

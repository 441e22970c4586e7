// Shows on the real engine and kernel that packets of a named link are lost below TCP and those of others are not, by the kernel's own counters
// and by the bytes that come out, that they pass again after a heal, and that the sidecar alone may change rules, in one namespace.
import { expect, test } from "vitest";
import { linkName, nodeName } from "../cluster/index.js";
import { bootTiny, containerOf } from "./testing/boot.js";
import { describeWithDocker } from "./testing/require-docker.js";

const [n1, n2] = [nodeName("n1"), nodeName("n2")];
const cut = { from: n1, to: n2 };

await describeWithDocker("packets of links", () => {
  test("all packets of one link are lost, those between others pass, and after the heal all do", async () => {
    const { cluster, runId } = await bootTiny({ count: 3, packetRules: true });
    const delivered = async () =>
      new Map((await cluster.observeLinks()).map((seen) => [linkName(seen.link), seen.deliveredBytes] as const));
    const grows = async (name: string): Promise<void> => {
      const before = (await delivered()).get(name) ?? 0;
      await expect.poll(async () => (await delivered()).get(name) ?? 0, { timeout: 10_000 }).toBeGreaterThan(before);
    };
    await cluster.dropPackets?.([cut], 100);
    await expect
      .poll(async () => (await cluster.observePackets?.())?.[0]?.droppedPackets ?? 0, { timeout: 10_000 })
      .toBeGreaterThan(5);
    const [counts, ...others] = (await cluster.observePackets?.()) ?? [];
    expect(others).toEqual([]);
    expect(counts?.link).toEqual(cut);
    expect(counts?.offeredPackets).toBe(counts?.droppedPackets);
    for (const name of ["n1>n3", "n3>n1", "n2>n3", "n3>n2"]) await grows(name);
    // What Toxiproxy wrote to a socket counts as delivered and is dropped below it: the rules' own counters tell.
    const later = (await cluster.observePackets?.())?.[0];
    expect(later?.offeredPackets).toBe(later?.droppedPackets);
    const { facts } = await containerOf(runId, "packets");
    expect(facts.HostConfig.CapAdd).toEqual(["NET_ADMIN"]);
    expect(facts.HostConfig.NetworkMode).toMatch(/^container:/);
    await cluster.healEverything();
    expect(await cluster.observePackets?.()).toEqual([]);
    await grows("n1>n2");
  });

  test("a cluster that did not ask for it has no sidecar that could change rules", async () => {
    const { cluster, runId } = await bootTiny({ count: 2 });
    await expect(cluster.dropPackets?.([cut], 10)).rejects.toThrow("without rules for packets");
    await expect(containerOf(runId, "packets")).rejects.toThrow();
  });
});

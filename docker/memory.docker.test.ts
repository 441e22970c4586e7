// Shows that a container's node can be brought to where the kernel ends it for want of memory, that this end is an expected one and told
// apart from a plain kill, and that the node has its memory again afterwards.
import { expect, test } from "vitest";
import { nodeName } from "../cluster/index.js";
import { bootTiny, containerOf } from "./testing/boot.js";
import { describeWithDocker } from "./testing/require-docker.js";

const n1 = nodeName("n1");

await describeWithDocker("memory of containers", () => {
  test("a node is ended by the kernel for want of memory, as expected, and starts again with what it had", async () => {
    const { cluster, events, runId } = await bootTiny({ nodeLimits: { memoryMb: 300 } });
    const ends = () => events.flatMap((event) => (event.type === "exited" ? [event] : []));
    await cluster.limitMemory?.(n1, "until-killed");
    await expect
      .poll(() => cluster.observeProcess(n1), { timeout: 10_000 })
      .toMatchObject({ state: "exited", outOfMemory: true, exitSignal: "SIGKILL" });
    await expect.poll(() => ends().length).toBe(1);
    expect(ends()[0]).toMatchObject({ node: n1, expected: true });
    expect(ends()[0]?.logTail.join("\n")).toContain("out of memory");
    await cluster.healEverything();
    await expect.poll(() => cluster.observeProcess(n1)).toMatchObject({ state: "running", outOfMemory: false });
    expect((await containerOf(runId, "n1")).facts.HostConfig.Memory).toBe(300 * 1024 * 1024);
    await cluster.kill(n1);
    await expect.poll(() => cluster.observeProcess(n1)).toMatchObject({ state: "exited", outOfMemory: false });
  });
});

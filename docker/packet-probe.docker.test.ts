// Shows what the probe of packets finds on the real engine and kernel: each answer was measured, as its words
// say, a rule that the kernel takes drops a share of the packets, and the container it was tried in is gone.
import Docker from "dockerode";
import { expect, test } from "vitest";
import { label } from "./labels.js";
import { probePackets } from "./packet-probe.js";
import { describeWithDocker } from "./testing/require-docker.js";

await describeWithDocker("packets of containers", () => {
  test("what the kernel does with drop rules and netem is tried in a container, and nothing of it is left", async () => {
    const { dropRules, netem } = await probePackets();
    expect(textOf(dropRules)).toMatch(
      /^tried in a container: of 200 packets \d+ were dropped|the kernel refuses|there is no iptables-nft/,
    );
    expect(textOf(netem)).toMatch(/^tried in a container|there is no iptables-nft/);
    const filters = { label: [`${label.role}=packets`, `${label.ownerPid}=${process.pid}`] };
    expect(await new Docker().listContainers({ all: true, filters })).toEqual([]);
  });
});

function textOf(finding: Awaited<ReturnType<typeof probePackets>>["netem"]): string {
  return finding.works ? finding.detail : finding.reason;
}

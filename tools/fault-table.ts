// Which fault runs on which cluster, asked of the clusters themselves: one that is never booted says what it can do, and by the same
// answers plans are refused.
import type { Capabilities, ClusterKind, ClusterOptions } from "../cluster/index.js";
import { nodeNames } from "../cluster/index.js";
import { createDockerCluster } from "../docker/index.js";
import { createLocalCluster } from "../local/index.js";
import { faultKinds } from "../nemesis/index.js";
import { simulationCapabilities } from "../simulation/index.js";
import { tinySystem } from "../test/tiny-system/description.js";

/** A system as the store is to a cluster: it tells links apart, and a node with an empty disk may not come back. */
const system = { ...tinySystem(), name: "the store", wipedNodeMayRejoin: false };

export function capabilitiesByCluster(): Readonly<Record<ClusterKind, Capabilities>> {
  const options: ClusterOptions = {
    system,
    nodes: nodeNames(3),
    replication: 3,
    runId: "capabilities",
    directory: ".",
  };
  return {
    simulation: simulationCapabilities(system),
    local: createLocalCluster(options).capabilities,
    docker: createDockerCluster(options).capabilities,
  };
}

/** "yes", or why not, for each kind of fault on each cluster. */
export function faultTable(): readonly {
  readonly kind: string;
  readonly cells: Readonly<Record<ClusterKind, string>>;
}[] {
  const clusters = capabilitiesByCluster();
  return Object.values(faultKinds).map(({ kind, mayNeed }) => {
    const cell = (cluster: ClusterKind): string => {
      const refused = mayNeed.flatMap((name) => {
        const capability = clusters[cluster][name];
        return capability.able ? [] : [capability.reason];
      });
      return refused.length === 0 ? "yes" : `refused: ${[...new Set(refused)].join("; ")}`;
    };
    return { kind, cells: { simulation: cell("simulation"), local: cell("local"), docker: cell("docker") } };
  });
}

export function faultTableSection(): string {
  const rows = faultTable().map(
    ({ kind, cells }) => `| \`${kind}\` | ${cells.simulation} | ${cells.local} | ${cells.docker} |`,
  );
  return `## Faults and clusters

Refused faults end a run before it starts, with the reason in the table. It holds for our store; a system whose nodes may come back on
an empty disk can have \`wipe-disk\` everywhere.

| kind | simulation | local | docker |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

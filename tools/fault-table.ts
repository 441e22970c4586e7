// Which fault runs on which cluster, asked of the clusters themselves: one that is never booted says what it can do, and by the same
// answers plans are refused.
import type { Capabilities, ClusterKind, ClusterOptions } from "../cluster/index.js";
import { nodeNames } from "../cluster/index.js";
import { createDockerCluster } from "../docker/index.js";
import { createLocalCluster } from "../local/index.js";
import { faultKinds } from "../nemesis/index.js";
import { simulationCapabilities } from "../simulation/index.js";
import { tinySystem } from "../test/tiny-system/description.js";

/** A system as the store is to a cluster: it tells links apart, and refuses a node that comes back with an empty disk. */
const system = {
  ...tinySystem(),
  name: "the store",
  wipedNodeMayRejoin: false,
  refusesWipedNodes: true,
  durableRanges: () => [],
  noticesTruncation: true,
  repeatsRequests: true,
};

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
    // The table is of a machine that has what can be installed.
    local: createLocalCluster({ ...options, faketime: "libfaketimeMT.so.1" }).capabilities,
    docker: createDockerCluster({ ...options, faketime: "libfaketimeMT.so.1", noSlowDisks: null }).capabilities,
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

Refused faults end a run before it starts, with the reason in the table. It holds for our store. \`wipe-disk\` is for systems whose nodes
may come back on an empty disk, or refuse one that does, as ours do; \`bit-flip\` for systems that say which bytes on a disk were durable. No
preset draws faults of disks: they stand in a plan's own list of faults. A damaged or wiped node that serves no more is what has to be: the
run's history, verdict and report name it, nobody asks it for its part in the end, and the rest is judged as ever. More than a minority
of a group is never harmed: a fault that would is void. For \`disk-full\` each node's data directory is a volume of 32 MB in memory, held by a
container of its own, for that run: the machine's own disk is never filled, and a node that is killed finds its files again. Faults of clocks need libfaketime on this machine (\`bash docker/prepare.sh\` installs
it); without it they are refused. They change the time of day that a node reads, and nothing else: its monotonic clock and its timers go on,
as they do on a machine whose time is set, and the machine's own clock is never touched.

| kind | simulation | local | docker |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

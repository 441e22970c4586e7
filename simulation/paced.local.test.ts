// Shows that the simulated cluster keeps every promise of a cluster, with the store in it: its virtual time is made to follow the
// machine's clock, so the same suite as for real clusters can wait for things to happen.
import { clusterConformance } from "../cluster/testing/cluster-conformance.js";
import { shippedBuild, storeSystem } from "../system/index.js";
import type { Address } from "../cluster/index.js";
import { createPacedCluster, pacedSystem, type PacedCluster } from "./index.js";

const clusters = new Map<string, PacedCluster>();

function clusterAt(address: Address): PacedCluster {
  const cluster = clusters.get(address.host);
  if (cluster === undefined) throw new Error(`no simulated cluster is called ${address.host}`);
  return cluster;
}

const system = pacedSystem(await storeSystem(await shippedBuild()), clusterAt);

clusterConformance(
  "simulation",
  (options) => {
    const cluster = createPacedCluster({ ...options, seed: 7, pinned: { resetEveryMs: 0 } });
    clusters.set(cluster.host, cluster);
    return cluster;
  },
  { of: { system, nodes: 3, replication: 3, heard: null, crash: null, forwarding: null, diesAtBoot: null } },
);

// Shows that the store itself, as its build describes it, runs on the local cluster as any other system does.
import { clusterConformance } from "../cluster/testing/cluster-conformance.js";
import { shippedBuild, storeSystem } from "../system/index.js";
import { createLocalCluster } from "./index.js";
import { leftoversOf } from "./testing/leftovers.js";

const system = await storeSystem(await shippedBuild());

clusterConformance("local behind the built-in proxy", createLocalCluster, {
  of: { system, nodes: 3, replication: 3, heard: null, crash: null, forwarding: null, diesAtBoot: null },
  leftovers: (runId) => Promise.resolve(leftoversOf(runId)),
});

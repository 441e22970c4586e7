// Shows that the store itself, as its build describes it, runs in containers behind the real Toxiproxy as any other system does.
import { clusterConformance } from "../cluster/testing/cluster-conformance.js";
import { shippedBuild, storeSystem } from "../system/index.js";
import { createDockerCluster } from "./index.js";
import { leftoversOf } from "./testing/leftovers.js";
import { describeWithDocker } from "./testing/require-docker.js";

const system = await storeSystem(await shippedBuild());

await describeWithDocker("the store in containers", () => {
  clusterConformance("docker behind the real Toxiproxy", createDockerCluster, {
    of: { system, nodes: 3, replication: 3, heard: null, crash: null, forwarding: null, diesAtBoot: null },
    leftovers: leftoversOf,
  });
});

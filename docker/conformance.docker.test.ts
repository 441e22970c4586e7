// The conformance suite of clusters, on containers behind the real Toxiproxy and behind our own server.
import { clusterConformance } from "../cluster/testing/cluster-conformance.js";
import { createDockerCluster } from "./index.js";
import { leftoversOf } from "./testing/leftovers.js";
import { describeWithDocker } from "./testing/require-docker.js";

await describeWithDocker("conformance of the Docker cluster", () => {
  clusterConformance(
    "docker behind the built-in proxy",
    (options) => createDockerCluster({ ...options, toxiproxy: { kind: "builtin" } }),
    { leftovers: leftoversOf },
  );
});

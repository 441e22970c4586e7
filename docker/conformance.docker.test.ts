// The conformance suite of clusters, on containers behind the real Toxiproxy and behind our own server.
import { clusterConformance } from "../cluster/testing/cluster-conformance.js";
import { createDockerCluster, type ToxiproxyChoice } from "./index.js";
import { leftoversOf } from "./testing/leftovers.js";
import { describeWithDocker } from "./testing/require-docker.js";

const servers: readonly (readonly [string, ToxiproxyChoice])[] = [
  // The official image where it can be pulled, else one made of this machine's toxiproxy-server.
  ["the real Toxiproxy", { kind: "auto" }],
  ["the built-in proxy", { kind: "builtin" }],
];

await describeWithDocker("conformance of the Docker cluster", () => {
  for (const [name, toxiproxy] of servers)
    clusterConformance(`docker behind ${name}`, (options) => createDockerCluster({ ...options, toxiproxy }), {
      leftovers: leftoversOf,
    });
});

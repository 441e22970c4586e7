// Shows that the local cluster keeps every promise of a cluster, behind the built-in proxy and behind a real Toxiproxy.
import { describe, test } from "vitest";
import { clusterConformance } from "../cluster/testing/cluster-conformance.js";
import { createLocalCluster } from "./index.js";
import { leftoversOf } from "./testing/leftovers.js";
import { hasToxiproxyServer } from "./testing/toxiproxy-server.js";

const leftovers = (runId: string) => Promise.resolve(leftoversOf(runId));

clusterConformance("local behind the built-in proxy", createLocalCluster, { leftovers });

if (hasToxiproxyServer())
  clusterConformance(
    "local behind toxiproxy-server",
    (options) => createLocalCluster({ ...options, proxy: { toxiproxyServer: "PATH" } }),
    { leftovers },
  );
else describe("local behind toxiproxy-server", () => test.skip("there is no toxiproxy-server on PATH"));

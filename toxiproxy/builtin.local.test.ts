// The built-in proxy server, as a process of its own, behind every conformance case.
import { describe } from "vitest";
import { builtinCounters } from "./counters-builtin.js";
import { startProxyServer } from "./start.js";
import { apiCases } from "./testing/api.case.js";
import { busyMeshCases } from "./testing/busy-mesh.case.js";
import { clientCases } from "./testing/client.case.js";
import { meshCases } from "./testing/mesh.case.js";
import { toxicCases } from "./testing/toxics.case.js";

const start = () => startProxyServer({ kind: "builtin" });

describe("built-in proxy server", () => {
  apiCases(start);
  clientCases(start);
  toxicCases(start);
  meshCases(start, (server) => builtinCounters(server.api));
  busyMeshCases(start, (server) => builtinCounters(server.api));
});

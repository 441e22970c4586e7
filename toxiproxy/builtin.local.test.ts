// The built-in proxy server, as a process of its own, behind every conformance case.
import { describe } from "vitest";
import { builtinCounters } from "./counters-builtin.js";
import { startProxyServer } from "./start.js";
import { meshCases } from "./testing/mesh.case.js";

const start = () => startProxyServer({ kind: "builtin" });

describe("built-in proxy server", () => {
  meshCases(start, (server) => builtinCounters(server.api));
});

// A real Toxiproxy behind every conformance case that the built-in server passes. Without a `toxiproxy-server` on PATH the
// file is skipped with one line that says so; with MINOS_REQUIRE_DOCKER=1 that is a failure.
import { spawnSync } from "node:child_process";
import { describe, test } from "vitest";
import { kernelCounters, runSsLocally } from "./counters-kernel.js";
import { startProxyServer } from "./start.js";
import { apiCases } from "./testing/api.case.js";
import { clientCases } from "./testing/client.case.js";
import { meshCases } from "./testing/mesh.case.js";
import { toxicCases } from "./testing/toxics.case.js";

const missing = spawnSync("toxiproxy-server", ["-version"]).error !== undefined;
const required = process.env["MINOS_REQUIRE_DOCKER"] === "1";
const start = () => startProxyServer({ kind: "external" });

if (missing && !required) console.warn("SKIPPED: toxiproxy/external.local.test.ts needs a toxiproxy-server on PATH");

describe.skipIf(missing && !required)("real Toxiproxy", () => {
  test("is installed", () => {
    if (missing) throw new Error("no toxiproxy-server on PATH, and MINOS_REQUIRE_DOCKER=1 asks for one");
  });

  apiCases(start);
  clientCases(start);
  toxicCases(start);
  meshCases(start, () => kernelCounters({ runSs: runSsLocally, sampleEveryMs: 50 }));
});

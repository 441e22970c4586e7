// A real Toxiproxy behind every conformance case that the built-in server passes. Without a `toxiproxy-server` on PATH the
// file is skipped with one line that says so; with MINOS_REQUIRE_DOCKER=1 that is a failure.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { kernelCounters, runSsLocally } from "./counters-kernel.js";
import { startProxyServer } from "./start.js";
import { apiCases } from "./testing/api.case.js";
import { busyMeshCases } from "./testing/busy-mesh.case.js";
import { clientCases } from "./testing/client.case.js";
import { meshCases } from "./testing/mesh.case.js";
import { toxicCases } from "./testing/toxics.case.js";
import { Peer, pause } from "./testing/wires.js";

const missing = spawnSync("toxiproxy-server", ["-version"]).error !== undefined;
const required = process.env["MINOS_REQUIRE_DOCKER"] === "1";
const counters = () => kernelCounters({ runSs: runSsLocally, sampleEveryMs: 50 });
const start = () => startProxyServer({ kind: "external" });

if (missing && !required) console.warn("SKIPPED: toxiproxy/external.local.test.ts needs a toxiproxy-server on PATH");

describe.skipIf(missing && !required)("real Toxiproxy", () => {
  test("is installed", () => {
    if (missing) throw new Error("no toxiproxy-server on PATH, and MINOS_REQUIRE_DOCKER=1 asks for one");
  });

  test("draws toxicity anew for open connections when any toxic changes, which is why the mesh keeps it at 1", async () => {
    const server = await start();
    const peer = await Peer.listen();
    const send = async (path: string, body: unknown): Promise<string> =>
      (await fetch(server.api + path, { method: "POST", body: JSON.stringify(body) })).text();
    const upstream = `127.0.0.1:${peer.address.port}`;
    const made = await send("/proxies", { name: "p", listen: "127.0.0.1:0", upstream });
    const { listen } = JSON.parse(made) as { readonly listen: string };
    await send("/proxies/p/toxics", { name: "half", type: "timeout", stream: "upstream", toxicity: 0.5 });
    const via = { host: "127.0.0.1", port: Number(listen.split(":")[1]) };
    const wires = [];
    for (let count = 0; count < 60; count++) wires.push(await peer.wire(via));
    for (const { near } of wires) near.send("1");
    await pause(200);
    const passing = wires.map(({ far }) => far.text === "1");
    await send("/proxies/p/toxics", { name: "other", type: "latency", stream: "upstream" });
    for (const { near } of wires) near.send("2");
    await pause(300);
    // Each of sixty connections keeps its draw with probability 1/2: all of them once in 2^60 runs.
    expect(wires.map(({ far }) => far.text.endsWith("2"))).not.toEqual(passing);
    for (const { near } of wires) near.socket.destroy();
    peer.close();
    await server.stop();
  });

  apiCases(start);
  clientCases(start);
  toxicCases(start);
  meshCases(start, counters);
  busyMeshCases(start, counters);
});

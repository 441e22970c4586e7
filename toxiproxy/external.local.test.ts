// A real Toxiproxy behind every conformance case that the built-in server passes. Without a `toxiproxy-server` on PATH the
// file is skipped with one line that says so; with MINOS_REQUIRE_DOCKER=1 that is a failure.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { kernelCounters, runSsLocally } from "./counters-kernel.js";
import { LinkMesh } from "./mesh.js";
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

  test("hangs on a change while a receiver does not read; the mesh makes the proxy again and says so", async () => {
    const server = await start();
    const peers = { n1: await Peer.listen(), n2: await Peer.listen() };
    const clients = await Peer.listen();
    const nodes = (["n1", "n2"] as const).map((name) => ({ name, peer: peers[name].address, client: clients.address }));
    const mesh = await LinkMesh.create({ api: server.api, nodes, counters: counters(), callTimeoutMs: 1500 });
    const link = { from: "n1", to: "n2" } as const;
    const stuck = await peers.n2.wire(mesh.linkAddress(link));
    stuck.far.socket.pause();
    stuck.near.send(Buffer.alloc(40 << 20, "x"));
    await pause(500);
    const report = await mesh.cut([link], "stall");
    expect(report.recreated).toEqual([
      { proxy: "link-n1-n2", reason: "set toxic stall-upstream of link-n1-n2: no answer within 1500 ms" },
    ]);
    await stuck.near.closes();
    const fresh = await peers.n2.wire(mesh.linkAddress(link));
    fresh.near.send("late");
    await pause(200);
    expect(fresh.far.text).toBe("");
    expect(await mesh.heal([link])).toEqual({ recreated: [] });
    await fresh.far.receives("late");
    await mesh.remove();
    fresh.near.socket.destroy();
    for (const peer of [...Object.values(peers), clients]) peer.close();
    await server.stop();
  });

  apiCases(start);
  clientCases(start);
  toxicCases(start);
  meshCases(start, counters);
  busyMeshCases(start, counters);
});

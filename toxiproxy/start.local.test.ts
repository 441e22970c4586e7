// Starting proxy servers as processes, and what the mesh does when a server misbehaves: a removal that hangs, a proxy that is
// gone, a server that is dead.
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { builtinCounters } from "./counters-builtin.js";
import { LinkMesh } from "./mesh.js";
import { startProxyServer } from "./start.js";
import type { RunningProxyServer } from "./start.js";
import { Peer, until } from "./testing/wires.js";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const start = async (onDeath?: (detail: string) => void): Promise<RunningProxyServer> => {
  const server = await startProxyServer({ kind: "builtin" }, onDeath === undefined ? {} : { onDeath });
  cleanUps.push(() => server.stop());
  return server;
};

describe("startProxyServer", () => {
  test("reports a death that nobody asked for, once, and none after stop", async () => {
    const deaths: string[] = [];
    const server = await start((detail) => deaths.push(detail));
    process.kill(server.pid, "SIGKILL");
    await until("the death is reported", () => deaths.length > 0);
    expect(deaths).toEqual(["the proxy server (built-in) ended with SIGKILL"]);
    const other = await start((detail) => deaths.push(detail));
    await other.stop();
    await other.stop();
    expect(deaths.length).toBe(1);
  });

  test("a program that is not there is an error that names it", async () => {
    await expect(startProxyServer({ kind: "external", path: "/nowhere/toxiproxy-server" })).rejects.toThrow(
      "/nowhere/toxiproxy-server cannot be started",
    );
  });

  test("a taken port is an error that says so", async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve());
    });
    cleanUps.push(() => void taken.close());
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(startProxyServer({ kind: "builtin" }, { port })).rejects.toThrow("EADDRINUSE");
  });
});

/** An API in front of the server's own that swallows every request that matches. */
async function hangingApi(api: string, hangs: (method: string, path: string) => boolean): Promise<string> {
  const front: Server = createServer((request, response) => {
    const [method, path] = [request.method ?? "", request.url ?? ""];
    if (hangs(method, path)) return;
    const chunks: Buffer[] = [];
    request.on("data", (bytes: Buffer) => chunks.push(bytes));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      void fetch(api + path, body.length === 0 ? { method } : { method, body }).then(async (answer) => {
        response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "text/plain" });
        response.end(await answer.text());
      });
    });
  });
  await new Promise<void>((resolve) => {
    front.listen(0, "127.0.0.1", () => resolve());
  });
  cleanUps.push(() => {
    front.closeAllConnections();
    front.close();
  });
  const address = front.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

describe("a mesh on a server that misbehaves", () => {
  const link = { from: "n1", to: "n2" } as const;
  const back = { from: "n2", to: "n1" } as const;

  const makeMesh = async (api: string, server: RunningProxyServer) => {
    const peers = { n1: await Peer.listen(), n2: await Peer.listen() };
    cleanUps.push(() => {
      for (const peer of Object.values(peers)) peer.close();
    });
    const mesh = await LinkMesh.create({
      api,
      nodes: (["n1", "n2"] as const).map((name) => ({ name, peer: peers[name].address, client: peers[name].address })),
      counters: builtinCounters(server.api),
      callTimeoutMs: 1000,
    });
    cleanUps.push(() => mesh.remove());
    return { mesh, peers };
  };

  test("a removal that hangs is healed by making the proxy again, and the report says which lost bytes", async () => {
    const server = await start();
    const api = await hangingApi(
      server.api,
      (method, path) => method === "DELETE" && path === "/proxies/link-n1-n2/toxics/drop-upstream",
    );
    const { mesh, peers } = await makeMesh(api, server);
    const before = mesh.linkAddress(link);
    await mesh.cut([link], "drop");
    const report = await mesh.heal([link]);
    expect(report).toEqual({
      recreated: [
        { proxy: "link-n1-n2", reason: "remove toxic drop-upstream of link-n1-n2: no answer within 1000 ms" },
      ],
    });
    expect(mesh.linkAddress(link)).toEqual(before);
    for (const [way, target] of [
      [link, peers.n2],
      [back, peers.n1],
    ] as const) {
      const { near, far } = await target.wire(mesh.linkAddress(way));
      near.send("flows");
      await far.receives("flows");
      near.socket.destroy();
    }
  });

  test("healEverything makes proxies again that the server lost", async () => {
    const server = await start();
    const { mesh, peers } = await makeMesh(server.api, server);
    await fetch(`${server.api}/proxies/link-n1-n2`, { method: "DELETE" });
    await fetch(`${server.api}/proxies/link-n2-n1/toxics`, {
      method: "POST",
      body: JSON.stringify({ type: "timeout", stream: "upstream" }),
    });
    expect(await mesh.healEverything()).toEqual({ recreated: [{ proxy: "link-n1-n2", reason: "it was gone" }] });
    for (const [way, target] of [
      [link, peers.n2],
      [back, peers.n1],
    ] as const) {
      const { near, far } = await target.wire(mesh.linkAddress(way));
      near.send("flows");
      await far.receives("flows");
      near.socket.destroy();
    }
  });

  test("a dead server is an error within the time limit, for cuts and for counters, and remove does not hang on it", async () => {
    const server = await start();
    const { mesh } = await makeMesh(server.api, server);
    await server.stop();
    await expect(mesh.cut([link], "stall")).rejects.toThrow("is the proxy server alive?");
    await expect(mesh.observeLinks()).rejects.toThrow();
    await mesh.remove();
  });

  test("a cut that fails half-way is taken back", async () => {
    const server = await start();
    let broken = true;
    const api = await hangingApi(
      server.api,
      (method, path) => broken && path.startsWith("/proxies/link-n2-n1") && method !== "GET",
    );
    const { mesh, peers } = await makeMesh(api, server);
    await expect(mesh.cut([link], "stall")).rejects.toThrow("link-n2-n1");
    broken = false;
    const { near, far } = await peers.n2.wire(mesh.linkAddress(link));
    near.send("not cut");
    await far.receives("not cut");
    near.socket.destroy();
    await mesh.cut([link], "drop");
    await mesh.heal([link]);
  });
});

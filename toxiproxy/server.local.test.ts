// Where the built-in server departs from Toxiproxy on purpose, its limits, and its life as a process: run in this process
// where a test must see inside, as a child where the process itself is the matter.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildProxyServer } from "./build.js";
import { ProxyServer } from "./server/api.js";
import type { CountersReport } from "./server/counters.js";
import type { ProxyServerLimits } from "./server/limits.js";
import { Peer, dial, pause, until } from "./testing/wires.js";
import type { Address } from "./types.js";

describe("the built-in server", () => {
  let server: ProxyServer;
  let api: string;
  let peer: Peer;

  const startServer = async (limits: Partial<ProxyServerLimits> = {}): Promise<void> => {
    server = new ProxyServer({ counters: true, limits });
    const { host, port } = await server.listen();
    api = `http://${host}:${port}`;
  };
  beforeEach(async () => {
    peer = await Peer.listen();
  });
  afterEach(async () => {
    await server.close();
    peer.close();
  });

  const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const response = await fetch(api + path, body === undefined ? { method } : { method, body: JSON.stringify(body) });
    return { status: response.status, text: await response.text() };
  };
  const makeProxy = async (): Promise<Address> => {
    const upstream = `127.0.0.1:${peer.address.port}`;
    const { text } = await send("POST", "/proxies", { name: "p", listen: "127.0.0.1:0", upstream });
    const { listen } = JSON.parse(text) as { readonly listen: string };
    return { host: "127.0.0.1", port: Number(listen.split(":")[1]) };
  };
  const counters = async (): Promise<CountersReport["proxies"][string]> => {
    const { text } = await send("GET", "/minos/counters");
    return (JSON.parse(text) as CountersReport).proxies["p"] ?? expect.fail("no counters of p");
  };
  const stall = { name: "t", type: "bandwidth", stream: "upstream", attributes: { rate: 0 } };

  test("draws toxicity once for a connection: unrelated changes flip none of forty", async () => {
    await startServer();
    const via = await makeProxy();
    await send("POST", "/proxies/p/toxics", { name: "half", type: "timeout", stream: "upstream", toxicity: 0.5 });
    const wires = [];
    for (let count = 0; count < 40; count++) wires.push(await peer.wire(via));
    for (const { near } of wires) near.send("1");
    await pause(100);
    const passing = wires.map(({ far }) => far.text === "1");
    expect(passing).toContain(true);
    expect(passing).toContain(false);
    for (const stream of ["upstream", "downstream"]) {
      await send("POST", "/proxies/p/toxics", { name: `other-${stream}`, type: "latency", stream });
      await send("PATCH", `/proxies/p/toxics/other-${stream}`, { attributes: { latency: 1 } });
      await send("DELETE", `/proxies/p/toxics/other-${stream}`);
    }
    await send("PATCH", "/proxies/p/toxics/half", { attributes: { timeout: 0 } });
    for (const { near } of wires) near.send("2");
    await pause(200);
    expect(wires.map(({ far }) => far.text === "12")).toEqual(passing);
  });

  test("answers at once when a toxic is removed under a receiver that does not read, and loses nothing", async () => {
    await startServer();
    const { near, far } = await peer.wire(await makeProxy());
    far.socket.pause();
    await send("POST", "/proxies/p/toxics", { ...stall, attributes: { rate: 10_000 } });
    const bytes = 20 << 20;
    near.send(Buffer.alloc(bytes, "x"));
    await pause(300);
    const started = performance.now();
    expect((await send("DELETE", "/proxies/p/toxics/t")).status).toBe(204);
    expect((await send("GET", "/proxies")).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(1000);
    far.socket.resume();
    await until("all arrives", () => far.receivedBytes === bytes, 20_000);
  });

  test("a stall stops reading at its limit, keeps what it read and delivers all of it", async () => {
    await startServer({ heldBytesPerStream: 100_000 });
    const { near, far } = await peer.wire(await makeProxy());
    await send("POST", "/proxies/p/toxics", stall);
    const bytes = 30 << 20;
    near.send(Buffer.alloc(bytes, "x"));
    await until("it stops reading", async () => {
      const { offeredBytes } = (await counters()).upstream;
      await pause(100);
      return offeredBytes >= 100_000 && offeredBytes === (await counters()).upstream.offeredBytes;
    });
    const { upstream } = await counters();
    // One chunk more than the limit at most.
    expect(upstream.offeredBytes).toBeLessThan(100_000 + 65_537);
    expect(upstream.deliveredBytes).toBe(0);
    await send("DELETE", "/proxies/p/toxics/t");
    await until("all arrives", () => far.receivedBytes === bytes, 20_000);
    expect((await counters()).upstream).toEqual({ offeredBytes: bytes, deliveredBytes: bytes });
  });

  test("a receiver that does not read stops the sender instead of filling memory", async () => {
    await startServer();
    const { near, far } = await peer.wire(await makeProxy());
    far.socket.pause();
    near.send(Buffer.alloc(100 << 20, "x"));
    await until("it stops reading", async () => {
      const { offeredBytes } = (await counters()).upstream;
      await pause(200);
      return offeredBytes === (await counters()).upstream.offeredBytes;
    });
    const { offeredBytes, deliveredBytes } = (await counters()).upstream;
    expect(offeredBytes).toBeGreaterThan(0);
    expect(offeredBytes - deliveredBytes).toBeLessThan(1 << 20);
    near.socket.destroy();
  });

  test("one connection too many is closed, and the next one after an end is taken", async () => {
    await startServer({ connections: 2 });
    const via = await makeProxy();
    const first = await peer.wire(via);
    await peer.wire(via);
    const third = await dial(via);
    await third.closes();
    expect(peer.accepted.length).toBe(2);
    first.near.socket.destroy();
    await until("one is gone", async () => (await counters()).openConnections === 1);
    const next = await peer.wire(via);
    next.near.send("in");
    await next.far.receives("in");
  });

  test("counters outlive the proxy that they belong to", async () => {
    await startServer();
    const { near, far } = await peer.wire(await makeProxy());
    near.send("12345");
    await far.receives("12345");
    await send("DELETE", "/proxies/p");
    await peer.wire(await makeProxy());
    expect(await counters()).toMatchObject({
      upstream: { offeredBytes: 5, deliveredBytes: 5 },
      acceptedConnections: 2,
      openConnections: 1,
    });
  });

  test("listens on loopback when the host is left open", async () => {
    await startServer();
    const { text } = await send("POST", "/proxies", { name: "x", listen: ":0", upstream: "127.0.0.1:1" });
    expect(text).toMatch(/"listen":"127\.0\.0\.1:\d+"/);
  });

  test("a request beyond the limit is refused and the server lives on", async () => {
    await startServer({ requestBytes: 1000 });
    const refused = await send("POST", "/proxies", { name: "x".repeat(2000) }).catch(() => ({ status: 400 }));
    expect(refused.status).toBe(400);
    expect((await send("GET", "/proxies")).status).toBe(200);
  });

  test("a client that comes and goes in a storm leaves no connection behind", async () => {
    await startServer();
    const via = await makeProxy();
    for (let count = 0; count < 100; count++) {
      const socket = connect(via);
      socket.on("error", () => undefined);
      if (count % 3 === 0) socket.destroy();
      else socket.once("connect", () => (count % 3 === 1 ? socket.destroy() : socket.resetAndDestroy()));
    }
    await pause(200);
    await until("none is open", async () => (await counters()).openConnections === 0);
  });
});

describe("the server's own process", () => {
  let directory: string;
  let bundle: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "minos-proxy-test-"));
    bundle = join(directory, "server.mjs");
    await buildProxyServer(bundle);
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** A bundle run from a directory without node_modules, as in an image. */
  const run = async (...flags: string[]) => {
    const child = spawn(process.execPath, [bundle, ...flags], { cwd: directory, stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<number | null>((resolve) => {
      child.once("exit", (code) => resolve(code));
    });
    const line = await new Promise<string>((resolve) => {
      child.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString()));
    });
    const { listening } = JSON.parse(line) as { readonly listening: number };
    return { child, ended, line, api: `http://127.0.0.1:${listening}` };
  };

  test("says in one line where it listens, and ends with code 0 on SIGTERM, connections or not", async () => {
    const { child, ended, line, api } = await run();
    expect(line).toMatch(/^\{"listening":\d+\}\n$/);
    const body = JSON.stringify({ name: "p", listen: "127.0.0.1:0", upstream: api.replace("http://", "") });
    const { listen } = (await (await fetch(`${api}/proxies`, { method: "POST", body })).json()) as { listen: string };
    const open = await dial({ host: "127.0.0.1", port: Number(listen.split(":")[1]) });
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    await open.closes();
  });

  test("has no counters unless asked for them", async () => {
    const without = await run();
    expect((await fetch(`${without.api}/minos/counters`)).status).toBe(404);
    without.child.kill("SIGTERM");
    const withCounters = await run("--counters");
    expect(await (await fetch(`${withCounters.api}/minos/counters`)).json()).toEqual({ proxies: {} });
    withCounters.child.kill("SIGTERM");
    await Promise.all([without.ended, withCounters.ended]);
  });

  test("ends when its parent's pipe closes, if told to, and only then", async () => {
    const tied = await run("--exit-with-parent");
    const free = await run();
    tied.child.stdin.end();
    free.child.stdin.end();
    expect(await tied.ended).toBe(0);
    expect((await fetch(`${free.api}/version`)).status).toBe(200);
    free.child.kill("SIGTERM");
    await free.ended;
  });

  test("refuses an unknown flag and a bad port with 254 and a sentence that names it", async () => {
    for (const [flags, word] of [
      [["--nope"], "--nope"],
      [["--port", "70000"], "70000"],
    ] as const) {
      const failure = await promisify(execFile)(process.execPath, [bundle, ...flags]).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 254, stderr: expect.stringContaining(word) as string });
    }
  });
});

// What containers add to the conformance suite: what each may do and use, that there is no way around Toxiproxy, that names lead to
// it, that two runs do not meet, and what is said when something dies. Asked of the engine, or from inside the containers.
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ClusterError, currentOwner, nodeName, type SystemUnderTest } from "../cluster/index.js";
import { until } from "../cluster/testing/until.js";
import { tinySystem } from "../test/tiny-system/description.js";
import { connectEngine } from "./engine.js";
import { bootTiny, containerOf, containersOf, prepareTiny, type Booted } from "./testing/boot.js";
import { leftoversOf } from "./testing/leftovers.js";
import { describeWithDocker } from "./testing/require-docker.js";
import { runInside } from "./testing/run-inside.js";

const n1 = nodeName("n1");
const n2 = nodeName("n2");

/** Standard output of a program for Node.js inside a container of a run. */
async function evaluate(runId: string, what: string, program: string): Promise<string> {
  const { container } = await containerOf(runId, what);
  return (await runInside(connectEngine(), container, ["node", "-e", program])).trim();
}

/** What becomes of connection attempts from inside a container: "connected" or the error's code for each. */
async function dial(
  runId: string,
  what: string,
  targets: readonly { readonly host: string; readonly port: number }[],
): Promise<readonly string[]> {
  const output = await evaluate(
    runId,
    what,
    `const attempt = ({ host, port }) => new Promise((resolve) => {
       const socket = require("net").connect({ host, port });
       socket.on("connect", () => resolve("connected")).on("error", (error) => resolve(error.code));
       setTimeout(() => resolve("silence"), 1500);
     });
     Promise.all(${JSON.stringify(targets)}.map(attempt)).then((all) => { console.log(all.join()); process.exit(); });`,
  );
  return output.split(",");
}

/** The tiny system with another file as its program, which may import "./server.js". */
function tinyWith(name: string, source: string): SystemUnderTest {
  const directory = mkdtempSync(join(tmpdir(), "minos-program-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(fileURLToPath(new URL("../test/tiny-system/server.js", import.meta.url)), join(directory, "server.js"));
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  writeFileSync(join(directory, name), source);
  const tiny = tinySystem();
  return {
    ...tiny,
    launch: (context) => ({ ...tiny.launch(context), program: { kind: "node", directory, entry: name } }),
  };
}

await describeWithDocker("a Docker cluster at rest", () => {
  let booted: Booted;
  beforeAll(async () => {
    booted = await bootTiny({ count: 3, nodeLimits: { memoryMb: 300, pids: 77, cpus: 0.5 } });
  });
  afterAll(() => booted?.end());

  test("every container is labelled, limited and stripped of privileges, and every network but one is internal", async () => {
    const { runId, report } = booted;
    const containers = await containersOf(runId);
    expect([...containers.keys()].sort()).toEqual(["n1", "n2", "n3", "toxiproxy"]);
    const owner = currentOwner();
    for (const [what, { facts }] of containers) {
      expect(facts.Config.Labels).toMatchObject({
        "minos.run": runId,
        "minos.owner-pid": String(owner.pid),
        "minos.owner-start": owner.startTime,
        "minos.boot-id": owner.bootId,
      });
      expect(facts.HostConfig).toMatchObject({
        CapDrop: ["ALL"],
        CapAdd: null,
        Privileged: false,
        SecurityOpt: ["no-new-privileges"],
        Init: true,
        LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
      });
      expect(facts.Config.User).toBe("65532:65532");
      const mb = 1024 * 1024;
      const limits =
        what === "toxiproxy"
          ? { Memory: 1024 * mb, MemorySwap: 1024 * mb, PidsLimit: 512 }
          : { Memory: 300 * mb, MemorySwap: 300 * mb, PidsLimit: 77, NanoCpus: 5e8 };
      expect(facts.HostConfig).toMatchObject(limits);
    }
    const status = await evaluate(runId, "n1", 'console.log(require("fs").readFileSync("/proc/1/status", "utf8"))');
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const networks = await connectEngine().listNetworks({ filters: { label: [`minos.run=${runId}`] } });
    expect(networks).toHaveLength(4);
    expect(networks.filter(({ Internal }) => Internal)).toHaveLength(3);
    expect(report.details).toMatchObject({ node_limits: "300 MB memory, 77 processes, 0.5 cores" });
    expect(report.details["proxy"]).toMatch(/^Toxiproxy, image /);
  });

  test("nothing is published but by Toxiproxy, and that on 127.0.0.1 only", async () => {
    const { runId, cluster } = booted;
    for (const [what, { facts }] of await containersOf(runId)) {
      const bindings = Object.values(facts.NetworkSettings.Ports).flatMap((bound) => bound ?? []);
      // Its API, and a client and an admin port for each of three nodes.
      expect(bindings).toHaveLength(what === "toxiproxy" ? 7 : 0);
      for (const { HostIp } of bindings) expect(HostIp).toBe("127.0.0.1");
    }
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    expect(others).not.toEqual([]);
    const { port } = cluster.adminAddress(n1);
    for (const { address } of others)
      await expect(fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(1_000) })).rejects.toThrow();
  });

  test("from inside a node there is no way to another node but by the link proxy", async () => {
    const { runId } = booted;
    const other = Object.values((await containerOf(runId, "n2")).facts.NetworkSettings.Networks)[0]?.IPAddress;
    const proxy = Object.values((await containerOf(runId, "toxiproxy")).facts.NetworkSettings.Networks);
    if (other === undefined) throw new Error("n2 has no network");
    const { peer, client, admin } = tinySystem().ports;
    const around = [
      ...[peer, client, admin].map((port) => ({ host: other, port })),
      // The host's own address in n2's network.
      { host: other.replace(/\d+$/, (last) => String(Number(last) - 2)), port: peer },
      // Toxiproxy's other sides: its API, the clients' and admins' ports, the link proxies of the others.
      ...proxy.flatMap(({ IPAddress: host }) => [8474, 22_002, 23_002].map((port) => ({ host, port }))),
      { host: "192.0.2.1", port: 80 },
    ];
    const answers = await dial(runId, "n1", around);
    expect(answers).toHaveLength(around.length);
    expect(answers).not.toContain("connected");
    // The control: the same dial by the link proxy connects, and from Toxiproxy the address is right.
    expect(await dial(runId, "n1", [{ host: "n2", port: 21_002 }])).toEqual(["connected"]);
    expect(await dial(runId, "toxiproxy", [{ host: other, port: peer }])).toEqual(["connected"]);
  });

  test("a peer's name leads to Toxiproxy in the observer's own network, by the engine's name server too", async () => {
    const { runId } = booted;
    const networks = (await containerOf(runId, "toxiproxy")).facts.NetworkSettings.Networks;
    for (const observer of ["n1", "n2", "n3"]) {
      const own = Object.entries(networks).find(([name]) => name.endsWith(`-${observer}`))?.[1].IPAddress;
      for (const peer of ["n1", "n2", "n3"].filter((name) => name !== observer)) {
        const seen = await evaluate(
          runId,
          observer,
          `const dns = require("dns"); dns.lookup("${peer}", (e, a) => dns.resolve4("${peer}", (f, b) => console.log(a, b[0])))`,
        );
        expect(seen).toBe(`${own} ${own}`);
      }
    }
  });
});

await describeWithDocker("the Docker cluster", () => {
  test("a system whose nodes have one text for a peer is told how all others dial it", async () => {
    const seen = new Map<string, unknown>();
    const tiny = tinySystem();
    const system: SystemUnderTest = {
      ...tiny,
      peerAddressing: "hostname-per-observer",
      launch: (context) => {
        seen.set(context.node, { own: context.advertisedPeer, peers: Object.fromEntries(context.peers) });
        return tiny.launch(context);
      },
    };
    const { cluster } = await bootTiny({ system });
    const [first, second] = [
      { host: "n1", port: 21_001 },
      { host: "n2", port: 21_002 },
    ];
    expect(seen.get("n1")).toEqual({ own: first, peers: { n2: second } });
    expect(seen.get("n2")).toEqual({ own: second, peers: { n1: first } });
    expect(cluster.capabilities["cut-drop"]).toEqual({ able: true });
  });

  test("Toxiproxy killed in mid-run is reported", async () => {
    const { runId, events, cluster } = await bootTiny();
    const { container } = await containerOf(runId, "toxiproxy");
    await container.kill();
    const died = await until("it is reported", () => events.find((event) => event.type === "proxy-died"));
    expect(died).toMatchObject({ detail: expect.stringContaining("Toxiproxy ended with code 137") });
    await expect(cluster.cut([{ from: n1, to: n2 }], "drop")).rejects.toThrow();
  });

  test("two clusters side by side do not meet, and the end of one is no trouble for the other", async () => {
    const [a, b] = await Promise.all([bootTiny(), bootTiny()]);
    const target = Object.values((await containerOf(b.runId, "n2")).facts.NetworkSettings.Networks)[0]?.IPAddress ?? "";
    const targets = [{ host: target, port: tinySystem().ports.peer }];
    expect(await dial(b.runId, "toxiproxy", targets)).toEqual(["connected"]);
    for (const what of ["n1", "toxiproxy"]) expect(await dial(a.runId, what, targets)).not.toContain("connected");
    expect((await a.cluster.teardown()).leftBehind).toEqual([]);
    expect(await leftoversOf(a.runId)).toEqual([]);
    expect((await b.cluster.status(n1, AbortSignal.timeout(5_000))).ready).toBe(true);
    expect(b.events.filter(({ type }) => type !== "started")).toEqual([]);
  });

  test("a node that the kernel ends for want of memory is reported as such, not as killed by us", async () => {
    const source = `import "./server.js"; process.on("SIGUSR2", () => { const held = []; for (;;) held.push(Buffer.alloc(1e7, 1)); });`;
    const system = tinyWith("hungry.js", source);
    const { runId, events } = await bootTiny({ system, nodeLimits: { memoryMb: 128 } });
    const { container } = await containerOf(runId, "n2");
    await container.kill({ signal: "SIGUSR2" });
    const exit = await until("the exit is reported", () => events.find((event) => event.type === "exited"));
    expect(exit).toMatchObject({ node: "n2", signal: "SIGKILL", expected: false });
    expect(exit).toMatchObject({
      logTail: expect.arrayContaining(["minos: the kernel ended a process of n2: out of memory (limit 128 MB)"]),
    });
  });

  test("a stop that this cluster did not ask for is unexpected, though it came through the engine", async () => {
    const { runId, events } = await bootTiny();
    const { container } = await containerOf(runId, "n1");
    await container.kill();
    const exit = await until("the exit is reported", () => events.find((event) => event.type === "exited"));
    expect(exit).toMatchObject({ node: "n1", signal: "SIGKILL", expected: false });
  });

  test("an end that was asked for stays so when the next start follows at once", async () => {
    const { cluster, events } = await bootTiny();
    const rounds = 5;
    for (let round = 0; round < rounds; round++) {
      await cluster.kill(n2);
      await cluster.start(n2);
    }
    const exits = await until("all ends are reported", () => {
      const found = events.filter((event) => event.type === "exited");
      return found.length >= rounds && found;
    });
    expect(exits.map(({ node, expected }) => `${node} ${expected}`)).toEqual(Array(rounds).fill("n2 true"));
    expect(events.filter(({ type }) => type === "started")).toHaveLength(2 + rounds);
  });

  test("an attempt is made inside the node, also after its restart; where the node cannot, from Toxiproxy, and that is noted", async () => {
    const { cluster, events, runId } = await bootTiny();
    const there = { from: n1, to: n2 };
    const probers = async () => {
      const { container } = await containerOf(runId, "n1");
      const { Processes } = await container.top();
      return Processes.filter((row: readonly string[]) => row.join(" ").includes("node:net")).length;
    };
    expect(await probers()).toBe(0);
    expect(await cluster.attempt(there)).toBe("accepted");
    expect(await cluster.attempt(there)).toBe("accepted");
    expect(await probers()).toBe(1);
    await cluster.kill(n1);
    await cluster.start(n1);
    expect(await cluster.attempt(there)).toBe("accepted");
    expect(await probers()).toBe(1);
    expect(events.filter(({ type }) => type === "notice")).toEqual([]);
    await cluster.cut([there], "reset");
    expect(await cluster.attempt(there)).toBe("refused");
    for (const stop of [() => cluster.pause(n1), () => cluster.kill(n1)]) {
      await stop();
      expect(await cluster.attempt(there)).toBe("refused");
    }
    const note = { type: "notice", detail: expect.stringContaining("made in Toxiproxy's network namespace") };
    expect(events.filter(({ type }) => type === "notice")).toEqual([note, note]);
  });

  test("a wiped node begins on an empty disk; a running one is not wiped", async () => {
    const { cluster, runId } = await bootTiny();
    const incarnation = async () => (await cluster.status(n2, AbortSignal.timeout(5_000))).incarnation;
    await cluster.kill(n2);
    await cluster.start(n2);
    const second = await until("n2 serves", incarnation);
    expect(second).toBe(2);
    await expect(cluster.wipe?.(n2)).rejects.toThrow("only a stopped node's disk can be wiped");
    await cluster.kill(n2);
    await cluster.wipe?.(n2);
    await cluster.start(n2);
    expect(await until("n2 serves", incarnation)).toBe(1);
    // Also when it is the heal that starts it.
    await cluster.kill(n2);
    await cluster.wipe?.(n2);
    await cluster.healEverything();
    expect(await until("n2 serves", incarnation)).toBe(1);
    const file = await evaluate(runId, "n2", 'console.log(require("fs").readFileSync("/data/tiny.conf", "utf8"))');
    expect(file).toBe("nothing to set");
  });

  test("the files that a system wants kept are in the run's directory after teardown", async () => {
    const { cluster, directory } = await bootTiny();
    const client = await tinySystem().connect(cluster.clientAddress(n1), AbortSignal.timeout(5_000));
    const hooks = { called: () => undefined, returned: () => undefined };
    const put = { function: "put", key: "k", input: "kept", timeoutMs: 2_000 };
    expect(await client.invoke(put, hooks)).toMatchObject({ outcome: "ok" });
    client.close();
    await cluster.kill(n1);
    expect((await cluster.teardown()).leftBehind).toEqual([]);
    const kept = join(directory, "nodes", "n1", "data", "registers.json");
    expect(JSON.parse(readFileSync(kept, "utf8"))).toEqual({ '"k"': "kept" });
    expect(existsSync(join(directory, "nodes", "n2", "log.txt"))).toBe(true);
  });

  test("a boot that is interrupted leaves nothing", async () => {
    const { cluster, runId } = prepareTiny();
    const stop = new AbortController();
    const booting = cluster.boot(stop.signal);
    await until("something was made", async () => (await leftoversOf(runId)).length > 2);
    stop.abort();
    await expect(booting).rejects.toThrow(ClusterError);
    expect(await leftoversOf(runId)).toEqual([]);
  });

  test("a ready image runs as it is; a program of the host is refused", async () => {
    const { report } = await bootTiny();
    const reference = report.details["node_image"] ?? "";
    const tiny = tinySystem();
    const image: SystemUnderTest = {
      ...tiny,
      launch: (context) => ({
        ...tiny.launch(context),
        program: { kind: "image", reference, command: ["node", "/app/server.js"] },
      }),
    };
    const ready = await bootTiny({ system: image });
    expect(ready.report.details["link_attempts"]).toContain("Toxiproxy's network namespace");
    expect(await ready.cluster.attempt({ from: n1, to: n2 })).toBe("accepted");
    const executable: SystemUnderTest = {
      ...tiny,
      launch: (context) => ({ ...tiny.launch(context), program: { kind: "executable", path: "/usr/bin/etcd" } }),
    };
    await expect(prepareTiny({ system: executable }).cluster.boot(AbortSignal.timeout(60_000))).rejects.toThrow(
      "tiny is a program of this machine (/usr/bin/etcd), which a container does not have",
    );
  });

  test("images that a clean-up takes away in mid-boot are made again", async () => {
    const docker = connectEngine();
    // A program that nobody else runs, so that no other run's image is taken.
    const system = tinyWith("own.js", `import "./server.js"; // ${randomUUID()}`);
    const first = await bootTiny({ system });
    const own = first.report.details["node_image"] ?? "";
    await first.cluster.teardown();
    // Stands for a clean-up at the worst moment: the image is there when it is looked for and gone when it is used.
    const create = docker.createContainer.bind(docker);
    let taken = 0;
    docker.createContainer = (async (options: Docker.ContainerCreateOptions) => {
      if (options.Image === own && taken++ === 0) await docker.getImage(own).remove();
      return create(options);
    }) as typeof docker.createContainer;
    const second = await bootTiny({ system, engine: docker });
    expect(taken).toBeGreaterThan(2);
    expect(second.report.details["node_image"]).toBe(own);
  });

  test("a base image that is here is used; one that is nowhere is an error that names it", async () => {
    await bootTiny();
    const base = (await connectEngine().listImages())
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .find((tag) => tag.startsWith("minos.local/base:"));
    if (base === undefined) throw new Error("no base image was made");
    const named = await bootTiny({ baseImage: base });
    expect(named.report.details["base_image"]).toBe(base);
    const layers = async (reference: string) =>
      (await connectEngine().getImage(reference).inspect()).RootFS.Layers ?? [];
    const below = await layers(base);
    const whole = await layers(named.report.details["node_image"] ?? "");
    expect(whole.slice(0, below.length)).toEqual(below);
    expect(whole).toHaveLength(below.length + 1);
    // The built-in proxy is put on it too: on a machine whose own Node.js does not run in containers nothing else would do.
    const builtin = await bootTiny({ baseImage: base, toxiproxy: { kind: "builtin" } });
    expect(builtin.report.details["proxy"]).toBe(`the built-in proxy, image made of ${base}`);
    const nowhere = prepareTiny({ baseImage: "minos.local/nowhere:1" });
    const error: unknown = await nowhere.cluster.boot(AbortSignal.timeout(60_000)).catch((reason: unknown) => reason);
    if (!(error instanceof ClusterError)) throw new Error(`no ClusterError but ${String(error)}`);
    expect(error.message).toContain("the image minos.local/nowhere:1 is not on this machine and cannot be pulled");
  });
});

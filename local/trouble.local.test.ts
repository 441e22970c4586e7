// Shows what the local cluster does when things go wrong around it: an owner killed with -9, another cluster beside it, a proxy
// server that dies, programs it cannot run; and that nothing of it can be reached from outside of this machine.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ClusterError, type SystemUnderTest } from "../cluster/index.js";
import { BenchCluster } from "../cluster/testing/bench-cluster.js";
import { until } from "../cluster/testing/until.js";
import { tinySystem } from "../test/tiny-system/description.js";
import { cleanLocal, createLocalCluster } from "./index.js";
import { findByEnvironment, readProcessSync, tcpSockets } from "./proc.js";
import { registryDirectory, runIdVariable } from "./registry.js";
import { leftoversOf } from "./testing/leftovers.js";
import { hasToxiproxyServer } from "./testing/toxiproxy-server.js";

const three = { nodes: 3, replication: 3 };
const loopbackHex = "0100007F";

// A registry of our own: other runs of this machine are neither seen nor cleaned.
const temporaryBefore = process.env["TMPDIR"];
let temporary = "";
const benches: BenchCluster[] = [];
const owners: ChildProcess[] = [];

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "minos-trouble-"));
  process.env["TMPDIR"] = temporary;
});

afterEach(async () => {
  for (const owner of owners.splice(0)) owner.kill("SIGKILL");
  for (const bench of benches.splice(0)) await bench.cluster.teardown();
  await cleanLocal();
  if (temporaryBefore === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporaryBefore;
  await rm(temporary, { recursive: true, force: true });
});

async function makeBench(system: SystemUnderTest = tinySystem()): Promise<BenchCluster> {
  const bench = await BenchCluster.create(createLocalCluster, system, three);
  benches.push(bench);
  return bench;
}

async function bootBench(): Promise<BenchCluster> {
  const bench = await makeBench();
  await bench.cluster.boot(AbortSignal.timeout(30_000));
  return bench;
}

const listeningOf = (runId: string) => livingOf(runId).flatMap((pid) => tcpSockets(pid).filter(isListening));
const isListening = ({ state }: { readonly state: string }) => state === "listening";

const livingOf = (runId: string) =>
  findByEnvironment(runIdVariable, runId).filter((pid) => readProcessSync(pid)?.state !== "exited");

/** Another Minos, as far as the registry can tell, with a booted cluster. */
async function startOwner(runId: string, proxy: string): Promise<{ owner: ChildProcess; nodePids: readonly number[] }> {
  const script = fileURLToPath(new URL("testing/owner.ts", import.meta.url));
  const owner = spawn(process.execPath, ["--import", "tsx", script, runId, join(temporary, runId), proxy], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: temporary },
  });
  owners.push(owner);
  const ended = once(owner, "exit").then(() => Promise.reject(new Error("the owner ended before its cluster was up")));
  const [line] = (await Promise.race([once(createInterface({ input: owner.stdout }), "line"), ended])) as [string];
  ended.catch(() => undefined);
  return { owner, nodePids: (JSON.parse(line) as { pids: number[] }).pids };
}

for (const proxy of ["builtin", "PATH"]) {
  test.skipIf(proxy === "PATH" && !hasToxiproxyServer())(
    `after kill -9 of an owner its processes are found and removed, and no other run's (proxy: ${proxy})`,
    async () => {
      const living = await bootBench();
      const { owner, nodePids } = await startOwner("killed-run", proxy);
      const [proxyPid] = livingOf("killed-run").filter((pid) => !nodePids.includes(pid));
      expect(nodePids).toHaveLength(3);
      expect(proxyPid).toBeDefined();

      const early = await cleanLocal();
      expect(early).toMatchObject({ removed: [], failed: [] });
      expect(early.kept).toHaveLength(2);

      owner.kill("SIGKILL");
      await once(owner, "exit");
      for (const pid of nodePids) expect(readProcessSync(pid)?.state).toBe("running");

      const report = await cleanLocal();
      expect(report.failed).toEqual([]);
      expect(report.removed.filter((line) => /^run killed-run: n[123], process \d+$/.test(line))).toHaveLength(3);
      expect(report.kept).toEqual([expect.stringContaining(living.options.runId)]);
      await until("the killed run is gone", () => leftoversOf("killed-run").length === 0);
      expect(await readdir(join(temporary, "killed-run"))).toEqual(["nodes"]);
      await living.untilReady();
      await living.untilFlowing();

      const again = await cleanLocal();
      expect(again).toMatchObject({ removed: [], failed: [] });
    },
  );
}

test("two clusters side by side do not meet", async () => {
  const [one, other] = await Promise.all([bootBench(), bootBench()]);
  await one.operateUntilOk(one.cluster.nodes[0] ?? expect.fail(), "put", "whose", "one's");
  const [first] = other.cluster.nodes;
  if (first === undefined) throw new Error("no node");
  expect(await other.operateUntilOk(first, "get", "whose", null)).toMatchObject({ output: null });
  const ports = (bench: BenchCluster) => listeningOf(bench.options.runId).map(({ localPort }) => localPort);
  const [ofOne, ofOther] = [ports(one), ports(other)];
  // Three ports of each node, six link proxies, three client proxies, the proxy server's own.
  expect([ofOne.length, ofOther.length]).toEqual([19, 19]);
  expect(ofOne.filter((port) => ofOther.includes(port))).toEqual([]);
  await one.cluster.teardown();
  await other.untilReady();
  await other.untilFlowing();
});

test("every port of a cluster is bound to loopback only", async () => {
  const bench = await bootBench();
  const sockets = listeningOf(bench.options.runId);
  expect(sockets).toHaveLength(19);
  expect(sockets.filter(({ localHex }) => localHex !== loopbackHex)).toEqual([]);
});

test("no node is connected to another node but through the proxy server", async () => {
  const bench = await bootBench();
  await bench.untilFlowing();
  const nodes = await Promise.all(bench.cluster.nodes.map((node) => bench.cluster.observeProcess(node)));
  const established = () =>
    nodes.flatMap(({ node, pid }) =>
      tcpSockets(pid ?? expect.fail("no pid"))
        .filter(({ state }) => state === "established")
        .map((socket) => ({ node, ...socket })),
    );
  // Bytes flow both ways as soon as one of two nodes has dialled the other.
  const sockets = await until("each node has dialled two peers and been dialled by two", () => {
    const all = established();
    return all.length >= 12 && all;
  });
  const direct = sockets.filter((one) =>
    sockets.some((other) => other.localPort === one.remotePort && other.remotePort === one.localPort),
  );
  expect(direct).toEqual([]);
});

test("the death of the proxy server is reported, and the cluster can still be torn down", async () => {
  const bench = await bootBench();
  const nodes = await Promise.all(bench.cluster.nodes.map((node) => bench.cluster.observeProcess(node)));
  const [proxyPid] = livingOf(bench.options.runId).filter((pid) => !nodes.some((node) => node.pid === pid));
  if (proxyPid === undefined) throw new Error("no proxy server");
  process.kill(proxyPid, "SIGKILL");
  await until("the death is reported", () => bench.events.some((event) => event.type === "proxy-died"));
  const [from, to] = bench.cluster.nodes;
  if (from === undefined || to === undefined) throw new Error("no nodes");
  await expect(bench.cluster.cut([{ from, to }], "drop")).rejects.toThrow();
  await expect(bench.cluster.healEverything()).rejects.toThrow();
  expect((await bench.cluster.teardown()).leftBehind).toEqual([]);
  expect(leftoversOf(bench.options.runId)).toEqual([]);
});

test("a boot that is interrupted says so and leaves nothing", async () => {
  const bench = await makeBench();
  const interrupt = new AbortController();
  bench.cluster.onEvent((event) => event.type === "started" && interrupt.abort());
  await expect(bench.cluster.boot(interrupt.signal)).rejects.toThrow(new ClusterError("the boot was interrupted"));
  expect(leftoversOf(bench.options.runId)).toEqual([]);
});

test("a node that never becomes ready fails the boot in time, with its log's tail", async () => {
  const tiny = tinySystem();
  const system: SystemUnderTest = {
    ...tiny,
    timing: { ...tiny.timing, bootTimeoutMs: 700 },
    status: async (admin, signal) => ({ ...(await tiny.status(admin, signal)), ready: false }),
  };
  const bench = await makeBench(system);
  const error: unknown = await bench.cluster.boot(AbortSignal.timeout(30_000)).catch((reason: unknown) => reason);
  if (!(error instanceof ClusterError)) throw new Error(`no ClusterError but ${String(error)}`);
  expect(error.message).toMatch(/^n\d was not ready within 700 ms$/);
  expect(error.logTail.join("\n")).toContain("serves");
  expect(leftoversOf(bench.options.runId)).toEqual([]);
});

test("an image is refused, a program that is not there is named, and a run id that could be a path is refused", async () => {
  const tiny = tinySystem();
  const withProgram = (program: ReturnType<SystemUnderTest["launch"]>["program"]): SystemUnderTest => ({
    ...tiny,
    launch: (context) => ({ ...tiny.launch(context), program }),
  });
  const signal = AbortSignal.timeout(30_000);
  const image = await makeBench(withProgram({ kind: "image", reference: "etcd:3", command: [] }));
  await expect(image.cluster.boot(signal)).rejects.toThrow(/container image, which the local cluster cannot run/);
  const missing = await makeBench(withProgram({ kind: "executable", path: "/nowhere/at-all" }));
  await expect(missing.cluster.boot(signal)).rejects.toThrow(/\/nowhere\/at-all could not be started/);
  const strange = createLocalCluster({ ...missing.options, runId: "../x" });
  await expect(strange.boot(signal)).rejects.toThrow(/no run id/);
  expect(await readdir(join(registryDirectory(), "runs"))).toEqual([]);
});

test("a program of the host runs as a node", async () => {
  const tiny = tinySystem();
  const system: SystemUnderTest = {
    ...tiny,
    launch: (context) => {
      const launch = tiny.launch(context);
      if (launch.program.kind !== "node") throw new Error("the tiny system runs on Node.js");
      const { directory, entry } = launch.program;
      return {
        ...launch,
        program: { kind: "executable", path: process.execPath },
        args: [join(directory, entry), ...launch.args],
      };
    },
  };
  const bench = await makeBench(system);
  await bench.cluster.boot(AbortSignal.timeout(30_000));
  await bench.untilFlowing();
});

test("a wiped node starts on an empty disk, and only a stopped node can be wiped", async () => {
  const bench = await bootBench();
  const [first] = bench.cluster.nodes;
  if (first === undefined) throw new Error("no node");
  await bench.operateUntilOk(first, "put", "k", 1);
  await expect(bench.cluster.wipe?.(first)).rejects.toThrow(/must be stopped/);
  await bench.cluster.kill(first);
  await bench.untilState(first, "exited");
  await bench.cluster.wipe?.(first);
  await bench.cluster.start(first);
  await bench.untilReady();
  expect(await bench.operateUntilOk(first, "get", "k", null)).toMatchObject({ output: null });
});

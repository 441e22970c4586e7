// What every cluster promises, as one suite that each implementation runs: boot, processes, data, cuts in all modes, shape, heal,
// events, teardown. It asks the cluster and, where the system counts what it hears, the system itself. One cluster of three nodes
// serves all tests in order; after each it is healed and must be whole again, which is a test as well.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { crashTiny, tinyHeard, tinySystem } from "../../test/tiny-system/description.js";
import {
  ClusterError,
  linkName,
  type Cluster,
  type CutMode,
  type DirectedLink,
  type NodeName,
  type NodeStatus,
  type SystemUnderTest,
} from "../index.js";
import { BenchCluster, type CreateCluster } from "./bench-cluster.js";
import { elapse, until } from "./until.js";

export type { CreateCluster } from "./bench-cluster.js";

/** What the suite must know of a system to ask it too. The tiny system's is the default. */
export interface ConformanceSystem {
  readonly system: SystemUnderTest;
  readonly nodes: number;
  readonly replication: number;
  /** Messages that a node has taken from a peer since it started; null when the system does not count them. */
  readonly heard: ((status: NodeStatus, peer: NodeName) => number) | null;
  /** Makes a node end by itself, saying something that one of its crash patterns matches; null when it cannot. */
  readonly crash: ((cluster: Cluster, node: NodeName) => Promise<void>) | null;
  /** Operations asked of `via` cross the links between `via` and `home`; null when that is not known. */
  readonly forwarding: { readonly via: number; readonly home: number } | null;
  /** Ends at boot after it wrote "cannot boot" to its log; null when there is none. */
  readonly diesAtBoot: SystemUnderTest | null;
}

export const tinyConformance: ConformanceSystem = {
  system: tinySystem(),
  nodes: 3,
  replication: 3,
  heard: tinyHeard,
  crash: (cluster, node) => crashTiny(cluster.adminAddress(node)),
  forwarding: { via: 1, home: 0 },
  diesAtBoot: tinySystem({ entry: "dies-at-boot.js" }),
};

export interface ConformanceSettings {
  readonly of?: ConformanceSystem;
  /** What still exists of a run, read from the operating system or the engine and not from the cluster. */
  readonly leftovers?: (runId: string) => Promise<readonly string[]>;
  /** How long nothing must flow before it counts as nothing. Default 400. */
  readonly silenceMs?: number;
}

const modes: readonly CutMode[] = ["reset", "drop", "stall"];

export function clusterConformance(name: string, create: CreateCluster, settings: ConformanceSettings = {}): void {
  const { of = tinyConformance, silenceMs = 400, leftovers } = settings;
  const { system } = of;

  describe(`${name} is a cluster (${system.name})`, () => {
    let bench: BenchCluster;
    let cluster: Cluster;
    let tornDown = false;
    const node = (index: number): NodeName => {
      const found = cluster.nodes[index];
      if (found === undefined) throw new Error(`the cluster has no node ${index}`);
      return found;
    };
    const link = (from: number, to: number): DirectedLink => ({ from: node(from), to: node(to) });
    const status = (index: number) => cluster.status(node(index), AbortSignal.timeout(5_000));
    const heard = async (at: number, from: number) => of.heard?.(await status(at), node(from)) ?? null;

    beforeAll(async () => {
      bench = await BenchCluster.create(create, system, of);
      cluster = bench.cluster;
      await cluster.boot(AbortSignal.timeout(60_000));
    });

    afterEach(async () => {
      if (tornDown) return;
      await cluster.healEverything();
      await bench.untilReady();
      await bench.untilFlowing();
    });

    afterAll(async () => {
      await cluster?.teardown();
      await bench?.removeDirectory();
    });

    test("after boot every node is ready, runs, and every link carries bytes", async () => {
      for (const name of cluster.nodes) {
        expect((await cluster.status(name, AbortSignal.timeout(5_000))).ready).toBe(true);
        const observation = await cluster.observeProcess(name);
        expect(observation).toMatchObject({ node: name, state: "running", exitCode: null, exitSignal: null });
        expect(observation.incarnation).not.toBeNull();
      }
      await bench.untilFlowing();
      expect((await cluster.observeLinks()).map((seen) => linkName(seen.link)).sort()).toEqual(
        bench.links.map(linkName).sort(),
      );
      for (const name of cluster.nodes)
        expect(bench.events).toContainEqual(expect.objectContaining({ type: "started", node: name }));
    });

    test("a kill is observed, is reported as expected, and the next process is another incarnation", async () => {
      const before = await cluster.observeProcess(node(1));
      const since = bench.events.length;
      await cluster.kill(node(1));
      const gone = await bench.untilState(node(1), "exited");
      expect(gone.cpuTimeMs).toBeNull();
      const exit = await bench.untilExitEvent(node(1), since);
      expect(exit.expected).toBe(true);
      // A container engine tells the signal as an exit code, as shells do.
      expect([exit.signal, exit.code]).toContain(exit.signal === null ? 137 : "SIGKILL");
      await expect(cluster.status(node(1), AbortSignal.timeout(1_000))).rejects.toThrow();
      await expect(cluster.kill(node(1))).rejects.toThrow(ClusterError);
      await cluster.start(node(1));
      const after = await bench.untilState(node(1), "running");
      expect(after.incarnation).not.toBe(before.incarnation);
      await expect(cluster.start(node(1))).rejects.toThrow(ClusterError);
    });

    test("the stop signal ends a node, and that is expected", async () => {
      const since = bench.events.length;
      await cluster.terminate(node(2));
      expect(await bench.untilExitEvent(node(2), since)).toMatchObject({ expected: true });
      await bench.untilState(node(2), "exited");
    });

    test("data survives the kill and restart of every node", async () => {
      const value = `survivor-${randomUUID()}`;
      await bench.operateUntilOk(node(0), "put", "conformance", value);
      await Promise.all(cluster.nodes.map((name) => cluster.kill(name)));
      await Promise.all(cluster.nodes.map((name) => bench.untilState(name, "exited")));
      await Promise.all(cluster.nodes.map((name) => cluster.start(name)));
      await bench.untilReady();
      expect(await bench.operateUntilOk(node(0), "get", "conformance", null)).toMatchObject({ output: value });
    });

    for (const mode of modes) {
      test(`a one-way cut in mode ${mode} is one-way`, async () => {
        await cluster.cut([link(0, 1)], mode);
        if (mode === "reset") expect(await cluster.attempt(link(0, 1))).toBe("refused");
        else {
          const { offeredBytes } = await bench.observe(link(0, 1));
          await until("bytes are offered", async () => (await bench.observe(link(0, 1))).offeredBytes > offeredBytes);
          expect(await cluster.attempt(link(0, 1))).toBe("accepted");
        }
        expect(await cluster.attempt(link(1, 0))).toBe("accepted");
        const heardBefore = await heard(1, 0);
        expect((await bench.flow(link(0, 1), silenceMs)).delivered).toBe(0);
        await bench.untilFlowing(bench.links.filter((other) => linkName(other) !== linkName(link(0, 1))));
        expect(await heard(1, 0)).toBe(heardBefore);
        expect((await bench.flow(link(0, 1), silenceMs)).delivered).toBe(0);
      });
    }

    test("a cut in mode reset ends connections and refuses new ones until it is healed", async () => {
      const both = [link(0, 1), link(1, 0)];
      await cluster.cut(both, "reset");
      for (const one of both) {
        await until("connections end", async () => (await bench.observe(one)).openConnections === 0);
        expect(await cluster.attempt(one)).toBe("refused");
        expect((await bench.flow(one, silenceMs)).delivered).toBe(0);
      }
      await cluster.heal(both);
      for (const one of both) expect(await cluster.attempt(one)).toBe("accepted");
      await bench.untilFlowing();
    });

    test("a cut in mode drop discards what is offered, and the connection dies at heal", async () => {
      const both = [link(0, 1), link(1, 0)];
      await cluster.cut(both, "drop");
      const before = await bench.observe(link(0, 1));
      await until("bytes are offered", async () => {
        return (await bench.observe(link(0, 1))).offeredBytes > before.offeredBytes;
      });
      const during = await bench.observe(link(0, 1));
      expect(during.deliveredBytes).toBe(before.deliveredBytes);
      expect(during.openConnections).toBeGreaterThan(0);
      await cluster.heal(both);
      await until("a new connection", async () => {
        return (await bench.observe(link(0, 1))).acceptedConnections > during.acceptedConnections;
      });
      await bench.untilFlowing();
    });

    test("a cut in mode stall keeps what is offered and delivers it late, over the same connection", async () => {
      const both = [link(0, 1), link(1, 0)];
      const open = await bench.observe(link(0, 1));
      await cluster.cut(both, "stall");
      const before = await bench.observe(link(0, 1));
      await until("bytes are offered", async () => {
        return (await bench.observe(link(0, 1))).offeredBytes > before.offeredBytes;
      });
      const during = await bench.observe(link(0, 1));
      expect(during.deliveredBytes).toBe(before.deliveredBytes);
      const missing = during.offeredBytes - before.offeredBytes;
      await cluster.heal(both);
      await until("what was held is delivered", async () => {
        return (await bench.observe(link(0, 1))).deliveredBytes >= during.deliveredBytes + missing;
      });
      expect((await bench.observe(link(0, 1))).acceptedConnections).toBe(open.acceptedConnections);
    });

    test("a cut of a cut link is an error and changes nothing", async () => {
      await cluster.cut([link(0, 1)], "drop");
      await expect(cluster.cut([link(0, 1), link(1, 2)], "stall")).rejects.toThrow();
      await bench.untilFlowing([link(1, 2)]);
      expect((await bench.flow(link(0, 1), silenceMs)).delivered).toBe(0);
    });

    test("a pause is observed as a stopped state and unchanged CPU time; the same process goes on after it", async () => {
      const before = await cluster.observeProcess(node(2));
      await cluster.pause(node(2));
      const paused = await bench.untilState(node(2), "paused");
      await expect(cluster.status(node(2), AbortSignal.timeout(silenceMs))).rejects.toThrow();
      const later = await cluster.observeProcess(node(2));
      expect(later.state).toBe("paused");
      expect(later.cpuTimeMs).toBe(paused.cpuTimeMs);
      await cluster.resume(node(2));
      const after = await bench.untilState(node(2), "running");
      expect([after.pid, after.incarnation]).toEqual([before.pid, before.incarnation]);
      await bench.untilReady([node(2)]);
    });

    test("a paused node can be killed", async () => {
      await cluster.pause(node(2));
      await bench.untilState(node(2), "paused");
      await cluster.kill(node(2));
      await bench.untilState(node(2), "exited");
    });

    test("with all proxies disabled no two nodes exchange a byte", async () => {
      await cluster.disableAllLinks();
      for (const one of bench.links) expect(await cluster.attempt(one)).toBe("refused");
      await until("connections end", async () =>
        (await cluster.observeLinks()).every((seen) => seen.openConnections === 0),
      );
      const pairs = cluster.nodes.flatMap((_, at) => cluster.nodes.map((_, from) => [at, from] as const));
      const allHeard = () =>
        Promise.all(pairs.filter(([at, from]) => at !== from).map(([at, from]) => heard(at, from)));
      const before = await bench.delivered();
      const heardBefore = await allHeard();
      await elapse(silenceMs * 2);
      expect(await bench.delivered()).toEqual(before);
      expect(await allHeard()).toEqual(heardBefore);
    });

    test("latency keeps bytes under way on the shaped link only, until it is healed", async () => {
      const latencyMs = 400;
      const underWay = async (one: DirectedLink) => {
        const { offeredBytes, deliveredBytes } = await bench.observe(one);
        return offeredBytes - deliveredBytes;
      };
      const least = async (one: DirectedLink) => {
        let smallest = Number.POSITIVE_INFINITY;
        for (let count = 0; count < 20; count++) {
          smallest = Math.min(smallest, await underWay(one));
          await elapse(10);
        }
        return smallest;
      };
      const [there, back] = [link(1, 0), link(0, 1)];
      const quiet = { there: await least(there), back: await least(back) };
      // What the link is offered within the latency is under way at any time. Counters that are read socket by socket may be off
      // by a few bytes, so a half of it must be seen, and what is not shaped must stay below a quarter.
      const expected = ((await bench.flow(there, 1_000)).offered * latencyMs) / 1_000;
      expect(expected).toBeGreaterThan(0);
      await cluster.shape([there], { latencyMs, jitterMs: 0 });
      await until("bytes are under way", async () => (await least(there)) - quiet.there >= expected / 2);
      expect((await least(back)) - quiet.back).toBeLessThan(expected / 4);
      if (of.forwarding !== null) {
        const began = performance.now();
        await bench.operateUntilOk(node(of.forwarding.via), "get", "conformance", null);
        expect(performance.now() - began).toBeGreaterThanOrEqual(latencyMs);
      }
      await cluster.heal([there]);
      await until("nothing is under way", async () => (await least(there)) - quiet.there < expected / 4);
    });

    const { crash, diesAtBoot } = of;
    const whenItCanCrash = crash === null ? null : test;
    whenItCanCrash?.("an exit that nobody asked for is reported with its log's tail", async () => {
      const since = bench.events.length;
      await crash?.(cluster, node(2));
      const exit = await bench.untilExitEvent(node(2), since);
      expect(exit.expected).toBe(false);
      const matches = (line: string) => system.crashPatterns.some((pattern) => line.search(pattern) !== -1);
      expect(exit.logTail.some(matches)).toBe(true);
      await until("the panic is reported", () =>
        bench.events.slice(since).some((event) => event.type === "panic" && matches(event.line)),
      );
      const log = join(bench.options.directory, "nodes", node(2), "log.txt");
      await until("the log is in the run's directory", async () => matches(await readFile(log, "utf8")));
    });

    test("healing everything resumes, starts and heals whatever is not well", async () => {
      await cluster.cut([link(0, 1), link(1, 0)], "stall");
      await cluster.shape([link(0, 2)], { latencyMs: 200, jitterMs: 0 });
      await cluster.pause(node(1));
      await cluster.kill(node(2));
      await bench.untilState(node(2), "exited");
      await cluster.healEverything();
      for (const name of cluster.nodes) await bench.untilState(name, "running");
      await bench.untilReady();
      await bench.untilFlowing();
    });

    test("what a cluster cannot do it refuses with the reason", async () => {
      const shared = await BenchCluster.create(create, { ...system, peerAddressing: "shared" }, of);
      const capability = shared.cluster.capabilities["cut-drop"];
      if (capability.able) throw new Error("directed links cannot be cut when all nodes use one address for a peer");
      expect(capability.reason.length).toBeGreaterThan(10);
      await expect(shared.cluster.cut([link(0, 1)], "drop")).rejects.toThrow(capability.reason);
      await shared.cluster.teardown();
      await shared.removeDirectory();
    });

    test("a size that the system refuses is an error in the system's words", async () => {
      const refusal = "this system is too shy for so many";
      const shy = await BenchCluster.create(create, { ...system, refuses: () => refusal }, of);
      await expect(shy.cluster.boot(AbortSignal.timeout(60_000))).rejects.toThrow(refusal);
      expect((await shy.cluster.teardown()).leftBehind).toEqual([]);
      await shy.removeDirectory();
    });

    const whenItCanDie = diesAtBoot === null ? null : test;
    whenItCanDie?.("a node that dies at boot fails the boot with its log's tail", async () => {
      const failing = await BenchCluster.create(create, diesAtBoot ?? system, of);
      const error: unknown = await failing.cluster.boot(AbortSignal.timeout(60_000)).catch((reason: unknown) => reason);
      if (!(error instanceof ClusterError)) throw new Error(`no ClusterError but ${String(error)}`);
      expect(error.message).toMatch(/^n\d ended while it booted/);
      expect(error.logTail.join("\n")).toContain("cannot boot");
      expect((await failing.cluster.teardown()).leftBehind).toEqual([]);
      expect((await leftovers?.(failing.options.runId)) ?? []).toEqual([]);
      await failing.removeDirectory();
    });

    test("teardown leaves nothing, whatever state the nodes are in, and may be repeated", async () => {
      await cluster.cut([link(0, 1)], "stall");
      await cluster.pause(node(1));
      await cluster.kill(node(2));
      const addresses = cluster.nodes.map((name) => cluster.adminAddress(name));
      tornDown = true;
      expect((await cluster.teardown()).leftBehind).toEqual([]);
      for (const address of addresses)
        await expect(system.status(address, AbortSignal.timeout(1_000))).rejects.toThrow();
      expect((await leftovers?.(bench.options.runId)) ?? []).toEqual([]);
      expect((await cluster.teardown()).leftBehind).toEqual([]);
    });
  });
}

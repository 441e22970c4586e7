// What the executor must show on every real cluster: each kind of fault is confirmed on and off at the target, and a fault that
// was not done, or was done to another link, is not. One cluster of three nodes of the tiny system serves all tests in order.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeNames, type Cluster, type ClusterOptions, type DirectedLink } from "../../cluster/index.js";
import { createRandom } from "../../history/index.js";
import { tinySystem } from "../../test/tiny-system/description.js";
import { parseFaults } from "../parse.js";
import { checkSchedule, type ScheduleLimits } from "../check-schedule.js";
import type { Fault, PartitionShape } from "../fault.js";
import { faultKinds } from "../kinds.js";
import type { FaultRecord } from "../contract.js";
import { createNemesis } from "../nemesis.js";

const nodes = nodeNames(3);
const groups = [{ group: 0, members: nodes }];
const timed = { at_ms: 0, for_ms: 500 };
const partition = (shape: PartitionShape, mode: "reset" | "drop" | "stall"): Fault => ({
  kind: "partition",
  shape,
  mode,
  group: 0,
  scope: "group",
  ...timed,
});
const faults: readonly (readonly [string, Fault])[] = [
  ["kill", { kind: "kill", target: { by: "leader", group: 0 }, ...timed }],
  ["terminate", { kind: "terminate", target: { by: "follower", group: 0 }, ...timed }],
  ["restart", { kind: "restart", how: "kill", target: { by: "leader", group: 0 }, ...timed }],
  ["restart by the stop signal", { kind: "restart", how: "terminate", target: { by: "follower", group: 0 }, ...timed }],
  ["a restart of all at once", { kind: "restart", how: "kill", target: { by: "all" }, ...timed }],
  ["pause", { kind: "pause", target: { by: "leader", group: 0 }, ...timed }],
  ["isolate-leader by reset", partition("isolate-leader", "reset")],
  ["isolate-leader by drop", partition("isolate-leader", "drop")],
  ["isolate-leader by stall", partition("isolate-leader", "stall")],
  ["one-way-in by drop", partition("one-way-in", "drop")],
  ["one-way-out by stall", partition("one-way-out", "stall")],
  ["one-way-out by reset", partition("one-way-out", "reset")],
  ["majorities-ring by stall", partition("majorities-ring", "stall")],
  ["bridge by drop", partition("bridge", "drop")],
  ["random-graph by stall", partition("random-graph", "stall")],
  ["random-halves by reset", partition("random-halves", "reset")],
  ["minority-third by stall", partition("minority-third", "stall")],
  ["a custom cut by drop", { kind: "partition", shape: "custom", mode: "drop", links: ["n2>n1", "n1>n3"], ...timed }],
  ["a kill of all followers", { kind: "kill", target: { by: "followers", group: 0 }, ...timed }],
  ["a pause of two neighbours", { kind: "pause", target: { by: "ring-neighbours", group: 0 }, ...timed }],
  ["a kill of all at once", { kind: "kill", target: { by: "all" }, ...timed }],
  ["bandwidth", { kind: "bandwidth", target: { by: "leader", group: 0 }, rate_kb_per_s: 1, ...timed }],
  ["slicing", { kind: "slicing", target: { by: "leader", group: 0 }, piece_bytes: 5, pause_ms: 5, ...timed }],
  ["limited data", { kind: "limit-data", target: { by: "leader", group: 0 }, limit_bytes: 200, ...timed }],
  ["a reset", { kind: "reset", target: { by: "leader", group: 0 }, after_ms: 150, ...timed }],
  ["slow close", { kind: "slow-close", target: { by: "leader", group: 0 }, delay_ms: 1_000, ...timed }],
  ["latency", { kind: "latency", target: { by: "leader", group: 0 }, latency_ms: 200, jitter_ms: 20, ...timed }],
];

/** Faults that not every cluster can do: where it cannot, a schedule with one is refused. */
const resourceFaults: readonly (readonly [string, Fault])[] = [
  ["a clock that jumps ahead", { kind: "clock-jump", target: { by: "leader", group: 0 }, offset_ms: 60_000, ...timed }],
  ["a clock that jumps back", { kind: "clock-jump", target: { by: "all" }, offset_ms: -3_600_000, ...timed }],
  ["a clock that drifts", { kind: "clock-drift", target: { by: "leader", group: 0 }, ms_per_s: 200, ...timed }],
  [
    "a clock that strobes",
    { kind: "clock-strobe", target: { by: "follower", group: 0 }, offset_ms: 5_000, period_ms: 200, ...timed },
  ],
  ["some packets lost", { kind: "packet-loss", target: { by: "leader", group: 0 }, percent: 30, ...timed }],
  ["all packets lost", { kind: "packet-loss", target: { by: "follower", group: 0 }, percent: 100, ...timed }],
  ["a full disk", { kind: "disk-full", target: { by: "leader", group: 0 }, ...timed }],
  ["a memory limit", { kind: "memory-limit", target: { by: "leader", group: 0 }, ...timed }],
  ["a CPU quota", { kind: "cpu-quota", target: { by: "leader", group: 0 }, cores: 0.01, ...timed }],
];

const resourceFault = (wanted: string): Fault =>
  resourceFaults.find(([name]) => name === wanted)?.[1] ?? expect.fail(`no fault ${wanted}`);

/** The cluster with some of its methods replaced: it answers, and does nothing or something else. */
function lying(cluster: Cluster, lies: Partial<Cluster>): Cluster {
  return new Proxy(cluster, {
    get(target, name) {
      const source = name in lies ? lies : target;
      const value: unknown = Reflect.get(source, name);
      return typeof value === "function" ? value.bind(source) : value;
    },
  });
}
const nothing = (): Promise<void> => Promise.resolve();

export function executorCases(name: string, create: (options: ClusterOptions) => Cluster | Promise<Cluster>): void {
  describe(`the nemesis on ${name}`, () => {
    let cluster: Cluster;
    let directory: string;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "minos-nemesis-"));
      const runId = `nemesis-${randomUUID().slice(0, 8)}`;
      cluster = await create({
        system: tinySystem(),
        nodes,
        replication: 3,
        runId,
        directory,
        fakeClocks: true,
        limitedDisks: true,
        packetRules: true,
      });
      await cluster.boot(AbortSignal.timeout(60_000));
    });
    afterAll(async () => {
      const report = await cluster.teardown();
      await rm(directory, { recursive: true, force: true });
      expect(report.leftBehind).toEqual([]);
    });

    const carryOut = (fault: Fault, on: Cluster = cluster) => carryOutAll([fault], on);

    async function carryOutAll(faults: readonly Fault[], on: Cluster = cluster) {
      const records: FaultRecord[] = [];
      const nemesis = createNemesis({
        cluster: on,
        faults,
        random: createRandom(1, "nemesis"),
        groups: () => groups,
        leaderOf: () => nodes[0] ?? null,
        record: (event) => void records.push(event),
        limits: { confirmMs: on === cluster ? 10_000 : 1_500 },
      });
      const signal = AbortSignal.timeout(60_000);
      await nemesis.run(signal);
      return { records, stages: records.map(({ stage }) => stage), heal: () => nemesis.finalHeal(signal) };
    }
    const healed = { healed: true, problems: [], linksHealed: true, refused: [] };

    test.each(faults)("%s is confirmed on and off, and the cluster is whole afterwards", async (_, fault) => {
      const { records, stages, heal } = await carryOut(fault);
      expect(stages, JSON.stringify(records, null, 1)).toEqual([
        "requested",
        "confirmed-on",
        "heal-requested",
        "confirmed-off",
      ]);
      expect(await heal()).toEqual(healed);
    });

    const stagesOf = (records: readonly FaultRecord[], wanted: string) =>
      records.filter(({ stage }) => stage === wanted);
    const incarnationsOf = async (): Promise<readonly (string | null)[]> =>
      Promise.all(nodes.map(async (node) => (await cluster.observeProcess(node)).incarnation));

    test("a restart names the process that was and the other one that is", async () => {
      const [before] = await incarnationsOf();
      const { records } = await carryOut({
        kind: "restart",
        how: "kill",
        target: { by: "name", nodes: ["n1"] },
        ...timed,
      });
      const [after] = await incarnationsOf();
      expect(after).not.toBe(before);
      expect(stagesOf(records, "confirmed-on")[0]?.evidence).toMatchObject({
        n1: { state: "running", incarnation: [before, after] },
      });
      expect(stagesOf(records, "confirmed-off")[0]?.evidence).toMatchObject({
        n1: { state: "running", incarnation: after, ready: true },
      });
    });

    test("ends of connections that come in time are no slow close, and ends that still come late are no heal of one", async () => {
      const { stages } = await carryOut(faultOf("slow close"), lying(cluster, { shape: nothing }));
      expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
      const unhealed = await carryOut(faultOf("slow close"), lying(cluster, { heal: nothing }));
      expect(unhealed.stages).toEqual(["requested", expect.any(String), "heal-requested", "unconfirmed"]);
      await cluster.healEverything();
      expect(await unhealed.heal()).toEqual(healed);
    });

    test("a restart that leaves its node down is not confirmed, and the final heal starts it", async () => {
      const { stages, heal } = await carryOut(faultOf("restart"), lying(cluster, { start: nothing }));
      expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
      await cluster.healEverything();
      expect(await heal()).toEqual(healed);
    });

    test("a crash loop kills one and the same node each time, down while each lasts and ready in between; the others live on", async () => {
      const loop = parseFaults([
        { composition: "crash-loop", target: { by: "leader", group: 0 }, at_ms: 0, on_ms: 200, off_ms: 100, times: 3 },
      ]);
      const before = await incarnationsOf();
      const { records, heal } = await carryOutAll(loop);
      expect(records.map(({ fault, stage }) => `${fault} ${stage}`)).toEqual(
        [0, 1, 2].flatMap((fault) =>
          ["requested", "confirmed-on", "heal-requested", "confirmed-off"].map((stage) => `${fault} ${stage}`),
        ),
      );
      expect(records.map(({ targets }) => targets)).toEqual(records.map(() => ["n1"]));
      for (const { evidence } of stagesOf(records, "confirmed-on"))
        expect(evidence).toMatchObject({ n1: { state: "exited" } });
      for (const { evidence } of stagesOf(records, "confirmed-off"))
        expect(evidence).toMatchObject({ n1: { state: "running", ready: true } });
      const killed = stagesOf(records, "confirmed-on").map(
        ({ evidence }) => (evidence as { readonly n1: { readonly incarnation: string } }).n1.incarnation,
      );
      expect(new Set(killed).size).toBe(3);
      const after = await incarnationsOf();
      expect(after[0]).not.toBe(before[0]);
      expect(after.slice(1)).toEqual(before.slice(1));
      expect(await heal()).toEqual(healed);
    });

    test("a rolling restart takes every node down once, the next only after the one before is ready again", async () => {
      const roll = parseFaults([
        {
          composition: "rolling-restart",
          kind: "terminate",
          nodes: ["n2", "n3", "n1"],
          at_ms: 0,
          on_ms: 200,
          off_ms: 100,
        },
      ]);
      const before = await incarnationsOf();
      const { records, heal } = await carryOutAll(roll);
      expect(records.map(({ targets, stage }) => `${targets.join()} ${stage}`)).toEqual(
        ["n2", "n3", "n1"].flatMap((node) =>
          ["requested", "confirmed-on", "heal-requested", "confirmed-off"].map((stage) => `${node} ${stage}`),
        ),
      );
      for (const { targets, evidence } of stagesOf(records, "confirmed-off"))
        expect(evidence).toMatchObject({ [targets.join()]: { state: "running", ready: true } });
      const after = await incarnationsOf();
      for (const [index, incarnation] of after.entries()) expect(incarnation).not.toBe(before[index]);
      expect(await heal()).toEqual(healed);
    });

    test.each(resourceFaults)("%s is confirmed on and off, or refused before the run", async (_, fault) => {
      const needed = faultKinds[fault.kind].capabilities(fault).map((capability) => cluster.capabilities[capability]);
      const [name] = faultKinds[fault.kind].mayNeed;
      const refused = needed.find((capability) => !capability.able);
      if (refused === undefined) {
        const { records, stages, heal } = await carryOut(fault);
        expect(stages, JSON.stringify(records, null, 1)).toEqual([
          "requested",
          "confirmed-on",
          "heal-requested",
          "confirmed-off",
        ]);
        expect(await heal()).toEqual(healed);
        return;
      }
      const limits: ScheduleLimits = {
        nodes,
        groups,
        timeLimitMs: 60_000,
        operationTimeoutMs: 100,
        electionTimeoutMs: 100,
        capabilities: cluster.capabilities,
        peerAddressing: "per-observer",
      };
      const problem = `the cluster cannot do "${name}": ${refused.able ? "" : refused.reason}`;
      expect(checkSchedule([fault], limits).join()).toContain(problem);
    });

    test("a CPU quota that was not set is not confirmed", async () => {
      const fault = resourceFault("a CPU quota");
      const { stages, heal } = await carryOut(fault, lying(cluster, { limitCpu: nothing }));
      expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
      expect(await heal()).toEqual(healed);
    });

    test("packets that are not lost, and a disk that has room, are not confirmed; nor is a heal that leaves a rule or a full disk", async () => {
      const pairs = [
        ["all packets lost", "dropPackets"],
        ["a full disk", "fillDisk"],
      ] as const;
      for (const [name, method] of pairs) {
        const fault = resourceFault(name);
        if (!faultKinds[fault.kind].mayNeed.every((needed) => cluster.capabilities[needed].able)) continue;
        const { stages, heal } = await carryOut(fault, lying(cluster, { [method]: nothing }));
        expect(stages.slice(0, 2), name).toEqual(["requested", "unconfirmed"]);
        expect(await heal(), name).toEqual(healed);
        let calls = 0;
        const once = (...given: readonly unknown[]): Promise<void> => {
          calls += 1;
          const real: unknown = Reflect.get(cluster, method);
          return calls > 1 || typeof real !== "function" ? nothing() : (real.apply(cluster, given) as Promise<void>);
        };
        const unhealed = await carryOut(fault, lying(cluster, { [method]: once }));
        expect(unhealed.stages, name).toEqual(["requested", expect.any(String), "heal-requested", "unconfirmed"]);
        await cluster.dropPackets?.([], null);
        await cluster.fillDisk?.(nodes[0] ?? expect.fail("no node"), false);
        await cluster.healEverything();
        expect(await unhealed.heal(), name).toEqual(healed);
      }
    });

    test("a memory limit that was not set, and a plain kill in its place, are not confirmed", async () => {
      const fault = resourceFault("a memory limit");
      const lies: readonly Partial<Cluster>[] = [
        { limitMemory: nothing },
        { limitMemory: (node, how) => (how === null ? nothing() : cluster.kill(node)) },
      ];
      for (const lie of lies) {
        const { stages, heal } = await carryOut(fault, lying(cluster, lie));
        expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
        await cluster.healEverything();
        expect(await heal()).toEqual(healed);
      }
    });

    test("a clock that was not changed is not confirmed", async () => {
      for (const name of ["a clock that jumps ahead", "a clock that drifts", "a clock that strobes"]) {
        const { stages, heal } = await carryOut(resourceFault(name), lying(cluster, { setClock: nothing }));
        expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
        expect(await heal()).toEqual(healed);
      }
    });

    const lies: readonly (readonly [string, string, Partial<Cluster>])[] = [
      ["a kill", "kill", { kill: nothing }],
      ["a pause", "pause", { pause: nothing }],
      ["a restart", "restart", { kill: nothing }],
      ["a cut by reset", "isolate-leader by reset", { cut: nothing }],
      ["a cut by drop", "isolate-leader by drop", { cut: nothing }],
      ["a cut by stall", "isolate-leader by stall", { cut: nothing }],
      ["latency", "latency", { shape: nothing }],
      ["a narrow link", "bandwidth", { shape: nothing }],
      ["slicing", "slicing", { shape: nothing }],
      ["limited data", "limited data", { shape: nothing }],
      ["a reset", "a reset", { shape: nothing }],
    ];
    const faultOf = (wanted: string): Fault =>
      faults.find(([kind]) => kind === wanted)?.[1] ?? partition("halves", "drop");

    test.each(lies)("%s that was not done is not confirmed", async (_, kind, lie) => {
      const { stages, heal } = await carryOut(faultOf(kind), lying(cluster, lie));
      expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
      await cluster.healEverything();
      expect(await heal()).toEqual(healed);
    });

    test("a cut of the wrong links is not confirmed", async () => {
      const wrong = (links: readonly DirectedLink[]): DirectedLink[] => [
        ...new Map(
          links.map((link) => {
            const [from, to] = [nodes[1] ?? link.from, nodes[2] ?? link.to];
            return link.from === nodes[0] ? [`${from}>${to}`, { from, to }] : [`${to}>${from}`, { from: to, to: from }];
          }),
        ).values(),
      ];
      const liar = lying(cluster, {
        cut: (links, mode) => cluster.cut(wrong(links), mode),
        heal: (links) => cluster.heal(wrong(links)),
      });
      const { stages, heal } = await carryOut(faultOf("isolate-leader by drop"), liar);
      expect(stages.slice(0, 2)).toEqual(["requested", "unconfirmed"]);
      await cluster.healEverything();
      expect(await heal()).toEqual(healed);
    });

    test("a heal that was skipped is not confirmed, and the final heal mends it", async () => {
      const { stages, heal } = await carryOut(faultOf("isolate-leader by drop"), lying(cluster, { heal: nothing }));
      expect(stages).toEqual(["requested", "confirmed-on", "heal-requested", "unconfirmed"]);
      expect(await heal()).toEqual(healed);
    });
  });
}

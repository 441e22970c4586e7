// Shows that the executor believes only what it sees at the target: against an honest cluster each fault goes through its four
// stages; against a cluster that answers calls and does nothing, or does it elsewhere, nothing is ever confirmed. The cluster
// is a model in virtual time, so that time-outs cost nothing and every run is the same.
import { describe, expect, test } from "vitest";
import { nodeNames, type NodeName } from "../cluster/index.js";
import { createRandom } from "../history/index.js";
import type { Fault } from "./fault.js";
import type { FaultRecord } from "./contract.js";
import { createNemesis } from "./nemesis.js";
import { createFakeCluster, type Lies } from "./testing/fake-cluster.js";
import { createVirtualTime } from "./testing/virtual-time.js";

const nodes = nodeNames(6);
const groups = [
  { group: 0, members: nodes.slice(0, 3) },
  { group: 1, members: nodes.slice(3) },
];
const [n1, n2, , n4] = nodes as readonly [NodeName, NodeName, NodeName, NodeName];

type Stamped = FaultRecord & { readonly atMs: number };

interface Setup {
  readonly lies?: Lies;
  readonly leaderOf?: (group: number, nowMs: number) => NodeName | null;
  readonly failRecordAt?: number;
  /** Operations under way, and called so far. */
  readonly load?: (nowMs: number) => readonly [underWay: number, called: number];
}

function setUp(faults: readonly Fault[], { lies, leaderOf, failRecordAt, load }: Setup = {}) {
  const time = createVirtualTime();
  const cluster = createFakeCluster(nodes, time.nowMs, lies);
  const records: Stamped[] = [];
  const nemesis = createNemesis({
    cluster,
    faults,
    random: createRandom(1, "nemesis"),
    groups: () => groups,
    leaderOf: (group) => (leaderOf ?? ((wanted) => (wanted === 0 ? n1 : n4)))(group, time.nowMs()),
    record: (event) => {
      if (records.length === failRecordAt) throw new Error("disk full");
      records.push({ ...event, atMs: time.nowMs() });
    },
    ...(load === undefined
      ? {}
      : {
          load: { underWay: () => load(time.nowMs())[0], called: () => load(time.nowMs())[1], leastCalled: 10 },
        }),
    nowMs: time.nowMs,
    delay: time.delay,
  });
  const stages = (): string[] => records.map(({ fault, stage }) => `${fault} ${stage}`);
  const stage = (name: string): Stamped => {
    const found = records.find((record) => record.stage === name);
    if (found === undefined) throw new Error(`no stage ${name} in ${stages().join(", ")}`);
    return found;
  };
  return { time, cluster, records, nemesis, stages, stage };
}

const never = new AbortController().signal;
const timed = { at_ms: 1_000, for_ms: 1_500 };
const partition = (mode: "reset" | "drop" | "stall"): Fault => ({
  kind: "partition",
  shape: "isolate-leader",
  mode,
  group: 0,
  scope: "group",
  ...timed,
});
const everyKind: readonly (readonly [string, Fault])[] = [
  ["kill", { kind: "kill", target: { by: "leader", group: 0 }, ...timed }],
  ["terminate", { kind: "terminate", target: { by: "follower", group: 0 }, ...timed }],
  ["restart", { kind: "restart", how: "kill", target: { by: "leader", group: 0 }, ...timed }],
  ["pause", { kind: "pause", target: { by: "minority", group: 1 }, ...timed }],
  ["reset", partition("reset")],
  ["drop", partition("drop")],
  ["stall", partition("stall")],
  ["bandwidth", { kind: "bandwidth", target: { by: "leader", group: 1 }, rate_kb_per_s: 1, ...timed }],
  ["latency", { kind: "latency", target: { by: "leader", group: 1 }, latency_ms: 200, jitter_ms: 20, ...timed }],
];
const fourStages = ["0 requested", "0 confirmed-on", "0 heal-requested", "0 confirmed-off"];
const nothingSeen = ["0 requested", "0 unconfirmed", "0 heal-requested"];

describe("against an honest cluster", () => {
  const kill: Fault = { kind: "kill", target: { by: "leader", group: 0 }, ...timed };
  const play = async (load?: Setup["load"]) => {
    const { time, nemesis, stages, stage } = setUp([kill], load === undefined ? {} : { load });
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(fourStages);
    const at = (name: string): number => stage(name).atMs;
    return { requestedMs: at("requested"), lastedMs: at("heal-requested") - at("confirmed-on") };
  };

  test("a fault waits for an operation under way, and strikes without one when none comes", async () => {
    const { requestedMs: atOnce } = await play();
    const requestedAt = async (underWay: (nowMs: number) => number): Promise<number> =>
      (await play((nowMs) => [underWay(nowMs), nowMs])).requestedMs;
    expect(await requestedAt(() => 1)).toBe(atOnce);
    const late = await requestedAt((nowMs) => (nowMs >= atOnce + 40 ? 1 : 0));
    expect(late).toBeGreaterThanOrEqual(atOnce + 40);
    expect(late).toBeLessThan(atOnce + 45);
    const last = await requestedAt(() => 0);
    expect(last).toBeGreaterThanOrEqual(atOnce + 500);
    expect(last).toBeLessThan(atOnce + 600);
  });

  test("a fault goes on until ten operations were called during it, but not for ever", async () => {
    const { lastedMs: asPlanned } = await play();
    const lasted = async (called: (nowMs: number) => number): Promise<number> =>
      (await play((nowMs) => [1, called(nowMs)])).lastedMs;
    expect(await lasted((nowMs) => nowMs)).toBe(asPlanned);
    // One in 200 ms: the tenth comes after two seconds.
    const slow = await lasted((nowMs) => Math.floor(nowMs / 200));
    expect(slow).toBeGreaterThan(1_750);
    expect(slow).toBeLessThan(2_050);
    const silent = await lasted(() => 0);
    expect(silent).toBeGreaterThanOrEqual(asPlanned + 1_490);
    expect(silent).toBeLessThan(asPlanned + 1_600);
  });

  test("a series strikes again whom it struck first, whoever leads by then", async () => {
    const loop = (at_ms: number, series: string | null): Fault => ({
      kind: "kill",
      target: { by: "leader", group: 0 },
      at_ms,
      for_ms: 300,
      glitch: true,
      ...(series === null ? {} : { series }),
    });
    const struck = async (series: string | null): Promise<readonly (readonly string[])[]> => {
      const leaderOf = (_: number, nowMs: number): NodeName => (nowMs < 1_200 ? n1 : n2);
      const { time, nemesis, records } = setUp([loop(1_000, series), loop(2_500, series)], { leaderOf });
      await time.drive(nemesis.run(never));
      return records.filter(({ stage }) => stage === "confirmed-on").map(({ targets }) => targets);
    };
    expect(await struck("loop")).toEqual([["n1"], ["n1"]]);
    expect(await struck(null)).toEqual([["n1"], ["n2"]]);
  });

  test.each(everyKind)("%s goes through its four stages, lasts as long as planned, and is undone", async (_, fault) => {
    const { time, cluster, nemesis, stages, stage } = setUp([fault]);
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(fourStages);
    expect(stage("requested").atMs).toBeGreaterThanOrEqual(1_000);
    expect(stage("heal-requested").atMs - stage("confirmed-on").atMs).toBeGreaterThanOrEqual(1_500);
    expect(stage("confirmed-off").atMs - stage("requested").atMs).toBeLessThan(4_000);
    expect(stage("requested").targets).not.toEqual([]);
    expect(cluster.whole()).toBe(true);
    expect(nemesis.active()).toEqual([]);
    expect(await time.drive(nemesis.finalHeal(never))).toEqual({
      healed: true,
      problems: [],
      linksHealed: true,
      refused: [],
    });
  });

  test("the evidence of a kill names the process that is gone", async () => {
    const { time, nemesis, stage } = setUp([{ kind: "kill", target: { by: "name", nodes: ["n2"] }, ...timed }]);
    await time.drive(nemesis.run(never));
    expect(stage("confirmed-on").evidence).toEqual({
      n2: { pid: 101, incarnation: "101@1", state: "exited", exit_code: null, exit_signal: "SIGKILL" },
    });
    expect(stage("confirmed-off").evidence).toEqual({
      n2: { state: "running", pid: 201, incarnation: "201@2", ready: true },
    });
  });

  test("the evidence of a stall counts bytes that were offered and did not come out", async () => {
    const { time, nemesis, stage } = setUp([partition("stall")]);
    await time.drive(nemesis.run(never));
    const evidence = stage("confirmed-on").evidence as Record<
      string,
      { offered_bytes: number; delivered_bytes: number }
    >;
    expect(Object.keys(evidence).sort()).toEqual(["n1>n2", "n1>n3", "n2>n1", "n3>n1"]);
    for (const link of Object.values(evidence)) {
      expect(link.offered_bytes).toBeGreaterThan(0);
      expect(link.delivered_bytes).toBe(0);
    }
  });

  test("faults in two groups overlap in time and do not disturb each other's confirmation", async () => {
    const { time, nemesis, records } = setUp([
      partition("stall"),
      { kind: "kill", target: { by: "leader", group: 1 }, at_ms: 1_200, for_ms: 1_500 },
    ]);
    await time.drive(nemesis.run(never));
    for (const fault of [0, 1])
      expect(records.filter((record) => record.fault === fault).map(({ stage }) => stage)).toEqual([
        "requested",
        "confirmed-on",
        "heal-requested",
        "confirmed-off",
      ]);
    const [on, off] = [0, 1].map((fault) => records.filter((record) => record.fault === fault).map(({ atMs }) => atMs));
    expect(off?.[0]).toBeLessThan(on?.[2] ?? 0);
  });
});

describe("against a cluster that lies", () => {
  const onCall: Readonly<Record<string, Lies>> = {
    kill: { ignores: ["kill"] },
    terminate: { ignores: ["terminate"] },
    restart: { ignores: ["kill"] },
    pause: { ignores: ["pause"] },
    reset: { ignores: ["cut"] },
    drop: { ignores: ["cut"] },
    stall: { ignores: ["cut"] },
    bandwidth: { ignores: ["shape"] },
    latency: { ignores: ["shape"] },
  };
  test.each(everyKind)("a nemesis that does nothing is never confirmed: %s", async (name, fault) => {
    const { time, nemesis, stages } = setUp([fault], { lies: onCall[name] ?? {} });
    await time.drive(nemesis.run(never));
    expect(stages().slice(0, 3)).toEqual(nothingSeen);
    expect(stages()).not.toContain("0 confirmed-on");
  });

  const offCall: Readonly<Record<string, Lies>> = {
    kill: { ignores: ["start", "healEverything"] },
    terminate: { ignores: ["start", "healEverything"] },
    restart: { neverReady: true },
    pause: { ignores: ["resume", "healEverything"] },
    reset: { ignores: ["heal", "healEverything"] },
    drop: { ignores: ["heal", "healEverything"] },
    stall: { ignores: ["heal", "healEverything"] },
    bandwidth: { ignores: ["heal", "healEverything"] },
    latency: { ignores: ["heal", "healEverything"] },
  };
  test.each(everyKind)("a heal that was skipped is never confirmed: %s", async (name, fault) => {
    const { time, nemesis, stages } = setUp([fault], { lies: offCall[name] ?? {} });
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(["0 requested", "0 confirmed-on", "0 heal-requested", "0 unconfirmed"]);
  });

  test.each(["kill", "pause", "drop"])("a final heal that was skipped is reported: %s", async (name) => {
    const fault = everyKind.find(([kind]) => kind === name)?.[1] ?? partition("drop");
    const { time, nemesis } = setUp([fault], { lies: offCall[name] ?? {} });
    await time.drive(nemesis.run(never));
    const report = await time.drive(nemesis.finalHeal(never));
    expect(report.healed).toBe(false);
    expect(report.problems.join()).toContain("the cluster is not whole");
  });

  test.each(["reset", "drop", "stall"] as const)(
    "a cut of the wrong link is not confirmed, for the right one still delivers: %s",
    async (mode) => {
      const instead = (link: { from: NodeName; to: NodeName }) => (link.from === n1 ? { from: n4, to: link.to } : link);
      const { time, nemesis, stages } = setUp([partition(mode)], { lies: { instead } });
      await time.drive(nemesis.run(never));
      expect(stages().slice(0, 3)).toEqual(nothingSeen);
    },
  );

  test("a pause in name only is not confirmed, for CPU time goes on", async () => {
    const { time, nemesis, stages } = setUp([everyKind.find(([name]) => name === "pause")?.[1] ?? partition("drop")], {
      lies: { pausesInNameOnly: true },
    });
    await time.drive(nemesis.run(never));
    expect(stages().slice(0, 3)).toEqual(nothingSeen);
  });

  test("a restarted node that never gets ready is not confirmed", async () => {
    const { time, nemesis, stages } = setUp([everyKind[0]?.[1] ?? partition("drop")], { lies: { neverReady: true } });
    await time.drive(nemesis.run(never));
    expect(stages().at(-1)).toBe("0 unconfirmed");
  });

  test("a call that fails is told in the evidence", async () => {
    const { time, nemesis, stage } = setUp([partition("drop")], { lies: { rejects: ["cut"] } });
    await time.drive(nemesis.run(never));
    expect(stage("unconfirmed").evidence).toMatchObject({ error: "cut was refused" });
  });
});

describe("damage to disks", () => {
  const flip = (node: string, at_ms: number): Fault => ({
    kind: "bit-flip",
    target: { by: "name", nodes: [node] },
    bits: 1,
    at_ms,
    for_ms: 500,
  });

  test("a node that ends on its damaged disk is named as refused, and only that one", async () => {
    const { time, nemesis, stages, cluster } = setUp([flip("n2", 1_000)], { lies: { refusesDamage: true } });
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(fourStages);
    // One that is down and was not damaged is started again, and owes what all others do.
    cluster.crash(n4);
    expect(await time.drive(nemesis.finalHeal(never))).toEqual({
      healed: true,
      problems: [],
      linksHealed: true,
      refused: [{ node: "n2", reason: "it refused to start after bit-flip of its disk, with exit code 1" }],
    });
  });

  test("a node that starts on its damaged disk is left out of nothing", async () => {
    const { time, nemesis, stages } = setUp([flip("n2", 1_000)]);
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(fourStages);
    expect((await time.drive(nemesis.finalHeal(never))).refused).toEqual([]);
  });

  test("one that runs and is never ready counts as refused only after a while", async () => {
    const { time, nemesis } = setUp([flip("n2", 1_000)], { lies: { neverReady: true } });
    await time.drive(nemesis.run(never));
    const beforeMs = time.nowMs();
    const reason = "after bit-flip of its disk it runs and was not ready for 5000 ms";
    expect((await time.drive(nemesis.finalHeal(never))).refused).toEqual([{ node: "n2", reason }]);
    expect(time.nowMs() - beforeMs).toBeGreaterThanOrEqual(5_000);
  });

  test("damage that could not be done is not confirmed, and the node owes what all others do", async () => {
    const { time, nemesis, stages, stage } = setUp([flip("n2", 1_000)], { lies: { emptyDisks: true } });
    await time.drive(nemesis.run(never));
    expect(stages().slice(0, 2)).toEqual(["0 requested", "0 unconfirmed"]);
    expect(stage("unconfirmed").evidence).toMatchObject({
      error: "nothing on the disk was durable before its last batch",
    });
    expect(await time.drive(nemesis.finalHeal(never))).toMatchObject({ healed: true, refused: [] });
  });

  test("no more than a minority of a group is harmed over the whole run", async () => {
    const { time, nemesis, stages, stage } = setUp([flip("n2", 1_000), flip("n3", 6_000), flip("n5", 6_000)], {
      lies: { refusesDamage: true },
    });
    await time.drive(nemesis.run(never));
    expect(stages().filter((one) => one.startsWith("1"))).toEqual(["1 void"]);
    expect(stage("void").evidence).toEqual({ reason: "n2, n3 would be harmed, which is no minority of group 0" });
    expect(stages().filter((one) => one.startsWith("2"))).toHaveLength(4);
    const refused = (await time.drive(nemesis.finalHeal(never))).refused.map(({ node }) => node);
    expect(refused).toEqual(["n2", "n5"]);
  });
});

describe("targets", () => {
  test("a fault waits a little for a leader to be known", async () => {
    const { time, nemesis, stages, stage } = setUp([partition("drop")], {
      leaderOf: (_, nowMs) => (nowMs < 2_000 ? null : n1),
    });
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(fourStages);
    expect(stage("requested").atMs).toBeGreaterThanOrEqual(2_000);
  });

  test("without any leader a fault at the leader is void, with the reason", async () => {
    const { time, nemesis, stages, stage, cluster } = setUp([partition("drop")], { leaderOf: () => null });
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(["0 void"]);
    expect(stage("void").evidence).toEqual({ reason: "group 0 has no leader that its members agree on" });
    expect(cluster.calls).toEqual([]);
  });

  test("a target that is down already makes the fault void", async () => {
    const { time, nemesis, stages, cluster } = setUp([
      { kind: "kill", target: { by: "name", nodes: ["n1"] }, ...timed },
    ]);
    cluster.crash(n1);
    await time.drive(nemesis.run(never));
    expect(stages()).toEqual(["0 void"]);
  });

  test("the same seed takes the same random node", async () => {
    const fault: Fault = { kind: "pause", target: { by: "random", count: 2 }, ...timed };
    const targets = async () => {
      const { time, nemesis, stage } = setUp([fault]);
      await time.drive(nemesis.run(never));
      return stage("requested").targets;
    };
    expect(await targets()).toEqual(await targets());
  });
});

describe("when it is interrupted", () => {
  test("what is on is healed at once, and what had not begun is void", async () => {
    const stop = new AbortController();
    const second: Fault = { ...partition("drop"), at_ms: 60_000 };
    const { time, nemesis, cluster, stages, stage } = setUp([{ ...partition("stall"), for_ms: 30_000 }, second]);
    time.at(3_000, () => stop.abort());
    await time.drive(nemesis.run(stop.signal), 10_000);
    expect(stages()).toEqual([...fourStages, "1 void"]);
    expect(stage("heal-requested").atMs).toBe(3_000);
    expect(cluster.whole()).toBe(true);
  });

  test("a confirmation under way comes to its end", async () => {
    const stop = new AbortController();
    const { time, nemesis, stages } = setUp([partition("stall")]);
    time.at(1_050, () => stop.abort());
    await time.drive(nemesis.run(stop.signal));
    expect(stages()).toEqual(fourStages);
  });

  test("the final heal alone heals what a run left on, and starts what crashed", async () => {
    const { time, nemesis, cluster, stages } = setUp([{ ...partition("stall"), for_ms: 100_000 }]);
    void nemesis.run(never);
    await time.drive(time.delay(3_000, never));
    cluster.crash(n4);
    expect(nemesis.active()).toMatchObject([{ fault: 0, kind: "partition", stage: "confirmed-on" }]);
    expect(await time.drive(nemesis.finalHeal(never))).toEqual({
      healed: true,
      problems: [],
      linksHealed: true,
      refused: [],
    });
    expect(stages()).toEqual(fourStages);
    expect(cluster.whole()).toBe(true);
    expect(await time.drive(nemesis.finalHeal(never))).toEqual({
      healed: true,
      problems: [],
      linksHealed: true,
      refused: [],
    });
  });

  test.each([0, 1, 2, 3])(
    "a history that cannot be written (event %i) does not keep it from healing",
    async (event) => {
      const { time, nemesis, cluster } = setUp([partition("stall")], { failRecordAt: event });
      await expect(time.drive(nemesis.run(never))).rejects.toThrow("disk full");
      expect(cluster.whole()).toBe(true);
    },
  );
});

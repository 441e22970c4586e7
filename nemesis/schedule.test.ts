// Shows that every schedule drawn obeys the rules that are checked on any schedule, that the seed alone decides it, that it is
// rich enough to find the bugs it is made for, and that the check refuses what breaks a rule. Pure.
import { describe, expect, test } from "vitest";
import { nodeNames, type Capabilities } from "../cluster/index.js";
import { checkSchedule, type ScheduleLimits } from "./check-schedule.js";
import type { Fault } from "./fault.js";
import { groupsDisturbed } from "./groups.js";
import { parseFaults } from "./parse.js";
import { presetNames } from "./presets.js";
import { drawSchedule, type ScheduleInput } from "./schedule.js";
import { allCapabilities } from "./testing/fake-cluster.js";

function limitsOf(nodeCount = 6, replication = 3, timeLimitMs = 20_000): ScheduleLimits {
  const nodes = nodeNames(nodeCount);
  const groups = Array.from({ length: nodeCount / replication }, (_, group) => ({
    group,
    members: nodes.slice(group * replication, (group + 1) * replication),
  }));
  return {
    nodes,
    groups,
    timeLimitMs,
    operationTimeoutMs: 500,
    electionTimeoutMs: 500,
    capabilities: allCapabilities,
    peerAddressing: "per-observer",
  };
}
const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const draw = (seed: number, more: Partial<ScheduleInput> = {}): readonly Fault[] =>
  drawSchedule({ ...limitsOf(), seed, preset: "standard", ...more });
const unable = (name: keyof Capabilities): Capabilities => ({
  ...allCapabilities,
  [name]: { able: false, reason: "no such thing here" },
});

describe("a drawn schedule", () => {
  test("passes the check, in order of time, for every seed, size and length", () => {
    for (const [nodes, replication] of [
      [3, 3],
      [6, 3],
      [9, 3],
      [5, 5],
      [10, 5],
    ] as const)
      for (const timeLimitMs of [10_000, 20_000, 30_000, 60_000])
        for (const seed of seeds.slice(0, 40)) {
          const limits = limitsOf(nodes, replication, timeLimitMs);
          const faults = drawSchedule({ ...limits, seed, preset: "standard" });
          expect(checkSchedule(faults, limits)).toEqual([]);
          expect(faults.map(({ at_ms }) => at_ms)).toEqual(faults.map(({ at_ms }) => at_ms).sort((a, b) => a - b));
        }
  });

  test.each(presetNames)("of preset %s passes the check, in order of time", (preset) => {
    for (const [nodes, replication] of [
      [3, 3],
      [6, 3],
      [5, 5],
    ] as const)
      for (const seed of seeds.slice(0, 60)) {
        const limits = limitsOf(nodes, replication);
        const faults = drawSchedule({ ...limits, seed, preset });
        expect(checkSchedule(faults, limits), `seed ${seed}`).toEqual([]);
        expect(faults.map(({ at_ms }) => at_ms)).toEqual(faults.map(({ at_ms }) => at_ms).sort((a, b) => a - b));
        expect(faults.length > 0).toBe(preset !== "none");
      }
  });

  test("of preset gentle touches one follower at a time", () => {
    for (const seed of seeds)
      for (const fault of draw(seed, { preset: "gentle" }))
        expect("target" in fault && fault.target.by, JSON.stringify(fault)).toBe("follower");
  });

  test("of preset brutal flaps, loops crashes, takes majorities and leaves partial connectivity", () => {
    const seen = new Set<string>();
    const repeats: number[] = [];
    for (const seed of seeds) {
      const bySeries = new Map<string, number>();
      for (const fault of draw(seed, { preset: "brutal" })) {
        if (fault.series !== undefined) bySeries.set(fault.series, (bySeries.get(fault.series) ?? 0) + 1);
        const what = fault.kind === "partition" ? fault.shape : fault.target.by;
        seen.add(`${fault.series === undefined ? "" : "series of "}${fault.kind} ${what}`);
      }
      repeats.push(...bySeries.values());
    }
    for (const what of [
      "series of partition isolate-leader",
      "series of kill leader",
      "series of kill name",
      "series of terminate name",
      "kill majority",
      "pause majority",
      "bandwidth leader",
      "partition quorum-loss",
      "partition chained",
      "partition random-graph",
    ])
      expect(seen).toContain(what);
    expect(Math.min(...repeats)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...repeats)).toBeLessThanOrEqual(5);
  });

  test("of preset links touches links alone, in each way that there is, and swizzles", () => {
    const seen = new Set<string>();
    for (const seed of seeds)
      for (const fault of draw(seed, { preset: "links" }))
        seen.add(fault.kind === "partition" ? fault.shape : fault.kind);
    expect([...seen].toSorted()).toEqual(
      "bandwidth custom latency limit-data one-way-in one-way-out reset slicing".split(" "),
    );
  });

  test("of preset links cuts two nodes off one by one, and both are cut off at once for a while", () => {
    const faults = draw(2, { preset: "links" }).filter(
      (fault) => fault.kind === "partition" && fault.shape === "custom",
    );
    const [first, second] = faults;
    if (first === undefined || second === undefined) throw new Error("this seed swizzles nobody");
    expect(second.at_ms).toBeGreaterThan(first.at_ms);
    expect(Math.min(first.at_ms + first.for_ms, second.at_ms + second.for_ms) - second.at_ms).toBeGreaterThan(500);
    // The links of the second that the first one took already are left out.
    expect("links" in first && first.links).toHaveLength(4);
    expect("links" in second && second.links).toHaveLength(2);
  });

  test("of kinds asked for by name never takes a majority of a group", () => {
    for (const seed of seeds)
      for (const fault of draw(seed, { kinds: ["kill", "pause", "bandwidth"] }))
        expect(["leader", "follower", "minority"]).toContain("target" in fault && fault.target.by);
  });

  test("holds at least 6 faults in 20 s, 9 in 30 s and 20 in 60 s on six nodes", () => {
    for (const [timeLimitMs, least] of [
      [20_000, 6],
      [30_000, 9],
      [60_000, 20],
    ] as const)
      for (const seed of seeds) expect(draw(seed, limitsOf(6, 3, timeLimitMs)).length).toBeGreaterThanOrEqual(least);
  });

  test("is decided by its seed", () => {
    for (const seed of seeds) expect(draw(seed)).toEqual(draw(seed));
    expect(new Set(seeds.map((seed) => JSON.stringify(draw(seed)))).size).toBe(seeds.length);
  });

  test("leaves room in each group for what begins after a disturbance", () => {
    const { groups } = limitsOf();
    for (const seed of seeds)
      for (const { group } of groups) {
        const lane = draw(seed, { timeLimitMs: 30_000 }).filter((fault) => {
          const disturbed = groupsDisturbed(fault, groups);
          return disturbed === "all" || disturbed.has(group);
        });
        let [endMs, series] = [Number.NEGATIVE_INFINITY, ""];
        for (const fault of lane) {
          const goesOn = fault.at_ms < endMs || fault.series === series;
          if (!goesOn) expect(fault.at_ms - endMs).toBeGreaterThanOrEqual(2_300);
          [endMs, series] = [Math.max(endMs, fault.at_ms + fault.for_ms), fault.series ?? ""];
        }
      }
  });

  test("always cuts a leader off by stall and by drop, kills one and pauses one", () => {
    for (const seed of seeds) {
      const texts = draw(seed).map((fault) => JSON.stringify(fault));
      for (const part of ['"isolate-leader","mode":"stall"', '"isolate-leader","mode":"drop"'])
        expect(texts.some((text) => text.includes(part))).toBe(true);
      for (const kind of ["kill", "pause"])
        expect(texts.some((text) => text.startsWith(`{"kind":"${kind}","target":{"by":"leader"`))).toBe(true);
    }
  });

  test("over many seeds shows every shape in every mode, and every kind of the preset", () => {
    const seen = new Set<string>();
    for (const seed of seeds)
      for (const fault of draw(seed, { timeLimitMs: 60_000 }))
        seen.add(fault.kind === "partition" ? `${fault.shape}/${fault.mode}` : fault.kind);
    for (const shape of ["isolate-one", "halves", "majorities-ring", "one-way-in", "one-way-out"])
      for (const mode of ["reset", "drop", "stall"]) expect(seen).toContain(`${shape}/${mode}`);
    for (const kind of ["kill", "pause", "latency"]) expect(seen).toContain(kind);
  });

  test("takes down a quorum of a group only where a sequence of faults does it while links are cut", () => {
    let sequences = 0;
    for (const seed of seeds) {
      const faults = draw(seed);
      for (const fault of faults) {
        if (fault.kind !== "kill" && fault.kind !== "pause") continue;
        if (["leader", "follower", "minority"].includes(fault.target.by)) continue;
        sequences += 1;
        expect(fault.glitch).toBe(true);
        const isCut = (other: Fault): boolean =>
          other.kind === "partition" && other.at_ms < fault.at_ms && other.at_ms + other.for_ms > fault.at_ms;
        expect(faults.some((other) => isCut(other))).toBe(true);
      }
    }
    expect(sequences).toBeGreaterThan(seeds.length);
  });

  test("with room for five in each group ends where a leader's connections are cut short, in another way in each", () => {
    const ends = (seed: number, more: Partial<ScheduleInput>) =>
      [0, 1].map((group) => {
        const lane = draw(seed, { timeLimitMs: 30_000, ...more }).filter((fault) => {
          const disturbed = groupsDisturbed(fault, limitsOf().groups);
          return disturbed === "all" || disturbed.has(group);
        });
        const last = lane.at(-1);
        const together = lane.filter(
          ({ series }, index) => index === lane.length - 1 || series === (last?.series ?? ""),
        );
        return together.map((fault) => {
          if (fault.kind === "partition" && fault.for_ms <= 20) return `${fault.shape} by ${fault.mode}`;
          return fault.kind === "limit-data" ? `${fault.kind} of a ${fault.target.by}` : "another";
        });
      });
    const resets = ["isolate-leader by reset", "isolate-leader by reset", "isolate-leader by reset"];
    const lives = ["limit-data of a leader"];
    for (const seed of seeds) {
      expect([
        [resets, lives],
        [lives, resets],
      ]).toContainEqual(ends(seed, {}));
      // Where connections count no bytes.
      expect(ends(seed, { capabilities: unable("shape-limit-data") })).toEqual([resets, resets]);
    }
  });

  test("leaves out what the cluster cannot do and what shared addresses forbid", () => {
    for (const seed of seeds.slice(0, 50)) {
      expect(draw(seed, { capabilities: unable("pause") }).map(({ kind }) => kind)).not.toContain("pause");
      const shared = draw(seed, { peerAddressing: "shared" });
      expect(shared.length).toBeGreaterThanOrEqual(6);
      expect(new Set(shared.map(({ kind }) => kind))).toEqual(new Set(["kill", "pause"]));
    }
  });

  test("holds only the kinds that were named, also for groups too small for the preset", () => {
    expect(new Set(draw(1, { kinds: ["terminate"] }).map(({ kind }) => kind))).toEqual(new Set(["terminate"]));
    expect(draw(1, { preset: "none" })).toEqual([]);
    const single = limitsOf(1, 1);
    expect(drawSchedule({ ...single, seed: 1, preset: "standard" })).toEqual([]);
    const killed = drawSchedule({ ...single, seed: 1, preset: "standard", kinds: ["kill"] });
    expect(killed.length).toBeGreaterThan(0);
    expect(checkSchedule(killed, single)).toEqual([]);
  });

  test("is read back from JSON as it was", () => {
    for (const seed of seeds.slice(0, 50)) {
      const faults = draw(seed);
      expect(parseFaults(JSON.parse(JSON.stringify(faults)))).toEqual(faults);
    }
  });
});

describe("the check", () => {
  const limits = limitsOf();
  const kill: Fault = { kind: "kill", target: { by: "leader", group: 0 }, at_ms: 1_000, for_ms: 1_500 };
  const cut: Fault = {
    kind: "partition",
    shape: "halves",
    mode: "drop",
    group: 0,
    scope: "group",
    at_ms: 1_000,
    for_ms: 1_500,
  };
  const problems = (faults: readonly Fault[], more: Partial<ScheduleLimits> = {}) =>
    checkSchedule(faults, { ...limits, ...more });

  test("accepts a fault of exactly three operation timeouts and a gap of exactly four election timeouts", () => {
    expect(problems([kill, { ...cut, at_ms: 4_500 }])).toEqual([]);
  });

  test("refuses a fault shorter than three operation timeouts, unless it is a glitch", () => {
    expect(problems([{ ...kill, for_ms: 1_499 }])).toEqual([
      "faults[0] (kill): lasts 1499 ms, less than three operation timeouts (1500 ms), and is no glitch",
    ]);
    expect(problems([{ ...kill, for_ms: 100, glitch: true }])).toEqual([]);
  });

  test("refuses a gap shorter than four election timeouts in one group, but not between groups", () => {
    expect(problems([kill, { ...cut, at_ms: 4_499 }])).toEqual([
      "faults[1]: starts 1999 ms after faults[0] ends in group 0, less than four election timeouts (2000 ms)",
    ]);
    expect(problems([kill, { ...cut, group: 1, at_ms: 3_000 }])).toEqual([]);
    expect(problems([kill, { ...cut, scope: "all", at_ms: 3_000 }])).toHaveLength(1);
  });

  test("refuses to empty a disk in a run that fills disks: such a disk would be found again", () => {
    const full: Fault = { ...kill, kind: "disk-full" };
    const wipe: Fault = { ...kill, kind: "wipe-disk", at_ms: 8_000 };
    const about = (faults: readonly Fault[]) => problems(faults).filter((problem) => problem.includes("same run"));
    expect(about([full, wipe])).toEqual([
      "faults[1] (wipe-disk): a disk that disk-full can fill is not emptied in the same run",
    ]);
    expect([...about([full]), ...about([wipe])]).toEqual([]);
  });

  test("counts faults that overlap in one group as one disturbance", () => {
    const [long, inside] = [
      { ...kill, for_ms: 6_000 },
      { ...cut, at_ms: 3_000 },
    ];
    expect(problems([long, inside, { ...cut, at_ms: 9_000 }])).toEqual([]);
    expect(problems([long, inside, { ...cut, at_ms: 8_000 }])).toEqual([
      "faults[2]: starts 1000 ms after faults[0] ends in group 0, less than four election timeouts (2000 ms)",
    ]);
  });

  test("refuses what outlasts the load", () => {
    expect(problems([{ ...kill, at_ms: 19_000 }])).toEqual([
      "faults[0] (kill): ends at 20500 ms, after the load (20000 ms)",
    ]);
  });

  test("refuses what the cluster cannot do, with the cluster's reason", () => {
    expect(problems([cut], { capabilities: unable("cut-drop") })).toEqual([
      'faults[0] (partition): the cluster cannot do "cut-drop": no such thing here',
    ]);
    expect(problems([{ ...cut, mode: "stall" }], { capabilities: unable("cut-drop") })).toEqual([]);
  });

  test("refuses a shape in a group too small for it, and custom links of nodes that are not there", () => {
    const pair = { ...limitsOf(2, 2) };
    const bridge: Fault = { ...cut, shape: "bridge" };
    expect(checkSchedule([bridge], pair)).toEqual(['faults[0] (partition): "bridge" needs 3 nodes, and there are 2']);
    expect(checkSchedule([cut], pair)).toEqual([]);
    const timed = { at_ms: 1_000, for_ms: 1_500 };
    const custom = (links: readonly string[]): Fault => ({
      kind: "partition",
      shape: "custom",
      mode: "drop",
      links,
      ...timed,
    });
    expect(problems([custom(["n1>n2", "n9>n1", "n1>n9"])])).toEqual(["faults[0] (partition): there is no node n9"]);
  });

  test("knows the groups that custom links disturb", () => {
    const links: Fault = {
      kind: "partition",
      shape: "custom",
      mode: "drop",
      links: ["n1>n2"],
      at_ms: 3_000,
      for_ms: 1_500,
    };
    expect(problems([kill, links])).toHaveLength(1);
    expect(problems([{ ...kill, target: { by: "leader", group: 1 } }, links])).toEqual([]);
  });

  test("refuses directed faults where all nodes share one address per peer", () => {
    expect(problems([cut], { peerAddressing: "shared" })).toHaveLength(1);
    expect(problems([kill], { peerAddressing: "shared" })).toEqual([]);
  });

  test("refuses nodes, groups and minorities that are not there", () => {
    const at = (target: Extract<Fault, { kind: "kill" }>["target"]): Fault => ({ ...kill, target });
    expect(problems([at({ by: "name", nodes: ["n1", "n9"] })])).toEqual(["faults[0] (kill): there is no node n9"]);
    expect(problems([at({ by: "leader", group: 2 })])).toEqual(["faults[0] (kill): there is no group 2"]);
    expect(problems([at({ by: "random", count: 7 })])).toEqual(["faults[0] (kill): 7 of 6 nodes"]);
    expect(checkSchedule([at({ by: "minority", group: 0 })], limitsOf(2, 2))).toEqual([
      "faults[0] (kill): a group of fewer than three has no minority",
    ]);
  });
});

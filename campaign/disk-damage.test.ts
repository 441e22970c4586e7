// Shows that damage to disks is found by the store as shipped and by nobody else's leave: a node with a flipped bit, an unreadable sector or
// an empty disk is refused for good, the others serve on, and a run that lost a minority so is valid. Stores that miss the damage are
// convicted under the same faults.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../nemesis/index.js";
import { huntPlan, simulateAndJudge, historyText, type HuntedRun } from "./hunt.js";
import type { Plan } from "./plan.js";
import { drawDamage } from "./swarm.js";
import { systemNamed } from "./systems.js";

const kinds = ["bit-flip", "latent-error", "wipe-disk"] as const;
type Kind = (typeof kinds)[number];
const names: readonly string[] = kinds;

async function store(mutant: string | null = null) {
  const system = await systemNamed("store")(mutant);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  return { system, deterministic, mutant };
}

const faultOf = (kind: Kind, node: string, at_ms = 1_500): Fault => {
  const common = { at_ms, for_ms: 500, glitch: true, target: { by: "name", nodes: [node] } } as const;
  return kind === "bit-flip" ? { ...common, kind, bits: 1 } : { ...common, kind };
};

/** Three nodes under these faults and nothing else, by the swarm or by the nemesis that real clusters have, too. */
async function runWith(faults: readonly Fault[], nemesis: "swarm" | "schedule", seed = 4): Promise<HuntedRun> {
  const base = await store();
  const drawn = huntPlan(seed, { ...base, timeLimitMs: 6_000, ratePerS: 60 });
  const plan: Plan = {
    ...drawn,
    nodes: 3,
    replication: 3,
    concurrency: 6,
    keys: 2,
    nemesis: { name: nemesis, options: {}, faults },
  };
  return simulateAndJudge(plan, base.system, base.deterministic);
}

const refusedIn = ({ run }: HuntedRun): readonly string[] =>
  run.events.flatMap((event) => (event.type === "node" && event.what === "refused" ? [event.node] : []));

describe.each(kinds)("%s", (kind) => {
  test.each(["swarm", "schedule"] as const)(
    "carried out by the %s, it is confirmed on and off; the node is refused for good, the others serve, and the run is valid",
    async (nemesis) => {
      const hunted = await runWith([faultOf(kind, "n2")], nemesis);
      const stages = hunted.run.events.flatMap((event) => (event.type === "fault" ? [event.stage] : []));
      expect(stages).toEqual(["requested", "confirmed-on", "heal-requested", "confirmed-off"]);
      expect(refusedIn(hunted)).toEqual(["n2"]);
      const samples = hunted.run.samples.filter(({ node, time_ns }) => node === "n2" && time_ns > 2.1e9);
      expect(samples.length).toBeGreaterThan(30);
      expect(samples.every(({ status }) => status === null || (!status.ready && status.groups.length === 0))).toBe(
        true,
      );
      const late = hunted.run.events.filter((event) => event.type === "ok" && event.time > 3e9);
      expect(late.length).toBeGreaterThan(80);
      expect([hunted.verdict.valid, hunted.verdict.unknown, hunted.run.notes]).toEqual([true, [], []]);
    },
  );
});

test("never more than a minority of a group is harmed: what would be more is skipped", async () => {
  const faults = [faultOf("wipe-disk", "n1"), faultOf("bit-flip", "n2", 2_500), faultOf("latent-error", "n3", 3_500)];
  const hunted = await runWith(faults, "swarm");
  expect(refusedIn(hunted)).toEqual(["n1"]);
  expect([hunted.run.faults, hunted.run.skippedFaults, hunted.verdict.valid]).toEqual([1, 2, true]);
});

test("seeds draw damage from a stream of its own, with every kind, and most draw none", async () => {
  const input = { groups: 2, timeLimitMs: 10_000, electionTimeoutMs: 500 };
  const all = Array.from({ length: 300 }, (_, seed) => drawDamage({ seed, ...input }));
  expect(all).toEqual(Array.from({ length: 300 }, (_, seed) => drawDamage({ seed, ...input })));
  expect([...new Set(all.flat().map(({ kind }) => kind))].sort()).toEqual([...kinds]);
  const some = all.filter((faults) => faults.length > 0).length;
  expect(some).toBeGreaterThan(50);
  expect(some).toBeLessThan(130);
  const base = await store();
  const lasting = { ...base.deterministic, survivesLostDisks: false };
  for (let seed = 1; seed <= 40; seed += 1) {
    const drawn = { mutant: null, timeLimitMs: 10_000, ratePerS: 20 };
    const damaged = huntPlan(seed, { ...base, ...drawn });
    const whole = huntPlan(seed, { ...base, deterministic: lasting, ...drawn });
    const others = damaged.nemesis.faults.filter(({ kind }) => !names.includes(kind));
    expect({ ...damaged, nemesis: { ...damaged.nemesis, faults: others } }).toEqual(whole);
  }
});

test("a plan with damage gives the same history again, byte for byte, and reads back from its text", async () => {
  const faults = [faultOf("bit-flip", "n2")];
  const first = await runWith(faults, "swarm");
  const second = await runWith(JSON.parse(JSON.stringify(faults)) as readonly Fault[], "swarm");
  expect(historyText(second.run)).toBe(historyText(first.run));
});

/** Bugs that only such faults can show, each in one place of the sources. */
const careless = [
  {
    title: "a log reader that does not look at checksums",
    file: "runtime/wal-format.ts",
    find: "  if (segment.readUInt32LE(at + 16) !== batchChecksum(segment, at, length, salt)) return null;\n",
    replace: "",
  },
  {
    title: "a log reader that takes damage for a torn tail",
    file: "runtime/wal-format.ts",
    find: "    if (later !== null)\n",
    replace: "    if (later !== null && later < 0)\n",
  },
  {
    title: "a node that draws no identity, so that an empty disk comes back as a member",
    file: "runtime/deterministic.ts",
    find: "    const { replication, clusterId, identity, incarnation } = options;\n    const nodes =",
    replace:
      "    const { replication, clusterId, incarnation } = options;\n    const identity = `node ${options.node}`;\n    const nodes =",
  },
];

describe("stores that trust their disks", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "minos-damage-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(careless)("$title: found by the swarm as it is", async ({ title, file, find, replace }) => {
    const patch = join(folder, `${title.replaceAll(/\W/g, "-")}.json`);
    writeFileSync(patch, JSON.stringify({ file, find, replace }));
    const base = await store(patch);
    let found: readonly string[] = [];
    for (let seed = 1; seed <= 200 && found.length === 0; seed += 1) {
      const plan = huntPlan(seed, { ...base, timeLimitMs: 10_000, ratePerS: 50 });
      if (!plan.nemesis.faults.some(({ kind }) => names.includes(kind))) continue;
      const { verdict } = await simulateAndJudge(plan, base.system, base.deterministic);
      found = verdict.violations.map((violation) => violation.class);
    }
    expect(found).not.toEqual([]);
  });
});

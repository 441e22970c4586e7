// Shows that shrinking keeps the failure and makes the run smaller, and that a plan that does not fail is left alone.
import { expect, test } from "vitest";
import { huntPlan } from "./hunt.js";
import { shrink } from "./shrink.js";
import { systemNamed } from "./systems.js";

async function prepare(mutant: string | null) {
  const system = await systemNamed("store")(mutant);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  return { system, deterministic };
}

test("a stale read is shown by fewer operations, with the fault that deposed the leader still among what is left", async () => {
  const { system, deterministic } = await prepare("M14");
  const plan = huntPlan(3001, { system, deterministic, mutant: "M14", timeLimitMs: 10_000, ratePerS: 50 });
  const seen: number[] = [];
  const shrunk = await shrink({
    plan,
    system,
    deterministic,
    classes: ["stale read"],
    limitMs: 30_000,
    onProgress: ({ operations }) => seen.push(operations),
  });
  expect(shrunk?.hunted.verdict.violations.map((violation) => violation.class)).toContain("stale read");
  expect(shrunk?.hunted.verdict.counts.operations).toBeLessThan((seen[0] ?? 0) / 2);
  expect(shrunk?.hunted.run.faults).toBeGreaterThan(0);
  expect(shrunk?.hunted.plan.nemesis.faults.length).toBeLessThanOrEqual(plan.nemesis.faults.length);
});

test("of six nodes in two groups, three in one are enough for a stale read", async () => {
  const { system, deterministic } = await prepare("M14");
  const plan = huntPlan(4014, { system, deterministic, mutant: "M14", timeLimitMs: 10_000, ratePerS: 50 });
  expect([plan.nodes, plan.replication]).toEqual([6, 3]);
  const shrunk = await shrink({
    plan,
    system,
    deterministic,
    classes: ["stale read"],
    limitMs: 30_000,
    onProgress: () => undefined,
  });
  const { plan: smaller, verdict } = shrunk?.hunted ?? {};
  expect([smaller?.nodes, smaller?.replication]).toEqual([3, 3]);
  expect(verdict?.violations.map((violation) => violation.class)).toContain("stale read");
});

test("a plan that does not fail cannot be shrunk", async () => {
  const { system, deterministic } = await prepare(null);
  const plan = huntPlan(3, { system, deterministic, mutant: null, timeLimitMs: 2_000, ratePerS: 20 });
  const options = { plan, system, deterministic, classes: ["stale read"], limitMs: 5_000, onProgress: () => undefined };
  expect(await shrink(options)).toBeNull();
});

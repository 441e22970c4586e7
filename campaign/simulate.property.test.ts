// Shows that a seed decides everything of a simulated run: each seed is run here and once more in a thread of its own, and history,
// trace, decided logs and statuses are equal byte for byte. A failure names the seed; `minos replay` is not needed to repeat it.
import { expect, test } from "vitest";
import { judge } from "../checker/index.js";
import { startWorker } from "../checker/worker-file.js";
import { huntPlan, simulateAndJudge } from "./hunt.js";
import { bytesOfSeeds, type SeedBytes } from "./testing/simulated-bytes.js";
import { systemNamed } from "./systems.js";

const seeds = Array.from({ length: 200 }, (_, at) => 501 + at);
const timeLimitMs = 2_000;

function inThread(): Promise<readonly SeedBytes[]> {
  return new Promise((resolve, reject) => {
    const worker = startWorker("testing/simulated-bytes-worker", import.meta.url, {
      workerData: { seeds, timeLimitMs },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

test("the same seed gives the same history and trace, byte for byte, here and in a thread of its own", async () => {
  const here = await bytesOfSeeds(seeds, timeLimitMs);
  const there = await inThread();
  expect(there).toEqual(here);
  expect(new Set(here.map(({ history }) => history)).size).toBe(seeds.length);
  expect(here.every(({ bytes }) => bytes > 10_000)).toBe(true);
});

test("the store as shipped is valid or at least no violation under the swarm, and some faults took hold", async () => {
  const system = await systemNamed("store")(null);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  let faults = 0;
  let valid = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    const plan = huntPlan(seed, { system, deterministic, mutant: null, timeLimitMs: 6_000, ratePerS: 40 });
    const { verdict, run } = await simulateAndJudge(plan, system, deterministic);
    expect(`seed ${seed}: ${verdict.violations.map(({ sentence }) => sentence).join("; ")}`).toBe(`seed ${seed}: `);
    faults += run.faults;
    if (verdict.valid === true) valid += 1;
  }
  expect(faults).toBeGreaterThan(90);
  expect(valid).toBeGreaterThanOrEqual(27);
});

test("a planted bug is found, and its invariant names it before the history does", async () => {
  const system = await systemNamed("store")("M19");
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const plan = huntPlan(1, { system, deterministic, mutant: "M19", timeLimitMs: 6_000, ratePerS: 40 });
  const { verdict, run } = await simulateAndJudge(plan, system, deterministic);
  expect(verdict.valid).toBe(false);
  expect(run.violations[0]?.invariant).toBe("claims are durable");
  expect(judge({ mode: "history", events: run.events, model: system.model, initial: null }).valid).not.toBe(false);
});

test("a stale read is seen live, ends the load at once, and the check of the whole history says so too", async () => {
  const system = await systemNamed("store")("M15");
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const plan = huntPlan(1000, { system, deterministic, mutant: "M15", timeLimitMs: 10_000, ratePerS: 50 });
  const { verdict, run } = await simulateAndJudge(plan, system, deterministic);
  expect(run.seenLive).toMatch(/returned|read/);
  expect(run.endedByViolation).toBe(true);
  expect(run.simulatedMs).toBeLessThan(plan.time_limit_ms / 2);
  expect(verdict.violations.map((violation) => violation.class)).toContain("stale read");
});

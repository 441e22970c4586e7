// Shows that a group which elects nobody before the first fault is the system's violation, of its own invariant and class, and no failure of
// the simulation. The store is the system, with nodes that never say who leads.
import { expect, test } from "vitest";
import type { DeterministicSystem } from "../cluster/index.js";
import { huntPlan, simulateAndJudge } from "./hunt.js";
import { simulate } from "./simulate.js";
import { systemNamed } from "./systems.js";

async function leaderless() {
  const system = await systemNamed("store")(null);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const silent: DeterministicSystem = {
    ...deterministic,
    createNode: (...given) => {
      const node = deterministic.createNode(...given);
      const status = node.status.bind(node);
      node.status = () => {
        const told = status();
        return { ...told, groups: told.groups.map((group) => ({ ...group, leader: null })) };
      };
      return node;
    },
  };
  const plan = huntPlan(1, { system, deterministic: silent, mutant: null, timeLimitMs: 1_000, ratePerS: 20 });
  return { system, silent, plan };
}

test("a group without a leader before the first fault is a violation: unavailable", async () => {
  const { system, silent, plan } = await leaderless();
  const { verdict, run } = await simulateAndJudge(plan, system, silent);
  expect(run.violations.map(({ invariant }) => invariant)).toEqual(["a connected group serves"]);
  expect(run.violations[0]?.sentence).toContain("had no leader that its members agree on 15000 ms after boot");
  expect(verdict.valid).toBe(false);
  expect(verdict.violations.map((violation) => violation.class)).toContain("unavailable");
  expect(run.faults).toBe(0);
});

test("without invariants nobody could say so, and the run fails", async () => {
  const { system, silent, plan } = await leaderless();
  await expect(simulate({ plan, system, deterministic: silent, sink: null, invariants: false })).rejects.toThrow(
    "had no leader",
  );
});

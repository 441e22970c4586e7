// Shows how a simulated run becomes a plan for a real cluster: its faults as they were carried out, at their times; and how tries are counted.
import { expect, test } from "vitest";
import type { Verdict } from "../checker/index.js";
import type { HistoryEvent } from "../history/index.js";
import { huntPlan } from "./hunt.js";
import { faultsCarriedOut, realPlan, reproductionOf } from "./real-replay.js";
import { systemNamed } from "./systems.js";

const spec = { kind: "kill", at_ms: 500, for_ms: 800, glitch: true, target: { by: "leader", group: 0 } };
const struck = { kind: "pause", at_ms: 900, for_ms: 300, glitch: true, target: { by: "name", nodes: ["n2"] } };

function fault(index: number, stage: string, time: number, what: object): HistoryEvent {
  return {
    type: "fault",
    fault: index,
    stage,
    kind: "kill",
    spec: what,
    targets: ["n1"],
    evidence: null,
    time,
  } as never;
}

const events: readonly HistoryEvent[] = [
  { type: "phase", phase: "load", time: 2_000_000 },
  fault(0, "requested", 652_000_000, spec),
  fault(0, "confirmed-on", 653_000_000, spec),
  fault(1, "requested", 1_102_000_000, struck),
  fault(0, "heal-requested", 1_452_000_000, spec),
];

test("a fault begins when it began in simulation, which may be later than it was planned; those that found no target are left out", () => {
  expect(faultsCarriedOut(events)).toEqual([
    { ...spec, at_ms: 650 },
    { ...struck, at_ms: 1_100 },
  ]);
});

test("the plan keeps size, mutant and load, and names its cluster and a seed of its own", async () => {
  const system = await systemNamed("store")(null);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store can be simulated");
  const plan = huntPlan(1, { system, deterministic, mutant: null, timeLimitMs: 5_000, ratePerS: 50 });
  const real = realPlan(plan, faultsCarriedOut(events), { on: "local", seed: 7, ratePerS: null });
  expect(real).toMatchObject({ on: "local", seed: 7, nodes: plan.nodes, rate_per_s: 50, time_limit_ms: 5_000 });
  expect(real.nemesis.faults).toHaveLength(2);
  expect(realPlan(plan, [], { on: "docker", seed: 7, ratePerS: 900 }).rate_per_s).toBe(900);
});

test("a try reproduces when it shows a class that the replay file names", () => {
  const verdict = (valid: Verdict["valid"], ...classes: string[]): Verdict =>
    ({ valid, violations: classes.map((name) => ({ class: name })) }) as never;
  const verdicts = [
    verdict(false, "lost write", "stale read"),
    verdict(false, "lost write"),
    verdict(true),
    verdict("unknown"),
  ];
  expect(reproductionOf({ classes: ["stale read"] }, verdicts)).toEqual({
    tries: 4,
    reproduced: 1,
    others: 1,
    unknown: 1,
  });
});

// Shows that the register workload has teeth and no false alarms: whatever the seed, a history of a correct store is judged
// valid, and a history of a store with stale reads, lost writes or repeated writes is judged a violation. The store is a map in
// virtual time; the judge is the real one. Seeds are fixed and named by each test, so one test name repeats a failure.
import { describe, expect, test } from "vitest";
import { checkLinearizability, type ViolationClass } from "../checker/index.js";
import { nodeNames } from "../cluster/index.js";
import type { Operation } from "../history/index.js";
import { register } from "./register.js";
import { simulate, type StoreBehaviour } from "./testing/simulated-store.js";

const nodes = nodeNames(6);
const groups = [
  { group: 0, members: nodes.slice(0, 3) },
  { group: 1, members: nodes.slice(3) },
];
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function verdictOf(seed: number, misbehaviour: Partial<StoreBehaviour>) {
  const run = register.create(
    {
      nodes,
      groups,
      groupOfKey: (key) => Number(String(key).slice(1)) % 2,
      initialValue: null,
      concurrency: 18,
      keys: 12,
      ratePerS: 200,
      timeLimitMs: 5_000,
      operationTimeoutMs: 500,
      own: {},
    },
    seed,
  );
  const behaviour = { nodes: 6, concurrency: 18, seed, latencyMs: 10, lostReplies: 0.01, ...misbehaviour };
  const { operations, events } = simulate(behaviour, [run.load, run.finalReads(5_000)]);
  const attemptsOf = ({ returnEvent }: Operation): number | null => {
    const event = returnEvent === null ? undefined : events[returnEvent];
    return event !== undefined && "attempts" in event ? (event.attempts ?? null) : null;
  };
  return checkLinearizability(operations, register.model, { initial: null, attemptsOf });
}

describe("a correct store", () => {
  test.each(seeds)("is valid with 1 % of replies lost, seed %i", (seed) => {
    expect(verdictOf(seed, {})).toMatchObject({ valid: true, violations: [], unknown: [] });
  });

  test.each(seeds.slice(0, 3))("is valid after a stall of a second, seed %i", (seed) => {
    expect(verdictOf(seed, { stall: { fromMs: 2_000, toMs: 3_000 } })).toMatchObject({ valid: true, violations: [] });
  });
});

describe("a wrong store is convicted", () => {
  const wrong: readonly (readonly [string, Partial<StoreBehaviour>, readonly ViolationClass[]])[] = [
    ["reads 50 ms old through one node of six", { staleMs: 50 }, ["stale read"]],
    ["one put in fifty acknowledged and not done", { lostPuts: 0.02 }, ["lost write", "stale read"]],
    [
      "one write in twenty done again within 300 ms",
      { repeats: { share: 0.05, withinMs: 300 } },
      ["resurrected write"],
    ],
  ];
  for (const [what, misbehaviour, classes] of wrong)
    test.each(seeds)(`${what}, seed %i`, (seed) => {
      const verdict = verdictOf(seed, misbehaviour);
      expect(verdict.valid).toBe(false);
      const seen = verdict.violations.map((violation) => violation.class);
      expect(classes.some((wanted) => seen.includes(wanted))).toBe(true);
    });
});

// Safety and liveness of the core under drawn faults: each seed is one world of 1 to 6 nodes under crashes with lost writes, pauses,
// one-way cuts, splits, resets and slow disks, judged after every turn of every node (oracle.ts) and, once healed, by a bound on
// its recovery. A failure names its seed; `npx tsx system/testing/run-seeds.ts <seed> 1` replays it alone.
//   MINOS_SEEDS=20000 MINOS_FIRST_SEED=1 npx vitest run --project property system/testing
import { expect, test } from "vitest";

import { runChaos, type ChaosOutcome } from "./chaos.js";

const first = Number(process.env["MINOS_FIRST_SEED"] ?? 1);
const count = Number(process.env["MINOS_SEEDS"] ?? 2000);

test(`seeds ${first} to ${first + count - 1} break no rule and recover`, () => {
  const violations: string[] = [];
  const outcomes: ChaosOutcome[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      outcomes.push(runChaos(seed));
    } catch (error) {
      violations.push((error as Error).message);
    }
  }
  expect(violations).toEqual([]);
  // The runs were none in which nothing happened.
  const mean = (pick: (outcome: ChaosOutcome) => number): number =>
    outcomes.reduce((sum, outcome) => sum + pick(outcome), 0) / outcomes.length;
  expect(mean((outcome) => outcome.decided)).toBeGreaterThan(20);
  expect(mean((outcome) => outcome.completed)).toBeGreaterThan(10);
  expect(mean((outcome) => outcome.faults)).toBeGreaterThan(10);
  expect(mean((outcome) => outcome.leaderships)).toBeGreaterThan(1.5);
}, 600_000);

test("the same seed gives the same run", () => {
  expect(runChaos(4711)).toEqual(runChaos(4711));
});

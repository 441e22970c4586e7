// Shows that the store as shipped comes through three hundred seeds of a minute each under the hunt's own swarm: 3 and 5 nodes and 6 in two
// groups; no violation, no liveness failure, no crash of the suite, and not one that idled. Those with too little to judge are counted.
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

interface Least {
  readonly least: number;
  readonly median: number;
}

test("300 seeds of a minute: no violation, each with at least 500 operations, nearly all judged valid", async () => {
  const words = ["hunt", "--seed", "1", "--seeds", "300", "--run-time", "60s", "--rate", "20", "--keep-going"];
  const hunted = await minos([...words, "--time-limit", "15m", "--json"], { cwd: temporaryFolder() });
  const document = documentOf(hunted) as {
    readonly unknown: number;
    readonly found: readonly { readonly seed: number; readonly summary: string }[];
    readonly crashes: readonly unknown[];
    readonly per_run: { readonly operations: Least; readonly faults: Least; readonly simulated_ms: Least };
  };
  expect(document).toMatchObject({ valid: true, runs: 300, violations: 0, crashed: 0 });
  expect([document.found, document.crashes]).toEqual([[], []]);
  expect(document.unknown).toBeLessThanOrEqual(6);
  const { operations, faults, simulated_ms } = document.per_run;
  expect(operations.least).toBeGreaterThanOrEqual(500);
  expect(simulated_ms.least).toBeGreaterThanOrEqual(60_000);
  // Scenes of partial connectivity are one fault each, and have their seed to themselves.
  expect(faults.least).toBeGreaterThanOrEqual(1);
  expect(faults.median).toBeGreaterThanOrEqual(5);
  expect(hunted.code).toBe(0);
}, 1_200_000);

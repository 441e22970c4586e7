// Shows that the store as shipped comes through three hundred seeds of a minute each under the hunt's own swarm: 3 and 5 nodes and 6 in two
// groups; no violation, no liveness failure, no crash of the suite, none without a verdict, and not one that idled.
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

interface Least {
  readonly least: number;
}

test("300 seeds of a minute: no violation, each with at least 500 operations answered and 5 faults confirmed", async () => {
  const words = ["hunt", "--seed", "1", "--seeds", "300", "--run-time", "60s", "--rate", "40", "--keep-going"];
  const floors = ["--least-completed", "500", "--least-faults", "5"];
  const hunted = await minos([...words, ...floors, "--time-limit", "15m", "--json"], { cwd: temporaryFolder() });
  const document = documentOf(hunted) as {
    readonly found: readonly { readonly seed: number; readonly summary: string }[];
    readonly crashes: readonly unknown[];
    readonly doubtful: readonly unknown[];
    readonly per_run: { readonly completed: Least; readonly faults: Least; readonly simulated_ms: Least };
  };
  expect(document).toMatchObject({ valid: true, runs: 300, violations: 0, crashed: 0, unknown: 0, void: 0 });
  expect([document.found, document.crashes, document.doubtful]).toEqual([[], [], []]);
  const { completed, faults, simulated_ms } = document.per_run;
  expect(completed.least).toBeGreaterThanOrEqual(500);
  expect(faults.least).toBeGreaterThanOrEqual(5);
  expect(simulated_ms.least).toBeGreaterThanOrEqual(60_000);
  expect(hunted.code).toBe(0);
}, 1_200_000);

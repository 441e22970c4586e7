// Shows that a workload finds the bug that it is there to find, in a simulated run under the standard faults, and, of those that it alone
// finds, that the default workload does not. Which one finds a bug first was measured over eight seeds and all workloads: docs/workloads.md.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { plantedBugs, type PlantedBug } from "../workloads/testing/planted-bugs.js";
import { runWorkload } from "./testing/workload-runs.js";

const folder = mkdtempSync(join(tmpdir(), "minos-bugs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const seeds = [2];

/** Operations until the violation was seen in each run; Infinity where it was not. */
async function operationsToFind(workload: string, { workload: name, file, find, replace }: PlantedBug) {
  const patch = join(folder, `${name}.json`);
  writeFileSync(patch, JSON.stringify({ file, find, replace }));
  const counts: number[] = [];
  for (const seed of seeds) {
    const { verdict } = await runWorkload(workload, { seed, time_limit_ms: 8_000, mutant: patch });
    counts.push(verdict.valid === false ? verdict.counts.operations : Infinity);
  }
  return counts;
}

describe.each(plantedBugs.map((bug) => [bug.workload, bug.title, bug] as const))("%s", (workload, title, bug) => {
  test(title, async () => {
    const own = await operationsToFind(workload, bug);
    expect(own.every((count) => count < Infinity)).toBe(true);
    if (bug.alone) expect(await operationsToFind("register", bug)).toEqual(seeds.map(() => Infinity));
  });
});

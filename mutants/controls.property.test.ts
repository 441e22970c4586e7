// Shows that the controls break nothing under drawn faults: the seeds that the shipped core comes through, with the same oracle.
//   MINOS_SEEDS=2000 npx vitest run --project property mutants
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runChaos } from "../system/testing/index.js";
import { buildOf, coreOf, mutantNamed } from "./testing/build-all.js";

const count = Number(process.env["MINOS_SEEDS"] ?? 200);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-controls-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Seeds with a violation, and what it was. */
async function violationsOf(id: string, seeds: number): Promise<string[]> {
  const makeCore = await coreOf(await buildOf(mutantNamed(id), folder));
  const violations: string[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    try {
      runChaos(seed, makeCore);
    } catch (error) {
      violations.push((error as Error).message);
    }
  }
  return violations;
}

test.each(["C1", "C2"])(
  `%s breaks no rule in seeds 1 to ${count}`,
  async (id) => {
    expect(await violationsOf(id, count)).toEqual([]);
  },
  600_000,
);

test("the same seeds find a real bug in a core built the same way", async () => {
  expect((await violationsOf("M11", 40)).length).toBeGreaterThan(0);
});

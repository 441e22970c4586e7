// Shows the main job on real clusters: the healthy store is found valid under the default plan, each planted bug is convicted with
// its own class of violation, and the three scenarios of the course project hold. Every run is a run of the built command.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { mutants } from "../mutants/index.js";
import { documentOf, minos, temporaryFolder, type Ended } from "./testing/minos.js";

interface Measure {
  readonly name: string;
  readonly value: number;
}

function expectValid(ended: Ended, atLeastFaults: number): void {
  const document = documentOf(ended);
  expect(document, ended.err).toMatchObject({ valid: true, violations: [], unknown: [], left_behind: [] });
  expect(ended.code).toBe(0);
  const faults = (document["teeth"] as readonly Measure[]).find(({ name }) => name === "confirmed faults");
  expect(faults?.value ?? 0).toBeGreaterThanOrEqual(atLeastFaults);
}

/** What the verdict puts first must be the planted bug's class, and it and its kind must name operations. */
function expectConvicted(ended: Ended, id: string): void {
  const document = documentOf(ended);
  expect(document["valid"], ended.err).toBe(false);
  expect(ended.code).toBe(1);
  const violations = document["violations"] as readonly {
    readonly class: string;
    readonly operations: readonly number[];
  }[];
  const own = mutants.get(id)?.classes ?? [];
  expect(own, JSON.stringify(violations)).toContain(violations[0]?.class);
  const convicting = violations.filter((violation) => own.includes(violation.class));
  for (const { operations } of convicting) expect(operations.length).toBeGreaterThan(0);
}

/** Scenario 3 kills a node; its death is in the record, by pid and signal. */
function expectDeath(directory: string): void {
  const events = readFileSync(join(directory, "history.jsonl"), "utf8").trimEnd().split("\n");
  const deaths = events
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((event) => event["what"] === "exited");
  expect(deaths).toHaveLength(1);
  expect(deaths[0]).toMatchObject({ expected: true, detail: expect.objectContaining({ signal: "SIGKILL" }) });
}

test("local: the default plan finds the store valid, with every fault confirmed", async () => {
  expectValid(
    await minos(["campaign", "--time-limit", "20s", "--seed", "20", "--json"], { cwd: temporaryFolder() }),
    6,
  );
});

test("local: the real Toxiproxy in the proxy's place gives the same verdict", async () => {
  const words = ["run", "--time-limit", "20s", "--seed", "21", "--toxiproxy", "PATH", "--json"];
  expectValid(await minos(words, { cwd: temporaryFolder() }), 6);
});

test.each(["M13", "M14", "M15", "M33"])("local: the default plan convicts %s of its own bug", async (id) => {
  const words = ["run", "--mutant", id, "--time-limit", "40s", "--seed", "22", "--json"];
  expectConvicted(await minos(words, { cwd: temporaryFolder() }), id);
});

test.each(["scenario-1", "scenario-2", "scenario-3"])("local: %s holds on six nodes", async (workload) => {
  const ended = await minos(["run", "--workload", workload, "--seed", "23", "--json"], { cwd: temporaryFolder() });
  expect(documentOf(ended), ended.err).toMatchObject({ valid: true });
  if (workload === "scenario-3") expectDeath(String(documentOf(ended)["directory"]));
});

await describeWithDocker("docker", () => {
  test("docker: the default plan finds the store valid, with every fault confirmed", async () => {
    const words = ["campaign", "--on", "docker", "--time-limit", "20s", "--seed", "24", "--json"];
    expectValid(await minos(words, { cwd: temporaryFolder() }), 6);
  });

  test("docker: the default plan convicts M14 of its own bug", async () => {
    const words = ["run", "--on", "docker", "--mutant", "M14", "--time-limit", "40s", "--seed", "25", "--json"];
    expectConvicted(await minos(words, { cwd: temporaryFolder() }), "M14");
  });

  test.each(["scenario-1", "scenario-2", "scenario-3"])("docker: %s holds on six nodes", async (workload) => {
    const words = ["run", "--on", "docker", "--workload", workload, "--seed", "26", "--json"];
    const ended = await minos(words, { cwd: temporaryFolder() });
    expect(documentOf(ended), ended.err).toMatchObject({ valid: true });
    if (workload === "scenario-3") expectDeath(String(documentOf(ended)["directory"]));
  });
});

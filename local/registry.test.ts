// Shows that records and claims tell the dead from the living, that a claim has one holder, and that what is no record is never
// taken for one. The registry lies in a directory of its own here.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { currentOwner, formatOwner } from "../cluster/index.js";
import { cleanLocal } from "./clean.js";
import { claimPortBlock, registryDirectory, releasePortBlock, RunRegistration, storedRuns } from "./registry.js";

const before = process.env["TMPDIR"];
let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "minos-registry-"));
  process.env["TMPDIR"] = directory;
});
afterEach(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  rmSync(directory, { recursive: true });
});

const deadOwner = { ...currentOwner(), startTime: "1" };

function store(name: string, value: unknown): string {
  const folder = join(registryDirectory(), "runs");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

test("a block of ports has one holder, and a dead holder's block can be had", () => {
  expect(claimPortBlock(20_000)).toBe(true);
  expect(claimPortBlock(20_000)).toBe(false);
  releasePortBlock(20_000);
  writeFileSync(join(registryDirectory(), "ports", "20000"), formatOwner(deadOwner));
  expect(claimPortBlock(20_000)).toBe(true);
  expect(claimPortBlock(20_000)).toBe(false);
  expect(readdirSync(join(registryDirectory(), "ports"))).toEqual(["20000"]);
});

test("a run is on disk in two places while it lasts, with every child, and in neither afterwards", () => {
  const registration = new RunRegistration("run-1", directory);
  registration.add("this very process", process.pid);
  const stored = storedRuns();
  expect(stored).toHaveLength(1);
  expect(stored[0]?.record).toMatchObject({ runId: "run-1", children: [{ pid: process.pid }] });
  expect(JSON.parse(readFileSync(join(directory, "owner.json"), "utf8"))).toEqual(stored[0]?.record);
  registration.remove(process.pid);
  expect(storedRuns()[0]?.record?.children).toEqual([]);
  registration.close();
  expect(storedRuns()).toEqual([]);
  expect(readdirSync(directory)).not.toContain("owner.json");
});

test("cleaning leaves a living owner's run, even when a child's pid is somebody else's by now", async () => {
  const token = "0".repeat(24);
  const children = [{ what: "n1", pid: process.pid, startTime: "1" }];
  const run = { version: 1, runId: "run-2", token, directory, children };
  store("living", { ...run, owner: currentOwner() });
  expect(await cleanLocal()).toMatchObject({ removed: [], kept: [expect.stringContaining("run run-2")], failed: [] });
  store("dead", { ...run, owner: deadOwner });
  // This process bears the child's pid but not its start time. Had it been killed, nobody would read the answer.
  expect((await cleanLocal()).removed).toEqual(["run run-2: its record"]);
  expect(storedRuns()).toHaveLength(1);
});

test("what is no record is reported, not followed", async () => {
  const path = store("strange", { version: 1, owner: deadOwner, children: [{ pid: process.pid }], token: "../.." });
  expect(await cleanLocal()).toEqual({ removed: [], kept: [], failed: [`${path} is not a run's record`] });
});

test("a registry that others may write is refused", () => {
  chmodSync(registryDirectory(), 0o777);
  expect(() => registryDirectory()).toThrow(/not a private directory/);
});

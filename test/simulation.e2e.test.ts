// Shows the simulation as a user has it: a run in virtual time with a verdict and a report, the same history for the same seed, a hunt
// that finds a planted bug and makes it small, and a replay that gives the same bytes and exit code 1.
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

test("minos run --on simulation gives a verdict, a report, and the same history for the same seed", async () => {
  const cwd = temporaryFolder();
  const words = ["run", "--on", "simulation", "--seed", "1", "--time-limit", "12s", "--rate", "50", "--json"];
  const histories: string[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const ended = await minos(words, { cwd });
    const document = documentOf(ended) as {
      readonly valid: unknown;
      readonly history: string;
      readonly report: string;
    };
    expect([ended.code, document.valid]).toEqual([0, true]);
    expect(ended.err).toMatch(/simulated s per processor second/);
    expect(existsSync(document.report)).toBe(true);
    histories.push(readFileSync(document.history, "utf8"));
  }
  expect(histories[0]?.length).toBeGreaterThan(100_000);
  expect(histories[1]).toBe(histories[0]);
});

test("minos hunt finds a planted bug and shrinks it; minos replay gives its bytes again, twice", async () => {
  const cwd = temporaryFolder();
  const hunted = await minos(
    ["hunt", "--seed", "3001", "--mutant", "M14", "--time-limit", "60s", "--shrink-time", "20s", "--json"],
    { cwd },
  );
  const found = documentOf(hunted) as {
    readonly valid: unknown;
    readonly replay: {
      readonly file: string;
      readonly found: { readonly operations: number };
      readonly shrunk: { readonly operations: number };
    };
  };
  expect([hunted.code, found.valid]).toEqual([1, false]);
  expect(found.replay.file).toMatch(/^\/.*\.replay\.json$/);
  expect(found.replay.shrunk.operations).toBeLessThan(found.replay.found.operations);
  const first = await minos(["replay", found.replay.file, "--json"], { cwd });
  const second = await minos(["replay", found.replay.file, "--json"], { cwd });
  expect(documentOf(first)).toMatchObject({ valid: false, identical: true, mutant: "M14" });
  expect(second.out).toBe(first.out);
  expect([first.code, second.code]).toEqual([1, 1]);
  expect(readFileSync(join(cwd, "store", "latest", "trace.jsonl"), "utf8")).toMatch(/"what":"send".*"kind":"Prepare"/);
  const real = await minos(["replay", found.replay.file, "--on", "local", "--times", "1", "--json"], { cwd });
  const tried = documentOf(real) as { readonly reproduced: number; readonly others: number };
  expect(tried).toMatchObject({ on: "local", tries: 1 });
  // Whether it shows there is chance; that the exit code says what was seen is not.
  expect(real.code === 1).toBe(tried.reproduced + tried.others > 0);
});

test("minos hunt --system finds the stale reads of the guide's own system, and its replay gives the same bytes", async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(resolve("."), join(cwd, "node_modules", "minos-suite"));
  copyFileSync("docs/examples/primary-backup.js", join(cwd, "primary-backup.js"));
  const words = ["hunt", "--system", "./primary-backup.js", "--seed", "1", "--shrink-time", "5s", "--json"];
  const hunted = await minos(words, { cwd });
  const found = documentOf(hunted) as {
    readonly crashed: number;
    readonly violations: readonly { readonly classes: readonly string[] }[];
    readonly replay: { readonly file: string };
  };
  expect([hunted.code, found.crashed]).toEqual([1, 0]);
  expect(documentOf(await minos(["replay", found.replay.file, "--json"], { cwd }))).toMatchObject({
    valid: false,
    identical: true,
    violations: [{ class: "stale read" }],
  });
  const refused = await minos(["hunt", "--system", "./none.js"], { cwd });
  expect([refused.code, refused.err]).toEqual([254, expect.stringContaining("--system ./none.js cannot be loaded")]);
});

test("minos hunt --mutant takes a patch of one's own, and refuses one that fits nowhere", async () => {
  const cwd = temporaryFolder();
  const hunt = (patch: object) => {
    writeFileSync(join(cwd, "patch.json"), JSON.stringify(patch));
    return minos(["hunt", "--mutant", "./patch.json", "--seed", "1", "--seeds", "2", "--run-time", "2s"], { cwd });
  };
  const file = "runtime/timing.ts";
  expect((await hunt({ file, find: "export const tickMs = 30;", replace: "export const tickMs = 31;" })).code).toBe(0);
  const nowhere = await hunt({ file, find: "no such text", replace: "" });
  expect([nowhere.code, nowhere.err]).toEqual([254, expect.stringContaining("does not hold the text")]);
});

test("a replay file that is none, or of another build, is refused with a sentence", async () => {
  const cwd = temporaryFolder();
  const ended = await minos(["replay", "missing.json"], { cwd });
  expect([ended.code, ended.err]).toEqual([254, expect.stringContaining("missing.json cannot be read")]);
});

test("a hunt that finds nothing says what it did", async () => {
  const ended = await minos(["hunt", "--seed", "1", "--seeds", "6", "--run-time", "3s", "--json"], {
    cwd: temporaryFolder(),
  });
  expect(documentOf(ended)).toMatchObject({ valid: true, runs: 6, violations: 0, crashed: 0, replay: null });
  expect(ended.code).toBe(0);
});

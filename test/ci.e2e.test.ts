// Shows minos ci on the repository's own regressions, as a user runs it: all hold, the files and the job summary are written; a regression
// that was weakened by hand is told and fails.
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

const own = resolve("regressions");

test("the repository's regressions hold, every known-bad build is convicted, and all outputs say so", async () => {
  const cwd = temporaryFolder();
  const words = ["ci", "--regressions", own, "--budget", "5m", "--junit", "j.xml", "--sarif", "s.json", "--json"];
  const environment = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(cwd, "summary.md") };
  const ended = await minos(words, { cwd, environment });
  const document = documentOf(ended) as { readonly held: unknown; readonly regressions: readonly unknown[] };
  expect([ended.code, document.held]).toEqual([0, true]);
  expect(document.regressions).toHaveLength(readdirSync(own).length);
  expect(readFileSync(join(cwd, "j.xml"), "utf8")).toMatch(/failures="0" errors="0" skipped="0"/);
  expect(existsSync(join(cwd, "s.json"))).toBe(true);
  expect(readFileSync(join(cwd, "summary.md"), "utf8")).toMatch(/HELD/);
  expect(ended.err).not.toMatch(/^::/m);
}, 300_000);

test("a regression whose schedule no longer reaches its events is unknown, lost its teeth, with a warning at its file", async () => {
  const cwd = temporaryFolder();
  cpSync(join(own, "m03"), join(cwd, "regressions", "m03"), { recursive: true });
  const path = join(cwd, "regressions", "m03", "replay.json");
  const replay = JSON.parse(readFileSync(path, "utf8")) as {
    readonly plan: { readonly nemesis: object };
  };
  const nemesis = { ...replay.plan.nemesis, faults: [], options: {} };
  writeFileSync(path, JSON.stringify({ ...replay, plan: { ...replay.plan, nemesis } }));
  const ended = await minos(["ci"], { cwd, environment: { GITHUB_ACTIONS: "true" } });
  expect(ended.out).toMatch(/^UNKNOWN {2}m03: .*\nunknown: lost its teeth: .*does not reach what it was kept for/);
  expect(ended.err).toMatch(/^::warning file=regressions\/m03\/regression.json,title=m03%3A lost its teeth::/m);
  expect(ended.code).toBe(2);
}, 120_000);

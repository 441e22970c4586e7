// Shows minos ci on the repository's own regressions, as a user runs it: all hold, the files and the job summary are written; a regression
// that was weakened by hand is told and fails; a bug that is put into a copy of the system turns it red.
import { cpSync, existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { mutants } from "../mutants/index.js";
import { buildSystem } from "../system/index.js";
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

/** A copy of the package whose system has a bug in it, as a change of somebody's would bring it. */
async function packageWithBug(id: string): Promise<string> {
  const root = temporaryFolder();
  for (const name of ["package.json", "dist", "system", "regressions"])
    cpSync(resolve(name), join(root, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  const mutant = mutants.get(id);
  if (mutant === undefined) throw new Error(`there is no mutant ${id}`);
  const { file, find, replace } = mutant.patch;
  const path = join(root, "system", file);
  const source = readFileSync(path, "utf8");
  expect(source.split(find)).toHaveLength(2);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  const outDirectory = join(root, "dist", "build", "store");
  await buildSystem({ sourceDirectory: join(root, "system"), outDirectory });
  return root;
}

test("a change that brings a bug back turns it red: five lines that say all, annotation, JUnit, SARIF, a report and a replay that fails", async () => {
  const cwd = await packageWithBug("M15");
  const program = join(cwd, "dist", "cli", "main.js");
  const words = ["ci", "--only", "m15", "--junit", "j.xml", "--sarif", "s.json"];
  const environment = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(cwd, "summary.md") };
  const ended = await minos(words, { cwd, environment, program });
  expect(ended.code, ended.err).toBe(1);
  const [first, sentence, fault, replay, report] = ended.out.split("\n");
  expect(first).toMatch(/^VIOLATION {2}stale read \(.+\) in m15$/);
  expect(sentence).toMatch(/\w+ .*\./);
  expect(fault).toMatch(/^fault {4}.+; the schedule: \d+ operations on \d nodes/);
  expect(replay).toBe("replay   minos replay store/ci/m15.replay.json");
  expect(existsSync(join(cwd, report?.replace("report   ", "") ?? ""))).toBe(true);
  expect(ended.err).toMatch(/^::error file=regressions\/m15\/regression.json,title=m15%3A .*%0Aminos replay store/m);
  expect(readFileSync(join(cwd, "j.xml"), "utf8")).toMatch(/failures="1" errors="0" skipped="0"/);
  const summary = readFileSync(join(cwd, "summary.md"), "utf8");
  expect(summary).toMatch(/VIOLATION[^]*What to do/);
  const again = await minos(["replay", "store/ci/m15.replay.json"], { cwd, program });
  expect([again.code, again.out]).toEqual([1, expect.stringContaining("identical, byte for byte")]);
}, 120_000);

// Shows on the repository's own regressions that minos ci tells a system that holds from one that has the bug, and both from a regression that
// has gone to sleep; and that every form of its output says so. Builds are real ones, runs are real simulated runs.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { addRegression } from "./add-regression.js";
import { junitOf, sarifOf } from "./ci-files.js";
import { annotationsOf } from "./ci-github.js";
import { ciLines, exitCodeOfCi, type CiResult } from "./ci-report.js";
import { runRegression, runRegressions, tryPlan, type RegressionResult } from "./regression-run.js";
import { knownBadOf, readRegressions, type Regression, type RegressionFile } from "./regressions.js";
import { systemNamed } from "./systems.js";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "minos-regressions-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function m13(): Regression {
  const found = readRegressions("regressions").find(({ name }) => name === "m13");
  if (found === undefined) throw new Error("regressions/m13 is gone");
  return found;
}

/** What minos ci would see if the system had the bug: the known-bad build's run in the place of the good one's. */
async function violated(regression: Regression): Promise<CiResult> {
  const mutant = knownBadOf(regression);
  const { hunted } = await tryPlan(regression.replay.plan, mutant, await systemNamed("store")(mutant));
  const [violation] = hunted.verdict.violations;
  if (violation === undefined) throw new Error("no violation");
  const outcome = { kind: "violated", violation, good: hunted } as const;
  return {
    regression,
    outcome,
    tookMs: 1,
    replayFile: "store/ci/m13.replay.json",
    reportFile: "store/hunt/1/report.html",
  };
}

const kept = (result: RegressionResult): CiResult => ({ ...result, replayFile: null, reportFile: null });
const same = (path: string): string => path;

test("a regression holds while the system comes through and its known-bad build is convicted", async () => {
  const result = kept(await runRegression(m13()));
  expect(result.outcome).toEqual({ kind: "held", knownBad: "M13" });
  expect(exitCodeOfCi([result])).toBe(0);
  expect(ciLines([result])).toHaveLength(5);
  expect(annotationsOf([result], same)).toEqual([]);
}, 60_000);

test("a known-bad build that is not convicted, one of another class, and an event that is not reached each lose it its teeth", async () => {
  const weak: readonly (readonly [Partial<Regression>, RegExp])[] = [
    [{ known_bad: "C1" }, /its known-bad build C1 is not convicted any more/],
    [{ classes: ["forked CAS"] }, /shows replica divergence, and not forked CAS/],
    [{ events: { "receive Prepare": 1, "crash, batch torn": 1 } }, /"crash, batch torn" 0 of 1 times/],
    [{ known_bad: "gone.json" }, /its known-bad build gone.json cannot be made/],
  ];
  for (const [change, why] of weak) {
    const result = kept(await runRegression({ ...m13(), ...change }));
    expect(result.outcome).toMatchObject({ kind: "lost its teeth", why: expect.stringMatching(why) as unknown });
    expect(exitCodeOfCi([result])).toBe(2);
    expect(ciLines([result])[1]).toMatch(/^unknown: lost its teeth/);
  }
}, 120_000);

test("a violation is told by class, sentence, faults and replay line in every form of output, and outweighs what is unknown", async () => {
  const red = await violated(m13());
  const asleep = kept({ regression: m13(), outcome: { kind: "lost its teeth", why: "a <reason>" }, tookMs: 0 });
  const results = [asleep, red];
  expect(exitCodeOfCi(results)).toBe(1);
  const lines = ciLines(results);
  expect(lines[0]).toMatch(/^VIOLATION {2}replica divergence \(.+\) in m13/);
  expect(lines[2]).toMatch(/^fault {4}.+; the schedule: \d+ operations on \d nodes, \d+ faults$/);
  expect(lines.slice(3, 5)).toEqual([
    "replay   minos replay store/ci/m13.replay.json",
    "report   store/hunt/1/report.html",
  ]);
  expect(junitOf(results)).toMatch(/failures="1" errors="1" skipped="0"/);
  expect(junitOf(results)).toContain("a &lt;reason&gt;");
  const [first] = annotationsOf(results, same);
  expect(first).toMatch(
    /^::error file=.*m13\/regression.json,title=m13%3A replica divergence::.*%0Aminos replay store/,
  );
  expect(sarifOf(results, "0.1.0", same)).toMatchObject({
    version: "2.1.0",
    runs: [{ results: [{ level: "warning" }, { ruleId: "replica divergence", level: "error" }] }],
  });
}, 60_000);

test("what would not end within the budget is not begun, is listed, and makes the whole unknown", async () => {
  const results = await runRegressions({
    regressions: [{ ...m13(), took_ms: 1_000_000 }],
    budgetMs: 60_000,
    onResult: () => undefined,
  });
  expect(results[0]?.outcome.kind).toBe("skipped");
  expect(exitCodeOfCi(results)).toBe(2);
  expect(ciLines(results.map(kept)).join("\n")).toContain("ran      0 of 1 regressions: 1 skipped");
});

test("a replay file becomes a regression that holds; one whose known-bad build is none, or whose system has the bug, is refused", async () => {
  const root = folder();
  const add = { root, replayFile: "regressions/m13/replay.json", name: "again", title: null, knownBad: null };
  const made = await addRegression(add);
  expect(made.regression).toMatchObject({ known_bad: "M13", classes: ["replica divergence"], expect: "no violation" });
  const [regression] = readRegressions(root);
  if (regression === undefined) throw new Error("nothing was written");
  expect((await runRegression(regression)).outcome.kind).toBe("held");
  await expect(addRegression(add)).rejects.toThrow(/exists already/);
  await expect(addRegression({ ...add, name: "none", knownBad: "C1" })).rejects.toThrow(/C1 is not convicted/);
  expect(readRegressions(root)).toHaveLength(1);
}, 120_000);

test("a regression that asks for no event is refused as damaged: it would pass by doing nothing", () => {
  const root = folder();
  cpSync("regressions/m13", join(root, "m13"), { recursive: true });
  const path = join(root, "m13", "regression.json");
  const file = JSON.parse(readFileSync(path, "utf8")) as RegressionFile;
  writeFileSync(path, JSON.stringify({ ...file, events: {} }));
  expect(() => readRegressions(root)).toThrow(/no regression, or damaged/);
});

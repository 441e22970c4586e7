// Shows what triage calls a violation that was seen with this build, with earlier ones, or with both, and that it compares only what can be
// compared; and that it finds the runs of a store wherever they lie, but not those whose clients lied.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readRuns, triage, type TriagedRun } from "./triage.js";

let moments = 0;
function run(build: string, fingerprints: readonly string[], more: Partial<TriagedRun> = {}): TriagedRun {
  moments += 1;
  const stamp = `2026-${String(moments).padStart(6, "0")}`;
  const violations = fingerprints.map((fingerprint) => ({ fingerprint, sentence: `${fingerprint} at ${stamp}` }));
  return { path: stamp, stamp, subject: "store", build, kind: "register", operations: 100, violations, ...more };
}
const times = (count: number, one: () => TriagedRun): readonly TriagedRun[] => Array.from({ length: count }, one);

const states = (runs: readonly TriagedRun[]) => triage(runs).map(({ fingerprint, state }) => `${fingerprint} ${state}`);

describe("a violation is", () => {
  test("new when only this build shows it", () => {
    expect(states([run("a", []), run("b", ["x"])])).toEqual(["x new"]);
  });

  test("ongoing when an earlier build showed it, too", () => {
    expect(states([run("a", ["x"]), run("b", []), run("b", ["x"])])).toEqual(["x ongoing"]);
  });

  test("resolved when this build was silent so often that it would have shown, and rare before", () => {
    const half = [run("a", ["x"]), run("a", [])];
    expect(states([...half, ...times(4, () => run("b", []))])).toEqual(["x rare"]);
    expect(states([...half, ...times(5, () => run("b", []))])).toEqual(["x resolved"]);
  });

  test("not resolved by runs that could not have shown it", () => {
    const shown = run("a", ["x"]);
    const others = times(50, () => run("b", [], { kind: "set" }));
    expect(states([shown, ...others])).toEqual(["x rare"]);
    expect(states([shown, ...times(50, () => run("c", [], { subject: "other" }))])).toEqual(["x new"]);
  });
});

test("a group tells how often, since when, and the cheapest run; new ones come first", () => {
  const runs = [
    run("a", ["x"], { operations: 900 }),
    run("a", ["x", "x"], { operations: 30 }),
    run("b", ["x"]),
    run("b", ["y"]),
  ];
  const [first, second] = triage(runs.toReversed());
  expect(first).toMatchObject({ fingerprint: "y", state: "new", count: 1 });
  expect(second).toMatchObject({ fingerprint: "x", count: 3, first: runs[0]?.stamp, last: runs[2]?.stamp });
  expect(second?.cheapest).toEqual({ path: runs[1]?.path, operations: 30, sentence: `x at ${runs[1]?.stamp ?? ""}` });
  expect([second?.now, second?.before]).toEqual([
    { runs: 2, shown: 1 },
    { runs: 2, shown: 2 },
  ]);
});

const store = mkdtempSync(join(tmpdir(), "minos-triage-"));
afterAll(() => rmSync(store, { recursive: true }));

test("runs are found at any place of a store, once each, without those of the canary", () => {
  const keep = (path: string, canary: string | null, system = "store"): void => {
    mkdirSync(join(store, path), { recursive: true });
    const plan = {
      system,
      mutant: "M14",
      build: "b",
      on: "local",
      workload: { name: "set" },
      nemesis: { name: "none" },
    };
    writeFileSync(join(store, path, "plan.json"), JSON.stringify({ ...plan, canary }));
    const violations = [{ fingerprint: "f", sentence: "s" }];
    writeFileSync(join(store, path, "verdict.json"), JSON.stringify({ violations, counts: { operations: 7 } }));
  };
  keep("set/20261123T1", null);
  keep("campaigns/nightly/20261123T2/run-0001/20261123T3", null);
  keep("campaigns/nightly/20261123T2/canary-late-put/20261123T4", "late-put");
  mkdirSync(join(store, "set", "20261123T5"));
  symlinkSync("set/20261123T1", join(store, "latest"));
  keep("far/20261123T6", null, "/home/somebody/minos/examples/own-system/system.js");
  keep("near/20261123T7", null, "own-system/system.js");
  const runs = readRuns(store);
  expect(runs.map(({ stamp }) => stamp).toSorted()).toEqual([1, 3, 6, 7].map((at) => `20261123T${at}`));
  const own = runs.filter(({ stamp }) => stamp > "20261123T5").map(({ subject }) => subject);
  expect(own).toEqual(["own-system/system.js with M14", "own-system/system.js with M14"]);
  expect(runs.find(({ stamp }) => stamp === "20261123T1")).toMatchObject({
    subject: "store with M14",
    kind: "set none local",
    operations: 7,
    build: "b",
  });
});

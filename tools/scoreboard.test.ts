// Shows that no two hunts of a scoreboard share a seed, that a row says of its finds what they were, what passes as it must be, and that
// an interrupted scoreboard goes on only with rows of the same conditions.
import { expect, test } from "vitest";
import { mutants } from "../mutants/index.js";
import {
  cellsOf,
  convictedBy,
  firstSeedOf,
  isAsItMustBe,
  keptRows,
  rowOf,
  tableHead,
  wilson,
  type Conditions,
  type Find,
  type Hunted,
} from "./scoreboard.js";

const bug = { id: "M99", kind: "must", title: "a bug" } as const;
const nothing = { shrunk: null, local: null };
const conditions: Conditions = {
  seed: 1,
  hunts: 3,
  must_limit_s: 60,
  should_limit_s: 300,
  control_seeds: 2000,
  run_s: 10,
  rate_per_s: 50,
  shrink_s: 30,
  threads: 2,
  local_runs: 0,
  local_time_s: 10,
  build: "b",
};

function find(seed: number, more: Partial<Find> = {}): Find {
  return { seed, checkers: ["linearizability"], classes: ["stale read"], invariants: [], ...more };
}

function hunted(processorMs: number, ...violated: readonly Find[]): Hunted {
  return { report: { runs: 10, unknown: 1, threw: 0, processorMs, violated } };
}

test("no two hunts of the catalog share a seed, even at the end of the seeds", () => {
  for (const seed of [0, 2 ** 32 - 1]) {
    const firsts = [...mutants.keys()].flatMap((_, place) =>
      [0, 1, 2, 3, 4, 99].map((at) => firstSeedOf(seed, place, at)),
    );
    const sorted = firsts.toSorted((one, other) => one - other);
    const gaps = sorted.slice(1).map((first, at) => first - (sorted[at] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100_000 - 1);
  }
  expect(() => firstSeedOf(0, 0, 1_000)).toThrow(RangeError);
  expect(() => firstSeedOf(0, 40, 0)).toThrow(RangeError);
});

test("the interval is Wilson's", () => {
  expect(wilson(0, 10).low).toBe(0);
  expect(wilson(0, 10).high).toBeCloseTo(0.2775, 4);
  expect(wilson(5, 10).low).toBeCloseTo(0.2366, 4);
  expect(wilson(5, 10).high).toBeCloseTo(0.7634, 4);
  expect(wilson(10, 10).low).toBeCloseTo(0.7225, 4);
  expect(wilson(10, 10).high).toBeCloseTo(1, 9);
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
});

test("core-seconds are of the hunts that found it; runs of all; finds are counted once a hunt", () => {
  const row = rowOf(bug, [hunted(1000, find(1), find(2)), hunted(60_000), hunted(3000, find(3))], nothing);
  expect(row).toMatchObject({ hunts: 3, found: 2, runs: 30, unknown: 3, core_seconds: { median: 1, p90: 3 } });
  expect(row.classes).toEqual({ "stale read": 2 });
  expect(row.first_find).toEqual({ seed: 1, by: ["linearizability"], classes: ["stale read"] });
  expect(isAsItMustBe(row)).toBe(false);
  expect(isAsItMustBe(rowOf(bug, [hunted(1000, find(1))], nothing))).toBe(true);
  expect(isAsItMustBe(rowOf(bug, [], nothing))).toBe(false);
});

test("an invariant is told by its name, and the most frequent comes first", () => {
  const broken = { checkers: ["invariants"], invariants: ["claims are durable"] };
  expect(convictedBy(broken)).toEqual(["invariant: claims are durable"]);
  const row = rowOf(bug, [hunted(1, find(1)), hunted(1, find(2, broken)), hunted(1, find(3, broken))], nothing);
  expect(Object.entries(row.by)).toEqual([
    ["invariant: claims are durable", 2],
    ["linearizability", 1],
  ]);
});

test("a control counts every convicted run, and passes only when there were runs and none crashed", () => {
  const control = { ...bug, kind: "control" } as const;
  expect(isAsItMustBe(rowOf(control, [hunted(1)], nothing))).toBe(true);
  expect(rowOf(control, [hunted(1, find(1), find(2))], nothing)).toMatchObject({ found: 2 });
  expect(isAsItMustBe(rowOf(control, [hunted(1, find(1))], nothing))).toBe(false);
  expect(isAsItMustBe({ ...rowOf(control, [hunted(1)], nothing), threw: 1 })).toBe(false);
  expect(isAsItMustBe({ ...rowOf(control, [hunted(1)], nothing), runs: 0 })).toBe(false);
});

test("a line of the table has a cell for each heading, and says what was shrunk and shown", () => {
  const shrunk = {
    from: { operations: 600, faults: 25, nodes: 5 },
    to: { operations: 4, faults: 1, nodes: 3 },
    seconds: 9,
    core_seconds: 8.04,
  };
  const local = { runs: 10, shown: 5, unknown: 1, rate: wilson(5, 10) };
  const cells = cellsOf(rowOf(bug, [hunted(1500, find(1))], { shrunk, local }));
  expect(cells).toHaveLength(tableHead.length);
  expect(cells.slice(2)).toEqual([
    "1/1",
    "1.5",
    "1.5",
    "linearizability 1",
    "stale read 1",
    "600, 25, 5 → 4, 1, 3",
    "8.0",
    "5/10 (24–76 %), 1 without a verdict",
  ]);
  expect(cellsOf(rowOf(bug, [hunted(1)], nothing))).toHaveLength(tableHead.length);
});

test("only rows of the same conditions are taken over, the latest of each bug, and no line that was cut off", () => {
  const row = rowOf(bug, [hunted(1, find(1))], nothing);
  const line = (kept: unknown): string => `${JSON.stringify(kept)}\n`;
  const text =
    line({ conditions, row: { ...row, found: 0 } }) +
    line({ conditions, row }) +
    line({ conditions: { ...conditions, seed: 2 }, row: { ...row, id: "M98" } }) +
    line({ conditions: { ...conditions, build: "c" }, row: { ...row, id: "M97" } }) +
    line({ conditions, row: { ...row, id: "M96" } }).slice(0, 60);
  expect([...keptRows(text, conditions)]).toEqual([["M99", row]]);
  expect(keptRows("", conditions).size).toBe(0);
});

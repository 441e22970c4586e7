// Shows how runs of campaigns become rates: the last campaign of a bug counts, the unknown are told and count as not shown, and a bug that
// only a simulated disk shows says so. Pure.
import { expect, test } from "vitest";
import { realRateCells, realRates } from "./real-rates.js";

const run = (mutant: string | null, seed: number, valid: boolean | "unknown", ...classes: readonly string[]) => ({
  mutant,
  seed,
  valid,
  violations: classes.map((name) => ({ class: name })),
});

const earlier = [run("M01", 1, true), run("M03", 2, true), run("M03", 1, false, "lost write", "stale read")];
const later = [run("M01", 3, false, "stale read"), run("M01", 4, "unknown"), run(null, 1, true)];

test("the last campaign of each bug counts, in the order of the catalog", () => {
  expect(realRates([earlier, later])).toEqual([
    { id: "M01", runs: 2, shown: 1, unknown: 1, seeds: "3..4", classes: { "stale read": 1 } },
    { id: "M03", runs: 2, shown: 1, unknown: 0, seeds: "1..2", classes: { "lost write": 1 } },
  ]);
});

test("each bug has a row, controls have none, and what has no runs says why", () => {
  const cells = realRateCells({ machine: "", note: "", rows: realRates([earlier, later]) });
  const rows = new Map(cells.map((row) => [row[0], row.slice(2)]));
  expect(rows.get("`M01`")).toEqual(["1 of 2 (1 unknown)", "50 %, 9 % to 91 %", "stale read 1"]);
  expect(rows.get("`M21`")?.at(-1)).toMatch(/^needs the simulated disk: /);
  expect(rows.get("`M14`")?.at(-1)).toBe("not measured");
  expect(rows.has("`C1`")).toBe(false);
});

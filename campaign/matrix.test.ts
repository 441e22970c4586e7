// Shows that a campaign is exactly the combinations asked for, and that slips of the hand are refused.
import { expect, test } from "vitest";
import { cellFlags, cellTitle, matrixOf, parseSeeds } from "./matrix.js";

test("seeds are numbers and ranges", () => {
  expect(parseSeeds("1,5,9..12")).toEqual([1, 5, 9, 10, 11, 12]);
});

test.each(["", "a", "3..1", "1..", "-1", "0..99999999"])("%j are no seeds", (text) => {
  expect(() => parseSeeds(text)).toThrow("--seeds");
});

test("every combination once, seeds fastest", () => {
  const cells = matrixOf({ workloads: ["register"], nemeses: ["kill", "pause"], mutants: [], seeds: [1, 2] });
  expect(cells.map(cellTitle)).toEqual([
    "register kill seed 1",
    "register kill seed 2",
    "register pause seed 1",
    "register pause seed 2",
  ]);
  expect(cellFlags(cells[3] ?? { workload: null, nemesis: null, mutant: null, seed: null })).toEqual([
    "--workload",
    "register",
    "--nemesis",
    "pause",
    "--seed",
    "2",
  ]);
});

test("nothing asked for is one run of the default plan", () => {
  const cells = matrixOf({ workloads: [], nemeses: [], mutants: [], seeds: [] });
  expect(cells.map(cellTitle)).toEqual(["default plan"]);
  expect(cells.flatMap(cellFlags)).toEqual([]);
});

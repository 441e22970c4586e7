// Shows that verdicts become the documented exit codes and that a violation outranks everything, a crash included.
import { expect, test } from "vitest";
import { combineExitCodes, exitCodeOf, exitCodes } from "./exit-code.js";

test("a verdict's exit code is 0 valid, 1 violation, 2 unknown", () => {
  expect([true, false, "unknown"].map((valid) => exitCodeOf(valid as true | false | "unknown"))).toEqual([0, 1, 2]);
});

test("no crash, usage error or unknown hides another run's violation, and no valid run hides any of them", () => {
  const { valid, violation, unknown, usage, crash } = exitCodes;
  expect(combineExitCodes([valid, crash, violation, unknown])).toBe(violation);
  expect(combineExitCodes([valid, unknown, crash])).toBe(crash);
  expect(combineExitCodes([unknown, usage])).toBe(usage);
  expect(combineExitCodes([valid, unknown])).toBe(unknown);
  expect(combineExitCodes([valid, valid])).toBe(valid);
  expect(combineExitCodes([])).toBe(valid);
});

// Shows that the numbers a hunt prints of its runs are what they are called.
import { expect, test } from "vitest";
import { distributionOf } from "./hunt-run.js";

test("least, 10th percentile, median, 90th percentile and most are numbers that were there", () => {
  expect(distributionOf([5])).toEqual({ least: 5, p10: 5, median: 5, p90: 5, most: 5 });
  expect(distributionOf([10, 1, 9, 2, 8, 3, 7, 4, 6, 5])).toEqual({ least: 1, p10: 1, median: 5, p90: 9, most: 10 });
});

test("of no numbers there is nothing to say", () => {
  expect(() => distributionOf([])).toThrow("no numbers");
});

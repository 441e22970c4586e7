// Shows that durations are read with their unit only, and that a wrong one is named.
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.js";

test("durations carry a unit", () => {
  expect(["500ms", "60s", "1.5s", "2m", "1h"].map((text) => parseDuration(text, "--time-limit"))).toEqual([
    500, 60_000, 1500, 120_000, 3_600_000,
  ]);
});

test.each(["60", "", "s", "-1s", "1 s", "1d"])("%j is refused by name", (text) => {
  expect(() => parseDuration(text, "--time-limit")).toThrow(`--time-limit: "${text}" is no duration`);
});

test("durations are printed for people", () => {
  expect([350, 1500, 60_000, 125_000, 600_000, 86_400_000].map(formatDuration)).toEqual([
    "350 ms",
    "1.5 s",
    "60 s",
    "2 min 5 s",
    "10 min",
    "24 h",
  ]);
});

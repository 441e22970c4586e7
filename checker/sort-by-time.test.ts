// Sorted by time whatever the disorder, within the range that was asked for only, and stable where the order was.
import { describe, expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { sortByTime } from "./sort-by-time.js";

const ascending = (count: number) => Int32Array.from({ length: count }, (_, at) => at);

/** What it must come to, by the library's own sort, which is stable. */
function expected(indices: Int32Array, times: Float64Array, from: number, to: number): number[] {
  const list = Array.from(indices);
  const part = list.slice(from, to).sort((left, right) => (times[left] ?? 0) - (times[right] ?? 0));
  return [...list.slice(0, from), ...part, ...list.slice(to)];
}

describe("indices", () => {
  test.each([
    ["nearly in order", 200, (at: number) => at + (at % 3) * 2],
    ["in order", 200, (at: number) => at],
    ["backwards", 1_000, (at: number) => -at],
    ["all at one time", 200, () => 5],
    ["backwards with ties", 1_000, (at: number) => -Math.floor(at / 7)],
    // So much disorder that shifting is given up; the last ones never come under the shifting hand.
    ["in order but for a last half that belongs first", 2_000, (at: number) => (at < 1_000 ? at : at - 5_000)],
    ["of one", 1, () => 1],
    ["of none", 0, () => 1],
  ] as const)("%s", (_, count, timeOf) => {
    const times = Float64Array.from({ length: count }, (_one, at) => timeOf(at));
    for (const [from, to] of [
      [0, count],
      [Math.floor(count / 10), Math.floor((9 * count) / 10)],
    ] as const) {
      const indices = ascending(count);
      const wanted = expected(indices, times, from, to);
      sortByTime(indices, times, from, to);
      expect(Array.from(indices)).toEqual(wanted);
    }
    const whole = ascending(count);
    sortByTime(whole, times);
    expect(Array.from(whole)).toEqual(expected(ascending(count), times, 0, count));
  });

  test("drawn at random, with ties, few and many", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = createRandom(seed);
      const count = random.integer(1, 600);
      const times = Float64Array.from({ length: count }, () => random.integer(-50, 50));
      const from = random.integer(0, count);
      const indices = ascending(count);
      const wanted = expected(indices, times, from, count);
      sortByTime(indices, times, from);
      expect(Array.from(indices), `seed ${seed}`).toEqual(wanted);
    }
  });

  test("and what lies outside the range is not looked at, even where it belongs inside", () => {
    const times = Float64Array.from([9, 3, 2, 1, 0]);
    const indices = ascending(5);
    sortByTime(indices, times, 1, 4);
    expect(Array.from(indices)).toEqual([0, 3, 2, 1, 4]);
  });
});

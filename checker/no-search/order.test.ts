// The radix sort against the language's own: every length and range of keys, with many ties, must come out the same and stable.
import { expect, test } from "vitest";
import { createRandom } from "../../history/index.js";
import { Scratch } from "../scratch.js";
import { CountingScratch } from "../testing/counting-scratch.js";
import { orderOf } from "./order.js";

const reference = (keys: Float64Array): number[] =>
  [...keys.keys()].sort((left, right) => (keys[left] ?? 0) - (keys[right] ?? 0) || left - right);

test.each([1, 10, 2 ** 11, 2 ** 22, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33, 2 ** 43, 2 ** 53 - 1])(
  "keys that differ by up to %i come out in order, equal ones as they stood",
  (range) => {
    const random = createRandom(range);
    for (const length of [0, 1, 2, 63, 64, 65, 1000, 5000])
      for (const least of [0, -17, -range]) {
        const keys = Float64Array.from(
          { length },
          () =>
            least + Math.floor(random.unit() * 64) * Math.floor(range / 64) + Math.floor(random.unit() * (range % 64)),
        );
        if (length > 1) keys[length >> 1] = least + range;
        expect([...orderOf(keys, new Scratch())]).toEqual(reference(keys));
      }
  },
);

test("keys in order already stay where they are", () => {
  const keys = Float64Array.from({ length: 100 }, (_, at) => Math.floor(at / 3));
  expect([...orderOf(keys, new Scratch())]).toEqual([...keys.keys()]);
});

test("keys further apart than a safe integer tells are still in order", () => {
  const ends = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0];
  const keys = Float64Array.from({ length: 200 }, (_, at) => ends[at % 3] ?? 0);
  expect([...orderOf(keys, new Scratch())]).toEqual(reference(keys));
});

test.each<readonly [string, number, (at: number) => number, number]>([
  ["in order already, with ties, take no column but their places", 100, (at) => 1 + Math.floor(at / 3), 100],
  ["few and out of order are compared", 63, (at) => -at, 63],
  ["too far apart are compared", 64, (at) => (at % 2 === 0 ? Number.MAX_SAFE_INTEGER : -at), 64],
  ["many and close to each other are sorted by one word", 64, (at) => -at, 4 * 64 + 2 ** 11],
  ["many, as far apart as one word tells, too", 64, (at) => (at === 0 ? 2 ** 32 - 1 : 0), 4 * 64 + 2 ** 11],
  ["many and one further are sorted by two words", 64, (at) => (at === 0 ? 2 ** 32 : 0), 6 * 64 + 2 ** 11],
])("keys %s", (_, length, keyAt, numbers) => {
  const keys = Float64Array.from({ length }, (__, at) => keyAt(at));
  const scratch = new CountingScratch();
  expect([...orderOf(keys, scratch)]).toEqual(reference(keys));
  expect(scratch.numbers).toBe(numbers);
});

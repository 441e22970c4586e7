// Shows that the random generator repeats itself for ever (known values), is uniform where it says so, and that its streams are
// independent of each other's use.
import { expect, test } from "vitest";
import { createRandom } from "./random.js";

const draws = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);

test("a seed and a label give the same numbers on every machine and in every version", () => {
  expect(draws(4, createRandom(1).uint32)).toEqual([1825169014, 2037997144, 991468399, 1854625741]);
  expect(draws(4, createRandom(1, "nemesis").uint32)).toEqual([1841781667, 939271754, 1742124712, 211260941]);
  expect(draws(4, createRandom("text").uint32)).toEqual([1770008332, 569038259, 2326458858, 484022486]);
});

test("neighbouring seeds share nothing", () => {
  const firsts = new Set(draws(10_000, () => 0).map((_, seed) => createRandom(seed).uint32()));
  // 10,000 draws of 2^32 collide with probability 1 %, twice hardly ever.
  expect(firsts.size).toBeGreaterThanOrEqual(9_999);
});

test("a fork depends on its label only, not on what was drawn before", () => {
  const fresh = createRandom(5);
  const used = createRandom(5);
  draws(100, used.uint32);
  expect(used.fork("a").uint32()).toBe(fresh.fork("a").uint32());
  expect(fresh.fork("a").uint32()).not.toBe(fresh.fork("b").uint32());
});

test("integers are uniform, both ends included", () => {
  const random = createRandom(6);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 70_000; draw += 1) {
    const drawn = random.integer(-3, 3);
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((one, other) => one - other)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
  for (const count of counts.values()) {
    // 10,000 expected, deviation 93: five deviations either way.
    expect(Math.abs(count - 10_000)).toBeLessThan(465);
  }
  expect(random.integer(4, 4)).toBe(4);
  expect(() => random.integer(2, 1)).toThrow("no integer");
  expect(() => random.integer(0.5, 1)).toThrow("no integer");
});

test("the unit interval has its mean and variance", () => {
  const random = createRandom(7);
  const units = draws(100_000, random.unit);
  const mean = units.reduce((sum, unit) => sum + unit, 0) / units.length;
  const variance = units.reduce((sum, unit) => sum + (unit - mean) ** 2, 0) / units.length;
  expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...units)).toBeLessThan(1);
  expect(mean).toBeCloseTo(0.5, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
});

test("exponential draws have their mean", () => {
  const random = createRandom(8);
  const gaps = draws(100_000, () => random.exponential(5));
  expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeCloseTo(5, 0);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
});

test("weights are kept, and an item of weight 0 is never picked", () => {
  const random = createRandom(9);
  const picked = draws(10_000, () =>
    random.pickWeighted([[0, 0] as const, [1, 3] as const, [2, 1] as const, [3, 0] as const]),
  );
  expect(new Set(picked)).toEqual(new Set([1, 2]));
  expect(picked.filter((item) => item === 1).length).toBeGreaterThan(7_200);
  expect(picked.filter((item) => item === 1).length).toBeLessThan(7_800);
  expect(() => random.pickWeighted([[1, 0]])).toThrow("weights");
});

test("a shuffle keeps every item and makes every order", () => {
  const random = createRandom(10);
  const orders = new Set(draws(1_000, () => 0).map(() => random.shuffle([1, 2, 3]).join("")));
  expect([...orders].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
  expect(() => random.pick([])).toThrow("nothing to pick");
});

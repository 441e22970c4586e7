// Sets that lead nowhere are told apart exactly, also where their hashes collide, and found again after the table has grown.
import { expect, test } from "vitest";
import { DeadEnds, zobrist } from "./dead-ends.js";

function describeSet(dead: DeadEnds, missing: readonly number[], unknown: readonly number[]): void {
  dead.begin();
  for (const rank of missing) dead.missing(rank);
  for (const rank of unknown) dead.unknown(rank);
}

test("a set is found with its own state only, and every part of it counts, whatever the hash", () => {
  const dead = new DeadEnds();
  expect(dead.mayHave(5)).toBe(false);
  describeSet(dead, [1, 2], [9]);
  dead.add(5, 7, 4, "a");
  dead.add(5, 7, 4, "b");
  const has = (missing: readonly number[], unknown: readonly number[], greatest: number, text: string): boolean => {
    describeSet(dead, missing, unknown);
    return dead.has(5, 7, greatest, () => text);
  };
  expect(has([1, 2], [9], 4, "a")).toBe(true);
  expect(has([1, 2], [9], 4, "b")).toBe(true);
  expect(has([1, 2], [9], 4, "c")).toBe(false);
  expect(has([1, 2], [9], 5, "a")).toBe(false);
  expect(has([1, 3], [9], 4, "a")).toBe(false);
  expect(has([1, 2], [8], 4, "a")).toBe(false);
  expect(has([1], [2, 9], 4, "a")).toBe(false);
  expect(has([1, 2, 9], [], 4, "a")).toBe(false);
});

test("5,000 sets are all found again, and none that was not added", () => {
  const dead = new DeadEnds();
  const hashOf = (number: number): number => Math.imul(number, 2654435761) | 0;
  for (let number = 0; number < 5_000; number++) {
    describeSet(dead, [number, number + 1], []);
    dead.add(hashOf(number), number, number + 2, String(number));
  }
  for (let number = 0; number < 5_100; number++) {
    describeSet(dead, [number, number + 1], []);
    expect(dead.mayHave(hashOf(number)) || number >= 5_000).toBe(true);
    expect(dead.has(hashOf(number), number, number + 2, () => String(number))).toBe(number < 5_000);
  }
});

/** Fills a new table with so many sets. */
function filled(sets: number): DeadEnds {
  const dead = new DeadEnds();
  for (let number = 0; number < sets; number++) {
    describeSet(dead, [number], []);
    dead.add(number, 0, number, "state");
  }
  return dead;
}

// 4 bytes a number: buckets, and cells of which a set of one rank takes 8, after the one that is left free.
test.each([
  [0, 0, 0],
  [1, 64 + 1024, 64 + 1024],
  [64, 64 + 1024, 64 + 1024],
  [65, 256 + 1024, 256 + 1024],
  [127, 256 + 1024, 256 + 1024],
  [128, 256 + 2048, 256 + 2048],
  [4096, 4096 + 65_536, 4096 + 65_536],
  [4097, 16_384 + 65_536, 0],
])("%i sets take %i numbers, of which %i are kept for the next search", (sets, numbers, kept) => {
  const dead = filled(sets);
  expect(dead.bytes).toBe(4 * numbers);
  dead.clear();
  expect(dead.bytes).toBe(4 * kept);
  for (const number of [0, sets - 1]) expect(dead.mayHave(number)).toBe(false);
  for (const number of [0, sets - 1]) {
    describeSet(dead, [number], []);
    expect(dead.has(number, 0, number, () => "state")).toBe(false);
    dead.add(number, 0, number, "another");
    expect(dead.has(number, 0, number, () => "another")).toBe(true);
    expect(dead.has(number, 0, number, () => "state")).toBe(false);
  }
});

test("every rank has two numbers of its own, each bit set in about half of them, and they never change", () => {
  const ranks = Array.from({ length: 4096 }, (_, rank) => rank);
  for (const half of [0, 1]) {
    const numbers = ranks.map((rank) => zobrist(rank, half));
    expect(new Set(numbers).size).toBe(4096);
    for (let bit = 0; bit < 32; bit++) {
      const share = numbers.filter((number) => ((number >>> bit) & 1) === 1).length / 4096;
      expect(Math.abs(share - 0.5), `bit ${bit}`).toBeLessThan(0.05);
    }
  }
  expect([0, 1, 40_000].flatMap((rank) => [zobrist(rank, 0), zobrist(rank, 1)])).toEqual([
    -58325557, 540910308, 748706945, 1492259259, -781629461, -1151512286,
  ]);
});

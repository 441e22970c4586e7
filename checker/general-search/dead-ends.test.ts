// Sets that lead nowhere are told apart exactly, also where their hashes collide, and found again after the table has grown.
import { expect, test } from "vitest";
import { DeadEnds } from "./dead-ends.js";

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

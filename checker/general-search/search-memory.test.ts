// The memory of the general search: how much of it there is, which of it the next search gets, and the ranks that it gives.
import { expect, test } from "vitest";
import { get, operations, put } from "../testing/builders.js";
import { borrowSearchMemory, giveBackSearchMemory, SearchMemory } from "./search-memory.js";

test("room grows to what is asked for, to twice what there was where that is little, and not for what there is", () => {
  const memory = new SearchMemory();
  for (const [asked, room] of [
    [1, 64],
    [65, 128],
    [300, 300],
    [20_000, 20_000],
    [20_001, 32_768],
    [40_000, 40_000],
    [40_001, 40_001],
  ] as const) {
    memory.reserve(asked);
    expect(memory.room).toBe(room);
    for (const column of ["positionOf", "ends", "callAt", "returnAt", "callTimes", "returnTimes"] as const)
      expect(memory[column].length, column).toBe(room);
    for (const column of ["events", "next", "previous"] as const)
      expect(memory[column].length, column).toBe(2 * room + 1);
    const { positionOf } = memory;
    memory.reserve(room);
    memory.reserve(1);
    expect(memory.positionOf).toBe(positionOf);
  }
});

test("the next search gets what the last one had, once, unless that is large, with no dead ends in it", () => {
  const memory = borrowSearchMemory();
  memory.reserve(2 ** 15);
  memory.dead.add(1, 2, 3, "state");
  giveBackSearchMemory(memory);
  const again = borrowSearchMemory();
  expect(again).toBe(memory);
  expect(again.dead.has(1, 2, 3, () => "state")).toBe(false);
  expect(borrowSearchMemory()).not.toBe(memory);
  again.reserve(2 ** 15 + 1);
  giveBackSearchMemory(again);
  expect(borrowSearchMemory()).not.toBe(again);
});

test("what was answered comes before what was not, each in order of call, ties as they were given", () => {
  const memory = new SearchMemory();
  memory.reserve(6);
  const history = operations(
    put(1, 7, null),
    put(2, 5, 6),
    put(3, 2, null),
    put(4, 1, 9),
    get(4, 5, 5),
    put(5, 7, null),
  );
  expect(memory.rank(history)).toBe(3);
  expect([...memory.positionOf.subarray(0, 6)]).toEqual([3, 1, 4, 2, 0, 5]);
  expect([...memory.callTimes.subarray(0, 6)]).toEqual([1, 5, 5, 2, 7, 7]);
  expect([...memory.returnTimes.subarray(0, 6)]).toEqual([9, 6, 5, Infinity, Infinity, Infinity]);
  expect(memory.rank(history.filter(({ returnNs }) => returnNs !== null))).toBe(3);
  expect([...memory.positionOf.subarray(0, 3)]).toEqual([1, 0, 2]);
});

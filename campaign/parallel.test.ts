// Shows with a machine made of numbers when a campaign makes more runs at a time, when fewer, and when it waits.
import { expect, test } from "vitest";
import {
  AdaptiveParallel,
  fixedParallel,
  isStarved,
  roomOfCluster,
  roomOfSimulation,
  type Machine,
} from "./parallel.js";
import type { RunDocument } from "./runs.js";

const gibibyte = 2 ** 30;
const machine = (cores: number, gibibytes: number, load = 0): Machine => ({
  cores,
  freeBytes: () => gibibytes * gibibyte,
  load: () => load,
});

const lagging = (value: number, valid: RunDocument["valid"] = true): RunDocument => ({
  valid,
  teeth: [{ name: "runner lag", value, ceiling: 2000 }],
});

test.each([
  [8, 32, 4],
  [8, 3, 3],
  [2, 32, 1],
  [1, 32, 1],
  [4, 0.1, 1],
])("%i cores and %d GiB begin with %i clusters", (cores, gibibytes, limit) => {
  expect(new AdaptiveParallel(roomOfCluster, machine(cores, gibibytes)).limit).toBe(limit);
});

test("a simulation needs one core alone", () => {
  expect(new AdaptiveParallel(roomOfSimulation, machine(4, 32)).limit).toBe(4);
});

test("calm runs make room for one more, up to the cores", () => {
  const parallel = new AdaptiveParallel(roomOfCluster, machine(4, 32));
  const limits = Array.from({ length: 40 }, () => {
    parallel.ended(lagging(30));
    return parallel.limit;
  });
  expect([limits[4], limits[5], limits[14], limits[39]]).toEqual([2, 3, 4, 4]);
});

test("a run that lagged takes one away, never the last, and calm is counted anew", () => {
  const parallel = new AdaptiveParallel(roomOfCluster, machine(4, 32));
  for (let run = 0; run < 5; run += 1) parallel.ended(lagging(30));
  parallel.ended(lagging(1001));
  expect(parallel.limit).toBe(1);
  parallel.ended(lagging(2001, "unknown"));
  expect(parallel.limit).toBe(1);
  for (const lag of [30, 30, 900, 30, 30]) parallel.ended(lagging(lag));
  expect(parallel.limit).toBe(1);
  parallel.ended(lagging(30));
  expect(parallel.limit).toBe(2);
});

test("while the machine is crowded or has no memory nothing is started beside others, and one always", () => {
  const allows = (one: Machine, room = roomOfCluster) => {
    const parallel = new AdaptiveParallel(room, { ...one, freeBytes: () => 9 * gibibyte });
    // It fills up later.
    const later = new AdaptiveParallel(room, { ...one, freeBytes: filling(one) });
    return [parallel.allows(0), parallel.allows(1), later.allows(0), later.allows(1)];
  };
  const filling = (one: Machine) => {
    let asked = 0;
    return () => ((asked += 1) === 1 ? 9 * gibibyte : one.freeBytes());
  };
  expect(allows(machine(8, 32))).toEqual([true, true, true, true]);
  expect(allows(machine(8, 0.5))).toEqual([true, true, true, false]);
  expect(allows(machine(8, 32, 12))).toEqual([true, false, true, false]);
});

test("a fixed number stays, whatever runs say", () => {
  const parallel = fixedParallel(2);
  parallel.ended(lagging(2001, "unknown"));
  expect([parallel.allows(1), parallel.allows(2), parallel.limit]).toEqual([true, false, 2]);
});

test.each([
  ["over the limit of its lag", lagging(2001, "unknown"), true],
  ["by its own word", { valid: "unknown", unknown: [{ code: "starved", sentence: "s" }] }, true],
  ["weak for another reason", { valid: "unknown", unknown: [{ code: "weak", sentence: "s" }] }, false],
  ["a violation, which stands", lagging(2001, false), false],
  ["no document", null, false],
] as const)("starved: %s", (_, document, starved) => {
  expect(isStarved(document)).toBe(starved);
});

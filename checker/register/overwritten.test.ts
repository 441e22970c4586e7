// What the look for values that were seen when they were gone finds, and what it must let pass: one history of a few operations for
// each way in which a value can be gone or there. The fuzz of the engines holds it against brute force.
import { expect, test } from "vitest";
import type { Operation } from "../../history/index.js";
import { bruteForce } from "../testing/brute-force.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import { withScratch } from "../scratch.js";
import { columnsOf } from "./columns.js";
import { findOverwritten } from "./overwritten.js";
import { timelineOf } from "./timeline.js";

type Maker = (index: number) => Operation;

/** The initial value is 0. The position of the operation that saw what was gone, or -1. */
function found(history: readonly Operation[]): number {
  return withScratch(0, (scratch) => {
    const columns = columnsOf(history, 0, scratch);
    if ("operations" in columns) throw new Error("an answer contradicts itself");
    const row = findOverwritten(columns, timelineOf(columns, scratch), scratch);
    return row === -1 ? -1 : (columns.position[row] ?? -1);
  });
}

test.each<[string, readonly Maker[], number]>([
  ["after another write", [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)], 2],
  ["after another value was read", [put(1, 0, 1), put(2, 0, 9), get(2, 2, 3), get(1, 4, 5)], 3],
  ["after a cas took it away", [put(1, 0, 1), cas(1, 2, 2, 3), get(1, 4, 5)], 2],
  ["by a cas", [put(1, 0, 1), put(2, 2, 3), cas(1, 3, 4, 5)], 2],
  ["by a failed cas that observed it", [put(1, 0, 1), put(2, 2, 3), mismatch(7, 1, 4, 5)], 2],
  ["the initial value, after a write", [put(1, 0, 1), get(0, 2, 3)], 1],
  ["a value that nobody has written yet", [get(1, 0, 1), put(1, 2, 3)], 0],
  ["although both of its writers", [put(1, 0, 1), put(1, 0, 2), put(2, 3, 4), get(1, 5, 6)], 3],
  ["before a cas to it from another value", [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5), cas(2, 1, 6, 7)], 2],
  ["and the first that returned is named", [put(1, 0, 1), put(2, 2, 3), get(1, 4, 9), get(1, 5, 6)], 3],
  ["whatever the latest of the others showed", [put(1, 0, 1), put(2, 2, 3), put(3, 4, 5), get(2, 6, 7)], 3],
  ["where the latest call showed it", [put(2, 0, 20), put(1, 1, 2), put(2, 3, 4), put(3, 5, 6), get(1, 21, 22)], 4],
])("a value is gone, seen %s", (_, makers, position) => {
  const history = operations(...makers);
  expect(found(history)).toBe(position);
  expect(bruteForce(history, 0)).toBeNull();
});

test.each<[string, readonly Maker[]]>([
  ["its writer was still open", [put(1, 0, 3), put(2, 2, 3), get(1, 4, 5)]],
  ["its writer returned when the other was called", [put(1, 0, 2), put(2, 2, 3), get(1, 4, 5)]],
  ["it was called when the other returned", [put(1, 0, 1), put(2, 2, 4), get(1, 4, 5)]],
  ["its writer was called when it returned", [get(1, 0, 2), put(1, 2, 3)]],
  ["another one wrote it again", [put(1, 0, 1), put(2, 2, 3), put(1, 4, 5), get(1, 6, 7)]],
  ["one of unknown outcome may have written it late", [put(1, 0, null), put(2, 2, 3), get(1, 4, 5)]],
  ["the other is of unknown outcome", [put(1, 0, 1), put(2, 2, null), get(1, 4, 5)]],
  ["the others only showed it", [put(1, 0, 1), get(1, 2, 3), put(1, 4, 5), get(1, 6, 7)]],
  ["the other is a cas to it", [put(1, 0, 1), put(2, 2, 3), cas(2, 1, 4, 5), get(1, 6, 7)]],
  ["a failed cas said only what it was not", [put(1, 0, 1), failedCas(2, 2, 3), get(1, 4, 5)]],
  ["the initial value was written again", [put(1, 0, 1), put(0, 2, 3), get(0, 4, 5)]],
  ["the initial value was never replaced", [get(0, 0, 1), get(0, 2, 3)]],
])("a value may be there: %s", (_, makers) => {
  const history = operations(...makers);
  expect(found(history)).toBe(-1);
  expect(bruteForce(history, 0)).not.toBeNull();
});

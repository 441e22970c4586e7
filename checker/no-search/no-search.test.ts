// What the algorithm without a search says, beyond its verdict: which operations conflict and why, when it leaves a history to a
// search, and that it does not where it need not.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { columnsOf } from "../register/columns.js";
import { withScratch } from "../scratch.js";
import { isInconsistentCore } from "../testing/brute-force.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import { judgeWithoutSearch, type NoSearchAnswer } from "./index.js";

type Maker = (index: number) => Operation;

/** The initial value is 0. A linearization is copied out of the scratch memory. */
function judge(makers: readonly Maker[], initial: JsonValue = 0): NoSearchAnswer {
  return withScratch(0, (scratch) => {
    const columns = columnsOf(operations(...makers), initial, scratch);
    if ("operations" in columns) throw new Error("an answer contradicts itself");
    const answer = judgeWithoutSearch(columns, scratch);
    return answer.kind === "linearizable" ? { ...answer, order: answer.order.slice() } : answer;
  });
}

const conflicts: readonly (readonly [string, readonly Maker[], string, readonly number[], readonly number[]])[] = [
  ["a value that nobody wrote", [put(1, 0, 1), get(2, 2, 3)], "nowhere", [1], []],
  ["an unknown cas from such a value, seen", [cas(7, 8, 0, null), get(8, 2, 3)], "nowhere", [1], []],
  ["two cas that took one value", [put(1, 0, 1), cas(1, 2, 2, 5), cas(1, 3, 2, 5)], "fork", [1, 2], []],
  [
    "two unknown cas that took one value, both seen",
    [put(1, 0, 1), cas(1, 2, 2, null), cas(1, 3, 2, null), get(2, 6, 9), get(3, 6, 9)],
    "fork",
    [3, 4],
    [1, 2],
  ],
  ["two cas from the initial value", [cas(0, 2, 2, 5), cas(0, 3, 2, 5)], "fork", [0, 1], []],
  ["a cycle of cas", [cas(1, 2, 0, 9), cas(2, 3, 0, 9), cas(3, 1, 0, 9)], "cycle", [0, 2, 1], []],
  ["an unknown cycle of cas, seen", [cas(1, 2, 0, null), cas(2, 1, 0, null), get(2, 3, 4)], "cycle", [2], [0, 1]],
  ["a read before its writer was called", [get(1, 0, 1), put(1, 2, 3)], "order", [1, 0], []],
  ["a read before its unknown writer was called", [get(1, 0, 1), put(1, 2, null)], "order", [0], [1]],
  ["a cas before the one that it follows", [cas(1, 2, 0, 1), put(1, 2, 3)], "order", [1, 0], []],
  ["a read of what a cas had taken away", [put(1, 0, 1), cas(1, 2, 4, 5), get(2, 2, 3)], "order", [1, 2], []],
  ["a stale read", [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)], "zones", [0, 2, 1], []],
  ["a stale read of the initial value", [put(1, 0, 1), get(0, 2, 3)], "zones", [1, 0], []],
  [
    "two values read by turns",
    [put(1, 0, 9), put(2, 0, 9), get(1, 1, 2), get(2, 3, 4), get(1, 5, 6), get(2, 7, 8)],
    "zones",
    [2, 4, 3, 5],
    [],
  ],
  ["a value there during the whole of an F", [put(1, 0, 1), failedCas(1, 2, 3), get(1, 4, 5)], "not", [0, 2, 1], []],
  ["the initial value there during an F", [failedCas(0, 0, 1), get(0, 2, 3)], "not", [1, 0], []],
  [
    "a value there during an F until a cas took it",
    [put(1, 0, 1), failedCas(1, 2, 3), cas(1, 2, 4, 5)],
    "not",
    [0, 2, 1],
    [],
  ],
];

describe("a violation names the operations that conflict, and why", () => {
  test.each(conflicts)("%s", (_, makers, reason, positions, unknown) => {
    const answer = judge(makers);
    expect(answer).toEqual({ kind: "violation", conflict: { reason, operations: positions, unknown } });
    expect(isInconsistentCore(operations(...makers), 0, positions)).toBe(true);
  });
});

const left: readonly (readonly [string, readonly Maker[], RegExp])[] = [
  ["a read value is written twice", [put(1, 0, 1), put(1, 2, 3), get(1, 4, 5)], /written twice/],
  ["a value that a cas expects is written twice", [put(1, 0, 1), put(1, 2, 3), cas(1, 2, 4, 5)], /written twice/],
  ["a value that an unknown cas expects is written twice", [put(1, 0, 1), put(1, 2, 3), cas(1, 2, 4, null)], /twice/],
  ["a value that an F names is written twice", [put(1, 0, 1), put(1, 2, 3), failedCas(1, 4, 5)], /written twice/],
  ["the initial value is written again and read", [put(0, 0, 1), get(0, 4, 5)], /initial value is written again/],
  ["a cas writes the initial value", [put(1, 0, 1), cas(1, 0, 2, 3)], /a cas writes the initial value/],
  [
    "an F needs an unknown write that nobody saw",
    [put(1, 0, null), failedCas(0, 2, 3), put(2, 4, 5)],
    /a failed cas fits nowhere/,
  ],
];

describe("it leaves to a search a history in which", () => {
  test.each(left)("%s", (_, makers, reason) => {
    const answer = judge(makers);
    expect(answer.kind).toBe("not-applicable");
    expect(answer.kind === "not-applicable" ? answer.reason : "").toMatch(reason);
  });
});

const decided: readonly (readonly [string, readonly Maker[], readonly number[]])[] = [
  ["duplicates that nobody looks at", [put(1, 0, 1), put(1, 2, 3), put(2, 4, 5), get(2, 6, 7)], [0, 1, 2, 3]],
  ["the initial value written again, unseen", [put(0, 0, 1), put(1, 2, 3), put(0, 4, 5)], [0, 1, 2]],
  ["a cas to a value written elsewhere too, unseen", [put(1, 0, 1), cas(1, 2, 2, 3), put(2, 4, 5)], [0, 1, 2]],
  ["an unknown write that nobody saw", [put(1, 0, null), get(0, 2, 3)], [1]],
  ["an unknown write that was seen", [put(1, 0, null), get(0, 2, 3), get(1, 4, 5)], [1, 0, 2]],
  ["operations that touch", [put(1, 0, 2), get(0, 2, 3)], [1, 0]],
  ["an F that touches the write that satisfies it", [failedCas(0, 0, 2), put(1, 2, 3)], [1, 0]],
  ["an F that touches the end of its value", [put(1, 0, 1), failedCas(1, 0, 2), cas(1, 2, 2, 4)], [1, 0, 2]],
  [
    "two F of which one had returned",
    [put(1, 0, 9), failedCas(0, 1, 2), failedCas(1, 3, 4), put(2, 0, 9)],
    [0, 1, 3, 2],
  ],
  ["a failed cas that saw another value", [put(1, 0, 1), mismatch(0, 1, 2, 3)], [0, 1]],
  ["operations that are not in order of call", [get(1, 4, 5), put(1, 0, 1), get(1, 2, 3)], [1, 2, 0]],
];

describe("it decides, with a linearization, a history with", () => {
  test.each(decided)("%s", (_, makers, order) => {
    const answer = judge(makers);
    expect(answer.kind === "linearizable" ? [...answer.order] : answer).toEqual(order);
  });
});

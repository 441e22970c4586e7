// What the algorithm without a search says, beyond its verdict: which operations conflict and why, when it leaves a history to a
// search, and that it does not where it need not.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { columnsOf } from "../register/columns.js";
import { withScratch } from "../scratch.js";
import { CountingScratch } from "../testing/counting-scratch.js";
import { isInconsistentCore } from "../testing/brute-force.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import { judgeWithoutSearch, type NoSearchAnswer } from "./index.js";

type Maker = (index: number) => Operation;

/** The initial value is 0. A linearization is copied out of the scratch memory. */
function judge(makers: readonly Maker[], initial: JsonValue = 0, laterNs = 0): NoSearchAnswer {
  return withScratch(0, (scratch) => {
    const moved = operations(...makers).map((one) => ({
      ...one,
      callNs: one.callNs + laterNs,
      returnNs: one.returnNs === null ? null : one.returnNs + laterNs,
    }));
    const columns = columnsOf(moved, initial, scratch);
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
  [
    "a cycle of cas among a read and a failed cas of its values",
    [get(2, 0, 9), failedCas(7, 0, 9), put(5, 0, 9), cas(1, 2, 0, 9), cas(2, 1, 0, 9)],
    "cycle",
    [3, 4],
    [],
  ],
  ["a read before its writer was called", [get(1, 0, 1), put(1, 2, 3)], "order", [1, 0], []],
  ["a read before its unknown writer was called", [get(1, 0, 1), put(1, 2, null)], "order", [0], [1]],
  ["a cas before the one that it follows", [cas(1, 2, 0, 1), put(1, 2, 3)], "order", [1, 0], []],
  ["a read of what a cas had taken away", [put(1, 0, 1), cas(1, 2, 4, 5), get(2, 2, 3)], "order", [1, 2], []],
  ["a stale read", [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)], "zones", [0, 2, 1], []],
  ["a stale read of the initial value", [put(1, 0, 1), get(0, 2, 3)], "zones", [1, 0], []],
  [
    "a stale read of the initial value, read before as well",
    [get(0, 0, 1), put(1, 2, 3), get(0, 4, 5)],
    "zones",
    [2, 1],
    [],
  ],
  [
    "two values apart from each other, between them one that may come anywhere",
    [put(1, 0, 1), get(1, 10, 11), put(2, 5, 20), put(3, 6, 7), get(3, 12, 13)],
    "zones",
    [0, 1, 3, 4],
    [],
  ],
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
  [
    "a value there during an F, by a read that was called after the cas that took it",
    [put(1, 0, 1), failedCas(1, 2, 4), get(1, 5, 9), cas(1, 2, 4, 9)],
    "not",
    [0, 2, 1],
    [],
  ],
  [
    "a later value there during an F until a cas took it, and what came of it",
    [put(2, 0, 1), put(1, 2, 3), failedCas(1, 4, 5), cas(1, 3, 6, 7), get(3, 8, 9)],
    "not",
    [1, 3, 2],
    [],
  ],
  [
    "a value there during an F, by a read that returned with its write",
    [put(1, 0, 3), get(1, 0, 3), failedCas(1, 4, 5), get(1, 6, 7)],
    "not",
    [1, 3, 2],
    [],
  ],
];

/** The clock may begin anywhere: before zero as well. */
const beginnings = [0, -1_000] as const;

describe("a violation names the operations that conflict, and why", () => {
  test.each(conflicts)("%s", (_, makers, reason, positions, unknown) => {
    for (const beginning of beginnings)
      expect(judge(makers, 0, beginning), `from ${beginning}`).toEqual({
        kind: "violation",
        conflict: { reason, operations: positions, unknown },
      });
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
    "a cas writes the initial value, besides a value written twice",
    [put(1, 0, 1), cas(1, 0, 2, 3), put(2, 4, 5), put(2, 6, 7), get(2, 8, 9)],
    /a cas writes the initial value/,
  ],
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
  [
    "two F of which one had returned, and one that takes longer than both",
    [put(1, 0, 9), failedCas(5, 0, 20), failedCas(0, 1, 2), failedCas(2, 3, 4)],
    [1, 0, 2, 3],
  ],
  ["an F of a value that was read as well", [get(0, 0, 9), put(1, 0, 9), failedCas(0, 0, 9)], [0, 1, 2]],
  ["an F of the initial value before which nothing happened", [failedCas(0, 0, 5), put(1, 1, 9)], [1, 0]],
  ["a write of no length while another value begins", [put(1, 5, 5), put(2, 5, 5), get(2, 8, 9)], [0, 1, 2]],
  ["a failed cas that saw another value", [put(1, 0, 1), mismatch(0, 1, 2, 3)], [0, 1]],
  ["operations that are not in order of call", [get(1, 4, 5), put(1, 0, 1), get(1, 2, 3)], [1, 2, 0]],
];

describe("it decides, with a linearization, a history with", () => {
  test.each(decided)("%s", (_, makers, order) => {
    for (const beginning of beginnings) {
      const answer = judge(makers, 0, beginning);
      expect(answer.kind === "linearizable" ? [...answer.order] : answer, `from ${beginning}`).toEqual(order);
    }
  });
});

/** Numbers lent for the judgement, besides the columns. */
function lent(makers: readonly Maker[]): number {
  const scratch = new CountingScratch();
  const columns = columnsOf(operations(...makers), 0, scratch);
  if ("operations" in columns) throw new Error("an answer contradicts itself");
  scratch.numbers = 0;
  expect(judgeWithoutSearch(columns, scratch).kind).toBe("linearizable");
  return scratch.numbers;
}

// Sorting again or fitting in nothing changes no answer; only the memory that it takes tells.
test("a history in order of call, ties too, is not sorted again, and without an F no place for any is looked for", () => {
  const ordered = [put(1, 0, 1), get(1, 2, 5), get(1, 2, 5), put(2, 6, 7)];
  expect(lent(ordered)).toBeLessThanOrEqual(45);
  expect(lent(ordered.toReversed())).toBeGreaterThan(45);
  expect(lent([...ordered, failedCas(1, 8, 9)])).toBeGreaterThan(50);
});

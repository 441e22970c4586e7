// The checkers beside linearizability: each fault that one is for is found and told in its own words, and what only looks like it is
// not. checkers.property.test.ts holds them against the linearizability checker.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import type { FaultSpan } from "../faults.js";
import type { StatusSample } from "../judge-input.js";
import { cas, get, operation, operations, put } from "../testing/builders.js";
import type { CheckerResult } from "../verdict.js";
import { checkAvailability } from "./availability.js";
import { checkBallots } from "./ballots.js";
import { checkCounter } from "./counter.js";
import { checkFailedButSeen } from "./failed-but-seen.js";
import { checkMonotonic } from "./monotonic.js";
import { checkSet } from "./set.js";

type Maker = (index: number) => Operation;
const add =
  (input: JsonValue, from: number, to: number | null, output: JsonValue = null): Maker =>
  (index) =>
    operation(index, "add", input, output, from, to);
const remove =
  (input: JsonValue, from: number, to: number | null): Maker =>
  (index) =>
    operation(index, "remove", input, null, from, to);
const failed =
  (maker: Maker): Maker =>
  (index) => ({ ...maker(index), outcome: "fail", output: null });
const by =
  (process: number, maker: Maker): Maker =>
  (index) => ({ ...maker(index), process });

/** `class/shape` of each violation, and the operations. */
function told({ violations }: CheckerResult): readonly string[] {
  return violations.map(
    ({ fingerprint, checker, operations: core }) => `${fingerprint.replace(`/${checker}/`, ": ")} ${core.join("+")}`,
  );
}

describe("set", () => {
  const judge = (...makers: readonly Maker[]) => checkSet(operations(...makers), null);

  test("an acknowledged element that no later read shows is lost", () => {
    const result = judge(add(1, 0, 1), get([1], 2, 3), get([], 4, 5), get([], 6, 7));
    expect(told(result)).toEqual(["lost write: lost 0+2"]);
    expect(result.violations[0]?.sentence).toMatch(
      /^get by process \d+ returned \[\] at 0\.000 s, which lacks 1, but its add had been acknowledged by 0\.000 s, and no later read shows it\.$/,
    );
    expect(result.details).toMatchObject({ elements: 1, lost: 1, stale: 0 });
  });

  test("one that a later read shows again was missing from a stale read; one missing at the end as well is lost", () => {
    expect(told(judge(add(1, 0, 1), get([], 2, 3), get([1], 4, 5)))).toEqual(["stale read: stale 0+1"]);
    expect(told(judge(add(1, 0, 1), get([], 2, 3), get([1], 4, 5), get([], 6, 7)))).toEqual(["lost write: lost 0+3"]);
  });

  test("an element of unknown outcome may be missing until a read has shown it, and is then recovered", () => {
    const fine = judge(add(1, 0, null), get([], 2, 3), get([1], 4, 5));
    expect([fine.valid, fine.details]).toMatchObject([true, { recovered: 1 }]);
    expect(told(judge(add(1, 0, null), get([1], 2, 3), get([], 4, 5)))).toEqual(["lost write: lost 1+2"]);
  });

  test("reads that overlap the add, or touch its end, prove nothing", () => {
    expect(judge(add(1, 0, 3), get([], 2, 5), get([1], 6, 7)).valid).toBe(true);
    expect(judge(add(1, 0, 3), get([], 3, 5)).valid).toBe(true);
  });

  test("what nobody added, or only a failed add, or a later add, is a phantom", () => {
    expect(told(judge(get([9], 0, 1)))).toEqual(["value from nowhere: phantom 0"]);
    expect(told(judge(failed(add(9, 0, 1)), get([9], 2, 3)))).toEqual(["read of a failed write: phantom 0+1"]);
    expect(told(judge(get([9], 0, 1), add(9, 2, 3)))).toEqual(["value from nowhere: phantom 1+0"]);
    expect(checkSet(operations(get([9], 0, 1)), [9]).valid).toBe(true);
  });

  test("an element shown twice by one read is duplicated", () => {
    expect(told(judge(add("$&", 0, 1), get(["$&", "$&"], 2, 3)))).toEqual(["resurrected write: duplicated 1"]);
  });

  test("elements that somebody may have removed are left out", () => {
    expect(judge(add(1, 0, 1), remove(1, 2, null), get([], 3, 4), get([1], 5, 6)).valid).toBe(true);
    expect(judge(add(1, 0, 1), failed(remove(1, 2, 3)), get([], 4, 5)).valid).toBe(false);
  });

  test("each key is a set of its own", () => {
    const [one, other] = operations(add(1, 0, 1), get([], 2, 3));
    if (one === undefined || other === undefined) throw new Error("two were made");
    expect(checkSet([one, { ...other, key: "other" }], null).valid).toBe(true);
  });
});

describe("counter", () => {
  const judge = (...makers: readonly Maker[]) => checkCounter(operations(...makers), null);

  test("an answer below what was acknowledged, or above what was asked for, is wrong", () => {
    expect(told(judge(add(2, 0, 1), add(3, 0, 1), get(4, 2, 3)))).toEqual(["lost write: below 2"]);
    expect(told(judge(add(2, 0, 1), add(3, 0, null), get(6, 2, 3)))).toEqual(["resurrected write: above 2"]);
    expect(judge(add(2, 0, 1), get(9, 2, 3)).violations[0]?.sentence).toMatch(
      /^get by process \d+ returned 9 at 0\.000 s, but at most 2 can have been there: every addition that may have happened/,
    );
  });

  test("additions that overlap or are unknown may count or not, those that failed never", () => {
    for (const value of [1, 3, 5, 7])
      expect(judge(add(1, 0, 1), add(2, 2, 5), add(4, 0, null), get(value, 3, 4)).valid).toBe(true);
    expect(judge(add(1, 0, 1), failed(add(2, 0, 1)), get(3, 3, 4)).valid).toBe(false);
  });

  test("subtractions widen the other bound", () => {
    for (const value of [3, 5]) expect(judge(add(5, 0, 1), add(-2, 2, 5), get(value, 3, 4)).valid).toBe(true);
    expect(judge(add(5, 0, 1), add(-2, 2, 3), get(5, 4, 5)).valid).toBe(false);
    expect(judge(add(5, 0, 1), add(-2, 0, null), get(2, 4, 5)).valid).toBe(false);
  });

  test("an add that answers the new value is held to it, its own amount included", () => {
    expect(judge(add(5, 0, 1, 5), add(-2, 2, 3, 3), add(1, 4, 5, 4)).valid).toBe(true);
    expect(told(judge(add(5, 0, 1), add(1, 2, 3, 1)))).toEqual(["lost write: below 1"]);
    expect(told(judge(add(5, 0, 1), add(-1, 2, 3, 5)))).toEqual(["resurrected write: above 1"]);
  });

  test("it begins where it is said to begin", () => {
    expect(checkCounter(operations(get(7, 0, 1)), 7).valid).toBe(true);
    expect(checkCounter(operations(get(7, 0, 1)), null).valid).toBe(false);
  });
});

describe("monotonic", () => {
  const judge = (...makers: readonly Maker[]) => checkMonotonic(operations(...makers));

  test("a process that sees less than it has seen is told of", () => {
    expect(told(judge(add(1, 0, 1), by(7, get(1, 2, 3)), by(7, get(0, 4, 5))))).toEqual(["stale read: less 1+2"]);
    expect(told(judge(add(1, 0, 1), by(7, get([1, 2], 2, 3)), by(7, get([2, 3], 4, 5))))).toEqual([
      "stale read: less 1+2",
    ]);
  });

  test("another process may see less, and so may one whose reads touch", () => {
    expect(judge(add(1, 0, 1), by(7, get(1, 2, 3)), by(8, get(0, 4, 5))).valid).toBe(true);
    expect(judge(add(1, 0, 1), by(7, get(1, 2, 3)), by(7, get(0, 3, 5))).valid).toBe(true);
  });

  test("where something may have been taken away, or nothing only grows, it says nothing", () => {
    const reads = [by(7, get(1, 2, 3)), by(7, get(0, 4, 5))];
    expect(judge(add(1, 0, 1), add(-1, 0, null), ...reads).valid).toBe(true);
    expect(judge(add(1, 0, 1), remove(1, 0, null), ...reads).valid).toBe(true);
    expect(judge(put(1, 0, 1), ...reads).valid).toBe(true);
  });
});

describe("failed-but-seen", () => {
  const judge = (...makers: readonly Maker[]) => checkFailedButSeen(operations(...makers), 0);

  test("a value that only a failed operation would have written, and somebody saw, is named with both", () => {
    const result = judge(failed(put(5, 0, 1)), get(5, 2, 3));
    expect(told(result)).toEqual(["read of a failed write: put 0+1"]);
    expect(result.violations[0]?.sentence).toMatch(
      /returned 5 at 0\.000 s, but the only put of 5, by process \d+ at 0\.000 s, certainly failed\.$/,
    );
    const compared = (index: number) =>
      operation(index, "cas", { expected: 1, new: 5 }, { status: "mismatch", observed: 2 }, 0, 1);
    expect(judge(compared, get(5, 2, 3)).violations[0]?.sentence).toMatch(/found another value and wrote nothing\.$/);
    const told5 = (index: number) => operation(index, "put", 6, { previous: 5 }, 2, 3);
    expect(told(judge(failed(cas(1, 5, 0, 1)), told5))).toEqual(["read of a failed write: cas 0+1"]);
  });

  test("a value that anything else may have written, or that was there at first, is no proof", () => {
    expect(judge(failed(put(5, 0, 1)), put(5, 0, null), get(5, 2, 3)).valid).toBe(true);
    expect(judge(failed(put(0, 0, 1)), get(0, 2, 3)).valid).toBe(true);
    expect(judge(failed(put(null, 0, 1)), get(null, 2, 3)).valid).toBe(true);
    expect(judge(failed(put(5, 0, 1)), get(6, 2, 3)).valid).toBe(true);
  });
});

describe("ballots", () => {
  const sample = (timeNs: number, node: string, leader: string | null, ballot: string, group = 0): StatusSample => ({
    timeNs,
    node,
    groups: [{ group, leader, ballot, decidedIndex: 0, logHash: "" }],
  });

  test("two nodes that led one group under one ballot are named, with when", () => {
    const result = checkBallots([sample(1e9, "n1", "n1", "3.n1"), sample(2e9, "n2", "n2", "3.n1")]);
    expect(result.valid).toBe(false);
    expect(result.violations.map(({ sentence }) => sentence)).toEqual([
      "In group 0, nodes n1 (at 1.000 s) and n2 (at 2.000 s) both led under ballot 3.n1.",
    ]);
  });

  test("in two groups, or under two ballots, there may be two leaders; what a node hears of others proves nothing", () => {
    expect(checkBallots([sample(1, "n1", "n1", "3"), sample(2, "n2", "n2", "3", 1)]).valid).toBe(true);
    expect(checkBallots([sample(1, "n1", "n1", "3"), sample(2, "n2", "n2", "4")]).valid).toBe(true);
    expect(checkBallots([sample(1, "n1", "n1", "3"), sample(2, "n2", "n3", "3")]).valid).toBe(true);
  });

  test("a ballot that falls is a broken promise, once for each group", () => {
    const result = checkBallots([
      sample(1, "n1", "n2", "12.a"),
      sample(2e9, "n1", "n2", "9.b"),
      sample(3e9, "n1", "n2", "8.b"),
    ]);
    expect(result.violations.map(({ sentence }) => sentence)).toEqual([
      "In group 0, node n1 went from ballot 12.a to 9.b (seen at 2.000 s): it broke its promise.",
    ]);
    expect(
      checkBallots([sample(1, "n1", "n2", "9.b"), sample(2, "n1", "n2", "12.a"), sample(3, "n2", "n2", "9.b")]).valid,
    ).toBe(true);
  });

  test("of ballots without numbers, one that was left must not come back", () => {
    const seen = (...ballots: readonly string[]) =>
      checkBallots(ballots.map((ballot, at) => sample(at, "n1", "n2", ballot))).valid;
    expect(seen("b", "b", "a", "c")).toBe(true);
    expect(seen("b", "a", "b")).toBe(false);
  });

  test("samples without a leader or a ballot say nothing, and are counted out", () => {
    const bare = { timeNs: 3, node: "n1", groups: [{ group: 0, leader: "n1", decidedIndex: 0, logHash: "" }] };
    const result = checkBallots([sample(1, "n1", "n2", "5"), sample(2, "n1", null, "0"), bare]);
    expect([result.valid, result.details]).toEqual([true, { samples: 1, reigns: 0 }]);
  });
});

describe("availability", () => {
  test("says the longest gap, of all and of each group, and how long the way back took after each fault", () => {
    const ms = (time: number) => time * 1e6;
    const history = operations(
      put(1, ms(0), ms(10)),
      put(2, ms(20), ms(50)),
      put(3, ms(60), null),
      put(4, ms(70), ms(400)),
      put(5, ms(500), ms(510)),
    ).map((one, at) => ({ ...one, key: at === 4 ? "b" : "a" }));
    const span = (fault: number, confirmedOff: number | null): FaultSpan => ({
      fault,
      kind: "kill",
      targets: ["n1"],
      requested: ms(40),
      confirmedOn: ms(45),
      healRequested: ms(90),
      confirmedOff,
      trouble: null,
      offeredBytes: null,
      series: null,
      cuts: [],
      deliveredBytes: null,
    });
    const { valid, details } = checkAvailability({
      events: [
        { type: "phase", time: ms(450), phase: "quiet" },
        { type: "phase", time: ms(600), phase: "end" },
      ],
      operations: history,
      groups: [
        { group: 0, members: ["n1"] },
        { group: 1, members: ["n1"] },
      ],
      groupOfKey: (key) => (key === "a" ? 0 : 1),
      boundMs: 1000,
      faults: [span(0, ms(100)), span(1, null), span(2, ms(520))],
    });
    // Group 0 is not asked in the quiet phase.
    expect(valid).toBe("unknown");
    expect(details).toMatchObject({
      longest_gap: { gap_ms: 350, from_ns: ms(50) },
      longest_gap_of_groups: [
        { group: 0, gap_ms: 350, from_ns: ms(50) },
        { group: 1, gap_ms: 10, from_ns: ms(500) },
      ],
      recoveries: [
        { fault: 0, kind: "kill", healed_ns: ms(100), answered_after_ms: 300 },
        { fault: 2, kind: "kill", healed_ns: ms(520), answered_after_ms: null },
      ],
    });
  });
});

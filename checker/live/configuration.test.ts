// Which configuration of the live sweep makes which superfluous: one case for each thing that may differ between two.
import { describe, expect, test } from "vitest";
import { addUsed, countUsed, Frontier, useOne, type Configuration } from "./configuration.js";

function configuration(changes: Partial<Configuration<string>> = {}): Configuration<string> {
  return { state: "a", identity: "a", done: [0], free: [0], used: [], owing: false, superseded: false, ...changes };
}

// Slot 0 of either word is a read's; kind 3 is a cas, for which a write of kind 1 can stand.
const reads = [1, 1];
const standIns = new Map([[3, 1]]);

/** Members left of the two, told one after the other: "first", "both" or "second". */
function left(first: Partial<Configuration<string>>, second: Partial<Configuration<string>>): string {
  const frontier = new Frontier<string>(reads, standIns);
  const [one, other] = [configuration(first), configuration(second)];
  expect(frontier.add(one)).toBe(true);
  const isAdded = frontier.add(other);
  const list = frontier.list();
  expect(frontier.size).toBe(list.length);
  expect(list.includes(other)).toBe(isAdded);
  expect(list.includes(one)).toBe(!one.superseded);
  if (list.length === 2) return "both";
  return isAdded ? "second" : "first";
}

describe("of two configurations there remain", () => {
  test.each<readonly [string, Partial<Configuration<string>>, Partial<Configuration<string>>, string, string]>([
    ["equal ones", {}, {}, "first", "first"],
    ["one with a read taken", { done: [1] }, {}, "first", "second"],
    ["one with a write taken", { done: [2] }, {}, "both", "both"],
    ["one with a write free", { free: [2] }, {}, "first", "second"],
    ["one with a write free, the other with it taken", { free: [2] }, { done: [2] }, "first", "second"],
    [
      "one with a read of the second word taken",
      { done: [0, 1], free: [0, 0] },
      { done: [0, 0], free: [0, 0] },
      "first",
      "second",
    ],
    [
      "one with a write of the second word taken",
      { done: [0, 2], free: [0, 0] },
      { done: [0, 0], free: [0, 0] },
      "both",
      "both",
    ],
    ["one that owes a look", {}, { owing: true }, "first", "second"],
    ["one that owes a look but took a read", { done: [1], owing: true }, {}, "both", "both"],
    ["two that owe a look", { owing: true }, { owing: true, used: [5, 1] }, "first", "second"],
    ["one that used up more", {}, { used: [5, 1] }, "first", "second"],
    ["one that used up twice as many", { used: [5, 1] }, { used: [5, 2] }, "first", "second"],
    ["ones that used up different kinds", { used: [4, 1] }, { used: [5, 1] }, "both", "both"],
    ["one that used up one of two kinds", { used: [5, 1] }, { used: [4, 1, 5, 1] }, "first", "second"],
    ["one that used up a cas, one its stand-in", { used: [3, 1] }, { used: [1, 1] }, "first", "second"],
    ["one that used up two cas, one a stand-in", { used: [3, 2] }, { used: [1, 1] }, "both", "both"],
    ["one that used up two cas, one two stand-ins", { used: [3, 2] }, { used: [1, 2] }, "first", "second"],
    [
      "one that used up a cas, one a stand-in, both one more",
      { used: [1, 1, 3, 1] },
      { used: [1, 2] },
      "first",
      "second",
    ],
    ["other states", {}, { state: "b", identity: "b", used: [5, 1] }, "both", "both"],
  ])("%s", (_, one, other, forth, back) => {
    expect(left(one, other)).toBe(forth);
    expect(left(other, one)).toBe(back);
  });

  test("of several worse ones none", () => {
    const frontier = new Frontier<string>(reads, standIns);
    const worse = [4, 5, 6].map((kind) => configuration({ used: [kind, 1] }));
    for (const one of worse) frontier.add(one);
    const apart = configuration({ done: [2] });
    frontier.add(apart);
    const best = configuration();
    frontier.add(best);
    expect(frontier.list()).toEqual([apart, best]);
    expect(frontier.size).toBe(2);
    expect(worse.every(({ superseded }) => superseded)).toBe(true);
  });
});

test.each<readonly [readonly number[], number, number, readonly number[]]>([
  [[], 4, 1, [4, 1]],
  [[4, 1], 4, 1, [4, 2]],
  [[4, 1], 2, 1, [2, 1, 4, 1]],
  [[4, 1], 6, 1, [4, 1, 6, 1]],
  [[2, 3, 4, 1, 6, 2], 4, -1, [2, 3, 6, 2]],
  [[2, 3, 4, 2, 6, 2], 4, -1, [2, 3, 4, 1, 6, 2]],
  [[2, 3, 6, 2], 4, 5, [2, 3, 4, 5, 6, 2]],
])("of %j used up, %i changed by %i makes %j", (used, kind, change, sum) => {
  expect(addUsed(used, kind, change)).toEqual(sum);
  if (change === 1) expect(useOne(used, kind)).toEqual(sum);
  expect(countUsed(sum, kind) - countUsed(used, kind)).toBe(change);
});

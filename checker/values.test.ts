// JSON values by content: equal texts exactly for equal values, fields looked up, long values cut short, items put together.
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../history/index.js";
import { canonical, fieldOf, grouped, show } from "./values.js";

describe("a value's text", () => {
  test("is JSON with the fields in order, at every depth", () => {
    expect(canonical({ b: [1, { d: null, c: "x" }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
    expect(canonical({ c: 1, a: 2, b: 3 })).toBe('{"a":2,"b":3,"c":1}');
    expect(canonical({ a: 1, b: 2, c: 3 })).toBe('{"a":1,"b":2,"c":3}');
    expect([canonical([]), canonical({}), canonical([1, 2]), canonical("a"), canonical(null)]).toEqual([
      "[]",
      "{}",
      "[1,2]",
      '"a"',
      "null",
    ]);
  });

  test("differs wherever values do", () => {
    const values: readonly JsonValue[] = [
      null,
      "null",
      0,
      "0",
      [],
      {},
      [0],
      ["0"],
      [[0]],
      [0, 0],
      { 0: 0 },
      { a: [0] },
      [12],
      [1, 2],
      { a: 1, b: 2 },
      { a: 2, b: 1 },
      { "a,b": 1 },
    ];
    expect(new Set(values.map(canonical)).size).toBe(values.length);
  });
});

test("a field is found in an object only", () => {
  expect(fieldOf({ length: 3 }, "length")).toBe(3);
  expect(fieldOf({ other: 3 }, "length")).toBeUndefined();
  for (const value of [[1, 2], "text", 5, null, true]) expect(fieldOf(value, "length")).toBeUndefined();
});

test("a value is shown whole up to 60 characters, and else its first 57 with an ellipsis", () => {
  expect(show("x".repeat(58))).toBe(`"${"x".repeat(58)}"`);
  expect(show("x".repeat(59))).toBe(`"${"x".repeat(56)}…`);
  expect(show({ b: 1, a: 2 })).toBe('{"a":2,"b":1}');
});

test("items with equal texts stand together in their order", () => {
  const groups = grouped(["apple", "bee", "ant", "bear", "cat"], (word) => word.slice(0, 1));
  expect([...groups]).toEqual([
    ["a", ["apple", "ant"]],
    ["b", ["bee", "bear"]],
    ["c", ["cat"]],
  ]);
});

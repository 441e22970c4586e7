// The EDN reader, form by form, held against the `edn-data` package where that can read the form too.
import { parseEDNString } from "edn-data";
import { describe, expect, test } from "vitest";
import { MalformedHistory } from "../malformed.js";
import { parseEdn } from "./parse.js";
import { ednToJson, jsonToEdn, printEdn } from "./values.js";

function one(text: string) {
  const { forms, torn } = parseEdn(text);
  expect(torn).toBeNull();
  expect(forms).toHaveLength(1);
  const [form] = forms;
  if (form === undefined) throw new Error("unreachable: no form");
  return form;
}

function problem(text: string): MalformedHistory {
  try {
    const { torn } = parseEdn(text);
    if (torn !== null) return torn;
  } catch (error) {
    if (error instanceof MalformedHistory) return error;
  }
  throw new Error("it was read");
}

describe("reading EDN", () => {
  test.each([
    ["nil", null],
    ["true", true],
    ["-7", -7],
    ["+7", 7],
    ["0", 0],
    ["12N", 12],
    ["1.5", 1.5],
    ["1.5M", 1.5],
    ["-2e3", -2000],
    ['"a b"', "a b"],
    ['"two\nlines"', "two\nlines"],
    ['"\\u00e4\\t\\"\\\\"', 'ä\t"\\'],
    ["[1 2, 3]", [1, 2, 3]],
    ["(1 2)", [1, 2]],
    ["[[] [[1]]]", [[], [[1]]]],
    ['{"a" 1, "b" [2]}', { a: 1, b: [2] }],
    ["; a comment\n7 ; and another", 7],
    ["#_ 1 2", 2],
    ["#_#_ 1 2 3", 3],
    ["[1 #_ [2 {:a 3}] 4]", [1, 4]],
    ["[#_ 1]", []],
  ] as const)("%s is read as plain JSON", (text, value) => {
    expect(ednToJson(one(text))).toEqual(value);
  });

  test.each([
    [":a", ":a"],
    [":a/b.c", ":a/b.c"],
    ["sym", "sym"],
    ["-", "-"],
    ["3/4", "3/4"],
    ["123456789012345678901N", "123456789012345678901N"],
    ["9007199254740993", "9007199254740993"],
    ["##Inf", "##Inf"],
    ["\\a", "\\a"],
    ["\\newline", "\\newline"],
    ["\\u00e4", "\\u00e4"],
    ["\\(", "\\("],
    ["#{3 1 2}", "#{1 2 3}"],
    ["{:b 1 :a 2}", "{:a 2, :b 1}"],
    ['#inst "2020-01-01"', '#inst "2020-01-01"'],
    ["#jepsen.history.Op{:a 1}", "#jepsen.history.Op {:a 1}"],
  ] as const)("%s is carried as its text and written back", (text, printed) => {
    const value = ednToJson(one(text));
    expect(value).toEqual({ edn: printed });
    expect(jsonToEdn(value)).toBe(printed);
    expect(printEdn(one(printed))).toBe(printed);
  });

  test("an object that only looks like a carried form stays an object", () => {
    for (const value of [{ edn: "not one form" }, { edn: "7" }, { edn: "(" }])
      expect(ednToJson(one(jsonToEdn(value)))).toEqual(value);
  });

  test("edn-data reads the same from what both can read", () => {
    const text =
      '{:index 349, :time 12638526125, :type :invoke, :f :cas, :value ["k" [1 nil]], :error "a\\nb" :more (1 2.5 #{7})}';
    const theirs = parseEDNString(text, { mapAs: "object", keywordAs: "string", listAs: "array", setAs: "array" });
    const form = one(text);
    if (form.kind !== "map") throw new Error("expected a map");
    for (const [key, value] of form.entries) {
      if (key.kind !== "keyword") throw new Error("expected a keyword");
      const expected: unknown = (theirs as Record<string, unknown>)[key.name];
      if (value.kind === "keyword") expect(value.name).toBe(expected);
      else if (key.name === "more") expect(expected).toEqual([1, 2.5, [7]]);
      else expect(ednToJson(value)).toEqual(expected);
    }
  });

  test.each([
    ["{:a 1 :b}", 1, 1, /even number of forms/],
    ["[1 2\n  )", 2, 3, /expected "\]" to close "\[", found "\)"/],
    ["]", 1, 1, /closes nothing/],
    ['"\\q"', 1, 2, /no escape/],
    ["1abc", 1, 1, /"1abc" is no number/],
    ["007", 1, 1, /no number/],
    ["1/0", 1, 1, /no number/],
    [":", 1, 1, /no keyword/],
    ["\n ::x", 2, 2, /no keyword/],
    ["\\foo", 1, 1, /no character/],
    ["[#_]", 1, 4, /needs a form after it/],
    ["[".repeat(300), 1, 202, /nested deeper/],
  ] as const)("%s is refused with its place", (text, line, column, message) => {
    const error = problem(text);
    expect(error.message).toMatch(message);
    expect([error.line, error.column]).toEqual([line, column]);
  });

  test.each(["{:a 1", '"abc', "[1 [2", "#{", "#", "#tag", "#_", "{:a \\"])(
    "%s is torn, after what came before it",
    (text) => {
      const { forms, torn } = parseEdn(`1\n${text}`);
      expect(forms).toHaveLength(1);
      expect(torn?.line).toBe(2);
      expect(torn?.from).toBe(2);
    },
  );
});

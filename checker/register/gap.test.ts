// What may go unseen just before the last plain write: histories that are legal only, or illegal even, because of it. Written with
// [kind, value(s), call, return]; the initial value is 0.
import { describe, expect, test } from "vitest";
import { Budget } from "../budget.js";
import type { RegisterKind, RegisterOperation } from "./normalise.js";
import { searchRegister } from "./sweep.js";

type Line = readonly [RegisterKind, number | readonly [number, number], number, number];

function judge(lines: readonly Line[]): readonly number[] | null {
  const operations = lines.map(([kind, value, call, returned], position): RegisterOperation => {
    const [expected, written] = typeof value === "number" ? [-1, value] : value;
    return { position, kind, expected, value: written, call, return: returned, required: returned !== Infinity };
  });
  const answer = searchRegister({ operations, values: ["0", "1", "2", "3", "4"] }, new Budget());
  return answer.valid ? Array.from(answer.order) : null;
}

describe("the gap before the last plain write", () => {
  test("holds an open write and the reads of its value, decided when the read returns", () => {
    const order = judge([
      ["write", 1, 0, 20],
      ["write", 2, 0, 5],
      ["read", 2, 4, 10],
      ["read", 1, 1, 12],
      ["read", 2, 11, 19],
    ]);
    // 1 and its read stand before 2, though 2 was known to be written first.
    expect(order).toEqual([0, 3, 1, 2, 4]);
  });

  test("has no room for a read that was called after the write that ends it", () => {
    expect(
      judge([
        ["write", 1, 0, 20],
        ["write", 2, 0, 5],
        ["read", 2, 6, 7],
        ["read", 1, 8, 12],
        ["read", 2, 13, 14],
      ]),
    ).toBeNull();
  });

  test("has no room for an unknown write that was called after the write that ends it", () => {
    const history = (call: number): Line[] => [
      ["read", 1, 0, 12],
      ["write", 2, 1, 5],
      ["read", 2, 6, 7],
      ["write", 1, call, Infinity],
      ["read", 2, 13, 14],
      ["cas", [2, 3], 15, 16],
    ];
    expect(judge(history(3))).not.toBeNull();
    expect(judge(history(8))).toBeNull();
  });

  test("serves one write once: it cannot also be seen at the end", () => {
    const lines: Line[] = [
      ["write", 1, 0, 30],
      ["write", 2, 0, 5],
      ["read", 2, 6, 14],
    ];
    const early: Line = ["read", 1, 1, 12];
    const late: Line[] = [
      ["read", 2, 15, 16],
      ["read", 1, 17, 18],
    ];
    expect(judge([...lines, early])).not.toBeNull();
    expect(judge([...lines, ...late])).not.toBeNull();
    expect(judge([...lines, early, ...late])).toBeNull();
  });

  test("is made by writing the current value again, too", () => {
    const lines: Line[] = [
      ["write", 1, 0, 9],
      ["read", 1, 0, 8],
      ["cas", [0, 2], 0, 10],
      ["read", 2, 11, 12],
    ];
    expect(judge(lines)).toBeNull();
    expect(judge([...lines, ["write", 0, 0, Infinity]])).not.toBeNull();
  });
});

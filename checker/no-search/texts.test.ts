// What texts tell without a search, case by case: which engine answers, how a text is taken apart, and what is left to the search.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { checkLinearizability } from "../linearizability.js";
import { withScratch } from "../scratch.js";
import { operation, operations } from "../testing/builders.js";
import { judgeTexts, type TextAnswer } from "./texts.js";

type Maker = (index: number) => Operation;
const append =
  (text: string, from: number, to: number | null, extra: Partial<Operation> = {}): Maker =>
  (index) =>
    operation(index, "append", text, null, from, to, extra);
const put =
  (text: string, from: number, to: number | null): Maker =>
  (index) =>
    operation(index, "put", text, null, from, to);
const get =
  (text: string, from: number, to: number): Maker =>
  (index) =>
    operation(index, "get", null, text, from, to);

function judged(makers: readonly Maker[], initial: JsonValue = ""): TextAnswer | readonly number[] {
  return withScratch(0, (scratch) => {
    const answer = judgeTexts(operations(...makers), initial, scratch);
    return answer.kind === "linearizable" ? [...answer.order] : answer;
  });
}
const check = (makers: readonly Maker[], engine?: "no-search" | "wing-gong") =>
  checkLinearizability(operations(...makers), "kv-append", {
    initial: "",
    ...(engine === undefined ? {} : { engine }),
  });
/** Each called after the one before it has returned. */
const inTurn = (...makers: readonly ((from: number, to: number) => Maker)[]): readonly Maker[] =>
  makers.map((make, at) => make(10 * at, 10 * at + 5));
const searchFor = (reason: string) => ({ kind: "not-applicable", reason });

describe("which engine answers", () => {
  const seen = [append("a", 0, 5), append("b", 0, 5), get("ba", 6, 7)];

  test("no search, where texts can be taken apart; and the verdict says so", () => {
    expect(check(seen).keys[0]).toMatchObject({ valid: true, engine: "no-search", linearization: [1, 0, 2] });
    expect(check([...seen, get("ab", 8, 9)]).keys[0]).toMatchObject({ valid: false, engine: "no-search" });
  });

  test("the search, where they cannot; and the verdict says so", () => {
    const nested = [append("a", 0, 5), append("aa", 0, 5), get("aaa", 6, 7), get("aa", 8, 9)];
    expect(check(nested).keys[0]).toMatchObject({ valid: false, engine: "wing-gong" });
    const forced = check(nested, "no-search");
    expect(forced.unknown[0]?.sentence).toContain("no-search cannot judge it: a written text begins with another one");
  });

  test("a violation found without a search has a minimal core, verified", () => {
    const { violations } = check([...seen, append("c", 8, 9), get("bac", 10, 11), get("ba", 12, 13)]);
    expect(violations).toHaveLength(1);
    expect(violations[0]?.certificate).toMatchObject({ kind: "core", minimal: true, verified: true });
    expect(violations[0]).toMatchObject({ class: "stale read", culprit: 5, operations: [4, 5] });
  });
});

describe("taken apart", () => {
  test("appends stand in the order in which a get shows them", () => {
    expect(judged([append("a", 0, 20), append("b", 0, 20), append("c", 0, 20), get("cab", 5, 6)])).toEqual([
      2, 0, 1, 3,
    ]);
  });

  test("a put begins a text of its own, and what nobody saw is lost before it", () => {
    expect(judged([append("a", 0, 1), put("b", 2, 3), append("c", 4, 5), get("bc", 6, 7)])).toEqual([0, 1, 2, 3]);
    expect(judged([append("a", 0, 1), get("", 2, 3)])).toEqual({ kind: "violation", stuck: null });
  });

  test("an append of unknown outcome that was seen happened; one that was not seen is left out", () => {
    expect(judged([append("a", 0, null), append("b", 0, null), get("b", 5, 6)])).toEqual([1, 2]);
  });

  test("of an append that failed nothing may be seen", () => {
    expect(judged([append("a", 0, 1, { outcome: "fail" }), get("a", 2, 3)])).toEqual({ kind: "violation", stuck: 1 });
  });

  test.each([
    ["shows what nobody wrote", [append("a", 0, 1), get("az", 2, 3)], 1],
    ["ends within a text", [append("ab", 0, 1), get("a", 2, 3)], 1],
    ["ends within a text that another get shows", [append("ab", 0, 1), get("ab", 2, 3), get("a", 2, 3)], 2],
    ["shows a text twice", [append("a", 0, 1), get("aa", 2, 3)], 1],
    ["shows a put behind something", [append("a", 0, 1), put("b", 0, 1), get("ab", 2, 3)], 2],
    ["shows an append at two places", [put("p", 0, 1), append("a", 0, 9), get("pa", 2, 3), get("a", 4, 5)], 3],
    ["shows another append to come first", [append("a", 0, 9), append("b", 0, 9), get("ab", 2, 3), get("b", 2, 3)], 3],
    [
      "goes on otherwise",
      [append("a", 0, 9), append("b", 0, 9), append("c", 0, 9), get("ab", 2, 3), get("ac", 2, 3)],
      4,
    ],
  ] as const)("a get that %s is a violation", (_, makers, stuck) => {
    expect(judged(makers)).toEqual({ kind: "violation", stuck });
  });

  test("more texts than are looked at one by one are looked up", () => {
    const words = Array.from({ length: 30 }, (_, at) => `${at};`);
    const backwards = words.toReversed();
    const all = [...words.map((word) => append(word, 0, 99)), get(backwards.join(""), 5, 6)];
    expect(judged(all)).toEqual([...words.keys()].toReversed().concat(30));
  });

  test("more puts than are remembered are looked up", () => {
    const words = Array.from({ length: 20 }, (_, at) => `${at};`);
    const late = words.map((word, at) => get(word, 10 * at + 6, 300));
    const all = [...words.map((word, at) => put(word, 10 * at, 10 * at + 5)), ...late, get("0;", 7, 8)];
    expect(judged(all)).toHaveLength(41);
  });

  test("a text is taken for the end of another one only where it stands there", () => {
    const seen = inTurn(
      (from, to) => append("aa", from, to),
      (from, to) => get("aa", from, to),
    );
    expect(check([append("a", -10, null), ...seen]).valid).toBe(true);
  });
});

describe("left to the search", () => {
  test("a text before the first operation", () => {
    expect(judged([get("z", 0, 1)], "z")).toEqual(searchFor("there is a text before the first operation"));
    expect(judged([get("", 0, 1)], null)).toEqual([0]);
  });

  test("an empty text that is written", () => {
    const emptied = [append("a", 0, 1), put("", 2, 3), get("", 4, 5)];
    expect(judged(emptied)).toEqual(searchFor("a written text begins with another one"));
    expect(check(emptied).keys[0]).toMatchObject({ valid: true, engine: "wing-gong" });
  });

  test("a text that was written twice and seen, unless the first way to take it apart explains everything", () => {
    const twice = [append("a", 0, 1), append("a", 2, 3)];
    expect(judged([...twice, get("aa", 4, 5)])).toEqual([0, 1, 2]);
    expect(judged([append("a", 0, 1), put("b", 2, 3), append("a", 4, 5), get("ba", 6, 7)])).toEqual(
      searchFor("a text that was seen is written twice"),
    );
  });

  test("but what the gets contradict that show nothing written twice is a violation for certain", () => {
    const twice = [append("a", 0, 1), append("c", 2, 3), append("a", 4, 5), get("aca", 6, 7)];
    expect(judged([...twice, get("", 8, 9)])).toEqual({ kind: "violation", stuck: null });
    expect(judged([...twice, get("z", 8, 9)])).toEqual({ kind: "violation", stuck: 4 });
    expect(judged([...twice, get("ac", 8, 9)])).toEqual(searchFor("a text that was seen is written twice"));
  });
});

// Shows what the matchers say of histories that stand, that do not, and of which nothing can be told: as vitest calls them, negated too.
import { expect, test } from "vitest";
import type { RunDocument } from "../campaign/index.js";
import { checkSet, type RecordedOperation } from "../checker/index.js";
import { whyNotValid } from "./campaign.js";
import { quoted, quotedPattern } from "./attach.js";
import "./index.js";
import type { HistoryChecker } from "./index.js";

const put = { process: 0, function: "put", key: "x", input: 1, output: null, callNs: 1, returnNs: 2 };
const get = { process: 1, function: "get", key: "x", input: null, output: 1, callNs: 3, returnNs: 4 };
const stale: readonly RecordedOperation[] = [put, { ...get, output: null }];

const asSet: HistoryChecker = { name: "set", check: (operations) => checkSet(operations, []) };

function messageOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

test("a consistent history is linearizable, and its negation fails", () => {
  expect([put, get]).toBeLinearizable("cas-register");
  expect(messageOf(() => expect([put, get]).not.toBeLinearizable("cas-register"))).toBe(
    "expected the history not to be linearizable by cas-register: it is\n\nevery answer has its place in one order",
  );
});

test("a stale read fails with the sentence, the operations and the fingerprint", () => {
  expect(stale).not.toBeLinearizable("cas-register");
  const message = messageOf(() => expect(stale).toBeLinearizable("cas-register"));
  expect(message).toMatch(/^expected the history to be linearizable by cas-register: it is not\n\n[a-z ]+: get by/);
  expect(message).toContain("[0] put 1 by process 0 was answered");
  expect(message).toMatch(/^fingerprint \S+/m);
});

test.each([
  ["is empty", []],
  ["holds no answer", [{ ...put, output: undefined, returnNs: null, outcome: "info" }]],
  ["is malformed", [put, { ...get, process: 0, callNs: 1 }]],
] as const)("a history that %s fails the assertion and its negation", (_, history) => {
  const sure = messageOf(() => expect(history).toBeLinearizable("cas-register"));
  const negated = messageOf(() => expect(history).not.toBeLinearizable("cas-register"));
  expect(sure).toMatch(/that cannot be told\n\nunknown \((nothing-to-judge|malformed)\): /);
  expect(negated).toMatch(/that cannot be told/);
});

test("what a checker leaves unknown fails both ways", () => {
  const budget: HistoryChecker = {
    name: "slow",
    check: () => ({ valid: "unknown", violations: [], unknown: [{ code: "budget", sentence: "too slow" }] }),
  };
  expect(messageOf(() => expect([put]).toSatisfy(budget))).toMatch(/unknown \(budget\): too slow/);
  expect(messageOf(() => expect([put]).not.toSatisfy(budget))).toMatch(/unknown \(budget\): too slow/);
});

test("toSatisfy takes checkers, and predicates as vitest does", () => {
  const add = { ...put, function: "add", key: null, input: 7 };
  const read = { ...get, key: null, output: [7] };
  expect([add, read]).toSatisfy(asSet);
  expect([add, { ...read, output: [] }]).not.toSatisfy(asSet);
  expect(3).toSatisfy((value) => value > 2);
  expect(3).not.toSatisfy((value) => value > 3);
  expect(messageOf(() => expect(3).toSatisfy((value) => value > 3, "more than three"))).toContain("more than three");
  expect({ age: 3 }).toEqual({ age: expect.toSatisfy((age: number) => age === 3) });
});

test("what would pass as a truthy object is refused: a checker as a function, a promise, a result without a verdict", () => {
  const asFunction = (() => ({ valid: false, violations: [], unknown: [] })) as unknown as () => boolean;
  expect(messageOf(() => expect([put]).toSatisfy(asFunction))).toMatch(/the function gave an object/);
  const later = { name: "later", check: () => Promise.resolve() } as unknown as HistoryChecker;
  expect(messageOf(() => expect([put]).toSatisfy(later))).toMatch(/the checker later gave no result/);
});

test("what is no history is an error, not a verdict", () => {
  for (const value of [7, null, "history", {}, [1]])
    expect(messageOf(() => expect(value).not.toBeLinearizable("cas-register"))).toMatch(/expected a history/);
});

test("a run counts only when its verdict is true and its exit code says so", () => {
  const of = (exitCode: number | null, document: RunDocument | null): readonly string[] | null =>
    whyNotValid({ exitCode, document, stderrTail: "the end" });
  expect(of(0, { valid: true })).toBeNull();
  expect(of(255, { valid: true })?.[0]).toMatch(/crashed/);
  expect(of(null, null)).toEqual(["minos crashed (exit code none); the end of what it said:", "the end"]);
  expect(of(1, { valid: false, summary: "gone", violations: [{ class: "lost write" }] })).toEqual([
    "violation: lost write",
    "gone",
  ]);
  expect(of(2, { valid: "unknown", summary: "weak", unknown: [{ code: "weak", sentence: "few reads" }] })).toEqual([
    "unknown: weak",
    "  weak: few reads",
  ]);
});

test("words of a line to be given again survive the shell and vitest's patterns", () => {
  expect(quoted("store/a b's")).toBe(`'store/a b'\\''s'`);
  expect(quotedPattern("a (b) $c")).toBe(String.raw`'a \(b\) \$c'`);
});

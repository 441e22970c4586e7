// Corner cases of linearizability of a register, each by name, judged by every engine that applies and by brute force. Where
// writes are not distinct the algorithm without a search must say that it does not apply. The intervals are closed: touching
// operations are concurrent.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../history/index.js";
import { checkLinearizability } from "./linearizability.js";
import { bruteForce } from "./testing/brute-force.js";
import { cas, failedCas, get, mismatch, operation, operations, put } from "./testing/builders.js";

type Maker = (index: number) => Operation;

/** Cases in which a value that somebody looks at is written twice, or an F needs another order than the first one found. */
const needSearch = new Set([
  "PUT back to the initial value",
  "CAS back to the initial value",
  "the unknown one of two CASes after a PUT brought the value back",
  "unknown writes needed by an F although their values are written again",
  "GET 0 [0,1], PUT 0 [2,3] with the initial value 0",
  "a value deleted by putting null",
  "F of the initial value before anything",
]);

function judged(name: string, initial: JsonValue, makers: readonly Maker[]): boolean {
  const history = operations(...makers);
  const truth = bruteForce(history, initial) !== null;
  const quick = checkLinearizability(history, "cas-register", { initial, engine: "no-search" });
  expect(quick.valid, "no-search").toBe(needSearch.has(name) ? "unknown" : truth);
  if (needSearch.has(name)) expect(quick.unknown[0]?.code).toBe("not-applicable");
  for (const violation of quick.violations) expect(violation.certificate?.verified).toBe(true);
  expect(checkLinearizability(history, "cas-register", { initial }).valid, "the engine chosen").toBe(truth);
  for (const engine of ["configuration-sets", "wing-gong"] as const) {
    const result = checkLinearizability(history, "cas-register", { initial, engine });
    expect(result.valid, engine).toBe(truth);
    for (const violation of result.violations) expect(violation.certificate?.verified).toBe(true);
  }
  return truth;
}

const notFound =
  (expected: JsonValue, from: number, to: number): Maker =>
  (index) =>
    operation(index, "cas", { expected, new: 9 }, { status: "not-found", observed: null }, from, to);
const swap =
  (value: JsonValue, previous: JsonValue, from: number, to: number): Maker =>
  (index) =>
    operation(index, "put", value, { previous }, from, to);
const failedPut =
  (value: JsonValue, from: number, to: number): Maker =>
  (index) =>
    operation(index, "put", value, null, from, to, { outcome: "fail" });

const legal: readonly (readonly [string, JsonValue, readonly Maker[]])[] = [
  ["the empty history", 0, []],
  ["the initial value read", 0, [get(0, 0, 1)]],
  ["a read before any write", null, [get(null, 0, 1), put(1, 2, 3), get(1, 4, 5)]],
  ["PUT back to the initial value", 0, [put(1, 0, 1), put(0, 2, 3), get(0, 4, 5)]],
  ["CAS back to the initial value", 0, [put(1, 0, 1), cas(1, 0, 2, 3), get(0, 4, 5)]],
  ["two CASes from one value, one ok, one unknown", 0, [cas(0, 1, 0, 1), cas(0, 2, 0, null), get(1, 2, 3)]],
  [
    "the unknown one of two CASes after a PUT brought the value back",
    0,
    [cas(0, 1, 0, 1), cas(0, 2, 0, null), put(0, 2, 3), get(2, 4, 5)],
  ],
  [
    "a chain of unknown CASes seen only at its end",
    0,
    [cas(0, 1, 0, null), cas(1, 2, 0, null), cas(2, 3, 0, null), get(3, 5, 6)],
  ],
  ["an unknown CAS from a value never written", 0, [cas(7, 8, 0, null), get(0, 1, 2)]],
  ["a successful CAS(v→v)", 0, [put(1, 0, 1), cas(1, 1, 2, 3), get(1, 4, 5)]],
  ["an unknown CAS(v→v)", 0, [cas(5, 5, 0, null), get(0, 1, 2)]],
  ["touching operations are concurrent", 0, [put(1, 0, 5), get(0, 5, 6)]],
  ["operations of no length at one moment", 0, [put(1, 3, 3), get(0, 3, 3), get(1, 3, 3), put(2, 3, 3)]],
  [
    "an unknown write that takes effect long after a later acknowledged one",
    0,
    [put(1, 0, null), put(2, 1, 2), get(2, 3, 4), get(1, 100, 101)],
  ],
  ["unobserved duplicates", 0, [put(1, 0, 1), put(1, 2, 3), put(1, 4, 5), put(2, 6, 7), get(2, 8, 9)]],
  [
    "unknown writes needed by an F although their values are written again",
    0,
    [put(5, 0, null), put(6, 0, null), failedCas(0, 1, 2), put(7, 3, 4), get(6, 5, 6), put(5, 10, 11), put(6, 10, 11)],
  ],
  ["GET 0 [4,7] with GET 0 [-2,3]", 0, [get(0, 4, 7), get(0, -2, 3)]],
  ["PUT 2 [2,4] with CAS(0→2) [2,4]", 0, [put(2, 2, 4), cas(0, 2, 2, 4)]],
  ["GET 0 [0,1], PUT 0 [2,3] with the initial value 0", 0, [get(0, 0, 1), put(0, 2, 3)]],
  ["F(e) with e never written", 0, [failedCas(9, 0, 1)]],
  ["F of the initial value after something was written", 0, [put(1, 0, 1), failedCas(0, 2, 3)]],
  ["F by grace of an unknown write", 0, [put(1, 0, null), failedCas(0, 2, 3), get(1, 4, 5)]],
  [
    "an absent key read, written, and not found before",
    null,
    [notFound(1, 0, 1), get(null, 0, 2), put(1, 3, 4), get(1, 5, 6)],
  ],
  ["a value deleted by putting null", null, [put(1, 0, 1), put(null, 2, 3), get(null, 4, 5), notFound(1, 4, 5)]],
  ["a put that tells what it replaced", null, [swap(1, null, 0, 1), swap(2, 1, 2, 3), get(2, 4, 5)]],
  ["a put that replaced its own value", null, [put(1, 0, 1), swap(1, 1, 2, 3)]],
  ["values equal but for the order of their fields", null, [put({ a: 1, b: 2 }, 0, 1), get({ b: 2, a: 1 }, 2, 3)]],
  ["a write that certainly failed and was never seen", 0, [failedPut(1, 0, 1), get(0, 2, 3)]],
];

const illegal: readonly (readonly [string, JsonValue, readonly Maker[]])[] = [
  ["a value never written", 0, [get(7, 0, 1)]],
  ["a value written only by a definite failure", 0, [failedPut(1, 0, 1), get(1, 2, 3)]],
  ["a read that returns before its writer was called", 0, [get(1, 0, 1), put(1, 2, 3)]],
  ["two successful CASes from one write", 0, [put(1, 0, 1), cas(1, 2, 2, 5), cas(1, 3, 2, 5)]],
  ["a cycle of CASes a→b, b→a", 0, [cas(1, 2, 0, 9), cas(2, 1, 0, 9)]],
  ["a failed CAS that observed its own expectation", 0, [mismatch(0, 0, 0, 1)]],
  ["a CAS(v→v) of a value that is not there", 0, [cas(1, 1, 0, 1)]],
  ["F of the initial value before anything", 0, [failedCas(0, 0, 1), put(1, 2, 3)]],
  [
    "an unknown write seen, gone, and seen again",
    0,
    [put(1, 0, null), get(1, 1, 2), put(2, 3, 4), get(2, 5, 6), get(1, 7, 8)],
  ],
  ["a stale read", 0, [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)]],
  ["two reads that go back in time", 0, [put(1, 0, 9), get(1, 1, 2), get(0, 3, 4)]],
  ["not found after an acknowledged write", null, [put(1, 0, 1), notFound(1, 2, 3)]],
  ["a put that replaced what was gone", null, [put(1, 0, 1), put(2, 2, 3), swap(3, 1, 4, 5)]],
];

describe("legal", () => {
  test.each(legal)("%s", (name, initial, makers) => expect(judged(name, initial, makers)).toBe(true));
});

describe("illegal", () => {
  test.each(illegal)("%s", (name, initial, makers) => expect(judged(name, initial, makers)).toBe(false));
});

describe("input that no clients can have made", () => {
  const check = (...makers: readonly Maker[]) =>
    checkLinearizability(operations(...makers), "cas-register", { initial: 0 });
  const same =
    (make: Maker): Maker =>
    (index) => ({ ...make(index), process: 1 });

  test.each([
    ["a busy process that calls again", [same(put(1, 0, 5)), same(get(1, 3, 6))], /process 1 is busy/],
    ["a process that speaks after an info", [same(put(1, 0, null)), same(get(1, 3, 6))], /speaks again/],
    ["a return before the call", [get(1, 5, 3)], /returns before it is called/],
    [
      "a cas without its input",
      [(index: number) => operation(index, "cas", 3, { status: "ok" }, 0, 1)],
      /needs \{expected, new\}/,
    ],
    [
      "a cas with an unknown status",
      [(index: number) => operation(index, "cas", { expected: 1, new: 2 }, { status: "done" }, 0, 1)],
      /needs \{status/,
    ],
    [
      "a function that the model does not know",
      [(index: number) => operation(index, "append", 3, null, 0, 1)],
      /"append" is not one of/,
    ],
    ["a time that is no integer", [get(0, 0.5, 1)], /safe integers/],
  ] as const)("%s is malformed and unknown", (_, makers, message) => {
    const result = check(...makers);
    expect(result.valid).toBe("unknown");
    expect(result.unknown[0]?.code).toBe("malformed");
    expect(result.unknown[0]?.sentence).toMatch(message);
  });
});

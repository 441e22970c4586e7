// For how long a value had been gone: by example, each with the operation that would be taken for proof and is none.
import { expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { normaliseRegister } from "../register/normalise.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import { stalenessOf } from "./staleness.js";

/** The last operation is the culprit. */
function staleness(initial: JsonValue, ...makers: readonly ((index: number) => Operation)[]): number | null {
  const normal = normaliseRegister(operations(...makers), initial);
  if (!("values" in normal)) throw new Error("invariant: no operation contradicts itself");
  const culprit = normal.operations.at(-1);
  if (culprit === undefined) throw new Error("invariant: one was given");
  return stalenessOf(culprit, normal.operations);
}

test("a value was gone when an operation had returned that wrote another one after it", () => {
  expect(staleness(0, put(1, 0, 1), put(2, 2, 5), get(1, 9, 10))).toBe(4);
  expect(staleness(0, put(1, 0, 1), put(2, 2, 5), put(3, 3, 4), get(1, 9, 10))).toBe(5);
  expect(staleness(0, put(1, 0, 1), cas(2, 3, 2, 4), get(1, 9, 10))).toBe(5);
});

test("or saw another one", () => {
  expect(staleness(0, put(1, 0, 1), put(2, 2, 9), get(2, 3, 4), get(1, 9, 10))).toBe(5);
  expect(staleness(0, put(1, 0, 1), mismatch(7, 2, 3, 4), get(1, 9, 10))).toBe(5);
});

test("who saw the value shows that its one write had happened by then", () => {
  expect(staleness(0, put(1, 0, 8), get(1, 1, 2), put(2, 3, 4), get(1, 9, 10))).toBe(5);
  expect(staleness(0, put(1, 0, null), get(1, 1, 2), put(2, 3, 4), get(1, 9, 10))).toBe(5);
  // Of two writes nobody knows which it saw.
  expect(staleness(0, put(1, 0, 8), put(1, 0, 1), get(1, 1, 2), put(2, 3, 4), get(1, 9, 10))).toBeNull();
  // Nor of the initial value, when it is written again.
  expect(staleness(1, put(1, 0, 8), get(1, 1, 2), put(2, 3, 4), get(1, 9, 10))).toBeNull();
});

test("nothing certain is said of a write that may still be under way, or of what had not returned before the read began", () => {
  expect(staleness(0, put(1, 0, null), put(2, 3, 4), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 2), put(2, 2, 4), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), put(2, 2, 9), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), put(2, 2, null), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), put(1, 2, 3), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), failedCas(1, 2, 3), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), failedCas(7, 2, 3), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), get(1, 2, 3), get(1, 9, 10))).toBeNull();
});

test("writes that began after the read do not count, those that began at its end do", () => {
  expect(staleness(0, put(1, 0, 1), put(2, 2, 4), put(1, 11, 12), get(1, 9, 10))).toBe(5);
  expect(staleness(0, put(1, 0, 1), put(2, 2, 4), put(1, 10, 12), get(1, 9, 10))).toBeNull();
});

test("the initial value needs no write; any other does, and only reads are stale", () => {
  expect(staleness(1, put(2, 2, 4), get(1, 9, 10))).toBe(5);
  expect(staleness(0, put(2, 2, 4), get(1, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), put(2, 2, 4), cas(1, 3, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), put(2, 2, 4), failedCas(2, 9, 10))).toBeNull();
  expect(staleness(0, put(1, 0, 1), put(2, 2, 4), failedCas(1, 9, 10))).toBeNull();
});

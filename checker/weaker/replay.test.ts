// Claimed sequentially consistent orders, right and wrong: only those that keep every session's own order, explain every answer and
// leave out nothing that was answered are accepted.
import { expect, test } from "vitest";
import type { Operation } from "../../history/index.js";
import { registerModel } from "../models/register.js";
import { operation } from "../testing/builders.js";
import { isSequentialOrder } from "./replay.js";

const model = registerModel("cas-register", true);
const history: readonly Operation[] = [
  operation(0, "put", 1, null, 5, 6, { process: 1 }),
  operation(1, "get", null, 0, 8, 9, { process: 2 }),
  operation(2, "get", null, 1, 10, 11, { process: 2 }),
  operation(3, "put", 2, null, 12, null, { process: 3 }),
  operation(4, "put", 3, null, 13, 14, { process: 4, outcome: "fail" }),
];
const stands = (operations: readonly Operation[], ...order: readonly number[]) =>
  isSequentialOrder(model, 0, operations, order);

test("an order need not be that of time, but that of each session", () => {
  expect(stands(history, 1, 0, 2)).toBe(true);
  expect(stands(history, 1, 0, 2, 3)).toBe(true);
  expect(stands(history, 0, 2, 1)).toBe(false);
});

test.each([
  ["lacks what was answered", [1, 0]],
  ["does not explain an answer", [0, 1, 2]],
  ["has an operation twice", [1, 0, 0, 2]],
  ["has an operation that certainly did not happen", [1, 0, 2, 4]],
  ["has an operation that does not exist", [1, 0, 2, 9]],
] as const)("an order that %s is refused", (_, order) => {
  expect(stands(history, ...order)).toBe(false);
});

test("operations of one session stand in order of call, and of their place where they were called at once", () => {
  const put = (index: number, at: number) => operation(index, "put", index, null, at, at, { process: 1 });
  expect(stands([put(0, 1), put(1, 2)], 0, 1)).toBe(true);
  expect(stands([put(0, 1), put(1, 2)], 1, 0)).toBe(false);
  expect(stands([put(0, 2), put(1, 1)], 1, 0)).toBe(true);
  expect(stands([put(0, 2), put(1, 1)], 0, 1)).toBe(false);
  expect(stands([put(0, 1), put(1, 1)], 0, 1)).toBe(true);
  expect(stands([put(0, 1), put(1, 1)], 1, 0)).toBe(false);
});

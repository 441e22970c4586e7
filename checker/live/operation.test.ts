// What every answer of a register says in plain words, those that contradict themselves too; and values as keys of maps.
import { expect, test } from "vitest";
import type { InvokeEvent, JsonValue, Outcome } from "../../history/index.js";
import { LiveOperation, tellRegister, valueKey, writtenBy } from "./operation.js";

function told(name: string, input: JsonValue, output: JsonValue, outcome: Outcome = "ok"): LiveOperation {
  const event: InvokeEvent = {
    type: "invoke",
    time: 5,
    process: 1,
    thread: 1,
    node: "n1",
    function: name,
    key: "k",
    input,
  };
  const operation = new LiveOperation(3, event, 7);
  operation.outcome = outcome;
  operation.output = output;
  tellRegister(operation);
  return operation;
}

const swap = { expected: 1, new: 2 };

test.each<readonly [string, JsonValue, JsonValue, Outcome, string, JsonValue, JsonValue]>([
  ["get", null, 4, "ok", "read", 4, null],
  ["get", null, null, "ok", "read", null, null],
  ["get", null, null, "info", "nothing", null, null],
  ["put", 4, null, "ok", "write", 4, null],
  ["put", 4, null, "info", "write", 4, null],
  ["put", 4, { previous: 3 }, "ok", "cas", 4, 3],
  ["put", 4, { previous: null }, "ok", "cas", 4, null],
  ["put", 4, { previous: 4 }, "ok", "read", 4, null],
  ["put", 4, { previous: 3 }, "info", "write", 4, null],
  ["delete", null, null, "ok", "write", null, null],
  ["delete", null, { status: "ok" }, "info", "write", null, null],
  ["delete", null, { previous: 3 }, "ok", "cas", null, 3],
  ["delete", null, { status: "ok" }, "ok", "replace", null, null],
  ["delete", null, { status: "ok", previous: 3 }, "ok", "cas", null, 3],
  ["delete", null, { status: "ok", previous: null }, "ok", "contradiction", null, null],
  ["delete", null, { status: "not-found" }, "ok", "read", null, null],
  ["delete", null, { status: "not-found", previous: null }, "ok", "read", null, null],
  ["delete", null, { status: "not-found", previous: 3 }, "ok", "contradiction", null, null],
  ["cas", swap, null, "info", "cas", 2, 1],
  ["cas", { expected: 2, new: 2 }, null, "info", "nothing", null, null],
  ["cas", { expected: null, new: 2 }, null, "info", "cas", 2, null],
  ["cas", { expected: 2, new: null }, null, "info", "cas", null, 2],
  ["cas", swap, { status: "ok" }, "ok", "cas", 2, 1],
  ["cas", { expected: 2, new: 2 }, { status: "ok" }, "ok", "read", 2, null],
  ["cas", swap, { status: "ok", observed: 1 }, "ok", "cas", 2, 1],
  ["cas", swap, { status: "ok", observed: 3 }, "ok", "contradiction", null, null],
  ["cas", swap, { status: "not-found" }, "ok", "read", null, null],
  ["cas", swap, { status: "not-found", observed: null }, "ok", "read", null, null],
  ["cas", swap, { status: "not-found", observed: 1 }, "ok", "contradiction", null, null],
  ["cas", swap, { status: "mismatch" }, "ok", "not", null, 1],
  ["cas", swap, { status: "mismatch", observed: 3 }, "ok", "read", 3, null],
  ["cas", swap, { status: "mismatch", observed: null }, "ok", "read", null, null],
  ["cas", swap, { status: "mismatch", observed: 1 }, "ok", "contradiction", null, null],
])("%s %j answered %j (%s) says: %s %j, expected %j", (name, input, output, outcome, word, value, expected) => {
  const operation = told(name, input, output, outcome);
  expect([operation.word, operation.value, operation.expected]).toEqual([word, value, expected]);
});

test.each<readonly [string, JsonValue, JsonValue | undefined]>([
  ["get", null, undefined],
  ["put", 4, 4],
  ["put", null, null],
  ["cas", swap, 2],
  ["cas", { expected: 2, new: null }, null],
  ["delete", null, null],
])("%s %j would write %j", (name, input, value) => {
  expect(writtenBy(told(name, input, null, "info"))).toBe(value);
});

test("values have equal keys where they are equal, and only there", () => {
  const values: readonly JsonValue[] = [
    null,
    true,
    false,
    0,
    1,
    "0",
    "",
    "null",
    "\u0001",
    "\u0001[1]",
    [1],
    [1, 2],
    {},
  ];
  expect(new Set([...values, { a: 1, b: [2] }].map(valueKey)).size).toBe(values.length + 1);
  expect(valueKey({ a: 1, b: [2] })).toBe(valueKey({ b: [2], a: 1 }));
  for (const value of [null, true, 3, "text"]) expect(valueKey(value)).toBe(value);
});

test("a copy is plain and has all that the history says, nothing else", () => {
  expect(told("put", 4, null).copy()).toEqual({
    index: 3,
    process: 1,
    function: "put",
    key: "k",
    input: 4,
    output: null,
    outcome: "ok",
    error: null,
    callNs: 5,
    returnNs: null,
    node: "n1",
    callEvent: 7,
    returnEvent: null,
  });
});

test("a new operation has an unknown outcome, is not settled and touches nothing", () => {
  const event: InvokeEvent = {
    type: "invoke",
    time: 5,
    process: 1,
    thread: 1,
    node: null,
    function: "get",
    key: 1,
    input: null,
  };
  expect(new LiveOperation(0, event, 0)).toMatchObject({
    output: null,
    outcome: "info",
    error: null,
    returnNs: null,
    returnEvent: null,
    settled: false,
    swept: false,
    word: "nothing",
    observed: null,
    written: null,
    openAt: -1,
  });
});

// The built-in models row by row: what each refuses, in which words; what every operation makes of a state; and which operations
// change nothing. The oracle of models.property.test.ts knows nothing of messages, of texts of states, or of answers that nobody gives.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { operation } from "../testing/builders.js";
import { modelNamed } from "./index.js";
import { resolveModel } from "./resolve-model.js";

type Outcome = Operation["outcome"];
type Asked = readonly [name: string, input: JsonValue, output: JsonValue, outcome?: Outcome];

function operationOf([name, input, output, outcome = "ok"]: Asked): Operation {
  return operation(0, name, input, output, 0, outcome === "info" ? null : 1, { outcome });
}

/** What a model says of one operation in a state. */
function asked(model: string, initial: JsonValue, row: Asked) {
  return resolveModel(model).open((opened) => {
    const state = opened.initial(initial);
    const after = opened.step(state, operationOf(row));
    if (after === "illegal") return "illegal";
    return opened.describe?.(after.state) ?? opened.identify(after.state);
  });
}

const refused = (model: string, row: Asked) => resolveModel(model).open((opened) => opened.refuses(operationOf(row)));
const isRead = (model: string, row: Asked) => resolveModel(model).open((opened) => opened.isRead(operationOf(row)));

describe("a model is told by its name", () => {
  test("and one of another name is refused with the names that there are", () => {
    expect(resolveModel("kv").name).toBe("kv");
    expect(modelNamed("nothing")).toBeNull();
    expect(() => resolveModel("nothing")).toThrow(
      'model "nothing" is not one of register, cas-register, kv, kv-append, set, counter, mutex, queue, unordered-queue',
    );
  });
});

const notInteger = "a get answers an integer";
const casOutput = 'an answered cas needs {status: "ok" | "mismatch" | "not-found"} as output';
const deleteOutput = 'a delete answers null, {previous} or {status: "ok" | "not-found"}';
const refusals: readonly (readonly [model: string, row: Asked, message: string | null])[] = [
  ["register", ["get", 1, 1], "a get takes no input"],
  ["register", ["get", null, 1], null],
  ["register", ["put", 1, { status: "ok" }], "a put answers null or {previous}"],
  ["register", ["put", 1, { status: "ok" }, "fail"], null],
  ["register", ["put", 1, { status: "ok" }, "info"], null],
  ["register", ["put", 1, { previous: 1 }], null],
  ["register", ["put", 1, null], null],
  ["register", ["cas", { expected: 1, new: 2 }, { status: "ok" }], 'function "cas" is not one of get, put'],
  ["cas-register", ["delete", null, null], 'function "delete" is not one of get, put, cas'],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "ok" }], null],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "mismatch" }], null],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "not-found" }], null],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "perhaps" }], casOutput],
  ["cas-register", ["cas", { expected: 1, new: 2 }, null], casOutput],
  ["cas-register", ["cas", { expected: 1, new: 2 }, null, "info"], null],
  ["cas-register", ["cas", { expected: 1 }, { status: "ok" }], "a cas needs {expected, new} as input"],
  ["cas-register", ["cas", { new: 1 }, { status: "ok" }], "a cas needs {expected, new} as input"],
  ["kv", ["put", null, null], "a put needs a value other than null; delete removes one"],
  ["kv", ["put", 1, null], null],
  ["kv", ["get", 1, null], "a get takes no input"],
  ["kv", ["cas", { expected: 1, new: 2 }, null], casOutput],
  ["kv", ["append", "a", null], 'function "append" is not one of get, put, cas, delete'],
  ["kv", ["delete", 1, null], "a delete takes no input"],
  ["kv", ["delete", null, null], null],
  ["kv", ["delete", null, { previous: null }], null],
  ["kv", ["delete", null, { status: "ok" }], null],
  ["kv", ["delete", null, { status: "not-found" }], null],
  ["kv", ["delete", null, { status: "mismatch" }], deleteOutput],
  ["kv", ["delete", null, 1], deleteOutput],
  ["kv", ["delete", null, 1, "info"], null],
  ["kv-append", ["get", null, 1], "a get answers a text"],
  ["kv-append", ["get", null, 1, "info"], null],
  ["kv-append", ["get", null, "a"], null],
  ["kv-append", ["put", 1, null], "put needs a text as input"],
  ["kv-append", ["append", 1, null], "append needs a text as input"],
  ["kv-append", ["append", "a", null], null],
  ["kv-append", ["cas", "a", null], 'function "cas" is not one of get, put, append'],
  ["set", ["get", 1, []], "a get takes no input"],
  ["set", ["get", null, 1], "a get answers the list of elements"],
  ["set", ["get", null, 1, "info"], null],
  ["set", ["get", null, []], null],
  ["set", ["contains", 1, 1], "contains answers true or false"],
  ["set", ["contains", 1, null, "info"], null],
  ["set", ["contains", 1, false], null],
  ["set", ["add", 1, 1], "add answers null, or whether it changed the set"],
  ["set", ["remove", 1, "x"], "remove answers null, or whether it changed the set"],
  ["set", ["remove", 1, "x", "info"], null],
  ["set", ["remove", 1, true], null],
  ["set", ["add", 1, null], null],
  ["set", ["put", 1, null], 'function "put" is not one of add, remove, contains, get'],
  ["counter", ["get", 1, 1], "a get takes no input"],
  ["counter", ["get", null, 0.5], notInteger],
  ["counter", ["get", null, null], notInteger],
  ["counter", ["get", null, null, "info"], null],
  ["counter", ["get", null, 1], null],
  ["counter", ["put", 1, null], 'function "put" is not one of add, get'],
  ["counter", ["add", "1", null], "add needs an integer as input"],
  ["counter", ["add", 1, "2"], "add answers null or the new value"],
  ["counter", ["add", 1, "2", "info"], null],
  ["counter", ["add", 1, 2], null],
  ["counter", ["add", 1, null], null],
  ["mutex", ["lock", null, null], 'function "lock" is not one of acquire, release'],
  ["mutex", ["acquire", null, false], "acquire answers null or true"],
  ["mutex", ["release", null, 1], "release answers null or true"],
  ["mutex", ["release", null, 1, "fail"], null],
  ["mutex", ["acquire", null, true], null],
  ["mutex", ["acquire", null, null], null],
  ["queue", ["enqueue", null, null], "enqueue needs an element other than null"],
  ["queue", ["enqueue", 1, null], null],
  ["queue", ["dequeue", 1, null], "a dequeue takes no input"],
  ["queue", ["dequeue", null, null], null],
  ["queue", ["push", 1, null], 'function "push" is not one of enqueue, dequeue'],
  ["unordered-queue", ["enqueue", null, null], "enqueue needs an element other than null"],
];

test.each(refusals)("%s: %j is refused as it should be", (model, row, message) => {
  expect(refused(model, row)).toBe(message);
});

const steps: readonly (readonly [model: string, initial: JsonValue, row: Asked, after: string])[] = [
  ["register", 1, ["get", null, 1], "1"],
  ["register", 1, ["get", null, 2], "illegal"],
  ["register", 1, ["get", null, null, "info"], "1"],
  ["register", 1, ["put", 2, null], "2"],
  ["register", 1, ["put", 2, { previous: 1 }], "2"],
  ["register", 1, ["put", 2, { previous: 3 }], "illegal"],
  ["register", 1, ["put", 2, { previous: 3 }, "info"], "2"],
  ["cas-register", 1, ["cas", { expected: 1, new: 2 }, { status: "ok" }], "2"],
  ["cas-register", 1, ["cas", { expected: 3, new: 2 }, { status: "ok" }], "illegal"],
  ["cas-register", 1, ["cas", { expected: 1, new: 2 }, null, "info"], "2"],
  ["cas-register", 1, ["cas", { expected: 3, new: 2 }, null, "info"], "illegal"],
  ["cas-register", 1, ["cas", { expected: 3, new: 2 }, { status: "mismatch" }], "1"],
  ["cas-register", 1, ["cas", { expected: 1, new: 2 }, { status: "mismatch" }], "illegal"],
  ["cas-register", 1, ["cas", { expected: 3, new: 2 }, { status: "mismatch", observed: 1 }], "1"],
  ["cas-register", 1, ["cas", { expected: 3, new: 2 }, { status: "mismatch", observed: 4 }], "illegal"],
  ["cas-register", 1, ["cas", { expected: 3, new: 2 }, { status: "not-found" }], "illegal"],
  ["cas-register", null, ["cas", { expected: 3, new: 2 }, { status: "not-found" }], "null"],
  ["cas-register", { b: 1, a: 2 }, ["cas", { expected: { a: 2, b: 1 }, new: 2 }, { status: "ok" }], "2"],
  ["kv", 1, ["delete", null, null], "null"],
  ["kv", 1, ["delete", null, null, "info"], "null"],
  ["kv", 1, ["delete", null, { previous: 1 }], "null"],
  ["kv", 1, ["delete", null, { previous: 2 }], "illegal"],
  ["kv", 1, ["delete", null, { previous: 2 }, "info"], "null"],
  ["kv", 1, ["delete", null, { status: "ok" }], "null"],
  ["kv", null, ["delete", null, { status: "ok" }], "illegal"],
  ["kv", 1, ["delete", null, { status: "not-found" }], "illegal"],
  ["kv", null, ["delete", null, { status: "not-found" }], "null"],
  ["kv", 1, ["put", 2, null], "2"],
  ["kv-append", null, ["get", null, ""], ""],
  ["kv-append", "a", ["get", null, "a"], "a"],
  ["kv-append", "a", ["get", null, "b"], "illegal"],
  ["kv-append", "a", ["get", null, null, "info"], "a"],
  ["kv-append", "a", ["append", "b", null], "ab"],
  ["kv-append", "a", ["put", "b", null], "b"],
  ["set", null, ["get", null, []], "{}"],
  ["set", [2, 1, 1], ["get", null, [1, 2]], "{1, 2}"],
  ["set", [1, 2], ["get", null, [1]], "illegal"],
  ["set", [1], ["get", null, [1, 1]], "illegal"],
  ["set", [1, 2], ["get", null, [1, 3]], "illegal"],
  ["set", [1], ["get", null, null, "info"], "{1}"],
  ["set", [1], ["contains", 1, true], "{1}"],
  ["set", [1], ["contains", 1, false], "illegal"],
  ["set", [1], ["contains", 2, false], "{1}"],
  ["set", [1], ["contains", 2, null, "info"], "{1}"],
  ["set", [3], ["add", 1, null], "{1, 3}"],
  ["set", [1], ["add", 1, null], "{1}"],
  ["set", [1], ["add", 1, true], "illegal"],
  ["set", [1], ["add", 1, false], "{1}"],
  ["set", [], ["add", 1, false], "illegal"],
  ["set", [], ["add", 1, false, "info"], "{1}"],
  ["set", [1, 2], ["remove", 1, true], "{2}"],
  ["set", [2], ["remove", 1, true], "illegal"],
  ["set", [2], ["remove", 1, null], "{2}"],
  ["counter", null, ["get", null, 0], "0"],
  ["counter", 3, ["get", null, 3], "3"],
  ["counter", 3, ["get", null, 4], "illegal"],
  ["counter", 3, ["get", null, null, "info"], "3"],
  ["counter", 3, ["add", 2, null], "5"],
  ["counter", 3, ["add", 2, 5], "5"],
  ["counter", 3, ["add", 2, 6], "illegal"],
  ["counter", 3, ["add", 2, 6, "info"], "5"],
  ["counter", 3, ["add", "x", null], "3"],
  ["mutex", null, ["acquire", "a", null], 'held by "a"'],
  ["mutex", false, ["acquire", null, null], "held by null"],
  ["mutex", "a", ["acquire", "b", null], "illegal"],
  ["mutex", "a", ["release", "a", null], "free"],
  ["mutex", "a", ["release", "b", null], "illegal"],
  ["mutex", null, ["release", "a", null], "illegal"],
  ["mutex", true, ["release", null, null], "free"],
  ["queue", [1, 2], ["dequeue", null, 1], '["2"]'],
  ["queue", [1, 2], ["dequeue", null, 2], "illegal"],
  ["queue", [1, 2], ["dequeue", null, null], "illegal"],
  ["queue", [], ["dequeue", null, null], "[]"],
  ["queue", null, ["dequeue", null, 1], "illegal"],
  ["queue", [1, 2], ["dequeue", null, null, "info"], '["2"]'],
  ["queue", [1], ["enqueue", 2, null], '["1","2"]'],
  ["unordered-queue", [2, 1], ["dequeue", null, 2], '["1"]'],
  ["unordered-queue", [2, 1], ["dequeue", null, 3], "illegal"],
  ["unordered-queue", [2], ["dequeue", null, null], "illegal"],
  ["unordered-queue", null, ["dequeue", null, null], "[]"],
  ["unordered-queue", [], ["dequeue", null, null, "info"], "[]"],
  ["unordered-queue", [2, 1, 1], ["dequeue", null, null, "info"], '["1","2"] or ["1","1"]'],
  ["unordered-queue", [3, 1], ["enqueue", 2, null], '["1","2","3"]'],
];

test.each(steps)("%s of %j: %j", (model, initial, row, after) => {
  expect(asked(model, initial, row)).toBe(after);
});

test.each<[string, Asked, boolean]>([
  ["register", ["get", null, 1], true],
  ["register", ["put", 1, null], false],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "ok" }], false],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "mismatch" }], true],
  ["cas-register", ["cas", { expected: 1, new: 2 }, { status: "mismatch" }, "info"], false],
  ["kv", ["delete", null, { status: "not-found" }], true],
  ["kv", ["delete", null, { status: "not-found" }, "info"], false],
  ["kv", ["delete", null, { status: "ok" }], false],
  ["kv", ["get", null, 1], true],
  ["kv", ["put", 1, null], false],
  ["kv-append", ["get", null, "a"], true],
  ["kv-append", ["append", "a", null], false],
  ["set", ["get", null, []], true],
  ["set", ["contains", 1, true], true],
  ["set", ["add", 1, null], false],
  ["counter", ["get", null, 1], true],
  ["counter", ["add", 1, null], false],
  ["mutex", ["acquire", null, null], false],
  ["queue", ["dequeue", null, 1], false],
])("%s: %j changes nothing: %j", (model, row, expected) => {
  expect(isRead(model, row)).toBe(expected);
});

test("states of a lock and of a text have texts of their own", () => {
  const texts = (model: string, ...values: readonly JsonValue[]) =>
    resolveModel(model).open((opened) => values.map((value) => opened.identify(opened.initial(value))));
  expect(texts("mutex", null, "a", true)).toEqual(["", '"a"', "null"]);
  expect(texts("set", [2, "a", 1])).toEqual(['"a" 1 2']);
  expect(texts("queue", [2, "a"], null)).toEqual(['["2","\\"a\\""]', "[]"]);
});

// Pairing calls with completions, and every history that no sequential clients can have made.
import { describe, expect, test } from "vitest";
import type { CompleteEvent, HistoryEvent, InvokeEvent } from "./event.js";
import { MalformedHistory } from "./malformed.js";
import { operationsOf } from "./operations.js";

const call = (process: number, time: number, extra: Partial<InvokeEvent> = {}): InvokeEvent => ({
  type: "invoke",
  time,
  process,
  thread: process,
  node: null,
  function: "put",
  key: "k",
  input: 1,
  ...extra,
});
const end = (
  type: CompleteEvent["type"],
  process: number,
  time: number,
  extra: Partial<CompleteEvent> = {},
): CompleteEvent => ({
  type,
  time,
  process,
  function: "put",
  key: "k",
  output: null,
  ...extra,
});

function problem(...events: readonly HistoryEvent[]): MalformedHistory {
  try {
    operationsOf(events);
  } catch (error) {
    if (error instanceof MalformedHistory) return error;
  }
  throw new Error("the events were taken");
}

describe("operations of events", () => {
  test("operations stand in order of call, each with its own completion", () => {
    const operations = operationsOf([call(0, 1), call(1, 2), end("ok", 1, 3), end("fail", 0, 4, { error: "refused" })]);
    expect(
      operations.map(({ process, outcome, callNs, returnNs, error }) => [process, outcome, callNs, returnNs, error]),
    ).toEqual([
      [0, "fail", 1, 4, "refused"],
      [1, "ok", 2, 3, null],
    ]);
  });

  test("an info stays open to the end, and so does a call without a completion", () => {
    const operations = operationsOf([call(0, 1), call(1, 2), end("info", 0, 9, { error: "timeout" })]);
    expect(operations.map(({ outcome, returnNs, returnEvent }) => [outcome, returnNs, returnEvent])).toEqual([
      ["info", null, 2],
      ["info", null, null],
    ]);
  });

  test("events that are no operations are passed over", () => {
    expect(operationsOf([{ type: "phase", time: 0, phase: "load" }, call(0, 1), end("ok", 0, 1)])).toHaveLength(1);
  });

  test.each([
    ["a return without a call", [end("ok", 3, 1)], 0, /process 3 returns from an operation that it never called/],
    ["a second return", [call(0, 1), end("ok", 0, 2), end("ok", 0, 3)], 2, /never called/],
    ["a second call of a busy process", [call(0, 1), call(0, 2)], 1, /its call of event 0 is still open/],
    ["a call after an info", [call(0, 1), end("info", 0, 2), call(0, 3)], 2, /must never speak again/],
    ["times that run backwards", [call(0, 5), call(1, 4)], 1, /time runs backwards, from 5 to 4/],
    ["a time that is no safe integer", [call(0, 0.5)], 0, /no safe integer/],
    ["another function", [call(0, 1), end("ok", 0, 2, { function: "get" })], 1, /called put .* returns from get/],
    ["another key", [call(0, 1), end("ok", 0, 2, { key: "l" })], 1, /called with key "k"/],
  ] as const)("%s is malformed, naming the event", (_, events, event, message) => {
    const error = problem(...events);
    expect(error.event).toBe(event);
    expect(error.message).toMatch(message);
  });
});

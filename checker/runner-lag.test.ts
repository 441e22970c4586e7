// Shows what is read of the runner's lag from a history, what the median latency is, and when a run counts as starved.
import { expect, test } from "vitest";
import { operationsOf, type HistoryEvent, type JsonValue } from "../history/index.js";
import { isStarved, medianLatencyMs, runnerLag } from "./runner-lag.js";
import { weaknesses } from "./teeth.js";

const ms = 1_000_000;
const lag = (detail: JsonValue): HistoryEvent => ({ type: "runner", time: 1, what: "lag", detail });

test("the worst lag, the percentile of the load and the time held back are read from wherever they stand", () => {
  const note: HistoryEvent = { type: "runner", time: 1, what: "note", detail: { lag_ms: 999 } };
  const load = lag({ lag_p99_ms: 4.5, throttled_ms: 70, throttled_periods: 2 });
  expect(runnerLag([lag({ lag_ms: 120 }), note, load, lag({ lag_ms: 130, worst: true })])).toEqual({
    worstMs: 130,
    p99Ms: 4.5,
    throttledMs: 70,
  });
});

test("a history that does not tell the percentile lagged by no more than its worst", () => {
  expect(runnerLag([lag({ lag_ms: 120 })])).toEqual({ worstMs: 120, p99Ms: 120, throttledMs: null });
  expect(runnerLag([])).toEqual({ worstMs: 0, p99Ms: 0, throttledMs: null });
});

test("latency counts from when an operation was due, and only answers count", () => {
  const answered = (process: number, dueMs: number, callMs: number, returnMs: number | null): HistoryEvent[] => {
    const about = { process, function: "get", key: "k" };
    const node = { thread: process, node: "n1", input: null, intended: dueMs * ms };
    const call: HistoryEvent = { type: "invoke", time: callMs * ms, ...about, ...node };
    if (returnMs === null) return [call];
    return [call, { type: "ok", time: returnMs * ms, ...about, output: null }];
  };
  const events = [
    ...answered(0, 0, 8, 10),
    ...answered(1, 20, 20, 23),
    ...answered(2, 30, 30, null),
    ...answered(3, 40, 42, 46),
  ];
  // 10, 3 and 6 ms.
  expect(medianLatencyMs(operationsOf(events), events)).toBe(6);
  expect(medianLatencyMs([], [])).toBe(0);
});

test("above a limit of the runner's a run is starved, and its sentence says how long its quota held it back", () => {
  const tooth = (name: string, value: number, ceiling: number | null) => {
    return { name, value, unit: "ms", floor: null, ceiling, meaning: "" };
  };
  const held = tooth("runner held back for want of processor quota", 70, null);
  const late = tooth("p99 of the runner's lag", 5, 4);
  expect(isStarved([late])).toBe(true);
  expect(isStarved([tooth("p99 of the runner's lag", 4, 4), tooth("runner lag", 9, null), held])).toBe(false);
  expect(isStarved([tooth("share of unknown outcomes", 5, 4)])).toBe(false);
  expect(weaknesses([late, held])).toEqual([
    {
      code: "starved",
      sentence: "p99 of the runner's lag: 5 ms, above the limit of 4; its processor quota held it back for 70 ms",
    },
  ]);
  expect(weaknesses([late])).toEqual([
    { code: "starved", sentence: "p99 of the runner's lag: 5 ms, above the limit of 4" },
  ]);
});

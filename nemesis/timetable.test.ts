// Shows that the schedule is a state machine of its inputs alone: what is due when, what waits for what. No cluster, no clock.
import { expect, test } from "vitest";
import type { Fault } from "./fault.js";
import { createTimetable } from "./timetable.js";

const kill = (group: number, at_ms: number, for_ms = 1_000): Fault => ({
  kind: "kill",
  target: { by: "leader", group },
  at_ms,
  for_ms,
});
const lane = (fault: Fault): ReadonlySet<number> | "all" =>
  fault.kind === "kill" && fault.target.by === "leader" && typeof fault.target.group === "number"
    ? new Set([fault.target.group])
    : "all";
const timetable = (...faults: readonly Fault[]) => createTimetable(faults, lane, 500);

test("an empty schedule is done", () => {
  expect(timetable().next(0)).toEqual({ type: "done" });
});

test("a fault begins at its time, is healed its length after it was seen, and then all is done", () => {
  const table = timetable(kill(0, 100));
  expect(table.next(0)).toEqual({ type: "wait", untilMs: 100 });
  expect(table.next(100)).toEqual({ type: "begin", fault: 0 });
  expect(table.next(100)).toEqual({ type: "wait", untilMs: null });
  table.update({ type: "on", fault: 0, nowMs: 300 });
  expect(table.next(300)).toEqual({ type: "wait", untilMs: 1_300 });
  expect(table.next(1_300)).toEqual({ type: "heal", fault: 0 });
  expect(table.next(1_300)).toEqual({ type: "wait", untilMs: null });
  table.update({ type: "over", fault: 0, nowMs: 1_500 });
  expect(table.next(1_500)).toEqual({ type: "done" });
});

test("a fault that was not seen is healed at once", () => {
  const table = timetable(kill(0, 0));
  table.next(0);
  table.update({ type: "not-seen", fault: 0, nowMs: 50 });
  expect(table.next(50)).toEqual({ type: "heal", fault: 0 });
});

test("a fault that ran late pushes the next one of its group back by the gap, but no other group's", () => {
  const table = timetable(kill(0, 0), kill(0, 2_000), kill(1, 2_000));
  table.next(0);
  table.update({ type: "on", fault: 0, nowMs: 900 });
  expect(table.next(1_900)).toEqual({ type: "heal", fault: 0 });
  expect(table.next(2_000)).toEqual({ type: "begin", fault: 2 });
  expect(table.next(2_000)).toEqual({ type: "wait", untilMs: null });
  table.update({ type: "over", fault: 0, nowMs: 2_400 });
  expect(table.next(2_400)).toEqual({ type: "wait", untilMs: 2_900 });
  expect(table.next(2_900)).toEqual({ type: "begin", fault: 1 });
});

test("a gap that the plan made shorter is not made longer", () => {
  const table = timetable(kill(0, 0), kill(0, 1_200));
  table.next(0);
  table.update({ type: "on", fault: 0, nowMs: 0 });
  table.next(1_000);
  table.update({ type: "over", fault: 0, nowMs: 1_100 });
  expect(table.next(1_100)).toEqual({ type: "wait", untilMs: 1_300 });
});

test("faults that overlap in the plan overlap in the run", () => {
  const table = timetable(kill(0, 0), kill(0, 500));
  expect(table.next(0)).toEqual({ type: "begin", fault: 0 });
  expect(table.next(500)).toEqual({ type: "begin", fault: 1 });
});

test("after a stop nothing begins, what is on is healed, what begins is healed when it is on", () => {
  const table = timetable(kill(0, 0), kill(1, 0), kill(0, 9_000));
  table.next(0);
  table.next(0);
  table.update({ type: "on", fault: 0, nowMs: 10 });
  table.stop();
  expect(table.next(20)).toEqual({ type: "heal", fault: 0 });
  expect(table.next(20)).toEqual({ type: "wait", untilMs: null });
  table.update({ type: "on", fault: 1, nowMs: 30 });
  expect(table.next(30)).toEqual({ type: "heal", fault: 1 });
  table.update({ type: "over", fault: 0, nowMs: 40 });
  table.update({ type: "over", fault: 1, nowMs: 40 });
  expect(table.next(9_999)).toEqual({ type: "done" });
  expect(table.pending()).toEqual([2]);
});

test("updates that cannot be are refused", () => {
  const table = timetable(kill(0, 0));
  expect(() => table.update({ type: "on", fault: 0, nowMs: 0 })).toThrow("waiting");
  expect(() => table.update({ type: "over", fault: 0, nowMs: 0 })).toThrow("waiting");
  expect(() => table.update({ type: "over", fault: 7, nowMs: 0 })).toThrow("no fault 7");
});

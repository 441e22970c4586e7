// Shows which pairs of a fault and an operation count as seen, and the bound by the figures of the rule.
import { expect, test } from "vitest";
import type { HistoryEvent, JsonValue } from "../history/index.js";
import { coverageLines, coverageOf, sumCoverage, violationBound } from "./coverage.js";

const fault = (
  time: number,
  number: number,
  stage: "requested" | "confirmed-on",
  kind: string,
  spec: JsonValue,
): HistoryEvent => ({ type: "fault", time, fault: number, stage, kind, spec, targets: [], evidence: null });
const call = (time: number, process: number, name: string): HistoryEvent => {
  const about = { node: "n1", function: name, key: "k", input: name === "get" ? null : 1 };
  return { type: "invoke", time, process, thread: process, ...about };
};
const end = (time: number, process: number, name: string): HistoryEvent => {
  return { type: "ok", time, process, function: name, key: "k", output: null };
};
const kill = { kind: "kill", target: { by: "leader", group: 0 } };
const halves = { kind: "partition", shape: "halves" };
const events: readonly HistoryEvent[] = [
  {
    type: "header",
    format: "minos-history",
    version: 1,
    model: "cas-register",
    initial: null,
    keyed: true,
    clock: { unit: "ns", origin: "run-start" },
    plan: "p",
    run: "r",
    build: null,
    concurrency: 4,
    startedAt: "2026-01-01T00:00:00Z",
  },
  call(10, 0, "get"),
  end(20, 0, "get"),
  call(30, 1, "put"),
  fault(40, 0, "requested", "kill", kill),
  fault(45, 0, "confirmed-on", "kill", kill),
  end(50, 1, "put"),
  // Never confirmed.
  call(60, 2, "get"),
  fault(65, 1, "requested", "partition", halves),
  end(70, 2, "get"),
];

test("a pair is seen where a confirmed fault was asked for while the operation was open", () => {
  const { seen, possible } = coverageOf(events, ["get", "put", "cas"]);
  expect(seen).toEqual(["kill of leader amid put"]);
  expect(possible).toEqual([
    "kill of leader amid cas",
    "kill of leader amid get",
    "kill of leader amid put",
    "partition of halves amid cas",
    "partition of halves amid get",
    "partition of halves amid put",
  ]);
});

test("a campaign counts each pair once and names those never seen", () => {
  const sum = sumCoverage([
    { seen: ["a"], possible: ["a", "b"] },
    { seen: ["a"], possible: ["a", "c"] },
  ]);
  expect(sum).toEqual({ seen: 1, possible: 3, never_seen: ["b", "c"] });
  expect(coverageLines(sum, 59, 0)).toEqual([
    "pairs    1 of 3 of fault kind, target role and operation in flight; never: b; c",
    "bound    59 valid runs and no violation: at 95 % fewer than 4.95 % of such runs show one",
  ]);
  expect(coverageLines(sum, 58, 1)).toHaveLength(1);
});

test("n silent runs leave a rate whose n-fold silence has five per cent", () => {
  expect(violationBound(0)).toBeNull();
  expect(violationBound(1)).toBeCloseTo(0.95, 12);
  for (const runs of [2, 59, 200]) expect((1 - (violationBound(runs) ?? 0)) ** runs).toBeCloseTo(0.05, 12);
});

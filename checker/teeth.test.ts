// What a run could have shown, figure by figure, on events small enough to count by hand; and what it cannot have seen.
import { describe, expect, test } from "vitest";
import { operationsOf, type HistoryEvent, type JsonValue } from "../history/index.js";
import { blindSpots } from "./cannot-see.js";
import { faultSpans, type FaultSpan } from "./faults.js";
import type { JudgeFloors } from "./judge-input.js";
import { OpenOperations } from "./open-operations.js";
import { measureTeeth, weaknesses, writtenBy } from "./teeth.js";
import { operation } from "./testing/builders.js";

const header: HistoryEvent = {
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
  concurrency: 10,
  startedAt: "2026-01-01T00:00:00Z",
};
const call = (
  time: number,
  process: number,
  node: string,
  name: string,
  key: string,
  input: JsonValue,
): HistoryEvent => ({
  type: "invoke",
  time,
  process,
  thread: process,
  node,
  function: name,
  key,
  input,
});
const end = (
  time: number,
  process: number,
  type: "ok" | "fail" | "info",
  name: string,
  key: string,
  output: JsonValue,
): HistoryEvent => ({ type, time, process, function: name, key, output });
const leaderChange = (time: number): HistoryEvent => ({
  type: "node",
  time,
  node: "n1",
  what: "leader-change",
  expected: true,
  detail: null,
});
const runner = (time: number, what: "lag" | "note", detail: JsonValue): HistoryEvent => ({
  type: "runner",
  time,
  what,
  detail,
});
type Stage = "requested" | "confirmed-on" | "heal-requested" | "confirmed-off" | "unconfirmed" | "void";
const fault = (
  time: number,
  number: number,
  stage: Stage,
  kind: string,
  targets: readonly string[],
  evidence: JsonValue = null,
): HistoryEvent => ({ type: "fault", time, fault: number, stage, kind, spec: { kind }, targets, evidence });

/**
 * Completed on k0: [10,20], [20,30] and [80,90], the first two touching; on k1 [25,40] alone. On k0 of unknown outcome [50,70], given up
 * then, and [95,∞), never heard of again.
 */
const events: readonly HistoryEvent[] = [
  header,
  call(10, 0, "n1", "put", "k0", 1),
  end(20, 0, "ok", "put", "k0", null),
  call(20, 1, "n2", "get", "k0", null),
  call(25, 2, "n2", "get", "k1", null),
  end(30, 1, "ok", "get", "k0", 1),
  leaderChange(35),
  end(40, 2, "ok", "get", "k1", null),
  leaderChange(45),
  runner(46, "lag", { lag_ms: 3 }),
  runner(47, "lag", { lag_ms: 7 }),
  runner(48, "lag", { lag_ms: 5 }),
  runner(49, "note", { lag_ms: 99 }),
  runner(49, "lag", { lag_ms: "long" }),
  call(50, 3, "n1", "put", "k0", 2),
  { ...leaderChange(55), what: "started" } as HistoryEvent,
  leaderChange(60),
  end(70, 3, "info", "put", "k0", null),
  leaderChange(75),
  call(80, 0, "n1", "get", "k0", null),
  end(90, 0, "ok", "get", "k0", 1),
  call(95, 1, "n2", "put", "k0", 3),
];
const operations = operationsOf(events);
const table = (
  mode: "run" | "history",
  faults: readonly FaultSpan[] = [],
  floors: JudgeFloors = {},
  nodes = ["n1", "n2", "n3"],
) => measureTeeth({ mode, events, operations, faults, floors, floorsNotAsked: {}, nodes });
const figures = (...given: Parameters<typeof table>) =>
  table(...given).map(({ name, value, unit }) => [name, value, unit]);

const always = [
  ["completed operations", 4, "operations"],
  ["share of unknown outcomes", 0.3333, "share"],
  ["share of concurrent operations", 0.5, "share"],
  ["most concurrent operations on a key", 2, "operations"],
];

describe("a table of teeth", () => {
  test("of a recorded history counts its operations, and touching ones as concurrent", () => {
    expect(figures("history")).toEqual(always);
  });

  test("of a run adds nodes, changes of leader and the runner's worst lag", () => {
    expect(figures("run")).toEqual([
      ...always,
      ["confirmed faults", 0, "faults"],
      ["fewest completed operations on a node", 0, "operations"],
      ["completed operations on n1", 2, "operations"],
      ["completed operations on n2", 2, "operations"],
      ["completed operations on n3", 0, "operations"],
      ["leader changes", 4, "changes"],
      // At 35 one was open, at 45 none, at 60 one that was given up at 70, at 75 none.
      ["leader changes with operations open", 2, "changes"],
      ["runner lag", 7, "ms"],
    ]);
    expect(figures("run", [], {}, []).map(([name]) => name)).not.toContain("fewest completed operations on a node");
  });

  test("of nothing at all is of zeros", () => {
    const empty = measureTeeth({
      mode: "run",
      events: [],
      operations: [],
      faults: [],
      floors: {},
      floorsNotAsked: {},
      nodes: ["n1"],
    });
    expect(new Set(empty.map(({ value }) => value))).toEqual(new Set([0]));
  });

  test("says of each measure what it means, and is kept as it is read", () => {
    const faults = faultSpans([
      fault(22, 0, "requested", "partition", ["n1>n2"]),
      fault(24, 0, "confirmed-on", "partition", ["n1>n2"], { offered_bytes: 8, delivered_bytes: 1 }),
      fault(45, 0, "confirmed-off", "partition", ["n1>n2"]),
    ]);
    const floors = {
      completed_operations: 5,
      confirmed_faults: 1,
      operations_per_node: 2,
      max_info_share: 0.1,
      max_runner_lag_ms: 6,
    };
    const told = table("run", faults, floors, ["n1"]);
    expect(told.map(({ name, meaning }) => `${name}: ${meaning}`)).toEqual([
      "completed operations: answers there were to judge",
      "share of unknown outcomes: an operation of unknown outcome explains almost anything",
      "share of concurrent operations: operations that overlapped another on their key",
      "most concurrent operations on a key: without concurrency every order is given",
      "confirmed faults: seen at their target, and seen to end",
      "fewest completed operations on a node: a node that nobody asked cannot have answered wrongly",
      "completed operations on n1: asked through this node",
      "leader changes: seen in the nodes' status",
      "leader changes with operations open: where a change of leader could lose something",
      "runner lag: a runner that stalls sees less than there was",
      "fault 0 (partition n1>n2): operations in flight when it began: what it could interrupt",
      "fault 0 (partition n1>n2): operations overlapping it: what it could disturb",
      "fault 0 (partition n1>n2): bytes offered to cut links: somebody tried to get through",
      "fault 0 (partition n1>n2): bytes delivered by them: a cut delivers nothing, a slow link late",
    ]);
    expect(
      told.flatMap(({ name, floor, ceiling }) =>
        floor !== null ? [[name, floor]] : ceiling !== undefined && ceiling !== null ? [[name, -ceiling]] : [],
      ),
    ).toEqual([
      ["completed operations", 5],
      ["share of unknown outcomes", -0.1],
      ["confirmed faults", 1],
      ["fewest completed operations on a node", 2],
      ["runner lag", -6],
    ]);
  });
});

describe("a fault's teeth", () => {
  test("are what was in flight when it was asked for, and what overlapped it from its confirmation to the request to heal", () => {
    const spans = faultSpans([
      fault(22, 0, "requested", "partition", ["a", "b", "c", "d", "e"]),
      // Closed intervals: what begins at 25 was not in flight at 22; [20,30] and [25,40] overlap [30,50], and so does what begins at 50.
      fault(30, 0, "confirmed-on", "partition", ["a", "b", "c", "d", "e"], { offered_bytes: 5, delivered_bytes: 0 }),
      fault(50, 0, "heal-requested", "partition", []),
      fault(75, 0, "confirmed-off", "partition", []),
      // Never asked to heal: up to where it was seen to have ended. Without targets or evidence.
      fault(31, 1, "confirmed-on", "pause", []),
      fault(49, 1, "confirmed-off", "pause", []),
      // Never seen to end, so to the end of all.
      fault(31, 2, "confirmed-on", "kill", ["n1"]),
      // Never confirmed: nothing can be said.
      fault(1, 3, "requested", "kill", ["n1"]),
      fault(2, 3, "confirmed-off", "kill", ["n1"]),
    ]);
    const own = figures("run", spans).slice(always.length + 8);
    expect(own).toEqual([
      ["fault 0 (partition a, b, c, d): operations in flight when it began", 1, "operations"],
      ["fault 0 (partition a, b, c, d): operations overlapping it", 3, "operations"],
      ["fault 0 (partition a, b, c, d): bytes offered to cut links", 5, "bytes"],
      ["fault 0 (partition a, b, c, d): bytes delivered by them", 0, "bytes"],
      ["fault 1 (pause): operations in flight when it began", 1, "operations"],
      ["fault 1 (pause): operations overlapping it", 1, "operations"],
      ["fault 2 (kill n1): operations in flight when it began", 1, "operations"],
      ["fault 2 (kill n1): operations overlapping it", 4, "operations"],
    ]);
    // Two were confirmed and seen to end.
    expect(figures("run", spans)[always.length]).toEqual(["confirmed faults", 2, "faults"]);
  });

  test("of a cut are told link by link: the least bytes offered to a direction, and the refused attempts", () => {
    const spans = faultSpans([
      fault(30, 0, "confirmed-on", "partition", ["n1>n2", "n2>n1"], {
        "n1>n2": { offered_bytes: 5, delivered_bytes: 0 },
        "n2>n1": { offered_bytes: 3, delivered_bytes: 0 },
      }),
      fault(31, 1, "confirmed-on", "partition", ["n1>n2", "n2>n1"], {
        "n1>n2": { attempt: "refused" },
        "n2>n1": { attempt: "not tried" },
      }),
    ]);
    const own = figures("run", spans).slice(always.length + 8);
    expect(own.filter(([name]) => /bytes|attempt/.test(String(name)))).toEqual([
      ["fault 0 (partition n1>n2, n2>n1): least bytes offered to a cut direction", 3, "bytes"],
      ["fault 0 (partition n1>n2, n2>n1): bytes offered to cut links", 8, "bytes"],
      ["fault 0 (partition n1>n2, n2>n1): bytes delivered by them", 0, "bytes"],
      ["fault 1 (partition n1>n2, n2>n1): cut directions with a refused attempt", 1, "links"],
    ]);
  });

  test("open operations are counted at both ends of an interval", () => {
    const open = new OpenOperations(operations, events);
    const counts = [9, 10, 20, 21, 30, 41, 70, 71, 94, 95, 1e9].map((time) => open.countAt(time));
    expect(counts).toEqual([0, 1, 2, 1, 2, 0, 1, 0, 0, 1, 1]);
    expect(open.countBetween(21, 29)).toBe(2);
    // In whatever order they are given.
    const reversed = new OpenOperations(operations.toReversed(), events);
    expect([9, 10, 20, 21, 30, 41, 70, 71, 94, 95, 1e9].map((time) => reversed.countAt(time))).toEqual(counts);
  });
});

describe("the span of a fault", () => {
  test("holds the first of each stage, in order of number, with the targets that were resolved", () => {
    const spans = faultSpans([
      header,
      fault(9, 1, "requested", "kill", ["leader"]),
      fault(1, 0, "requested", "pause", ["n3"]),
      fault(10, 1, "confirmed-on", "kill", ["n2"]),
      fault(11, 1, "confirmed-on", "kill", ["n1"]),
      fault(12, 1, "heal-requested", "kill", []),
      fault(13, 1, "confirmed-off", "kill", []),
      fault(2, 0, "unconfirmed", "pause", ["n3"], { seen: false }),
    ]);
    const none = {
      series: null,
      requested: null,
      confirmedOn: null,
      healRequested: null,
      confirmedOff: null,
      offeredBytes: null,
      cuts: [],
      deliveredBytes: null,
    };
    expect(spans).toEqual([
      {
        ...none,
        fault: 0,
        kind: "pause",
        targets: ["n3"],
        requested: 1,
        trouble: { stage: "unconfirmed", why: '{"seen":false}' },
      },
      {
        ...none,
        fault: 1,
        kind: "kill",
        targets: ["n2"],
        requested: 9,
        confirmedOn: 10,
        healRequested: 12,
        confirmedOff: 13,
        trouble: null,
      },
    ]);
  });

  test("says in at most 200 characters why it was void", () => {
    const [span] = faultSpans([fault(1, 0, "void", "kill", [], "x".repeat(500))]);
    expect(span?.trouble).toEqual({ stage: "void", why: `"${"x".repeat(199)}` });
  });

  test.each([
    [{ offered_bytes: 7, link: { offered_bytes: 1 } }, 7],
    [{ "n1>n2": { offered_bytes: 200 }, "n2>n1": { offered_bytes: 30, delivered_bytes: 4 }, note: "x" }, 230],
    [{ "n1>n2": { offered_bytes: "many" } }, null],
    [[{ offered_bytes: 3 }], null],
    ["offered", null],
    [null, null],
    [{}, null],
  ] as const)("adds up the bytes of its links where there are figures: %j", (evidence, offered) => {
    const [span] = faultSpans([fault(1, 0, "confirmed-on", "partition", [], evidence)]);
    expect(span?.offeredBytes).toBe(offered);
  });
});

describe("a weakness", () => {
  const one = { name: "figure", value: 5, unit: "things", meaning: "" };
  test.each([
    [{ ...one, floor: 6 }, ["figure: 5 things, below the floor of 6"]],
    [{ ...one, floor: 5 }, []],
    [{ ...one, floor: null, ceiling: 4 }, ["figure: 5 things, above the limit of 4"]],
    [{ ...one, floor: null, ceiling: 5 }, []],
    [{ ...one, floor: null, ceiling: null }, []],
    [{ ...one, floor: null }, []],
  ])("is a figure strictly below its floor or above its limit: %j", (measure, sentences) => {
    expect(weaknesses([measure]).map(({ sentence }) => sentence)).toEqual(sentences);
    for (const { code } of weaknesses([measure])) expect(code).toBe("weak");
  });
});

test("what an operation certainly wrote", () => {
  const cas = (output: JsonValue, outcome: "ok" | "info" = "ok", input: JsonValue = { expected: 1, new: 2 }) =>
    writtenBy(operation(0, "cas", input, output, 0, 1, { outcome }));
  expect(cas({ status: "ok" })).toBe("2");
  expect(cas({ status: "mismatch" })).toBeNull();
  expect(cas({ status: "ok" }, "info")).toBeNull();
  expect(cas({ status: "ok" }, "ok", 3)).toBeNull();
  expect(writtenBy(operation(0, "put", "x", null, 0, 1))).toBe('"x"');
  expect(writtenBy(operation(0, "put", "x", null, 0, null))).toBeNull();
  expect(writtenBy(operation(0, "get", null, 1, 0, 1))).toBeNull();
});

describe("what a run cannot have seen", () => {
  const confirmed = (...kinds: readonly string[]) =>
    faultSpans(kinds.map((kind, number) => fault(number, number, "confirmed-on", kind, [])));
  test("a recorded history: whether anything was disturbed, and what it does not hold", () => {
    expect(blindSpots("history", confirmed("kill"))).toEqual([
      "A recorded history is judged for what its clients saw; what faults there were, and whether the system was disturbed at all, is not known here.",
      "Nothing is said about keys, nodes and times that the history does not hold.",
    ]);
  });
  test("without any fault, each kind that there was none of", () => {
    expect(blindSpots("run", [])).toEqual([
      "No node was killed, so nothing is said about recovery from disk, nor about missing fsyncs.",
      "No link was cut, so nothing is said about partitions and resets.",
      "No process was paused, so nothing is said about leaders that wake up late.",
      "No clock was moved, so leases and timeouts that trust clocks were not tested.",
      "Disks returned what was written to them: corruption, misdirected writes and full disks were not tested.",
      "Faults fell where the seed put them: a bug that needs one exact moment may need many seeds, or a simulation.",
    ]);
  });
  test.each(["kill", "terminate"])("a %s leaves the page cache", (kind) => {
    const spots = blindSpots("run", confirmed(kind));
    expect(spots[0]).toMatch(/^A killed process leaves the page cache behind/);
    expect(spots).toHaveLength(6);
  });
  test.each([
    ["partition", "No link was cut"],
    ["pause", "No process was paused"],
    ["clock", "No clock was moved"],
  ])("a %s that was confirmed is no longer missing", (kind, sentence) => {
    const says = (faults: readonly FaultSpan[]) => blindSpots("run", faults).some((spot) => spot.startsWith(sentence));
    expect(says([])).toBe(true);
    expect(says(confirmed(kind))).toBe(false);
    expect(says(faultSpans([fault(0, 0, "requested", kind, [])]))).toBe(true);
  });
});

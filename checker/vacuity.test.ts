// What a run left out, gap by gap, each sentence in full.
import { describe, expect, test } from "vitest";
import { operationsOf, type HistoryEvent } from "../history/index.js";
import { faultSpans } from "./faults.js";
import { smallCas, smallGet as get, smallPut as put, smallRun, type SmallOperation } from "./testing/small-run.js";
import { vacuities, type VacuityInput } from "./vacuity.js";

type Others = Parameters<typeof smallRun>[1];

function gaps(list: readonly SmallOperation[], others: Others = [], more: Partial<VacuityInput> = {}): string[] {
  const events = smallRun(list, others);
  const found = vacuities({
    events,
    operations: operationsOf(events),
    faults: faultSpans(events),
    expectedFaults: 0,
    nodes: [],
    keys: [],
    finalReads: false,
    ...more,
  });
  for (const { code } of found) expect(code).toBe("vacuous");
  return found.map(({ sentence }) => sentence);
}

type Stage = "requested" | "confirmed-on" | "heal-requested" | "confirmed-off" | "unconfirmed" | "void";
const fault = (time: number, number: number, stage: Stage, evidence: string | null = null) =>
  ({
    type: "fault",
    time,
    fault: number,
    stage,
    kind: "kill",
    spec: null,
    targets: ["n1"],
    evidence,
  }) as const satisfies HistoryEvent;

describe("faults", () => {
  const complete = [
    fault(0, 0, "requested"),
    fault(1, 0, "confirmed-on"),
    fault(2, 0, "heal-requested"),
    fault(3, 0, "confirmed-off"),
  ];
  const busy = [put("k", 1, 1)];

  test("that were asked for, seen, and seen to end leave no gap", () => {
    expect(gaps(busy, complete, { expectedFaults: 1 })).toEqual([]);
    expect(gaps([], [], { expectedFaults: 0 })).toEqual([]);
  });

  test("that were never begun, void, unconfirmed or never ended are told, with the reason where one was recorded", () => {
    const others = [
      ...complete,
      fault(4, 2, "requested"),
      fault(5, 2, "void", "no leader"),
      fault(6, 3, "requested"),
      fault(7, 4, "unconfirmed", "still up"),
      fault(8, 5, "confirmed-on"),
      fault(9, 6, "confirmed-on"),
      fault(9, 6, "unconfirmed", "still down"),
    ];
    expect(gaps(busy, others, { expectedFaults: 7 })).toEqual([
      "fault 1 of the schedule was never begun",
      'fault 2 (kill) was void: "no leader"',
      "fault 3 (kill) was never confirmed at its target",
      'fault 4 (kill) was never confirmed at its target: "still up"',
      "fault 5 (kill) was never seen to end",
      'fault 6 (kill) was never seen to end: "still down"',
    ]);
  });

  test("without an operation while they were on show nothing", () => {
    const none = ["no operation overlapped a fault"];
    expect(gaps([put("k", 1, 5)], complete, { expectedFaults: 1 })).toEqual(none);
    // Without a request to heal only the moment of its confirmation is certain.
    const open = [fault(0, 0, "requested"), fault(1, 0, "confirmed-on"), fault(9, 0, "confirmed-off")];
    expect(gaps([put("k", 1, 5)], open, { expectedFaults: 1 })).toEqual(none);
    expect(gaps([put("k", 1, 1)], open, { expectedFaults: 1 })).toEqual([]);
    // Up to the request to heal, and not only at the first moment.
    const long = [
      fault(0, 0, "requested"),
      fault(1, 0, "confirmed-on"),
      fault(8, 0, "heal-requested"),
      fault(9, 0, "confirmed-off"),
    ];
    expect(gaps([put("k", 1, 5)], long, { expectedFaults: 1 })).toEqual([]);
    // A fault that nobody saw is none that could be overlapped.
    expect(
      gaps([put("k", 1, 0)], [fault(0, 0, "requested"), fault(5, 0, "heal-requested")], { expectedFaults: 1 }),
    ).toContain(none[0]);
  });
});

describe("keys", () => {
  const of = (...list: readonly SmallOperation[]) => gaps(list, [], { keys: ["k"] });
  test("need a completed write and a completed read", () => {
    expect(of(put("k", 1, 0), get("k", 1, 2))).toEqual([]);
    expect(of(put("k", 1, 0))).toEqual(['key "k" has no completed read']);
    expect(of(get("k", null, 0))).toEqual(['key "k" has no completed write']);
    expect(of(put("other", 1, 0), get("other", 1, 2))).toEqual(['key "k" has no completed write']);
    expect(of({ ...smallCas("k", null, 1, 0), output: { status: "mismatch" } }, get("k", null, 2))).toEqual([
      'key "k" has no completed write',
    ]);
    expect(of(smallCas("k", null, 1, 0), get("k", 1, 2))).toEqual([]);
  });
  test("are not served by what failed or was never answered", () => {
    expect(of(put("k", 1, 0, { outcome: "info" }), get("k", 1, 2))).toEqual(['key "k" has no completed write']);
    expect(of(put("k", 1, 0), get("k", 1, 2, { outcome: "fail" }))).toEqual(['key "k" has no completed read']);
  });
});

describe("final reads", () => {
  const nodes = ["n1", "n2"];
  const keys = ["a", "b", "c"];
  const final = (key: string, node: string | null, more: Partial<SmallOperation> = {}): SmallOperation => ({
    ...get(key, null, 0, { node, isFinalRead: true }),
    ...more,
  });
  const missing = (...list: readonly SmallOperation[]) =>
    gaps(list, [], { nodes, keys, finalReads: true }).filter((one) => one.startsWith("the final reads"));
  const all = nodes.flatMap((node) => keys.map((key) => final(key, node)));

  test("go through every node, for every key", () => {
    expect(missing(...all)).toEqual([]);
    expect(gaps([], [], { nodes, keys: [], finalReads: true })).toEqual([]);
    expect(gaps([put("a", 1, 0), get("a", 1, 2)], [], { nodes, keys: ["a"], finalReads: false })).toEqual([]);
  });
  test("that are missing are named, three of them", () => {
    expect(missing(...all.slice(1))).toEqual(['the final reads are incomplete: "a" through n1']);
    expect(missing(...all.slice(3))).toEqual([
      'the final reads are incomplete: "a" through n1, "b" through n1, "c" through n1',
    ]);
    expect(missing()).toEqual([
      'the final reads are incomplete: "a" through n1, "b" through n1, "c" through n1, and 3 more',
    ]);
  });
  test("are those of that phase that were answered, by a node that is known", () => {
    const rest = all.slice(1);
    const gap = ['the final reads are incomplete: "a" through n1'];
    expect(missing(...rest, get("a", null, 0, { node: "n1" }))).toEqual(gap);
    expect(missing(...rest, final("a", "n1", { outcome: "info" }))).toEqual(gap);
    expect(missing(...rest, final("a", null))).toEqual(gap);
    const through = (node: string) => gaps([final("a", null)], [], { nodes: [node], keys: ["a"], finalReads: true });
    expect(through("null")).toContain('the final reads are incomplete: "a" through null');
  });
});

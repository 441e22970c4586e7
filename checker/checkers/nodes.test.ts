// Whole answers of the checkers that look at what nodes did and said, word for word: class, sentence, operations, time, fingerprint and
// figures of each kind of fault.
import { expect, test } from "vitest";
import type { HistoryEvent, JsonValue } from "../../history/index.js";
import type { FaultSpan } from "../faults.js";
import type { StatusSample } from "../judge-input.js";
import { second, timedHistory as history } from "../testing/timed-history.js";
import { checkAgreement } from "./agreement.js";
import { checkAvailability } from "./availability.js";
import { checkBallots } from "./ballots.js";
import { checkCrashes } from "./crash.js";

const status = (time: number, node: string, group: number, fields: object): StatusSample => ({
  timeNs: time * second,
  node,
  groups: [{ group, leader: null, decidedIndex: 0, logHash: "", ...fields }],
});

const nodeEvent = (what: "started" | "exited" | "panic", detail: JsonValue, expected = false): HistoryEvent => ({
  type: "node",
  time: 1.5 * second,
  node: "n1",
  what,
  expected,
  detail,
});

const fault = (number: number, offAt: number | null): FaultSpan => ({
  fault: number,
  kind: "kill",
  targets: ["n1"],
  requested: 0,
  confirmedOn: 0,
  healRequested: 0,
  confirmedOff: offAt === null ? null : offAt * second,
  trouble: null,
  offeredBytes: null,
  series: null,
  cuts: [],
  deliveredBytes: null,
});

test("ballots: one violation a group of each kind", () => {
  const result = checkBallots([
    status(1, "n1", 0, { leader: "n1", ballot: "7.a" }),
    status(2, "n2", 0, { leader: "n2", ballot: "7.a" }),
    status(3, "n2", 0, { leader: "n2", ballot: "6.a" }),
    status(4, "n1", 0, { leader: "n1", ballot: "6.a" }),
    status(5, "n1", 1, { leader: "n1", ballot: "v2" }),
    status(6, "n1", 1, { leader: "n1", ballot: "v1" }),
    status(7, "n1", 1, { leader: "n1", ballot: "3" }),
    status(8, "n1", 1, { leader: "n1", ballot: "3x" }),
  ]);
  expect(result).toEqual({
    checker: "ballots",
    valid: false,
    violations: [
      {
        class: "replica divergence",
        checker: "ballots",
        sentence: "In group 0, nodes n1 (at 1.000 s) and n2 (at 2.000 s) both led under ballot 7.a.",
        key: null,
        operations: [],
        timeNs: 2000000000,
        fingerprint: "replica divergence/ballots/two leaders",
      },
      {
        class: "replica divergence",
        checker: "ballots",
        sentence: "In group 0, node n2 went from ballot 7.a to 6.a (seen at 3.000 s): it broke its promise.",
        key: null,
        operations: [],
        timeNs: 3000000000,
        fingerprint: "replica divergence/ballots/ballot fell",
      },
    ],
    unknown: [],
    details: { samples: 8, reigns: 6 },
  });
});

test("agreement: the first decisions that differ, in each group", () => {
  const result = checkAgreement(
    [
      {
        node: "n1",
        group: 0,
        decisions: [
          { index: 1, hash: "a" },
          { index: 2, hash: "b" },
          { index: 3, hash: "c" },
        ],
      },
      {
        node: "n2",
        group: 0,
        decisions: [
          { index: 3, hash: "z" },
          { index: 2, hash: "y" },
          { index: 1, hash: "a" },
        ],
      },
      { node: "n1", group: 1, decisions: [{ index: 2, hash: "x" }] },
    ],
    [status(2, "n3", 1, { decidedIndex: 5, logHash: "q" }), status(3, "n3", 1, { decidedIndex: 5, logHash: "r" })],
  );
  expect(result).toEqual({
    checker: "agreement",
    valid: false,
    violations: [
      {
        class: "replica divergence",
        checker: "agreement",
        sentence: "In group 1, node n3 itself gave two logs of the first 5 decisions: q and r (seen at 3.000 s).",
        key: null,
        operations: [],
        timeNs: 3000000000,
        fingerprint: "replica divergence/agreement/log",
      },
      {
        class: "replica divergence",
        checker: "agreement",
        sentence: "In group 0, nodes n1 and n2 have different logs of the first 2 decisions: b and y.",
        key: null,
        operations: [],
        timeNs: null,
        fingerprint: "replica divergence/agreement/log",
      },
    ],
    unknown: [],
    details: { compared: 3 },
  });
});

test("agreement: a status and a log", () => {
  const result = checkAgreement(
    [{ node: "n1", group: 0, decisions: [{ index: 1, hash: "b" }] }],
    [status(2, "n2", 0, { decidedIndex: 1, logHash: "a" })],
  );
  expect(result).toEqual({
    checker: "agreement",
    valid: false,
    violations: [
      {
        class: "replica divergence",
        checker: "agreement",
        sentence:
          "In group 0, nodes n2 and n1 have different logs of the first 1 decisions: a and b (seen at 2.000 s).",
        key: null,
        operations: [],
        timeNs: 2000000000,
        fingerprint: "replica divergence/agreement/log",
      },
    ],
    unknown: [],
    details: { compared: 1 },
  });
});

test("agreement: equal logs, and those of other groups", () => {
  const result = checkAgreement(
    [
      { node: "n1", group: 0, decisions: [{ index: 1, hash: "a" }] },
      { node: "n2", group: 0, decisions: [{ index: 1, hash: "a" }] },
      { node: "n2", group: 1, decisions: [{ index: 1, hash: "c" }] },
    ],
    [],
  );
  expect(result).toEqual({ checker: "agreement", valid: true, violations: [], unknown: [], details: { compared: 1 } });
});

test("crash: how it ended, or what it said", () => {
  const result = checkCrashes([
    nodeEvent("exited", { signal: "SIGSEGV" }),
    nodeEvent("exited", { code: 3 }),
    nodeEvent("exited", null),
    nodeEvent("exited", { code: 0 }, true),
    nodeEvent("started", null),
    nodeEvent("panic", { line: "x".repeat(205) }),
    nodeEvent("panic", "boom"),
    nodeEvent("panic", { code: 1 }),
    { type: "phase", time: 0, phase: "quiet" },
  ]);
  expect(result).toEqual({
    checker: "crash",
    valid: false,
    violations: [
      {
        class: "crash",
        checker: "crash",
        sentence: "Node n1 exited at 1.500 s by SIGSEGV, and nobody had asked it to.",
        key: null,
        operations: [],
        timeNs: 1500000000,
        fingerprint: "crash/crash/exited",
      },
      {
        class: "crash",
        checker: "crash",
        sentence: "Node n1 exited at 1.500 s with code 3, and nobody had asked it to.",
        key: null,
        operations: [],
        timeNs: 1500000000,
        fingerprint: "crash/crash/exited",
      },
      {
        class: "crash",
        checker: "crash",
        sentence: "Node n1 exited at 1.500 s, and nobody had asked it to.",
        key: null,
        operations: [],
        timeNs: 1500000000,
        fingerprint: "crash/crash/exited",
      },
      {
        class: "crash",
        checker: "crash",
        sentence:
          "Node n1 panicked at 1.500 s: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.",
        key: null,
        operations: [],
        timeNs: 1500000000,
        fingerprint: "crash/crash/panic",
      },
      {
        class: "crash",
        checker: "crash",
        sentence: "Node n1 panicked at 1.500 s: boom.",
        key: null,
        operations: [],
        timeNs: 1500000000,
        fingerprint: "crash/crash/panic",
      },
      {
        class: "crash",
        checker: "crash",
        sentence: "Node n1 panicked at 1.500 s.",
        key: null,
        operations: [],
        timeNs: 1500000000,
        fingerprint: "crash/crash/panic",
      },
    ],
    unknown: [],
  });
});

test("crash: none", () => {
  const result = checkCrashes([nodeEvent("exited", { code: 0 }, true)]);
  expect(result).toEqual({ checker: "crash", valid: true, violations: [], unknown: [] });
});

test("availability: a run that never reached its quiet phase", () => {
  const result = checkAvailability({ events: [], operations: [], groups: [], groupOfKey: () => 0, boundMs: 1000 });
  expect(result).toEqual({
    checker: "availability",
    valid: "unknown",
    violations: [],
    unknown: [{ code: "vacuous", sentence: "the run never reached its quiet phase" }],
  });
});

test("availability: groups that answer in time, late, never, too soon to tell, and are not asked", () => {
  const result = checkAvailability({
    events: [
      { type: "phase", time: 5 * second, phase: "load" },
      { type: "phase", time: 10 * second, phase: "quiet" },
      { type: "phase", time: 12 * second, phase: "end" },
    ],
    operations: history(
      [1, "get", null, 0, 1, 9, { key: 0 }],
      [1, "get", null, 0, 10, 11, { key: 0 }],
      [2, "get", null, 0, 10, null, { key: 1 }],
      [3, "get", null, 0, 10.5, 11.75, { key: 1 }],
      [3, "get", null, 0, 11.8, 11.9, { key: 1 }],
      [4, "get", null, 0, 10, null, { key: 2 }],
      [5, "get", null, 0, 11, 12, { key: 2, outcome: "fail" }],
      [6, "get", null, 0, 2, 3, { key: 3 }],
    ),
    groups: [0, 1, 2, 3].map((group) => ({ group, members: ["n1"] })),
    groupOfKey: Number,
    boundMs: 1000,
  });
  expect(result).toEqual({
    checker: "availability",
    valid: false,
    violations: [
      {
        class: "unavailable",
        checker: "availability",
        sentence:
          "Group 1 served nothing until 11.750 s, though every fault was healed by 10.000 s and the bound is 1000 ms (3 operations tried).",
        key: null,
        operations: [2, 3, 4],
        timeNs: 11000000000,
        fingerprint: "unavailable/availability/group",
      },
      {
        class: "unavailable",
        checker: "availability",
        sentence:
          "Group 2 served nothing, though every fault was healed by 10.000 s and the bound is 1000 ms (2 operations tried).",
        key: null,
        operations: [5, 6],
        timeNs: 11000000000,
        fingerprint: "unavailable/availability/group",
      },
    ],
    unknown: [{ code: "vacuous", sentence: "nobody asked group 3 for anything in the quiet phase" }],
    details: {
      quiet_since_ns: 10000000000,
      served: [
        { group: 0, after_ms: 1000 },
        { group: 1, after_ms: 1750 },
        { group: 2, after_ms: null },
        { group: 3, after_ms: null },
      ],
      longest_gap: { gap_ms: 6000, from_ns: 3000000000 },
      longest_gap_of_groups: [
        { group: 0, gap_ms: 8000, from_ns: 1000000000 },
        { group: 1, gap_ms: 1750, from_ns: 10000000000 },
        { group: 2, gap_ms: 0, from_ns: null },
        { group: 3, gap_ms: 1000, from_ns: 2000000000 },
      ],
      recoveries: [],
    },
  });
});

test("availability: the end came before the bound", () => {
  const result = checkAvailability({
    events: [
      { type: "phase", time: 10 * second, phase: "quiet" },
      { type: "phase", time: 10.9 * second, phase: "end" },
    ],
    operations: history([1, "get", null, 0, 10, null, { key: 0 }]),
    groups: [{ group: 0, members: ["n1"] }],
    groupOfKey: Number,
    boundMs: 1000,
  });
  expect(result).toEqual({
    checker: "availability",
    valid: "unknown",
    violations: [],
    unknown: [
      {
        code: "vacuous",
        sentence: "group 0 served nothing in the quiet phase, but that ended before the bound of 1000 ms",
      },
    ],
    details: {
      quiet_since_ns: 10000000000,
      served: [{ group: 0, after_ms: null }],
      longest_gap: { gap_ms: 0, from_ns: null },
      longest_gap_of_groups: [{ group: 0, gap_ms: 0, from_ns: null }],
      recoveries: [],
    },
  });
});

test("availability: the way back after each fault, and the longest gap", () => {
  const result = checkAvailability({
    events: [{ type: "phase", time: 10 * second, phase: "quiet" }],
    operations: history(
      [2, "get", null, 0, 7, 9.5, { key: 0 }],
      [1, "get", null, 0, 1, 2, { key: 0 }],
      [1, "get", null, 0, 2.5, 5, { key: 0 }],
      [4, "get", null, 0, 3, 4, { key: 0, outcome: "fail" }],
      [3, "get", null, 0, 10, 10, { key: 0 }],
    ),
    groups: [{ group: 0, members: ["n1"] }],
    groupOfKey: Number,
    boundMs: 0,
    faults: [fault(0, 5), fault(1, null), fault(2, 9.6), fault(3, 11)],
  });
  expect(result).toEqual({
    checker: "availability",
    valid: true,
    violations: [],
    unknown: [],
    details: {
      quiet_since_ns: 10000000000,
      served: [{ group: 0, after_ms: 0 }],
      longest_gap: { gap_ms: 4500, from_ns: 5000000000 },
      longest_gap_of_groups: [{ group: 0, gap_ms: 4500, from_ns: 5000000000 }],
      recoveries: [
        { fault: 0, kind: "kill", healed_ns: 5000000000, answered_after_ms: 0 },
        { fault: 2, kind: "kill", healed_ns: 9600000000, answered_after_ms: 400 },
        { fault: 3, kind: "kill", healed_ns: 11000000000, answered_after_ms: null },
      ],
    },
  });
});

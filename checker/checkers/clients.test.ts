// Whole answers of the checkers that look at what clients were told, word for word: class, sentence, operations, time, fingerprint and
// figures of each kind of fault, and where naming them ends.
import { expect, test } from "vitest";
import type { HistoryEvent, Operation } from "../../history/index.js";
import { failed, timedHistory as history, type Row } from "../testing/timed-history.js";
import { checkAcknowledged } from "./acknowledged.js";
import { checkFailedButSeen } from "./failed-but-seen.js";
import { checkMonotonic } from "./monotonic.js";
import { checkStats } from "./stats.js";

test("monotonic: five of a key are told", () => {
  const result = checkMonotonic(
    history(
      [1, "add", 1, null, 0, 1],
      [2, "get", null, 9, 2, 3],
      [2, "get", null, 8, 4, 5],
      [2, "get", null, 7, 6, 7],
      [2, "get", null, 6, 8, 9],
      [2, "get", null, 5, 10, 11],
      [2, "get", null, 4, 12, 13],
      [2, "get", null, 3, 14, 15],
    ),
  );
  expect(result).toEqual({
    checker: "monotonic",
    valid: false,
    violations: [
      {
        class: "stale read",
        checker: "monotonic",
        sentence:
          "get by process 2 returned 8 at 5.000 s, though get by process 2 returned 9 at 3.000 s: the same process had seen more.",
        key: "k",
        operations: [1, 2],
        timeNs: 5000000000,
        fingerprint: "stale read/monotonic/less",
      },
      {
        class: "stale read",
        checker: "monotonic",
        sentence:
          "get by process 2 returned 7 at 7.000 s, though get by process 2 returned 8 at 5.000 s: the same process had seen more.",
        key: "k",
        operations: [2, 3],
        timeNs: 7000000000,
        fingerprint: "stale read/monotonic/less",
      },
      {
        class: "stale read",
        checker: "monotonic",
        sentence:
          "get by process 2 returned 6 at 9.000 s, though get by process 2 returned 7 at 7.000 s: the same process had seen more.",
        key: "k",
        operations: [3, 4],
        timeNs: 9000000000,
        fingerprint: "stale read/monotonic/less",
      },
      {
        class: "stale read",
        checker: "monotonic",
        sentence:
          "get by process 2 returned 5 at 11.000 s, though get by process 2 returned 6 at 9.000 s: the same process had seen more.",
        key: "k",
        operations: [4, 5],
        timeNs: 11000000000,
        fingerprint: "stale read/monotonic/less",
      },
      {
        class: "stale read",
        checker: "monotonic",
        sentence:
          "get by process 2 returned 4 at 13.000 s, though get by process 2 returned 5 at 11.000 s: the same process had seen more.",
        key: "k",
        operations: [5, 6],
        timeNs: 13000000000,
        fingerprint: "stale read/monotonic/less",
      },
    ],
    unknown: [],
    details: { compared: 6 },
  });
});

test("monotonic: out of order, beside what failed, says nothing or cannot be compared", () => {
  const result = checkMonotonic(
    history(
      [2, "get", null, 5, 6, 7],
      [1, "add", 1, null, 0, 1],
      [1, "add", 0, null, 0, 0],
      [1, "remove", 1, null, 0, 1, failed],
      [2, "get", null, 3, 2, 3],
      [2, "get", null, 9, 4, 5, failed],
      [2, "get", null, "many", 4, 5],
      [3, "get", null, [1], 1, 2],
      [3, "get", null, 0, 3, 4],
      [3, "get", null, [2], 5, 6],
    ),
  );
  expect(result).toEqual({ checker: "monotonic", valid: true, violations: [], unknown: [], details: { compared: 3 } });
});

test("failed-but-seen: the first failed writer and the first who saw the value", () => {
  const result = checkFailedButSeen(
    history(
      [1, "put", 5, null, 0, 1, failed],
      [1, "put", 6, null, 1, 2, failed],
      [2, "put", 5, null, 1, 2, failed],
      [3, "get", null, 5, 2.5, 3, failed],
      [3, "get", null, 5, 3, 4],
      [4, "get", null, 5, 5, 6],
    ),
    [7],
  );
  expect(result).toEqual({
    checker: "failed-but-seen",
    valid: false,
    violations: [
      {
        class: "read of a failed write",
        checker: "failed-but-seen",
        sentence:
          "get by process 3 returned 5 at 4.000 s, but the only put of 5, by process 1 at 0.000 s, certainly failed.",
        key: "k",
        operations: [0, 4],
        timeNs: 4000000000,
        fingerprint: "read of a failed write/failed-but-seen/put",
      },
    ],
    unknown: [],
    details: { failed_values: 2 },
  });
});

test("failed-but-seen: what a comparison observed, and what a list held at first", () => {
  const result = checkFailedButSeen(
    history(
      [1, "enqueue", 7, null, 0, 1, failed],
      [1, "dequeue", null, 7, 2, 3],
      [2, "put", 5, null, 0, 1, failed],
      [3, "cas", { expected: 1, new: 2 }, { status: "mismatch", observed: 5 }, 2, 3],
    ),
    [7],
  );
  expect(result).toEqual({
    checker: "failed-but-seen",
    valid: false,
    violations: [
      {
        class: "read of a failed write",
        checker: "failed-but-seen",
        sentence:
          'cas 1→2 by process 3 answered "mismatch", having seen 5 at 3.000 s, but the only put of 5, by process 2 at 0.000 s, certainly failed.',
        key: "k",
        operations: [2, 3],
        timeNs: 3000000000,
        fingerprint: "read of a failed write/failed-but-seen/put",
      },
    ],
    unknown: [],
    details: { failed_values: 2 },
  });
});

test("stats: counts and latencies by function", () => {
  const result = checkStats(
    history(
      ...Array.from({ length: 200 }, (_, at): Row => [1, "get", null, 0, at, at + (200 - at) / 1000]),
      [2, "put", 1, null, 0, null],
      [3, "put", 1, null, 0, 1, failed],
      [4, "put", 1, null, 0, 0.1234567],
      [5, "cas", 1, null, 0, null],
    ),
  );
  expect(result).toEqual({
    checker: "stats",
    valid: true,
    violations: [],
    unknown: [],
    details: {
      get: { ok: 200, fail: 0, info: 0, p50_ms: 101, p99_ms: 199, max_ms: 200 },
      put: { ok: 1, fail: 1, info: 1, p50_ms: 123.46, p99_ms: 123.46, max_ms: 123.46 },
      cas: { ok: 0, fail: 0, info: 1, p50_ms: null, p99_ms: null, max_ms: null },
    },
  });
});

test("stats: where the history says when operations were due, latencies count from then as well", () => {
  const operations = history([1, "get", null, 0, 0.05, 0.06], [2, "get", null, 0, 0.07, 0.08]);
  const due = (operation: Operation, intended: number): HistoryEvent => ({
    type: "invoke",
    time: operation.callNs,
    process: operation.process,
    thread: 0,
    node: "n1",
    function: "get",
    key: null,
    input: null,
    intended,
    phase: "load",
  });
  const events: HistoryEvent[] = [];
  for (const operation of operations) events[operation.callEvent] = due(operation, 10e6);
  const { details } = checkStats(operations, events);
  const called = { p50_ms: 10, p99_ms: 10, max_ms: 10 };
  const waited = { since_due_p50_ms: 70, since_due_p99_ms: 70, since_due_max_ms: 70 };
  expect(details).toEqual({ get: { ok: 2, fail: 0, info: 0, ...called, ...waited } });
});

/** A get that was asked for after all else: what was answered before it has to stand in the log. */
const later = { id: "later", function: "get", key: "k", input: null };

test("acknowledged: writes that are surely missing come first", () => {
  const result = checkAcknowledged(
    history(
      [1, "put", 1, null, 0, 1],
      [2, "put", 1, null, 1, 2],
      [3, "put", 2, null, 2, 3],
      [4, "put", 3, null, 3, 4, { key: "other" }],
      [5, "put", 4, null, 4, 5, { key: "fine" }],
      [6, "get", null, 1, 6, 7],
    ),
    {
      onKey: (key) =>
        key === "other"
          ? null
          : key === "fine"
            ? [{ id: "a", function: "put", key, input: 4 }]
            : [{ id: "b", function: "put", key, input: 1 }, later],
    },
  );
  expect(result).toEqual({
    checker: "acknowledged",
    valid: false,
    violations: [
      {
        class: "lost write",
        checker: "acknowledged",
        sentence:
          'The log that the group decided lacks 2 acknowledged writes of key "k"; among 3, the first of which: put 2 by process 3 was answered at 3.000 s.',
        key: "k",
        operations: [2, 0, 1],
        evidence: "decided-log",
        timeNs: 3000000000,
        fingerprint: "lost write/acknowledged/missing",
      },
    ],
    unknown: [],
    details: { compared: 2, unknown: 1 },
  });
});

test("acknowledged: one write", () => {
  const result = checkAcknowledged(history([1, "put", 1, null, 0, 1], [2, "get", null, null, 2, 3]), {
    onKey: () => [later],
  });
  expect(result).toEqual({
    checker: "acknowledged",
    valid: false,
    violations: [
      {
        class: "lost write",
        checker: "acknowledged",
        sentence:
          'The log that the group decided lacks an acknowledged write of key "k"; the first of them: put 1 by process 1 was answered at 1.000 s.',
        key: "k",
        operations: [0],
        evidence: "decided-log",
        timeNs: 1000000000,
        fingerprint: "lost write/acknowledged/missing",
      },
    ],
    unknown: [],
    details: { compared: 1, unknown: 0 },
  });
});

test("acknowledged: two of two, and no more than twenty are named", () => {
  const result = checkAcknowledged(
    history(...Array.from({ length: 22 }, (_, at): Row => [at, "put", at, null, at, at + 0.5]), [
      22,
      "get",
      null,
      null,
      22,
      23,
    ]),
    { onKey: () => [later] },
  );
  expect(result).toEqual({
    checker: "acknowledged",
    valid: false,
    violations: [
      {
        class: "lost write",
        checker: "acknowledged",
        sentence:
          'The log that the group decided lacks 22 acknowledged writes of key "k"; the first of them: put 0 by process 0 was answered at 0.500 s.',
        key: "k",
        operations: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
        evidence: "decided-log",
        timeNs: 500000000,
        fingerprint: "lost write/acknowledged/missing",
      },
    ],
    unknown: [],
    details: { compared: 1, unknown: 0 },
  });
});

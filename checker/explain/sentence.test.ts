// Every sentence, whole: what an operation did and was told, and how each class of violation is told of it.
import { describe, expect, test } from "vitest";
import type { Operation } from "../../history/index.js";
import { cas, get, mismatch, operation, put } from "../testing/builders.js";
import { failed, second, timedHistory, type Row } from "../testing/timed-history.js";
import type { ViolationClass } from "../verdict.js";
import { answer, line, seconds, subject, tell } from "./sentence.js";

function one(...row: Row): Operation {
  const [operation] = timedHistory(row);
  if (operation === undefined) throw new Error("invariant: one was made");
  return operation;
}

const swap = { expected: 1, new: 2 };

test.each<[Operation, string]>([
  [one(3, "get", null, 7, 1, 1.203), "get by process 3 returned 7 at 1.203 s"],
  [one(3, "get", null, null, 1, null), "get by process 3 returned null"],
  [one(3, "get", null, 7, 1, 2, { node: "n2" }), "get by process 3 (n2) returned 7 at 2.000 s"],
  [one(3, "get", "x", 7, 1, 2), 'get "x" by process 3 returned 7 at 2.000 s'],
  [one(3, "dequeue", null, 7, 1, 2), "dequeue null by process 3 was answered at 2.000 s"],
  [one(3, "put", 9, null, 1, 2), "put 9 by process 3 was answered at 2.000 s"],
  [one(3, "put", 9, { previous: 7 }, 1, 2), "put 9 by process 3 said at 2.000 s that it replaced 7"],
  [one(3, "cas", swap, { status: "ok" }, 1, 2), 'cas 1→2 by process 3 answered "ok" at 2.000 s'],
  [one(3, "cas", swap, { status: "ok", observed: 1 }, 1, 2), 'cas 1→2 by process 3 answered "ok" at 2.000 s'],
  [one(3, "cas", {}, { status: "mismatch" }, 1, 2), 'cas null→null by process 3 answered "mismatch" at 2.000 s'],
  [
    one(3, "cas", swap, { status: "mismatch", observed: 5 }, 1, 2),
    'cas 1→2 by process 3 answered "mismatch", having seen 5 at 2.000 s',
  ],
])("an answer: %#", (given, expected) => {
  expect(answer(given)).toBe(expected);
  expect(expected.startsWith(subject(given))).toBe(true);
});

test.each<[Operation, string]>([
  [one(3, "get", null, 7, 10, 12.25), "get by process 3 returned 7, 10.000 s to 12.250 s"],
  [one(3, "put", 9, null, 1, null), "put 9 by process 3, its outcome unknown, 1.000 s to the end"],
  [one(3, "put", 9, null, 1, 2, failed), "put 9 by process 3 failed, 1.000 s to 2.000 s"],
])("a line: %#", (given, expected) => {
  expect(line(given)).toBe(expected);
});

test("times are seconds, to the millisecond", () => {
  expect(seconds(1_234_567_890)).toBe("1.235 s");
});

describe("a class of violation", () => {
  const culprit = one(3, "get", null, 7, 5, 6);
  const earlier = one(1, "put", 9, null, 1, 4);
  const touching = one(1, "put", 9, null, 1, 5);
  const open = one(1, "put", 9, null, 1, null);
  const writer = one(2, "put", 7, null, 0, 1, { index: 8 });
  const claim = "get by process 3 returned 7 at 6.000 s";
  const gone = "put 9 by process 1 had replaced 7 by 4.000 s, before the get began at 5.000 s";
  const unclear = "that does not go together with put 9 by process 1, ";

  test.each<[ViolationClass, Operation | null, Operation | null, string]>([
    ["stale read", earlier, null, `${claim}, but ${gone}.`],
    ["stale read", touching, null, `${claim}, but ${unclear}answered at 5.000 s.`],
    ["stale read", open, null, `${claim}, but ${unclear}never answered.`],
    ["stale read", null, null, `${claim}, but nothing that happened leaves 7 there.`],
    ["lost write", earlier, null, `${claim}, but ${gone}: the acknowledged write is gone.`],
    ["value from nowhere", null, null, `${claim}, but no operation that could have left 7 there had begun by then.`],
    ["read of a failed write", null, null, `${claim}, but 7 was only ever written by an operation that failed.`],
    [
      "read of a failed write",
      null,
      writer,
      `${claim}, but put 7 by process 2 certainly failed (answered at 1.000 s), and nobody else writes 7.`,
    ],
    ["forked CAS", null, null, `${claim}, and so did another cas from 7.`],
    ["forked CAS", open, null, `${claim}, and so did put 9 by process 1, never answered: both replaced the same 7.`],
    ["resurrected write", earlier, null, `${claim}, but ${gone}: an old write took effect again.`],
    [
      "resurrected write",
      earlier,
      writer,
      `${claim}, but ${gone}: put 7 by process 2, begun at 0.000 s, took effect again.`,
    ],
    [
      "resurrected write",
      earlier,
      culprit,
      `${claim}, but 7 can only have come from that operation itself: it took effect more than once.`,
    ],
  ])("%s: %#", (name, against, by, expected) => {
    expect(tell({ class: name, culprit, value: "7", against, writer: by })).toBe(expected);
  });

  test("is told of what was compared as of what was read", () => {
    const compared = mismatch(1, 5, second, 2 * second)(0);
    expect(tell({ class: "stale read", culprit: compared, value: "5", against: null, writer: null })).toMatch(
      /^cas 1→"never" by process \d+ answered "mismatch", having seen 5 at 2\.000 s, but nothing/,
    );
    for (const make of [get(1, 0, 1), put(1, 0, 1), cas(1, 2, 0, 1)])
      expect(subject({ ...make(0), process: 4 })).toMatch(/^(get|put 1|cas 1→2) by process 4$/);
    expect(subject(operation(0, "put", "x".repeat(80), null, 0, 1, { process: 4 }))).toHaveLength(
      "put  by process 4".length + 58,
    );
  });
});

// Whole answers of the checkers of sets and counters, word for word: class, sentence, operations, time, fingerprint and figures of each kind
// of fault, and where naming them ends.
import { expect, test } from "vitest";
import { failed, timedHistory as history } from "../testing/timed-history.js";
import { checkCounter } from "./counter.js";
import { checkSet } from "./set.js";

test("set: all that can become of an element", () => {
  const result = checkSet(
    history(
      [5, "get", null, ["stale", "late"], 6, 7],
      [1, "add", "lost", null, 0, 1],
      [1, "add", "late", null, 4, 5],
      [1, "add", "stale", null, 1, 2],
      [2, "add", "perhaps", null, 0, null],
      [3, "add", "failed", null, 0, 1, failed],
      [4, "add", "unseen", null, 0, null],
      [5, "get", null, ["perhaps", "failed", "twice", "twice", "late", "initial"], 2.5, 3],
    ),
    ["initial"],
  );
  expect(result).toEqual({
    checker: "set",
    valid: false,
    violations: [
      {
        class: "resurrected write",
        checker: "set",
        sentence:
          'get by process 5 returned ["perhaps","failed","twice","twice","late","initial"] at 3.000 s, which holds "twice" twice.',
        key: "k",
        operations: [7],
        timeNs: 3000000000,
        fingerprint: "resurrected write/set/duplicated",
      },
      {
        class: "lost write",
        checker: "set",
        sentence:
          'get by process 5 returned ["perhaps","failed","twice","twice","late","initial"] at 3.000 s, which lacks "lost", but its add had been acknowledged by 1.000 s, and no later read shows it.',
        key: "k",
        operations: [1, 7],
        timeNs: 3000000000,
        fingerprint: "lost write/set/lost",
      },
      {
        class: "value from nowhere",
        checker: "set",
        sentence:
          'get by process 5 returned ["perhaps","failed","twice","twice","late","initial"] at 3.000 s, which holds "late", but its add began only at 4.000 s.',
        key: "k",
        operations: [2, 7],
        timeNs: 3000000000,
        fingerprint: "value from nowhere/set/phantom",
      },
      {
        class: "stale read",
        checker: "set",
        sentence:
          'get by process 5 returned ["perhaps","failed","twice","twice","late","initial"] at 3.000 s, which lacks "stale", but its add had been acknowledged by 2.000 s, and a later read shows it again.',
        key: "k",
        operations: [3, 7],
        timeNs: 3000000000,
        fingerprint: "stale read/set/stale",
      },
      {
        class: "lost write",
        checker: "set",
        sentence:
          'get by process 5 returned ["stale","late"] at 7.000 s, which lacks "perhaps", but a read had shown it by 3.000 s, and no later read shows it.',
        key: "k",
        operations: [7, 0],
        timeNs: 7000000000,
        fingerprint: "lost write/set/lost",
      },
      {
        class: "read of a failed write",
        checker: "set",
        sentence:
          'get by process 5 returned ["perhaps","failed","twice","twice","late","initial"] at 3.000 s, which holds "failed", but its add certainly failed.',
        key: "k",
        operations: [5, 7],
        timeNs: 3000000000,
        fingerprint: "read of a failed write/set/phantom",
      },
      {
        class: "lost write",
        checker: "set",
        sentence:
          'get by process 5 returned ["stale","late"] at 7.000 s, which lacks "failed", but a read had shown it by 3.000 s, and no later read shows it.',
        key: "k",
        operations: [7, 0],
        timeNs: 7000000000,
        fingerprint: "lost write/set/lost",
      },
      {
        class: "value from nowhere",
        checker: "set",
        sentence:
          'get by process 5 returned ["perhaps","failed","twice","twice","late","initial"] at 3.000 s, which holds "twice", but nobody ever added it.',
        key: "k",
        operations: [7],
        timeNs: 3000000000,
        fingerprint: "value from nowhere/set/phantom",
      },
      {
        class: "lost write",
        checker: "set",
        sentence:
          'get by process 5 returned ["stale","late"] at 7.000 s, which lacks "initial", but a read had shown it by 3.000 s, and no later read shows it.',
        key: "k",
        operations: [7, 0],
        timeNs: 7000000000,
        fingerprint: "lost write/set/lost",
      },
    ],
    unknown: [],
    details: { elements: 8, lost: 4, stale: 1, phantom: 3, duplicated: 1, recovered: 1, never_read: 2 },
  });
});

test("set: what was there at first, was added twice, or was shown before the add had returned is no fault", () => {
  const result = checkSet(
    history(
      [1, "add", "a", null, 2, 9],
      [2, "add", "a", null, 1, 3],
      [3, "get", null, ["a", "b"], 2, 2.5],
      [3, "get", null, ["b", "a"], 2.5, 2.6],
      [4, "get", null, ["b"], 1, 2],
      [6, "add", "c", null, 0, 1, failed],
      [7, "contains", "a", true, 8, 9],
      [8, "get", null, null, 0, null],
    ),
    ["b", "c"],
  );
  expect(result).toEqual({
    checker: "set",
    valid: true,
    violations: [],
    unknown: [],
    details: { elements: 3, lost: 0, stale: 0, phantom: 0, duplicated: 0, recovered: 0, never_read: 1 },
  });
});

test("set: what a failed add and an unknown one left", () => {
  const result = checkSet(
    history(
      [1, "add", "a", null, 0, 1, failed],
      [2, "add", "a", null, 2, null],
      [3, "get", null, ["a"], 3, 4],
      [4, "add", "b", null, 0, 1, failed],
      [5, "add", "c", null, 0, 1],
      [6, "add", "c", null, 0, null],
      [7, "get", null, ["c", "a"], 5, 6],
    ),
    null,
  );
  expect(result).toEqual({
    checker: "set",
    valid: false,
    violations: [
      {
        class: "stale read",
        checker: "set",
        sentence:
          'get by process 3 returned ["a"] at 4.000 s, which lacks "c", but its add had been acknowledged by 1.000 s, and a later read shows it again.',
        key: "k",
        operations: [4, 2],
        timeNs: 4000000000,
        fingerprint: "stale read/set/stale",
      },
    ],
    unknown: [],
    details: { elements: 3, lost: 0, stale: 1, phantom: 0, duplicated: 0, recovered: 1, never_read: 1 },
  });
});

test("counter: five violations of a key are told, and the sum of them", () => {
  const result = checkCounter(
    history(
      [1, "add", 5, 5, 0, 1],
      [1, "add", -2, 5, 2, 3],
      [2, "get", null, 9, 4, 4.5],
      [2, "get", null, 9, 5, 5.5],
      [2, "get", null, 9, 6, 6.5],
      [2, "get", null, 9, 7, 7.5],
      [2, "get", null, 9, 8, 8.5],
      [2, "get", null, 2, 9, 9.5],
      [3, "get", null, 3, 22, 23],
      [3, "size", null, 77, 24, 25],
    ),
    0,
  );
  expect(result).toEqual({
    checker: "counter",
    valid: false,
    violations: [
      {
        class: "resurrected write",
        checker: "counter",
        sentence:
          "add -2 by process 1 was answered at 3.000 s with 5, but at most 3 can have been there: every addition that may have happened counted, and every acknowledged subtraction.",
        key: "k",
        operations: [1],
        timeNs: 3000000000,
        fingerprint: "resurrected write/counter/above",
      },
      {
        class: "resurrected write",
        checker: "counter",
        sentence:
          "get by process 2 returned 9 at 4.500 s, but at most 3 can have been there: every addition that may have happened counted, and every acknowledged subtraction.",
        key: "k",
        operations: [2],
        timeNs: 4500000000,
        fingerprint: "resurrected write/counter/above",
      },
      {
        class: "resurrected write",
        checker: "counter",
        sentence:
          "get by process 2 returned 9 at 5.500 s, but at most 3 can have been there: every addition that may have happened counted, and every acknowledged subtraction.",
        key: "k",
        operations: [3],
        timeNs: 5500000000,
        fingerprint: "resurrected write/counter/above",
      },
      {
        class: "resurrected write",
        checker: "counter",
        sentence:
          "get by process 2 returned 9 at 6.500 s, but at most 3 can have been there: every addition that may have happened counted, and every acknowledged subtraction.",
        key: "k",
        operations: [4],
        timeNs: 6500000000,
        fingerprint: "resurrected write/counter/above",
      },
      {
        class: "resurrected write",
        checker: "counter",
        sentence:
          "get by process 2 returned 9 at 7.500 s, but at most 3 can have been there: every addition that may have happened counted, and every acknowledged subtraction.",
        key: "k",
        operations: [5],
        timeNs: 7500000000,
        fingerprint: "resurrected write/counter/above",
      },
    ],
    unknown: [],
    details: { answers: 9, wrong: 7 },
  });
});

test("counter: what is missing", () => {
  const result = checkCounter(
    history(
      [1, "add", 5, null, 0, 1],
      [2, "get", null, 4, 2, 3],
      [3, "add", 1, 1, 4, 5],
      [4, "add", 7, null, 0, 1, failed],
      [5, "add", "x", 6, 6, 7],
    ),
    "no number",
  );
  expect(result).toEqual({
    checker: "counter",
    valid: false,
    violations: [
      {
        class: "lost write",
        checker: "counter",
        sentence:
          "get by process 2 returned 4 at 3.000 s, but at least 5 was there: every acknowledged addition counted, and every subtraction that may have happened.",
        key: "k",
        operations: [1],
        timeNs: 3000000000,
        fingerprint: "lost write/counter/below",
      },
      {
        class: "lost write",
        checker: "counter",
        sentence:
          "add 1 by process 3 was answered at 5.000 s with 1, but at least 6 was there: every acknowledged addition counted, and every subtraction that may have happened.",
        key: "k",
        operations: [2],
        timeNs: 5000000000,
        fingerprint: "lost write/counter/below",
      },
    ],
    unknown: [],
    details: { answers: 3, wrong: 2 },
  });
});

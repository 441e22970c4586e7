// Corner cases of the live verdict, event by event against brute force: generations of a value, writers of unknown outcome that wake
// each other, values that cannot be told apart any more, and ties.
import { describe, expect, test } from "vitest";
import { createRandom, operationsOf, type Operation } from "../../history/index.js";
import { createIncrementalChecker } from "../incremental.js";
import { bruteForce } from "../testing/brute-force.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import { eventsOf } from "./testing/events-of.js";

const cases: readonly (readonly [name: string, history: readonly Operation[], valid: boolean])[] = [
  ["the empty history", [], true],
  ["a value read again after another was read", operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)), false],
  ["a value written again", operations(put(1, 0, 1), put(2, 2, 3), put(1, 4, 5), get(1, 6, 7)), true],
  [
    "a read under way that a later write of a past value explains",
    operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 9), put(1, 5, 6)),
    true,
  ],
  [
    "a read that either of two writes explains",
    operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 9), get(2, 5, 6), put(1, 7, 8)),
    true,
  ],
  ["the initial value written back", operations(put(1, 0, 1), put(0, 2, 3), get(0, 4, 5)), true],
  [
    "unknown cas that wake each other, and a cas back into their chain",
    operations(cas(0, 1, 0, null), cas(1, 2, 1, null), cas(2, 1, 10, 11), get(1, 12, 13)),
    true,
  ],
  [
    "unknown cas in a circle that nothing enters",
    operations(cas(1, 2, 0, null), cas(2, 1, 1, null), get(1, 2, 3)),
    false,
  ],
  ["cas in a circle", operations(cas(1, 2, 0, 9), cas(2, 1, 0, 9)), false],
  [
    "a chain of unknown cas seen at its end only",
    operations(cas(0, 1, 0, null), cas(1, 2, 0, null), cas(2, 3, 0, null), get(3, 5, 6)),
    true,
  ],
  [
    "two cas from one value, one of them unknown and seen",
    operations(cas(0, 1, 0, null), cas(0, 2, 1, 2), get(1, 3, 4)),
    false,
  ],
  [
    "an unknown write that takes effect long after later ones",
    operations(put(1, 0, null), put(2, 1, 2), get(2, 3, 4), get(1, 5, 6)),
    true,
  ],
  [
    "an unknown write kept for later, since a write under way explains the read as well",
    operations(put(1, 0, null), get(1, 2, 10), put(1, 3, 4), put(2, 11, 12), get(2, 13, 14), get(1, 15, 16)),
    true,
  ],
  [
    "an unknown write called twice, one of each seen after the other",
    operations(failedCas(9, 0, 1), put(1, 2, null), put(1, 2, null), get(1, 3, 4), put(2, 5, 6), get(1, 7, 8)),
    true,
  ],
  [
    "an unknown write called twice and seen three times",
    operations(
      failedCas(9, 0, 1),
      put(1, 2, null),
      put(1, 2, null),
      get(1, 3, 4),
      put(2, 5, 6),
      get(1, 7, 8),
      put(2, 9, 10),
      get(1, 11, 12),
    ),
    false,
  ],
  [
    "an unknown write used twice",
    operations(put(1, 0, null), get(1, 1, 2), put(2, 3, 4), get(2, 5, 6), get(1, 7, 8)),
    false,
  ],
  [
    "an unknown write called after its reader, and a read of what it must have replaced",
    operations(put(1, 0, null), get(1, 1, 3), get(2, 2, 6), put(2, 4, null), get(1, 7, 8)),
    false,
  ],
  [
    "unknown cas in a circle that nothing sets going",
    operations(cas(4, 3, 5, null), cas(3, 4, 1, null), cas(3, 1, 6, 7)),
    false,
  ],
  [
    "unknown cas in a circle that a late write sets going",
    operations(cas(2, 3, 0, null), cas(3, 2, 1, null), get(3, 2, 9), get(2, 3, 8), put(2, 4, 5)),
    true,
  ],
  [
    "cas in a circle around what is read, before the write that begins it",
    operations(get(2, 0, 9), cas(2, 3, 1, 8), cas(3, 2, 2, 9), put(2, 4, 5)),
    true,
  ],
  [
    "two unknown writes used twice",
    operations(put(1, 0, null), put(1, 0, null), get(1, 1, 2), put(2, 3, 4), get(2, 5, 6), get(1, 7, 8)),
    true,
  ],
  [
    "a write hidden or seen yet, as is needed",
    operations(put(1, 0, 9), put(2, 0, 3), get(2, 4, 5), get(1, 6, 9)),
    true,
  ],
  [
    "a failed cas that says only what the value was not",
    operations(put(1, 0, 3), failedCas(0, 1, 2), get(0, 4, 5)),
    false,
  ],
  [
    "a failed cas in the middle of concurrent writes",
    operations(put(1, 0, 9), put(2, 0, 9), failedCas(2, 1, 8), mismatch(3, 2, 1, 8)),
    true,
  ],
  ["touching operations are concurrent", operations(put(1, 0, 1), put(2, 1, 2), get(1, 2, 2), get(2, 2, 3)), true],
  ["a read that returned before its writer was called", operations(get(1, 0, 1), put(1, 2, 3)), false],
  [
    "a write and its read hidden before another value, told apart until something else comes",
    operations(put(5, 0, 20), get(5, 1, 30), put(6, 2, 4), failedCas(9, 10, 11), get(6, 40, 41)),
    true,
  ],
  [
    "the same with the value read again",
    operations(put(5, 0, 20), get(5, 1, 30), put(6, 2, 4), failedCas(9, 10, 11), get(6, 40, 41), get(5, 42, 43)),
    false,
  ],
];

describe("on every prefix", () => {
  test.each(cases)("%s", (_, history, valid) => {
    for (let seed = 0; seed < 20; seed++) {
      const events = eventsOf(history, createRandom(seed));
      expect(bruteForce(history, 0) !== null).toBe(valid);
      for (let length = 0; length <= events.length; length++) {
        const checker = createIncrementalChecker("cas-register", { initial: 0 });
        for (const event of events.slice(0, length)) checker.feed(event);
        const truth = bruteForce(operationsOf(events.slice(0, length)), 0) !== null;
        expect([seed, length, checker.end().valid]).toEqual([seed, length, truth]);
      }
    }
  });
});

test("what clients cannot have done is unknown, and says which event", () => {
  const told = (...events: readonly Parameters<ReturnType<typeof createIncrementalChecker>["feed"]>[0][]) => {
    const checker = createIncrementalChecker("register", { initial: null });
    for (const event of events) checker.feed(event);
    const verdict = checker.end();
    return verdict.valid === "unknown" ? verdict.unknown[0]?.sentence : String(verdict.valid);
  };
  const by = { process: 3, thread: 3, node: null, key: "k" };
  const call = { type: "invoke", time: 5, ...by, function: "get", input: null } as const;
  const answer = { type: "ok", time: 6, ...by, function: "get", output: null } as const;
  const lost = { type: "info", time: 6, ...by, function: "get", output: null } as const;
  expect(told(call, answer)).toBe("true");
  expect(told(answer)).toBe("event 0: process 3 returns from an operation that it never called");
  expect(told(call, call)).toBe("event 1: process 3 calls while it is busy");
  expect(told(call, lost, { ...call, time: 7 })).toBe(
    "event 2: process 3 calls after its operation of unknown outcome",
  );
  expect(told(call, { ...answer, function: "put" })).toBe(
    "event 1: process 3 returns from something else than it called",
  );
  expect(told(call, { ...answer, time: 4 })).toBe(
    "event 1: time 4 runs backwards or is no safe integer of nanoseconds",
  );
  expect(told({ ...call, function: "pop" }, { ...answer, function: "pop" })).toMatch(
    /^event 0: operation 0 \(pop\): function "pop" is not/,
  );
});

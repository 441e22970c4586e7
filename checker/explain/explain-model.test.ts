// Violations of models that are no registers, whole: the core, who is to blame, the sentence, and what is said when no core was found.
import { expect, test } from "vitest";
import type { Operation } from "../../history/index.js";
import { modelNamed } from "../models/index.js";
import { failed, second, timedHistory, type Row } from "../testing/timed-history.js";
import type { Violation } from "../verdict.js";
import { explainModel } from "./explain-model.js";

function explained(name: string, operations: readonly Operation[], timeMs = 10_000): Violation {
  const model = modelNamed(name);
  if (model === null) throw new Error(`invariant: no model ${name}`);
  return model.open((opened) =>
    explainModel(opened, {
      key: "k",
      initial: null,
      operations,
      attemptsOf: () => null,
      leaderChangesNs: [],
      log: null,
      timeMs,
    }),
  );
}

test("a read out of line is a stale read, and it is to blame", () => {
  const operations = timedHistory(
    [0, "add", 9, null, 0, 0.5, failed],
    [0, "add", 1, null, 1, 2],
    [1, "get", null, null, 1, null],
    [2, "add", 4, null, 3, 4],
    [3, "get", null, 1, 5, 6],
    [4, "add", 1, null, 7, 8],
  );
  expect(explained("counter", operations)).toEqual({
    class: "stale read",
    checker: "linearizability",
    sentence: "get by process 3 returned 1 at 6.000 s, which no order of it and 1 other operations explains.",
    key: "k",
    operations: [3, 4],
    related: [],
    culprit: 4,
    certificate: { kind: "core", context: "open-ended", minimal: true, verified: false },
    timeNs: 6 * second,
    fingerprint: "stale read/linearizability/counter/get",
  });
});

test("anything else out of line lost a write; of the core whoever returned last is to blame, the first of those who did together", () => {
  const operations = timedHistory(
    [0, "enqueue", 1, null, 1, 2],
    [1, "dequeue", null, 1, 3, 9],
    [2, "dequeue", null, 1, 4, 9],
    [3, "dequeue", null, null, 10, 11],
  );
  expect(explained("queue", operations)).toMatchObject({
    class: "lost write",
    sentence:
      "dequeue null by process 1 was answered at 9.000 s, which no order of it and 1 other operations explains.",
    operations: [1, 2],
    culprit: 1,
    timeNs: 9 * second,
    fingerprint: "lost write/linearizability/queue/write",
  });
});

test("where looking for a core takes too long, all that may have happened is named, and counted", () => {
  const operations = timedHistory(
    [50, "add", 9, null, 0, 7, failed],
    [51, "get", null, null, 0, null],
    [52, "add", 500, null, 0, null],
    // They add up to as many values as there are sets of them.
    ...Array.from({ length: 16 }, (_, at): Row => [at, "add", 2 ** at, null, 1, 2]),
    [53, "get", null, -1, 1, 3],
  );
  expect(explained("counter", operations)).toEqual({
    class: "stale read",
    checker: "linearizability",
    sentence: "The 18 operations on this key have no linearization.",
    key: "k",
    operations: [2, ...Array.from({ length: 16 }, (_, at) => 3 + at), 19],
    related: [],
    culprit: 19,
    certificate: { kind: "core", context: "open-ended", minimal: false, verified: false },
    timeNs: 3 * second,
    fingerprint: "stale read/linearizability/counter/get",
  });
});

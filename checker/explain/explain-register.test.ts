// Violations of registers, whole, by example: who is to blame where several returned at once or saw what was still being written, what
// the decided log adds, and what is said when the time for explaining runs out.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import { judgeOperations } from "../engine.js";
import type { LoggedCommand } from "../judge-input.js";
import { casRegister } from "../models/index.js";
import { cas, failedCas, get, operations, put } from "../testing/builders.js";
import { failed, second, timedHistory } from "../testing/timed-history.js";
import { verifyCore } from "../verifier-core.js";
import { registerSpecification } from "../verifier.js";
import type { Violation } from "../verdict.js";
import type { ExplainInput } from "./explain-register.js";
import { explainViolation } from "./explain-violation.js";

function explained(initial: JsonValue, operations: readonly Operation[], more: Partial<ExplainInput> = {}): Violation {
  const { answer } = judgeOperations(operations, casRegister, initial, new Budget());
  if (answer.valid) throw new Error("invariant: it is inconsistent");
  const input: ExplainInput = {
    key: "k",
    initial,
    operations,
    attemptsOf: () => null,
    leaderChangesNs: [],
    log: null,
    timeMs: 900,
    ...more,
  };
  return explainViolation(casRegister, input, answer);
}

/** A put that says what it replaced. */
const swap = (previous: JsonValue, value: JsonValue, from: number, to: number) => (index: number) => ({
  ...put(value, from, to)(index),
  output: { previous },
});

describe("to blame", () => {
  const blamed = (initial: JsonValue, ...makers: readonly ((index: number) => Operation)[]) => {
    const { culprit, class: name, timeNs, operations: core } = explained(initial, operations(...makers));
    return [culprit, name, core, timeNs];
  };

  test("is whoever wrote what was seen, while it was still under way; a core's read has seen nothing wrong", () => {
    const [once, back] = [cas(1, 2, 0, 6), cas(2, 1, 1, 2)];
    expect(blamed(1, once, back, get(2, 3, 6))).toEqual([1, "resurrected write", [0, 1, 2], 6]);
    expect(blamed(1, once, back, get(2, 3, 6), get(2, 3, 6))).toEqual([1, "resurrected write", [0, 1, 3], 6]);
    expect(blamed(1, once, back, get(2, 6, 7))).toEqual([1, "resurrected write", [0, 1, 2], 7]);
    expect(blamed(1, once, back, get(2, 7, 8))).toEqual([2, "stale read", [0, 1, 2], 8]);
    expect(blamed(1, once, back, cas(2, 3, 3, 6))).toEqual([1, "resurrected write", [0, 1, 2], 6]);
  });

  test("is that writer also where others write the value too late to have been seen, or say that it was not there", () => {
    const [once, back] = [cas(1, 2, 0, 6), cas(2, 1, 1, 2)];
    expect(blamed(1, once, back, get(2, 3, 6), put(2, 7, 8))).toEqual([1, "resurrected write", [0, 1, 2], 6]);
    expect(blamed(1, once, back, cas(2, 3, 3, 6), put(2, 7, 8))).toEqual([1, "resurrected write", [0, 1, 2], 6]);
    expect(blamed(1, once, back, get(2, 3, 6), failedCas(2, 5, 6))).toEqual([1, "resurrected write", [0, 1, 2], 6]);
  });

  test("is whoever looked at the value rather than a put that returned at the same time", () => {
    expect(blamed(0, put(2, 0, 6), cas(2, 1, 1, 2), cas(2, 3, 3, 6))).toEqual([2, "lost write", [0, 1, 2], 6]);
    expect(blamed(0, put(2, 0, 6), cas(2, 1, 1, 2), get(2, 3, 6))).toEqual([2, "stale read", [0, 1, 2], 6]);
  });

  const start = [swap(0, 1, 1, 2), swap(1, 2, 3, 4)] as const;

  test("is the one that said what it replaced, also when it was seen before it had returned", () => {
    expect(blamed(0, ...start, swap(1, 3, 5, 9), swap(3, 4, 6, 7))).toEqual([2, "lost write", [1, 2], 9]);
    expect(blamed(0, ...start, swap(1, 3, 5, 9), swap(3, 4, 6, 7), get(3, 6, 7))).toEqual([2, "lost write", [1, 2], 9]);
    expect(blamed(0, ...start, swap(1, 3, 5, 9), swap(3, 3, 6, 7))).toEqual([2, "lost write", [1, 2], 9]);
    const later = put(3, 20, 21);
    expect(blamed(0, ...start, swap(1, 3, 5, 9), later, swap(3, 4, 6, 7))).toEqual([2, "lost write", [1, 2], 9]);
    expect(blamed(0, ...start, put(3, 5, 9), swap(1, 4, 6, 7))).toEqual([3, "lost write", [1, 3], 7]);
  });

  test("is that one also where it is not in the core, if nobody else there saw its value", () => {
    const rewritten = Array.from({ length: 5 }, (_, at) => put(at % 2 === 0 ? 1 : 2, 2 * at, 2 * at + 1));
    const given = [...rewritten, put(2, 20, 21), swap(1, 3, 50, 90), swap(3, 4, 60, 70)];
    expect(blamed(0, ...given)).toEqual([6, "lost write", [5, 7], 90]);
  });

  test("is one of two that replaced the same value, and not its writer, which neither waited for", () => {
    expect(blamed(0, swap(0, 1, 1, 2), swap(1, 3, 5, 9), swap(3, 4, 5, 7), swap(3, 5, 6, 7))).toEqual([
      2,
      "lost write",
      [2, 3],
      7,
    ]);
  });
});

describe("the decided log", () => {
  const command = (id: string, name: string, input: JsonValue): LoggedCommand => ({
    id,
    function: name,
    key: "k",
    input,
  });
  const rows = timedHistory(
    [0, "put", 1, { previous: null }, 1, 2],
    [1, "put", 2, { previous: 1 }, 3, 4],
    [2, "put", 3, { previous: 1 }, 5, 6],
  );

  test("tells what was lost, and the sentence says so", () => {
    const log = [command("a", "put", 1), command("c", "put", 3)];
    expect(explained(null, rows, { log })).toEqual({
      class: "lost write",
      checker: "linearizability",
      sentence:
        "put 3 by process 2 said at 6.000 s that it replaced 1, but put 2 by process 1 had replaced 1 by 4.000 s, before the put began at 5.000 s: the acknowledged write is gone. The log that the group decided lacks an acknowledged write: put 2 by process 1 said at 4.000 s that it replaced 1.",
      evidence: "decided-log",
      key: "k",
      operations: [1, 2],
      related: [0],
      certificate: { kind: "core", context: "any-time", minimal: true, verified: false },
      culprit: 2,
      timeNs: 6 * second,
      fingerprint: "lost write/linearizability/write",
    });
  });

  test("is not mentioned where it says nothing, or is not known", () => {
    const log = [command("a", "put", 1), command("b", "put", 2), command("c", "put", 3)];
    for (const more of [{ log }, { log: null }]) {
      const violation = explained(null, rows, more);
      expect(violation.sentence).toMatch(/: the acknowledged write is gone\.$/);
      expect(violation).not.toHaveProperty("evidence");
    }
  });
});

test("an answer that contradicts itself is told as that, and needs no other", () => {
  const rows = timedHistory(
    [0, "put", 1, null, 1, 2],
    [1, "cas", { expected: 1, new: 2 }, { status: "mismatch", observed: 1 }, 3, 4],
  );
  expect(explained(null, rows)).toEqual({
    class: "value from nowhere",
    checker: "linearizability",
    sentence: 'cas 1→2 by process 1 answered "mismatch", having seen 1 at 4.000 s, an answer that contradicts itself.',
    key: "k",
    operations: [1],
    related: [],
    certificate: { kind: "core", context: "own-window", minimal: true, verified: false },
    culprit: 1,
    timeNs: 4 * second,
    fingerprint: "value from nowhere/linearizability/value",
  });
});

test("a get that failed would not have written anything; a put that failed would have, and is named", () => {
  const nowhere = timedHistory([0, "get", null, null, 1, 2, failed], [1, "get", null, null, 3, 4]);
  expect(explained(0, nowhere)).toMatchObject({
    class: "value from nowhere",
    related: [],
    fingerprint: "value from nowhere/linearizability/value",
  });
  const refused = timedHistory([0, "put", 7, null, 1, 2, failed], [1, "get", null, 7, 3, 4]);
  expect(explained(0, refused)).toMatchObject({
    class: "read of a failed write",
    related: [0],
    fingerprint: "read of a failed write/linearizability/value",
  });
});

describe("when the time runs out", () => {
  const rows = timedHistory(
    [9, "put", 1, null, 0, 1, failed],
    [0, "put", 1, null, 1, 2],
    [1, "put", 2, null, 3, 4],
    [2, "put", 1, null, 5, 6],
    [3, "cas", { expected: 1, new: 3 }, { status: "ok" }, 7, 8],
    [4, "get", null, 2, 9, 10],
    [5, "get", null, 3, 11, 12],
  );

  /** Time stands still for so many looks at the clock, then a day goes by from each to the next. */
  function explainedWithin(looks: number): Violation {
    const now = performance.now.bind(performance);
    const { answer } = judgeOperations(rows, casRegister, null, new Budget());
    if (answer.valid) throw new Error("invariant: it is inconsistent");
    const input = { key: "k", initial: null, operations: rows, attemptsOf: () => null, leaderChangesNs: [], log: null };
    let left = looks;
    let days = 0;
    performance.now = () => (left-- > 0 ? 0 : 1e8 * ++days);
    try {
      return explainViolation(casRegister, { ...input, timeMs: 900 }, answer);
    } finally {
      performance.now = now;
    }
  }

  test("what is said is true all the same, whenever that is", () => {
    const seen = { nothing: 0, all: 0, some: 0, minimal: 0 };
    for (let looks = 0; looks < 60; looks++) {
      const { certificate, operations, culprit, timeNs, class: name, ...rest } = explainedWithin(looks);
      const context = certificate?.context ?? "any-time";
      expect([looks, verifyCore(registerSpecification(null), rows, { operations, context })]).toEqual([
        looks,
        "inconsistent",
      ]);
      if (culprit === undefined) {
        seen.nothing += 1;
        expect({ ...rest, certificate, operations, timeNs, class: name }).toEqual({
          class: "stale read",
          checker: "linearizability",
          sentence:
            "The 6 operations on this key have no linearization; the budget for explaining ran out before a smaller core was found.",
          key: "k",
          operations: [1, 2, 3, 4, 5, 6],
          related: [],
          certificate: { kind: "core", context: "own-window", minimal: false, verified: false },
          timeNs: null,
          fingerprint: "unexplained/linearizability/large",
        });
        continue;
      }
      // Not that nothing was wrong before: there may have been no time to see it.
      const blamed = culprit === 5 ? { culprit: 5, at: 10 * second } : { culprit: 6, at: 12 * second };
      expect([looks, name, { culprit, at: timeNs }]).toEqual([looks, "stale read", blamed]);
      if (certificate?.minimal === true) seen.minimal += 1;
      else if (operations.length === 6) {
        seen.all += 1;
        expect(certificate).toEqual({ kind: "core", context: "own-window", minimal: false, verified: false });
      } else seen.some += 1;
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(5);
    expect(explainedWithin(1_000)).toMatchObject({ culprit: 5, certificate: { minimal: true } });
  });
});

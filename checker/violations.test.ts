// The classes of docs/violations.md, each by an example as small as can be, with its sentence and its core.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../history/index.js";
import { checkLinearizability } from "./linearizability.js";
import { operation } from "./testing/builders.js";
import type { Violation } from "./verdict.js";

const s = 1e9;
type Row = readonly [
  process: number,
  node: string | null,
  name: string,
  input: JsonValue,
  output: JsonValue,
  from: number,
  to: number | null,
  extra?: Partial<Operation>,
];

function violationOf(
  rows: readonly Row[],
  attempts: Readonly<Record<number, number>> = {},
  initial: JsonValue = null,
): Violation {
  const history = rows.map(([process, node, name, input, output, from, to, extra = {}], index) =>
    operation(index, name, input, output, Math.round(from * s), to === null ? null : Math.round(to * s), {
      process,
      node,
      ...extra,
    }),
  );
  const result = checkLinearizability(history, "cas-register", {
    initial,
    attemptsOf: ({ index }) => attempts[index] ?? 1,
  });
  expect(result.valid).toBe(false);
  expect(result.violations).toHaveLength(1);
  const [violation] = result.violations;
  if (violation === undefined) throw new Error("unreachable: no violation");
  expect(violation.certificate).toMatchObject({ minimal: true, verified: true });
  return violation;
}

describe("stale read", () => {
  test("a get of a value that was replaced before it began", () => {
    const violation = violationOf([
      [0, "n1", "put", 7, { previous: null }, 1, 1.05],
      [1, "n2", "put", 9, { previous: 7 }, 1.1, 1.151],
      [3, "n3", "get", null, 7, 1.18, 1.203],
      [0, "n1", "get", null, 9, 1.3, 1.31],
    ]);
    expect(violation.class).toBe("stale read");
    expect(violation.sentence).toBe(
      "get by process 3 (n3) returned 7 at 1.203 s, but put 9 by process 1 (n2) had replaced 7 by 1.151 s, before the get began at 1.180 s.",
    );
    expect(violation.operations).toEqual([1, 2]);
    expect(violation.timeNs).toBe(1.203 * s);
    expect(violation.fingerprint).toBe("stale read/linearizability/get");
  });

  test("puts that do not tell what they replaced: the earlier write is in the core", () => {
    const violation = violationOf([
      [0, null, "put", 7, null, 1, 1.05],
      [1, null, "put", 9, null, 1.1, 1.151],
      [3, null, "get", null, 7, 1.18, 1.203],
    ]);
    expect([violation.class, violation.operations, violation.certificate?.context]).toEqual([
      "stale read",
      [0, 1, 2],
      "any-time",
    ]);
  });

  test("a deposed leader that answers gets from its own map: later writes show that the log moved on", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, { previous: null }, 1, 2],
      [1, "n2", "put", 2, { previous: 1 }, 3, 4],
      [0, "n1", "get", null, 1, 5, 6],
      [2, "n1", "get", null, 1, 7, 8],
      [1, "n2", "put", 3, { previous: 2 }, 9, 10],
    ]);
    expect(violation.class).toBe("stale read");
  });

  test("a value of a small domain: the intervals say that its earlier writes were over", () => {
    const violation = violationOf([
      [0, "n1", "put", "A", { previous: null }, 1, 2],
      [0, "n1", "cas", { expected: "A", new: "B" }, { status: "ok", observed: "A" }, 3, 4],
      [0, "n1", "cas", { expected: "B", new: "A" }, { status: "ok", observed: "B" }, 5, 6],
      [0, "n1", "cas", { expected: "A", new: "B" }, { status: "ok", observed: "A" }, 7, 8],
      [1, "n2", "get", null, "A", 9, 10],
      [0, "n1", "put", "A", { previous: "B" }, 11, 12],
    ]);
    expect([violation.class, violation.operations, violation.certificate?.context]).toEqual([
      "stale read",
      [3, 4],
      "own-window",
    ]);
  });

  test("a failed cas that says that a value is gone which is there", () => {
    const violation = violationOf([
      [0, null, "put", 1, null, 1, 2],
      [1, null, "cas", { expected: 1, new: 2 }, { status: "mismatch" }, 3, 4],
    ]);
    expect(violation.class).toBe("stale read");
  });
});

describe("lost write", () => {
  test("an acknowledged put that the next write does not find", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, { previous: null }, 1, 2],
      [1, "n2", "put", 2, { previous: 1 }, 3, 4],
      [2, "n3", "put", 3, { previous: 1 }, 5, 6],
    ]);
    expect(violation.class).toBe("lost write");
    expect(violation.sentence).toBe(
      "put 3 by process 2 (n3) said at 6.000 s that it replaced 1, but put 2 by process 1 (n2) had replaced 1 by 4.000 s, before the put began at 5.000 s: the acknowledged write is gone.",
    );
  });

  test("an acknowledged put that no read through any other node ever finds again", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, null, 1, 2],
      [1, "n2", "put", 2, null, 3, 4],
      [0, "n1", "get", null, 1, 5, 6],
      [2, "n3", "get", null, 1, 7, 8],
      [1, "n2", "get", null, 1, 9, 10],
    ]);
    expect(violation.class).toBe("lost write");
  });

  test("the first write of a key, gone", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, { previous: null }, 1, 2],
      [1, "n2", "cas", { expected: 1, new: 2 }, { status: "not-found", observed: null }, 3, 4],
      [1, "n2", "put", 3, { previous: null }, 5, 6],
    ]);
    expect(violation.class).toBe("lost write");
  });

  test("two cas from one value, the first acknowledged before the second began", () => {
    const violation = violationOf([
      [0, null, "put", 1, { previous: null }, 1, 2],
      [1, null, "cas", { expected: 1, new: 2 }, { status: "ok", observed: 1 }, 3, 4],
      [2, null, "cas", { expected: 1, new: 3 }, { status: "ok", observed: 1 }, 5, 6],
    ]);
    expect(violation.class).toBe("lost write");
  });
});

describe("resurrected write", () => {
  test("a put that was retried and comes back after a later put", () => {
    const rows: readonly Row[] = [
      [0, "n1", "put", 1, { previous: null }, 1, 2],
      [1, "n2", "put", 2, { previous: 1 }, 3, 4],
      [2, "n3", "put", 3, { previous: 1 }, 5, 6],
    ];
    const violation = violationOf(rows, { 0: 2 });
    expect(violation.class).toBe("resurrected write");
    expect(violation.sentence).toMatch(/put 1 by process 0 \(n1\), begun at 1\.000 s, took effect again\.$/);
    expect(new Set([...violation.operations, ...(violation.related ?? [])])).toEqual(new Set([0, 1, 2]));
  });

  test("a put of unknown outcome that takes effect twice", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, null, 1, null],
      [1, "n2", "get", null, 1, 2, 3],
      [1, "n2", "put", 2, { previous: 1 }, 4, 5],
      [2, "n3", "put", 3, { previous: 1 }, 6, 7],
    ]);
    expect(violation.class).toBe("resurrected write");
  });

  test("a put that replaced its own value", () => {
    const violation = violationOf([[0, "n1", "put", 5, { previous: 5 }, 1, 2]]);
    expect(violation.class).toBe("resurrected write");
    expect(violation.sentence).toMatch(
      /5 can only have come from that operation itself: it took effect more than once\.$/,
    );
  });

  test("a put that replaced the value which replaced it", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, { previous: 2 }, 1, 9],
      [1, "n2", "put", 2, { previous: 1 }, 3, 4],
    ]);
    expect(violation.class).toBe("resurrected write");
  });

  test("a write retried not long ago is to blame, though another wrote the value later", () => {
    const rows: readonly Row[] = [
      [0, "n1", "put", "A", { previous: null }, 1, 2],
      [1, "n2", "put", "B", { previous: "A" }, 2.05, 2.1],
      [1, "n2", "cas", { expected: "B", new: "A" }, { status: "ok", observed: "B" }, 2.15, 2.2],
      [1, "n2", "put", "C", { previous: "A" }, 2.3, 2.4],
      [2, "n3", "put", "D", { previous: "A" }, 2.5, 2.6],
    ];
    expect(violationOf(rows, { 0: 2 }).class).toBe("resurrected write");
    expect(violationOf(rows).class).toBe("lost write");
    // Answered long before: an attempt does not come that late.
    const later = rows.map(([process, node, name, input, output, from, to]): Row => {
      const shift = from > 2 ? 9 : 0;
      return [process, node, name, input, output, from + shift, (to ?? 0) + shift];
    });
    expect(violationOf(later, { 0: 2 }).class).toBe("lost write");
  });

  test("a read of a write under way is not to blame for what the write replaced", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, { previous: null }, 1, 2],
      [1, "n2", "put", 2, { previous: 1 }, 3, 4],
      [2, "n3", "put", 3, { previous: 1 }, 5, 9],
      [3, "n1", "put", 4, { previous: 3 }, 6, 7],
    ]);
    expect(violation.class).toBe("lost write");
    expect(violation.sentence).toMatch(/^put 3 by process 2/);
  });

  test("a retried cas that finds its own value and calls it a mismatch", () => {
    const violation = violationOf([
      [0, "n1", "put", 1, { previous: null }, 1, 2],
      [1, "n2", "cas", { expected: 1, new: 2 }, { status: "mismatch", observed: 2 }, 3, 4],
    ]);
    expect(violation.class).toBe("resurrected write");
  });
});

describe("forked CAS", () => {
  test("two overlapping cas from one write both succeed", () => {
    const violation = violationOf([
      [0, null, "put", 1, { previous: null }, 1, 2],
      [1, null, "cas", { expected: 1, new: 2 }, { status: "ok", observed: 1 }, 3, 6],
      [2, null, "cas", { expected: 1, new: 3 }, { status: "ok", observed: 1 }, 4, 5],
    ]);
    expect(violation.class).toBe("forked CAS");
    expect(violation.sentence).toMatch(/both replaced the same 1\.$/);
  });
});

describe("read of a failed write", () => {
  test("a get of a value whose put certainly failed", () => {
    const violation = violationOf([
      [0, null, "put", 1, null, 1, 2, { outcome: "fail", error: "refused" }],
      [1, null, "get", null, 1, 3, 4],
    ]);
    expect(violation.class).toBe("read of a failed write");
    expect(violation.related).toEqual([0]);
  });

  test("a get of a value whose cas was answered mismatch", () => {
    const violation = violationOf([
      [0, null, "put", 1, null, 1, 2],
      [0, null, "cas", { expected: 7, new: 2 }, { status: "mismatch", observed: 1 }, 3, 4],
      [1, null, "get", null, 2, 5, 6],
    ]);
    expect(violation.class).toBe("read of a failed write");
  });
});

describe("value from nowhere", () => {
  test("a value that nobody wrote", () => {
    const violation = violationOf([[1, null, "get", null, 42, 3, 4]]);
    expect(violation.class).toBe("value from nowhere");
    expect(violation.sentence).toBe(
      "get by process 1 returned 42 at 4.000 s, but no operation that could have left 42 there had begun by then.",
    );
  });

  test("a value read before anybody had begun to write it", () => {
    const violation = violationOf([
      [1, null, "get", null, 42, 3, 4],
      [0, null, "put", 42, null, 5, 6],
    ]);
    expect(violation.class).toBe("value from nowhere");
  });

  test("a mismatch that observed what it expected", () => {
    const violation = violationOf([
      [1, null, "cas", { expected: 1, new: 2 }, { status: "mismatch", observed: 1 }, 3, 4],
    ]);
    expect(violation.class).toBe("value from nowhere");
    expect(violation.sentence).toMatch(/contradicts itself/);
  });
});

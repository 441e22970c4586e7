// The text of an explanation, whole: for a stale read that breaks session guarantees, for a model that is no register, and for a
// violation that was not explained in full.
import { expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { checkLinearizability } from "../linearizability.js";
import { operation } from "../testing/builders.js";
import type { Violation } from "../verdict.js";
import { formatExplanation } from "./format.js";

type Row = readonly [
  process: number,
  name: string,
  input: JsonValue,
  output: JsonValue,
  from: number,
  to: number | null,
];

function history(rows: readonly Row[]): Operation[] {
  return rows.map(([process, name, input, output, from, to], index) =>
    operation(index, name, input, output, from * 1e9, to === null ? null : to * 1e9, { process }),
  );
}

function violationOf(rows: readonly Row[], model: string, initial: JsonValue, explainMs?: number): Violation {
  const options = { initial, ...(explainMs === undefined ? {} : { explainMs }) };
  const [violation] = checkLinearizability(history(rows), model, options).violations;
  if (violation === undefined) throw new Error("unreachable: no violation");
  return violation;
}

const stale: readonly Row[] = [
  [0, "put", 7, { previous: null }, 1, 2],
  [1, "put", 9, { previous: 7 }, 3, 4],
  [1, "get", null, 7, 6, 7],
];

test("a stale read: how stale, what contradicts it, the order without it, and what else it breaks", () => {
  expect(formatExplanation(violationOf(stale, "cas-register", null))).toBe(
    `stale read: get by process 1 returned 7 at 7.000 s, but put 9 by process 1 had replaced 7 by 4.000 s, before the get began at 6.000 s.
The value had been gone for at least 2000 ms when the read began.

These contradict each other; without any one of them the rest is consistent:
  [1] put 9 by process 1 said that it replaced 7, 3.000 s to 4.000 s
  [2] get by process 1 returned 7, 6.000 s to 7.000 s
Also named above:
  [0] put 7 by process 0 said that it replaced null, 1.000 s to 2.000 s

In order, leaving 9: [0] [1]
  no place for [2]: while it was under way there was only 9

In order, leaving 7: [0] [2]
  no place for [1]: after it, get by process 1 could not have been answered so

The strongest weaker model known to hold on this key: monotonic writes, writes follow reads and monotonic reads.
  sequential consistency: does not hold, as [0] [1] [2] show
  monotonic writes: holds
  writes follow reads: holds
  monotonic reads: holds
  read your writes: does not hold together with writes follow reads, as [0] [1] [2] show`,
  );
});

test("a model that is no register: the orders without each of them", () => {
  const rows: readonly Row[] = [
    [0, "put", "a", null, 1, 2],
    [1, "append", "b", null, 3, 4],
    [2, "get", null, "a", 5, 6],
  ];
  expect(formatExplanation(violationOf(rows, "kv-append", ""))).toBe(
    `stale read: get by process 2 returned "a" at 6.000 s, which no order of it and 2 other operations explains.

These contradict each other; without any one of them the rest is consistent:
  [0] put "a" by process 0 was answered, 1.000 s to 2.000 s
  [1] append "b" by process 1 was answered, 3.000 s to 4.000 s
  [2] get by process 2 returned "a", 5.000 s to 6.000 s

In order, leaving ab: [0] [1]
  no place for [2]: while it was under way there was only ab

In order, leaving a: [0] [2]
  no place for [1]: after it, get by process 2 could not have been answered so

The strongest weaker model known to hold on this key: sequential consistency.`,
  );
});

test("without time for details, the core is listed", () => {
  expect(formatExplanation(violationOf(stale, "cas-register", null, 100))).toBe(
    `stale read: get by process 1 returned 7 at 7.000 s, but put 9 by process 1 had replaced 7 by 4.000 s, before the get began at 6.000 s.
operations that contradict each other: 1, 2`,
  );
});

/** A violation with so many operations. */
function large(count: number, more: Partial<Violation> = {}): Violation {
  const operations = Array.from({ length: count }, (_, at) => at);
  const violation = violationOf(stale, "cas-register", null, 100);
  return { ...violation, sentence: "It is wrong.", operations, related: [], ...more };
}

test("of a large core twenty are listed, or fifty where it is explained, and the others are counted", () => {
  const listed = (count: number) => formatExplanation(large(count)).split("each other: ")[1];
  const twenty = Array.from({ length: 20 }, (_, at) => at).join(", ");
  expect(listed(20)).toBe(twenty);
  expect(listed(21)).toBe(`${twenty}, …`);
  const weaker = {
    strongest: "none",
    sequential: { holds: "unknown", witness: [] },
    guarantees: [
      { guarantee: "monotonic reads", holds: false, given: ["monotonic writes", "writes follow reads"], witness: [1] },
    ],
  } as const;
  const partials = [{ order: [7, 8], before: 40, state: "9", notPlaced: [] }];
  const explanation = { legend: [{ operation: 0, text: "put 1" }], stalenessMs: null, partials, weaker };
  const lines = (count: number) =>
    formatExplanation(
      large(count, {
        explanation,
        certificate: { kind: "core", context: "own-window", minimal: false, verified: false },
      }),
    ).split("\n");
  const fifty = lines(50);
  expect(fifty.slice(0, 5)).toEqual([
    "stale read: It is wrong.",
    "",
    "These contradict each other:",
    "  [0] put 1",
    "  [1] an operation",
  ]);
  expect(fifty.slice(52)).toEqual([
    "  [49] an operation",
    "",
    "In order, leaving 9: 40 earlier, [7] [8]",
    "",
    "The strongest weaker model known to hold on this key: none.",
    "  sequential consistency: not known within the budget",
    "  monotonic reads: does not hold together with monotonic writes and writes follow reads, as [1] show",
  ]);
  expect(lines(51).slice(52, 54)).toEqual(["  [49] an operation", "  and 1 more"]);
  const { certificate, ...uncertified } = large(1, { explanation });
  expect(certificate?.minimal).toBe(true);
  expect(formatExplanation(uncertified)).toContain("These contradict each other:");
});

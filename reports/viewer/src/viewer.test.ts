// Shows what the viewer computes before it draws: lanes whose rows hold no two operations at once, searches that find whole numbers and
// fields, the orders that a violation's operations force, rates and quantiles, and the words for faults and numbers. The runs are the
// made-up ones, passed through the same bytes as in a report; drawing itself is tested in a browser.
import { expect, test } from "vitest";
import { outcomeOk } from "../../columns.js";
import { encodePayload } from "../../encode-payload.js";
import { unpackSections } from "../../pack-sections.js";
import { sampleRun, type SampleOptions } from "../../testing/sample-run.js";
import { coreOperations, edgeSentence, edgesOf } from "./core.js";
import { linkOf, viewOfLink } from "./deep-link.js";
import { faultsDuring, faultSpans, mergedSpans, singledOut, targetText } from "./faults.js";
import { count, duration, measure, timeTicks } from "./format.js";
import { labelOf, runOf, type Run } from "./load.js";
import { bucketsOf, overallQuantiles } from "./performance/buckets.js";
import { recoveries } from "./performance/recovery.js";
import { search } from "./search.js";
import { sortTeeth, standingOf } from "./sort-teeth.js";
import { layOut, lowerBound, occupiedUntil, operationAt } from "./timeline/rows.js";
import { ViewStore } from "./view.js";

const never = new AbortController().signal;

function load(options: SampleOptions): Run {
  return runOf(unpackSections(encodePayload(sampleRun(options))));
}

const run = load({ outcome: "stale read", loadSeconds: 12 });
const { operations } = run;

test("in every kind of lane each operation has one row, and no row holds two at once", () => {
  for (const kind of ["process", "key", "node"] as const) {
    const layout = layOut(operations, kind, null, run.endNs);
    expect(layout.rows.reduce((sum, row) => sum + row.operations.length, 0)).toBe(operations.count);
    for (const row of layout.rows) {
      let freeFrom = 0;
      for (const operation of row.operations) {
        expect(operations.callNs[operation]).toBeGreaterThanOrEqual(freeFrom);
        freeFrom = occupiedUntil(operations, operation, run.endNs);
      }
    }
  }
});

test("a layout of one key holds that key's operations only", () => {
  const layout = layOut(operations, "process", 2, run.endNs);
  const shown = layout.rows.flatMap((row) => [...row.operations]);
  expect(shown.length).toBeGreaterThan(10);
  expect(new Set(shown.map((operation) => operations.key[operation]))).toEqual(new Set([2]));
  expect([...layout.rowOf].filter((row) => row >= 0)).toHaveLength(shown.length);
});

test("the operation under a moment is found, a miss within the tolerance too, and nothing farther", () => {
  const layout = layOut(operations, "process", null, run.endNs);
  const row = layout.rows[0];
  const operation = row?.operations[5];
  if (row === undefined || operation === undefined) throw new Error("the sample is too short");
  const callNs = operations.callNs[operation] ?? 0;
  expect(operationAt(operations, row, callNs, 0, run.endNs)).toBe(operation);
  expect(operationAt(operations, row, callNs - 900, 1000, run.endNs)).toBe(operation);
  expect(operationAt(operations, row, -1e9, 1000, run.endNs)).toBeNull();
});

test("lowerBound finds the first place that is not less", () => {
  const sorted = [1, 3, 3, 7];
  const of = (place: number): number => sorted[place] ?? Number.NaN;
  expect([0, 1, 2, 3, 4, 7, 8].map((wanted) => lowerBound(4, wanted, of))).toEqual([0, 0, 1, 1, 3, 3, 4]);
});

test("a number is found whole, in what was written and in what was read", async () => {
  const found = await search(run, "17", never);
  const texts = [...(found ?? [])].map((row) => `${operations.input(row)} ${operations.output(row)}`);
  expect(texts.length).toBeGreaterThan(0);
  for (const text of texts) expect(text).toMatch(/(^|\D)17($|\D)/);
  const missed = Array.from({ length: operations.count }, (_, row) => row).filter(
    (row) => !found?.includes(row) && /(^|\D)17($|\D)/.test(`${operations.input(row)} ${operations.output(row)}`),
  );
  expect(missed).toEqual([]);
});

test("the terms of a search all have to fit, by field or by word", async () => {
  const found = await search(run, "key:k1 get outcome:ok node:n2", never);
  const expected = Array.from({ length: operations.count }, (_, row) => row).filter(
    (row) =>
      operations.keys[operations.key[row] ?? -1] === '"k1"' &&
      operations.functions[operations.function[row] ?? -1] === "get" &&
      operations.outcome[row] === 0 &&
      operations.nodes[operations.node[row] ?? -1] === "n2",
  );
  expect(expected.length).toBeGreaterThan(5);
  expect([...(found ?? [])]).toEqual(expected);
});

test("an empty search finds nothing, and letters that mean something to a regular expression mean nothing here", async () => {
  expect(await search(run, "  ", never)).toHaveLength(0);
  expect(await search(run, ".* ( [", never)).toHaveLength(0);
});

test("a violation's operations are told with the order that each forces", () => {
  const [violation] = run.payload.verdict.violations;
  if (violation === undefined) throw new Error("the sample has no violation");
  const core = coreOperations(run, violation);
  expect(core.map(({ number }) => number)).toEqual([1, 2, 3]);
  const edges = edgesOf(run, core);
  expect(edges.map(({ kind, from, to }) => `${from.number} ${kind} ${to.number}`)).toEqual([
    "1 precedes 2",
    "2 precedes 3",
    "1 reads 3",
  ]);
  const [older, newer, read] = core.map(({ operation }) => labelOf(run, operation));
  const sentences = edges.map((edge) => edgeSentence(run, edge));
  expect(sentences[0]).toMatch(new RegExp(`^${older} had ended .* before ${newer} began, so it comes first.$`));
  expect(sentences[2]).toBe(`${read} saw what ${older} wrote.`);
});

test("an operation of unknown outcome precedes nothing", () => {
  const info =
    Array.from({ length: operations.count }, (_, row) => row).find((row) => operations.outcome[row] === 2) ?? -1;
  const [violation] = run.payload.verdict.violations;
  if (violation === undefined) throw new Error("the sample has no violation");
  const core = coreOperations(run, { ...violation, operations: [info, operations.count - 1] });
  expect(core[0]?.endNs).toBe(Number.POSITIVE_INFINITY);
  expect(edgesOf(run, core).filter((edge) => edge.kind === "precedes")).toEqual([]);
});

test("rates add up to the operations, and quantiles are in order", () => {
  const buckets = bucketsOf(operations, 0, run.endNs + 1, 40, null);
  const total = (rates: readonly number[]): number =>
    Math.round((rates.reduce((sum, rate) => sum + rate, 0) * buckets.widthNs) / 1e9);
  const { counts } = run.payload.verdict;
  expect({ ok: total(buckets.ok), fail: total(buckets.fail), info: total(buckets.info) }).toEqual({
    ok: counts.ok,
    fail: counts.fail,
    info: counts.info,
  });
  expect(buckets.byFunction.map(total).reduce((sum, own) => sum + own, 0)).toBe(counts.ok);
  for (const [index, p50] of buckets.p50.entries()) {
    if (p50 === null) continue;
    expect(buckets.p95[index]).toBeGreaterThanOrEqual(p50);
    expect(buckets.max[index]).toBeGreaterThanOrEqual(buckets.p99[index] ?? Number.POSITIVE_INFINITY);
  }
  const overall = overallQuantiles(operations);
  expect(overall?.max).toBeGreaterThanOrEqual(overall?.p99 ?? Number.POSITIVE_INFINITY);
});

test("the view stays inside the run, keeps what is under the pointer, and never closes in to nothing", () => {
  const store = new ViewStore(1e9);
  store.zoom(0.1, 2e8);
  const { fromNs, toNs } = store.view;
  expect((2e8 - fromNs) / (toNs - fromNs)).toBeCloseTo((2e8 + 4e6) / 1.016e9, 6);
  store.pan(1e12);
  expect(store.view.toNs).toBeLessThanOrEqual(1.012e9 + 1);
  for (let times = 0; times < 100; times++) store.zoom(0.1);
  expect(store.view.toNs - store.view.fromNs).toBeGreaterThanOrEqual(19_999);
  store.showAll();
  expect(store.wholeShown).toBe(true);
});

test("a partition's target is the node that it cut off, as far as there is one", () => {
  expect(targetText(["n2>n1", "n1>n2", "n2>n3", "n3>n2"])).toBe("n2 ⇹ n1, n3");
  expect(targetText(["n4>n5", "n6>n5"])).toBe("n5 ← n4, n6");
  expect(targetText(["n5>n4", "n5>n6"])).toBe("n5 → n4, n6");
  expect(targetText(["n1"])).toBe("n1");
  expect(targetText(["n1>n2", "n3>n4"])).toBe("n1>n2, n3>n4");
  expect([...singledOut(["n1>n2", "n3>n4"])]).toEqual(["n1", "n2", "n3", "n4"]);
  expect(targetText([])).toBe("");
});

test("stretches under faults are merged, and the faults of a moment are those that act in it", () => {
  const spans = faultSpans(run.payload.faults, run.endNs);
  expect(spans).toHaveLength(8);
  const merged = mergedSpans([...spans, ...spans]);
  expect(merged).toHaveLength(8);
  const [first] = spans;
  expect(faultsDuring(spans, first?.fromNs ?? 0, (first?.fromNs ?? 0) + 1).map((span) => span.record.fault)).toEqual([
    0,
  ]);
  expect(faultsDuring(spans, 0, 1)).toEqual([]);
});

test("after a heal only answers to operations sent after it count, by node, and a node that stays silent is named", () => {
  const faults = faultSpans(run.payload.faults, run.endNs);
  const found = recoveries(operations, faults, run.endNs);
  expect(found).toHaveLength(run.payload.faults.filter((fault) => fault.confirmedOffNs !== null).length);
  for (const { healNs, firstAnswerNs, everyNodeNs } of found) {
    const ends = new Map<number, number>();
    for (let row = 0; row < operations.count; row++) {
      const node = operations.node[row] ?? -1;
      if (operations.outcome[row] !== outcomeOk || node < 0 || (operations.callNs[row] ?? 0) < healNs) continue;
      ends.set(node, Math.min(ends.get(node) ?? Infinity, operations.endNs[row] ?? Infinity));
    }
    expect(firstAnswerNs).toBe(Math.min(...ends.values()) - healNs);
    expect(everyNodeNs).toBe(Math.max(...ends.values()) - healNs);
  }
  const [fault] = faults;
  if (fault === undefined) throw new Error("the sample has no fault");
  const late = { ...fault, record: { ...fault.record, confirmedOffNs: run.endNs * 2 } };
  const [after] = recoveries(operations, [late], run.endNs);
  expect(after).toMatchObject({ firstAnswerNs: null, everyNodeNs: null, others: [] });
  expect(after?.silent.toSorted()).toEqual(operations.nodes.toSorted());
});

test("teeth of faults and nodes become tables, all others stay, and none with a floor is hidden in a table", () => {
  const tooth = (name: string, floor: number | null = null) => ({ name, value: 1, unit: "", floor, meaning: "" });
  const sorted = sortTeeth(
    [
      tooth("runner lag"),
      tooth("fault 0 (kill n1): in flight"),
      tooth("fault 10 (pause n2: odd): in flight"),
      tooth("fault 2 (kill n1): in flight", 1),
      tooth("completed operations on n1"),
      tooth("completed operations on time"),
    ],
    new Set(["n1"]),
  );
  expect(sorted.single.map(({ name }) => name)).toEqual([
    "runner lag",
    "fault 2 (kill n1): in flight",
    "completed operations on time",
  ]);
  expect(sorted.byFault.rows.map(([row]) => row)).toEqual(["0", "10"]);
  expect(sorted.byNode.columns).toEqual(["completed operations"]);
});

test("a measure stands on the right side of its floor or its limit, and nowhere without either", () => {
  const tooth = (value: number, floor: number | null, ceiling?: number | null) => {
    return { name: "", value, unit: "", floor, meaning: "", ...(ceiling === undefined ? {} : { ceiling }) };
  };
  expect(
    [tooth(1, 2), tooth(2, 2), tooth(2, null, 2), tooth(3, null, 2), tooth(3, null, null)].map(standingOf),
  ).toEqual([
    { enough: false, word: "▼ below" },
    { enough: true, word: "✓ above" },
    { enough: true, word: "✓ below" },
    { enough: false, word: "▲ above" },
    { enough: true, word: "" },
  ]);
});

test("numbers are printed as people read them", () => {
  expect([0, 999, 1000, 1234567].map(count)).toEqual(["0", "999", "1\u2009000", "1\u2009234\u2009567"]);
  expect([5, 1500, 2.5e6, 45e6, 250e6, 1.5e9, 30e9, 125e9].map(duration)).toEqual([
    "5 ns",
    "2 µs",
    "2.50 ms",
    "45.0 ms",
    "250 ms",
    "1.50 s",
    "30 s",
    "2 min 5 s",
  ]);
  expect([measure(1, "share"), measure(0.0184, "share"), measure(144, "ms"), measure(2.345678, "")]).toEqual([
    "100\u2009%",
    "1.8\u2009%",
    "144\u2009ms",
    "2.35",
  ]);
});

test("neighbouring ticks of a time axis never read the same", () => {
  for (const span of [20e3, 1e6, 3e8, 3e10, 4e12]) {
    const ticks = timeTicks(1e9, 1e9 + span, 10).map(({ text }) => text);
    expect(ticks.length).toBeGreaterThan(3);
    expect(new Set(ticks).size).toBe(ticks.length);
  }
});

test("an address brings back what was looked at, and one that fits no run asks for nothing", () => {
  const looked = {
    fromNs: 1_250_000_000,
    toNs: 1_500_001_000,
    lanes: "key",
    key: 2,
    query: "key:k3 & <b>",
    violation: 0,
    pinned: 17,
  } as const;
  const { violation: _first, ...asked } = looked;
  expect(viewOfLink(linkOf(looked, run, false), run)).toEqual(asked);
  const whole = { ...looked, lanes: "process", key: null, query: "", pinned: null } as const;
  expect(linkOf(whole, run, true)).toBe("");
  expect(viewOfLink("from=2&to=1&lanes=wild&key=nothing&op=99999999&violation=7&op=-1&constructor=1", run)).toEqual({});
});

// Each further floor on both sides of it, on a history of two nodes small enough to count by hand.
import { expect, test } from "vitest";
import { operationsOf, type HistoryEvent } from "../history/index.js";
import { faultSpans } from "./faults.js";
import { furtherFloorNames, measureFloors, type FurtherFloors } from "./floors.js";
import { weaknesses } from "./teeth.js";

const ms = 1_000_000;
const header: HistoryEvent = {
  type: "header",
  format: "minos-history",
  version: 1,
  model: "cas-register",
  initial: null,
  keyed: true,
  clock: { unit: "ns", origin: "run-start" },
  plan: "p",
  run: "r",
  build: null,
  concurrency: 10,
  startedAt: "2026-01-01T00:00:00Z",
};
const call = (atMs: number, process: number, node: string, key: string): HistoryEvent => {
  const what = { function: "get", key, input: null };
  return { type: "invoke", time: atMs * ms, process, thread: process, node, ...what };
};
const end = (atMs: number, process: number, key: string): HistoryEvent => {
  return { type: "ok", time: atMs * ms, process, function: "get", key, output: null };
};
const cut = (
  atMs: number,
  number: number,
  evidence: Readonly<Record<string, Readonly<Record<string, number | string>>>>,
) => {
  const about = { kind: "partition", spec: null, targets: Object.keys(evidence), evidence } as const;
  return { type: "fault", time: atMs * ms, fault: number, stage: "confirmed-on", ...about } as const;
};
const fault = (atMs: number, number: number, stage: "requested" | "confirmed-on" | "heal-requested"): HistoryEvent => {
  const about = { kind: "kill", spec: null, targets: ["n1"], evidence: null };
  return { type: "fault", time: atMs * ms, fault: number, stage, ...about };
};
const change = (atMs: number, from: string): HistoryEvent => {
  const about = { node: "n2", expected: true, detail: { from, to: "n2" } } as const;
  return { type: "node", time: atMs * ms, what: "leader-change", ...about };
};

const events = [
  header,
  call(10, 0, "n1", "k"),
  fault(15, 0, "requested"),
  call(20, 1, "n1", "k"),
  fault(25, 0, "confirmed-on"),
  end(30, 0, "k"),
  change(32, "n1"),
  call(35, 2, "n2", "k"),
  end(40, 1, "k"),
  call(45, 3, "n1", "other"),
  end(50, 2, "k"),
  end(55, 3, "other"),
  fault(60, 0, "heal-requested"),
  // Nothing is open here, and what follows comes more than a second later.
  change(65, "n2"),
  fault(70, 1, "requested"),
  fault(75, 1, "confirmed-on"),
  call(1_066, 4, "n2", "other"),
  end(1_070, 4, "other"),
  fault(1_080, 1, "heal-requested"),
  { type: "runner", time: 1_090 * ms, what: "lag", detail: { lag_p99_ms: 3 } },
] as const satisfies readonly HistoryEvent[];
const operations = operationsOf(events);
const input = { events, operations, faults: faultSpans(events), nodes: ["n1", "n2"] };

const figures: readonly (readonly [keyof FurtherFloors, number])[] = [
  // On k: 2, 3 and 2 under way; on the other key nothing overlaps.
  ["mean_concurrency", 2.3333],
  // One open when the first was asked for, none when the second was.
  ["in_flight_at_fault", 0],
  // Two during the first, one during the second.
  ["called_during_fault", 1],
  ["leader_changes_open", 1],
  // At n1 13 ms after; at n2 1,001 ms after.
  ["sent_to_deposed", 1],
  ["cut_links_proved", 1],
  ["node_share", 0.4],
];
/** Of these less is better. Four answers took 10, 15, 20 and 20 ms, and one 4 ms. */
const limits: readonly (readonly [keyof FurtherFloors, number])[] = [
  ["max_runner_lag_p99_ms", 3],
  ["max_runner_lag_share", 0.2],
];

test.each(figures)("%s is %d: a floor there holds, one above makes the run weak", (name, value) => {
  const at = measureFloors({ [name]: value }, {}, input);
  expect(at.map((one) => one.value)).toEqual([value]);
  expect(weaknesses(at)).toEqual([]);
  const above = measureFloors({ [name]: value + 0.0001 }, {}, input);
  expect(weaknesses(above)).toMatchObject([{ code: "weak" }]);
});

test.each(limits)("%s is %d: a limit there holds, one below makes the run starved", (name, value) => {
  const at = measureFloors({ [name]: value }, {}, input);
  expect(at).toMatchObject([{ value, floor: null, ceiling: value }]);
  expect(weaknesses(at)).toEqual([]);
  const below = measureFloors({ [name]: value - 0.0001 }, {}, input);
  expect(weaknesses(below)).toMatchObject([{ code: "starved" }]);
});

test("every floor is tried above, and one that is not asked for is not measured", () => {
  expect([...figures, ...limits].map(([name]) => name)).toEqual(furtherFloorNames);
  expect(measureFloors({}, {}, input)).toEqual([]);
});

test.each([...figures, ...limits])(
  "%s is told without a floor, and with the reason, where it cannot be asked for",
  (name, value) => {
    const [told, ...rest] = measureFloors({}, { [name]: "nothing is broken" }, input);
    expect(rest).toEqual([]);
    expect(told).toMatchObject({ value, floor: null, notAsked: "nothing is broken" });
    const [asked] = measureFloors({ [name]: value }, { [name]: "nothing is broken" }, input);
    expect(asked).toMatchObject(
      limits.some(([limit]) => limit === name) ? { floor: null, ceiling: value } : { floor: value },
    );
    expect(asked).not.toHaveProperty("notAsked");
  },
);

test("operations called during a fault are counted together for a series, and for faults that overlap at a node, and for no others", () => {
  const span = (number: number, node: string, fromMs: number, toMs: number, series: string | null = null) => [
    { ...fault(fromMs, number, "requested"), targets: [node], spec: series === null ? {} : { series } },
    { ...fault(fromMs, number, "confirmed-on"), targets: [node] },
    { ...fault(toMs, number, "heal-requested"), targets: [node] },
  ];
  const fewest = (...spans: readonly (readonly HistoryEvent[])[]): number | undefined =>
    measureFloors({ called_during_fault: 0 }, {}, { ...input, faults: faultSpans(spans.flat()) })[0]?.value;
  const calls = (fromMs: number, toMs: number): number =>
    operations.filter(({ callNs }) => callNs >= fromMs * ms && callNs <= toMs * ms).length;
  expect([calls(0, 9), calls(1_060, 1_070), calls(0, 60)]).toEqual([0, 1, 4]);
  expect(fewest(span(0, "n1", 0, 9), span(1, "n1", 0, 60))).toBe(4);
  expect(fewest(span(0, "n1>n2", 0, 9), span(1, "n2", 9, 60))).toBe(4);
  expect(fewest(span(0, "n1", 0, 9), span(1, "n2", 0, 60))).toBe(0);
  expect(fewest(span(0, "n1", 0, 9), span(1, "n1", 10, 60))).toBe(0);
  expect(fewest(span(0, "n1", 0, 9, "s"), span(1, "n2", 1_060, 1_070, "s"))).toBe(5);
  expect(fewest(span(0, "n1", 0, 9, "s"), span(1, "n1", 1_060, 1_070, "t"))).toBe(0);
});

test("a direction of a link is seen to be cut by bytes that did not come out or an attempt that was refused, and by nothing else", () => {
  const faults = faultSpans([
    cut(5, 0, {
      "n1>n2": { offered_bytes: 8, delivered_bytes: 0 },
      "n2>n1": { offered_bytes: 0, delivered_bytes: 0 },
      "n1>n3": { offered_bytes: 8, delivered_bytes: 1 },
    }),
    cut(6, 1, { "n3>n1": { attempt: "refused" }, "n3>n2": { attempt: "not tried" } }),
    // Slow links deliver, and are not cut.
    { ...cut(7, 2, { "n1>n2": { offered_bytes: 8, delivered_bytes: 8 } }), kind: "bandwidth" },
  ]);
  const [told] = measureFloors({ cut_links_proved: 0.4 }, {}, { ...input, faults });
  expect(told?.value).toBe(0.4);
});

test("without faults, leaders, nodes and operations every figure is 0, and no cut is without proof", () => {
  const none = { events: [header], operations: [], faults: [], nodes: [] };
  const all = Object.fromEntries(furtherFloorNames.map((name) => [name, 1]));
  expect(measureFloors(all, {}, none).map(({ value }) => value)).toEqual(
    furtherFloorNames.map((name) => (name === "cut_links_proved" ? 1 : 0)),
  );
});

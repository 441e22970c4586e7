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
];
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
  ["node_share", 0.4],
];

test.each(figures)("%s is %d: a floor there holds, one above makes the run weak", (name, value) => {
  const at = measureFloors({ [name]: value }, input);
  expect(at.map((one) => one.value)).toEqual([value]);
  expect(weaknesses(at)).toEqual([]);
  const above = measureFloors({ [name]: value + 0.0001 }, input);
  expect(weaknesses(above)).toMatchObject([{ code: "weak" }]);
});

test("every floor is tried above, and one that is not asked for is not measured", () => {
  expect(figures.map(([name]) => name)).toEqual(furtherFloorNames);
  expect(measureFloors({}, input)).toEqual([]);
});

test("without faults, leaders, nodes and operations every figure is 0", () => {
  const none = { events: [header], operations: [], faults: [], nodes: [] };
  const all = Object.fromEntries(furtherFloorNames.map((name) => [name, 1]));
  expect(measureFloors(all, none).map(({ value }) => value)).toEqual(furtherFloorNames.map(() => 0));
});

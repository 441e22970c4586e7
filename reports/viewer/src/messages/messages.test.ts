// Shows what the space-time diagram computes before it draws: both ends of each message and what became of it, stretches of a node's life,
// writes with their end, a time axis that keeps order and gives sentences room, and which shapes are in view.
import { expect, test } from "vitest";
import { drawTrace, type Diagram } from "../../../trace/diagram.js";
import { lateAccept, TraceWriter } from "../../../testing/sample-trace.js";
import { messageAxis, sampled, sentenceHeight } from "./axis.js";
import { inView, itemsOf, type Topic } from "./in-view.js";
import { shapesOf } from "./shapes.js";

function diagramOf(trace: ReturnType<typeof lateAccept>, violated = true): Diagram {
  const violation = {
    class: "replica divergence",
    checker: "agreement",
    sentence: "",
    key: null,
    operations: [],
    timeNs: null,
    fingerprint: "",
  } as const;
  const groups = [{ group: 0, nodes: ["n1", "n2", "n3"].map((node) => ({ node, records: [] })) }];
  const diagram = drawTrace({ trace, violations: violated ? [violation] : [], operations: [], faults: [], groups });
  if (diagram === null) throw new Error("the sample trace gives no diagram");
  return diagram;
}

test("a message has both its ends, its fate, and its place in the story; one that was passed by a later one is marked", () => {
  const trace = new TraceWriter()
    .message(1, 9, "n1", "n2", "Accept", "1.n1", { held: true })
    .message(2, 3, "n1", "n2", "Decide", "1.n1")
    .message(4, null, "n2", "n1", "Accepted", "1.n1").document;
  const { messages } = shapesOf(diagramOf(trace, false));
  expect(
    messages.map(({ kind, sentNs, receivedNs, fate, overtaken }) => [kind, sentNs, receivedNs, fate, overtaken]),
  ).toEqual([
    ["Accept", 1e6, 9e6, "held by a cut", true],
    ["Decide", 2e6, 3e6, "sent", false],
    ["Accepted", 4e6, null, "sent", false],
  ]);
  const told = shapesOf(diagramOf(lateAccept(true))).messages;
  expect(told.map(({ kind, step }) => [kind, step])).toEqual([
    ["Accept", 1],
    ["Prepare", null],
  ]);
});

test("a lane knows who led, was stopped or down, and a write whether it became durable or was lost", () => {
  const trace = new TraceWriter()
    .state(0, "n1", "leader", "1.n1", 0, 0)
    .disk(1, "n1", { type: "promised", ballot: "1.n1" })
    .add({ time_ns: 2e6, node: "n1", what: "pause", text: "paused" })
    .add({ time_ns: 3e6, node: "n1", what: "resume", text: "resumed" })
    .add({ time_ns: 4e6, node: "n1", what: "write", write: 2, changes: [{ type: "decided", length: 1 }] })
    .add({ time_ns: 5e6, node: "n1", what: "crash", text: "SIGKILL", write: 2, batch: "lost" })
    .add({ time_ns: 6e6, node: "n1", what: "start", text: "start 2" }).document;
  const { stretches, writes, marks } = shapesOf(diagramOf(trace, false));
  expect(stretches.filter(({ fromNs, toNs }) => toNs > fromNs).map(({ look, fromNs }) => [look, fromNs / 1e6])).toEqual(
    [
      ["leader", 0],
      ["paused", 2],
      ["leader", 3],
      ["down", 5],
    ],
  );
  expect(writes.map(({ end, text }) => [end, text])).toEqual([
    ["durable", "promised 1.n1"],
    ["lost", "decided 1"],
  ]);
  expect(marks.map(({ what }) => what)).toEqual(["promised", "crash", "start"]);
});

test("the axis keeps order, gives each sentence its room, inverts, and says where it is shortened", () => {
  const stops = [
    { ns: 1_000, room: 60 },
    { ns: 2_000, room: 40 },
    { ns: 900_000_000, room: 40 },
  ];
  const axis = messageAxis(0, 1_000_000_000, stops, 100);
  expect(axis.y(2_000) - axis.y(1_000)).toBeGreaterThanOrEqual(60);
  for (let ns = 0; ns < 1e9; ns += 9_999_999) {
    expect(axis.y(ns + 9_999_999)).toBeGreaterThanOrEqual(axis.y(ns));
    expect(Math.abs(axis.ns(axis.y(ns)) - ns)).toBeLessThan(1);
  }
  expect(axis.shortened.map(({ gapNs }) => gapNs)).toContain(900_000_000 - 2_000);
  expect(messageAxis(0, 100, [], 300).height).toBeCloseTo(300, 6);
  expect(sampled([1, 2, 3, 4, 5, 6], 3)).toEqual([1, 3, 5]);
  expect(sentenceHeight("x".repeat(200), 350)).toBeGreaterThan(sentenceHeight("x", 350));
});

test("in view are the story, whatever kinds are chosen, and of the rest the chosen kinds in that stretch of time", () => {
  const diagram = diagramOf(lateAccept(true));
  const shapes = shapesOf(diagram);
  const kinds = (shown: readonly Topic[], fromNs: number, toNs: number): readonly string[] =>
    inView(diagram, shapes, new Set(shown), fromNs, toNs).messages.map(({ kind }) => kind);
  expect(kinds(["agreement"], 0, 100e6)).toEqual(["Accept", "Prepare"]);
  expect(kinds([], 0, 100e6)).toEqual(["Accept"]);
  expect(kinds(["agreement"], 50e6, 100e6)).toEqual(["Accept"]);
  const view = inView(diagram, shapes, new Set(["agreement", "disk"]), 0, 100e6);
  const items = itemsOf(view);
  expect(items.map(({ timeNs }) => timeNs)).toEqual(items.map(({ timeNs }) => timeNs).toSorted((a, b) => a - b));
  expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
  expect(items.find(({ text }) => text === "Accept 1.n1")?.title).toBe(
    "n1 → n2, arrived after 50.0 ms (held by a cut)",
  );
});

test("of very many messages the story's and those nearest to it are drawn, and the others counted", () => {
  const writer = new TraceWriter();
  for (const event of lateAccept(true).events) writer.add(event);
  for (let at = 0; at < 600; at += 1)
    writer.add({
      time_ns: 200e6 + at * 1000,
      node: "n1",
      what: "send",
      id: 1000 + at,
      to: "n2",
      fate: "sent",
      message: { kind: "Decide", topic: "agreement", text: "Decide" },
    });
  const diagram = diagramOf(writer.document);
  const view = inView(diagram, shapesOf(diagram), new Set<Topic>(["agreement"]), 0, 1e9);
  expect(view.leftOut).toBe(602 - view.messages.length);
  expect(view.leftOut).toBeGreaterThan(300);
  expect(view.messages.slice(0, 2).map(({ kind }) => kind)).toEqual(["Accept", "Prepare"]);
});

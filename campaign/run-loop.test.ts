// Shows that the run loop never waits for a moment that comes before the one that a generator asked for, whatever rounding does, and
// that clients which roam leave one node before they ask another, and that operations are counted as under way as the history shows them.
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { createRandom, Recorder } from "../history/index.js";
import type { Generator } from "../workloads/index.js";
import type { Driver } from "./driver.js";
import { nanosecondsUntil, RunLoop } from "./run-loop.js";

test("a wait ends when its moment has come, and not a hair before, so that virtual time never stands still", () => {
  const random = createRandom(1, "moments");
  let early = 0;
  let wrong = 0;
  for (let count = 0; count < 200_000; count += 1) {
    const untilMs = random.integer(0, 4_000_000_000) / 1e6 + 100;
    if (Math.ceil(untilMs * 1e6) / 1e6 < untilMs) early += 1;
    const nanoseconds = nanosecondsUntil(untilMs);
    if (nanoseconds / 1e6 < untilMs || nanoseconds / 1e6 - untilMs > 3e-6) wrong += 1;
  }
  expect(wrong).toBe(0);
  // Rounding alone does get it wrong now and then.
  expect(early).toBeGreaterThan(0);
});

test("a client that is sent to another node gives up its connection first, and goes home when it is sent nowhere", async () => {
  const [n1, n2] = nodeNames(2);
  if (n1 === undefined || n2 === undefined) throw new Error("two nodes");
  const seen: string[] = [];
  const agenda: (() => void)[] = [];
  const driver: Driver = {
    now: () => 0,
    at: () => () => undefined,
    invoke({ thread, node }, events) {
      seen.push(`${thread} asks ${node}`);
      events.called();
      agenda.push(() => {
        events.returned();
        events.done({ outcome: "ok", output: null, error: null, attempts: 1, systemIndex: null });
      });
    },
    retire: (thread) => void seen.push(`${thread} leaves`),
  };
  const nodes = [undefined, n1, n2, n2, undefined];
  const generator: Generator = {
    next({ freeThreads }) {
      if (freeThreads.length === 0) return { type: "wait", untilMs: null };
      if (nodes.length === 0) return { type: "done" };
      const node = nodes.shift();
      const what = { thread: 0, function: "get", key: "k", input: null, intendedMs: 0, phase: "load" as const };
      return { type: "operation", operation: node === undefined ? what : { ...what, node } };
    },
    update: () => undefined,
    droppedArrivals: () => 0,
  };
  const header = { model: "cas-register", initial: null, keyed: true, plan: "p", run: "r", build: null, startedAt: "" };
  const recorder = new Recorder({ clock: () => 0, sink: null, header: { ...header, concurrency: 1 } });
  const loop = new RunLoop({ driver, recorder, nodes: [n1, n2], concurrency: 1, operationTimeoutMs: 100 });
  const driven = loop.drive(generator, new AbortController().signal);
  for (let next = agenda.shift(); next !== undefined; next = agenda.shift()) next();
  await driven;
  expect(seen).toEqual(["0 asks n1", "0 asks n1", "0 leaves", "0 asks n2", "0 asks n2", "0 leaves", "0 asks n1"]);
  const asked = recorder.events.flatMap((event) => (event.type === "invoke" ? [event.node] : []));
  expect(asked).toEqual(["n1", "n1", "n2", "n2", "n1"]);
});

test("an operation is under way from its call to its return, as the history shows it, and not while its client connects", async () => {
  const [n1] = nodeNames(1);
  if (n1 === undefined) throw new Error("a node");
  const steps: (() => void)[] = [];
  const driver: Driver = {
    now: () => 0,
    at: () => () => undefined,
    invoke(_, events) {
      const reply = { outcome: "ok", output: null, error: null, attempts: 1, systemIndex: null } as const;
      steps.push(events.called, events.returned, () => events.done(reply));
    },
    retire: () => undefined,
  };
  let asked = 0;
  const what = { thread: 0, function: "get", key: "k", input: null, intendedMs: 0, phase: "load" as const };
  const generator: Generator = {
    next: () => (asked++ === 0 ? { type: "operation", operation: what } : { type: "done" }),
    update: () => undefined,
    droppedArrivals: () => 0,
  };
  const header = { model: "cas-register", initial: null, keyed: true, plan: "p", run: "r", build: null, startedAt: "" };
  const recorder = new Recorder({ clock: () => 0, sink: null, header: { ...header, concurrency: 1 } });
  const loop = new RunLoop({ driver, recorder, nodes: [n1], concurrency: 1, operationTimeoutMs: 100 });
  const driven = loop.drive(generator, new AbortController().signal);
  const seen = [loop.operationsUnderWay];
  for (const step of steps) {
    step();
    seen.push(loop.operationsUnderWay);
  }
  await driven;
  expect(seen).toEqual([0, 1, 0, 0]);
});

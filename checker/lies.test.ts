// Lies that a harness can tell itself, those that live in history/ and checker/. Each is told on purpose to a correct run (or about a
// broken one), and the test shows what catches it.
import { describe, expect, test } from "vitest";
import {
  formatEvent,
  MalformedHistory,
  operationsOf,
  readHistory,
  Recorder,
  MemorySink,
  type CompleteEvent,
  type HistoryEvent,
} from "../history/index.js";
import { checkLinearizability } from "./linearizability.js";
import { simulateRegister } from "./testing/simulated-register.js";
import { registerSpecification, verifyLinearization } from "./verifier.js";
import { verifyCore } from "./verifier-core.js";

const load = { clients: 10, keys: 4, operations: 1_200, unknownShare: 0.04 };
const seeds = [1, 2, 3];

function verdictOf(events: readonly HistoryEvent[], initial: null | number = null) {
  return checkLinearizability(operationsOf(events), "cas-register", { initial, explainMs: 300 }).valid;
}

/** Every seed is valid as it was recorded and condemned once the lie is told. */
function caughtAsViolation(lie: (events: readonly HistoryEvent[]) => readonly HistoryEvent[]): void {
  for (const seed of seeds) {
    const events = simulateRegister({ ...load, seed });
    expect(verdictOf(events), `seed ${seed}, the truth`).toBe(true);
    expect(verdictOf(lie(events)), `seed ${seed}, the lie`).toBe(false);
  }
}

describe("lies of the harness", () => {
  test("a timeout recorded as fail: late effects show as values that a failed write left", () => {
    for (const seed of seeds) {
      const events = simulateRegister({ ...load, seed });
      const lie = events.map((event): HistoryEvent => (event.type === "info" ? { ...event, type: "fail" } : event));
      const result = checkLinearizability(operationsOf(lie), "cas-register", { initial: null });
      expect(result.valid).toBe(false);
      expect(result.violations.map((violation) => violation.class)).toContain("read of a failed write");
    }
  });

  test("a return stamped at call: correct answers look as if they came from the future", () => {
    caughtAsViolation((events) => {
      const called = new Map<number, number>();
      const stamped = events.map((event) => {
        if (event.type === "invoke") called.set(event.process, event.time);
        return event.type === "ok" ? { ...event, time: called.get(event.process) ?? 0 } : event;
      });
      const order = (event: HistoryEvent) => ("time" in event ? event.time : -1);
      return stamped.sort((left, right) => order(left) - order(right));
    });
  });

  test("a return stamped at call is refused by the recorder when the stamp is older than the call", () => {
    const time = { now: 0 };
    const header = {
      model: "register",
      initial: null,
      keyed: false,
      plan: "",
      run: "",
      build: null,
      concurrency: 1,
      startedAt: "",
    };
    const recorder = new Recorder({ clock: () => time.now, sink: new MemorySink(), header });
    const stale = recorder.ticket();
    time.now = 1;
    recorder.call({ process: 0, thread: 0, node: null, function: "get", key: null, input: null });
    expect(() =>
      recorder.complete({ type: "ok", process: 0, function: "get", key: null, output: null }, stale),
    ).toThrow(/before it called/);
  });

  test("an answer dropped under load: its process speaks again, which is malformed", () => {
    const events = simulateRegister({ ...load, seed: 1 });
    const at = events.findIndex((event) => event.type === "ok");
    expect(() => operationsOf(events.filter((_, place) => place !== at))).toThrow(/is still open/);
  });

  test("a call dropped under load: its answer answers nothing, which is malformed", () => {
    const events = simulateRegister({ ...load, seed: 1 });
    const at = events.findIndex((event) => event.type === "invoke");
    expect(() => operationsOf(events.filter((_, place) => place !== at))).toThrow(/never called/);
  });

  test("a write dropped whole, call and answer: what it left comes from nowhere", () => {
    const events = simulateRegister({ ...load, seed: 1, domain: "unique" });
    const seen = new Set(
      events.flatMap((event) => (event.type === "ok" && event.function === "get" ? [event.output] : [])),
    );
    const call = events.findIndex(
      (event) => event.type === "invoke" && event.function === "put" && seen.has(event.input),
    );
    const dropped = events[call];
    if (dropped?.type !== "invoke") throw new Error("no put that was read");
    const end = events.findIndex(
      (event, place) =>
        place > call && event.type !== "invoke" && "process" in event && event.process === dropped.process,
    );
    const result = checkLinearizability(
      operationsOf(events.filter((_, place) => place !== call && place !== end)),
      "cas-register",
      { initial: null },
    );
    expect(result.violations.map((violation) => violation.class)).toContain("value from nowhere");
  });

  test("a process reused after an info is malformed", () => {
    const events = simulateRegister({ ...load, seed: 1 });
    const reused = events.map((event): HistoryEvent =>
      "process" in event ? { ...event, process: event.process % load.clients } : event,
    );
    expect(() => operationsOf(reused)).toThrow(/must never speak again/);
  });

  test("a process reused after an info is refused by the recorder", () => {
    const header = {
      model: "register",
      initial: null,
      keyed: false,
      plan: "",
      run: "",
      build: null,
      concurrency: 1,
      startedAt: "",
    };
    const recorder = new Recorder({ clock: () => 0, sink: new MemorySink(), header });
    const call = () => recorder.call({ process: 0, thread: 0, node: null, function: "get", key: null, input: null });
    call();
    recorder.complete({ type: "info", process: 0, function: "get", key: null, output: null });
    expect(call).toThrow(/must not speak again/);
  });

  test("keys split wrongly: two keys taken for one contradict each other", () => {
    caughtAsViolation((events) =>
      events.map((event): HistoryEvent => ("key" in event && event.key === "k1" ? { ...event, key: "k0" } : event)),
    );
  });

  test("keys split wrongly: the operations of one key torn apart", () => {
    caughtAsViolation((events) => {
      const torn = new Set<number>();
      return events.map((event): HistoryEvent => {
        if (event.type === "invoke" && event.thread % 2 === 0) torn.add(event.process);
        return "key" in event && torn.has(event.process) ? { ...event, key: `${String(event.key)}'` } : event;
      });
    });
  });

  test("a wrong initial value: the first answers contradict it", () => {
    for (const seed of seeds) {
      const events = simulateRegister({ ...load, seed });
      expect(verdictOf(events, null)).toBe(true);
      expect(verdictOf(events, 0)).toBe(false);
    }
  });

  test("a checker that always says true: its linearization does not stand up to the verifier", () => {
    for (const bug of ["stale-reads", "lost-writes", "applied-twice"] as const) {
      const operations = operationsOf(simulateRegister({ ...load, seed: 1, bug })).filter(({ key }) => key === "k0");
      const specification = registerSpecification(null);
      const byCall = operations.filter(({ outcome }) => outcome === "ok");
      const byReturn = byCall.toSorted((left, right) => (left.returnNs ?? 0) - (right.returnNs ?? 0));
      for (const order of [byCall, byReturn, []])
        expect(
          verifyLinearization(
            specification,
            operations,
            order.map(({ index }) => index),
          ),
        ).not.toBeNull();
    }
  });

  test("a checker that always says false: its core does not stand up to the verifier", () => {
    const operations = operationsOf(simulateRegister({ ...load, seed: 1 })).filter(({ key }) => key === "k0");
    for (const count of [1, 5, 20]) {
      const claimed = operations
        .filter(({ outcome }) => outcome === "ok")
        .slice(0, count)
        .map(({ index }) => index);
      for (const context of ["own-window", "any-time"] as const)
        expect(verifyCore(registerSpecification(null), operations, { operations: claimed, context })).not.toBe(
          "inconsistent",
        );
    }
  });

  test("a torn line read as ok: the answer on it does not count, even where it parses", () => {
    const events = simulateRegister({ ...load, seed: 1, operations: 50 });
    const last = events.findLastIndex((event) => event.type === "ok" && event.function === "get");
    const answer = events[last] as CompleteEvent;
    const before = events.slice(0, last).map(formatEvent).join("");
    // Cut in the middle of a number: 12 for 1234 would be a wrong answer, and a whole line without its newline may be one.
    for (const torn of [formatEvent({ ...answer, output: 1 }).trimEnd(), formatEvent(answer).slice(0, -7)]) {
      const document = readHistory(before + torn);
      if (document instanceof MalformedHistory) throw document;
      expect(document.torn).not.toBeNull();
      const cut = document.operations.find(
        ({ process, returnEvent }) => process === answer.process && returnEvent === null,
      );
      expect(cut?.outcome).toBe("info");
      expect(checkLinearizability(document.operations, "cas-register", { initial: null }).valid).toBe(true);
    }
  });

  test("a torn line in the middle is no torn line: it is malformed", () => {
    const lines = simulateRegister({ ...load, seed: 1, operations: 50 }).map(formatEvent);
    const cut = lines.map((line, at) => (at === 20 ? `${line.slice(0, 30)}\n` : line)).join("");
    expect(readHistory(cut)).toBeInstanceOf(MalformedHistory);
  });

  test("a runner that stalls for 200 ms: replies are read late, and a correct run stays valid", () => {
    for (const seed of seeds) {
      const stall = { fromNs: 300_000_000, forNs: 200_000_000 };
      const events = simulateRegister({ ...load, seed, runnerStall: stall });
      const operations = operationsOf(events);
      const end = stall.fromNs + stall.forNs;
      const asleep = events.filter((event) => "time" in event && event.time > stall.fromNs && event.time < end);
      expect(asleep).toEqual([]);
      expect(
        operations.filter(({ callNs, returnNs }) => callNs < stall.fromNs && (returnNs ?? 0) >= end).length,
      ).toBeGreaterThan(1);
      expect(verdictOf(events)).toBe(true);
    }
  });
});

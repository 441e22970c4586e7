// The composed verdict: a whole simulated run is valid, and each thing taken away or broken in it is noticed and named.
import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "../history/index.js";
import { defineModel } from "./define-model.js";
import { judge } from "./judge.js";
import type { JudgeInput } from "./judge-input.js";
import { wholeRun } from "./testing/run-events.js";
import type { Verdict } from "./verdict.js";

const run = wholeRun();

/** Without the measures that judge it a thousand times more. */
function judged(change: Partial<JudgeInput> = {}): Verdict {
  return judge({ ...run.input, corruptions: { count: 0 }, ...change });
}

/** The run without the events that match, or with them changed. */
function withEvents(change: (event: HistoryEvent) => readonly HistoryEvent[]): readonly HistoryEvent[] {
  return run.events.flatMap(change);
}

function without(matches: (event: HistoryEvent) => boolean): readonly HistoryEvent[] {
  return withEvents((event) => (matches(event) ? [] : [event]));
}

function codes(verdict: Verdict): string[] {
  return [...new Set(verdict.unknown.map(({ code }) => code))];
}

const node = (what: "exited" | "panic", expected: boolean): HistoryEvent => ({
  type: "node",
  time: run.events.length * 1e9,
  node: "n2",
  what,
  expected,
  detail: what === "exited" ? { code: 1, signal: null } : { line: "panic: index out of range" },
});

describe("a whole run", () => {
  test("is valid, with a linearization of every key", () => {
    const verdict = judged();
    expect(verdict.unknown).toEqual([]);
    expect(verdict.valid).toBe(true);
    expect(verdict.summary).toMatch(/^Valid: \d+ operations on 4 keys under 2 faults are consistent\.$/);
    const keys = verdict.checkers.find(({ checker }) => checker === "linearizability")?.keys ?? [];
    expect(new Set(keys.map(({ key }) => key))).toEqual(new Set(["k0", "k1", "k2", "k3"]));
    for (const { linearization, operations } of keys) expect(linearization?.length).toBeGreaterThan(operations * 0.9);
    expect(verdict.counts.operations).toBe(verdict.counts.ok + verdict.counts.fail + verdict.counts.info);
  });

  test("says what it could have shown", () => {
    const { teeth } = judged({ corruptions: { seed: 7 } });
    const value = (name: string) => teeth.find((measure) => measure.name === name)?.value;
    expect(value("confirmed faults")).toBe(2);
    expect(value("fault 0 (kill n1): operations in flight when it began")).toBeGreaterThan(0);
    expect(value("fault 1 (partition n1): operations overlapping it")).toBeGreaterThan(10);
    expect(value("fault 1 (partition n1): bytes offered to cut links")).toBe(500);
    expect(value("fault 1 (partition n1): bytes delivered by them")).toBe(0);
    expect(value("runner lag")).toBe(3);
    expect(value("share of reads that would have exposed an older value")).toBeGreaterThan(0.7);
    expect(value("share of corruptions caught")).toBeGreaterThan(0.9);
    expect(value("corruptions judged")).toBe(1000);
    expect(teeth.find(({ name }) => name === "share of corruptions caught")?.meaning).toMatch(/drawn with seed 7$/);
    expect(value("share of concurrent operations")).toBeGreaterThan(0.1);
  });

  test("says what it cannot have seen", () => {
    expect(judged().cannotSee.join(" ")).toMatch(/page cache/);
    expect(judged({ mode: "history" }).cannotSee.join(" ")).toMatch(/what its clients saw/);
  });
});

describe("a violation", () => {
  test("makes the verdict false whatever else is doubtful", () => {
    const broken = wholeRun({ bug: "stale-reads" });
    const verdict = judge({ ...broken.input, interrupted: "Ctrl-C", expectedFaults: 9 });
    expect(verdict.valid).toBe(false);
    expect(verdict.summary).toMatch(/^Violation.*stale read/);
    expect(codes(verdict)).toContain("interrupted");
  });

  test("an exit that nobody asked for is a crash; one that was asked for is not", () => {
    const verdict = judged({ events: [...run.events, node("exited", false)] });
    expect(verdict.violations.map((violation) => violation.class)).toEqual(["crash"]);
    expect(verdict.violations[0]?.sentence).toMatch(
      /^Node n2 exited at .* s with code 1, and nobody had asked it to\.$/,
    );
    expect(judged({ events: [...run.events, node("exited", true)] }).valid).toBe(true);
  });

  test("a panic in a log is a crash", () => {
    const verdict = judged({ events: [...run.events, node("panic", false)] });
    expect(verdict.violations[0]?.sentence).toMatch(/panicked at .*: panic: index out of range\.$/);
  });

  test("a group that serves nothing in the quiet phase is unavailable", () => {
    let quiet = false;
    let last = 0;
    const events = withEvents((event) => {
      if (event.type === "phase" && event.phase === "quiet") quiet = true;
      if (event.type !== "header") last = event.time;
      return quiet && event.type === "ok" ? [{ ...event, type: "info", output: null }] : [event];
    });
    const end: HistoryEvent = { type: "phase", time: last + 6e9, phase: "end" };
    const verdict = judged({ events: [...events, end] });
    expect(verdict.violations.map((violation) => violation.class)).toEqual(["unavailable"]);
    expect(verdict.violations[0]?.sentence).toMatch(/Group 0 served nothing, though every fault was healed/);
    // Unless the machine had no time for its own runner either.
    const starved = judged({ events: [...events, end], floors: { max_runner_lag_ms: 2 } });
    expect([starved.valid, starved.violations]).toEqual(["unknown", []]);
    expect(starved.unknown.map(({ sentence }) => sentence).join()).toMatch(
      /to blame a group .*: Group 0 served nothing/,
    );
    // Without waiting for the bound nothing can be said.
    const early = judged({ events });
    expect([early.valid, codes(early)]).toEqual(["unknown", ["vacuous"]]);
  });

  test("a group that serves, but too late, is unavailable", () => {
    const quietAt = run.events.findIndex((event) => event.type === "phase" && event.phase === "quiet");
    const events = run.events.map((event, at) =>
      at > quietAt && event.type !== "header" ? { ...event, time: event.time + 6e9 } : event,
    );
    expect(judged({ events }).violations[0]?.sentence).toMatch(/served nothing until/);
  });

  test("different hashes for equally many decisions are a divergence", () => {
    const log = (node: string, hashes: readonly string[]) => ({
      node,
      group: 0,
      decisions: hashes.map((hash, index) => ({ index: index + 1, hash })),
    });
    expect(judged({ decisions: [log("n1", ["a", "b"]), log("n2", ["a", "b", "c"])] }).valid).toBe(true);
    const verdict = judged({ decisions: [log("n1", ["a", "b", "c"]), log("n2", ["a", "x", "y"])] });
    expect(verdict.violations.map((violation) => violation.class)).toEqual(["replica divergence"]);
    expect(verdict.violations[0]?.sentence).toBe(
      "In group 0, nodes n1 and n2 have different logs of the first 2 decisions: b and x.",
    );
  });

  test("so are different hashes in two samples of the status, in one group only", () => {
    const sample = (timeNs: number, node: string, group: number, logHash: string) => ({
      timeNs,
      node,
      groups: [{ group, leader: "n1", decidedIndex: 5, logHash }],
    });
    expect(judged({ statuses: [sample(1e9, "n1", 0, "a"), sample(2e9, "n2", 1, "b")] }).valid).toBe(true);
    const verdict = judged({ statuses: [sample(1e9, "n1", 0, "a"), sample(2e9, "n2", 0, "b")] });
    expect(verdict.violations[0]?.sentence).toMatch(/\(seen at 2\.000 s\)/);
  });
});

describe("a vacuous run", () => {
  const faultStage = (event: HistoryEvent, number: number, ...stages: readonly string[]) =>
    event.type === "fault" && event.fault === number && stages.includes(event.stage);
  const cases: readonly (readonly [string, Partial<JudgeInput>, RegExp])[] = [
    ["a fault that was never begun", { expectedFaults: 3 }, /fault 2 of the schedule was never begun/],
    [
      "a fault that was never confirmed",
      {
        events: withEvents((event) =>
          event.type === "fault" && faultStage(event, 0, "confirmed-on")
            ? [{ ...event, stage: "unconfirmed" }]
            : [event],
        ),
      },
      /fault 0 \(kill\) was never confirmed at its target/,
    ],
    [
      "a heal that was skipped",
      { events: without((event) => faultStage(event, 1, "heal-requested", "confirmed-off")) },
      /fault 1 \(partition\) was never seen to end/,
    ],
    [
      "a void fault",
      {
        events: withEvents((event) =>
          event.type === "fault" && event.fault === 0 ? [{ ...event, stage: "void", evidence: "no leader" }] : [event],
        ),
      },
      /fault 0 \(kill\) was void: "no leader"/,
    ],
    ["a key that nobody wrote", { keys: ["k0", "k9"] }, /key "k9" has no completed write/],
    [
      "final reads that miss a node",
      { events: without((event) => "process" in event && event.process === 1_000_001) },
      /the final reads are incomplete: "k0" through n2/,
    ],
  ];
  test.each(cases)("%s: unknown", (_, change, message) => {
    const verdict = judged(change);
    expect(verdict.valid).toBe("unknown");
    expect(codes(verdict)).toContain("vacuous");
    expect(verdict.unknown.map(({ sentence }) => sentence).join("\n")).toMatch(message);
  });

  test("no operation overlapped a fault: unknown", () => {
    const faults = run.events.filter((event) => event.type === "fault" && event.fault === 0);
    const call: HistoryEvent = {
      type: "invoke",
      time: 9,
      process: 0,
      thread: 0,
      node: "n1",
      function: "put",
      key: "k0",
      input: 1,
    };
    const answer: HistoryEvent = { type: "ok", time: 10, process: 0, function: "put", key: "k0", output: null };
    const events: readonly HistoryEvent[] = [
      ...run.events.slice(0, 1),
      ...faults.map((event, at) => ({ ...event, time: at })),
      call,
      answer,
      { type: "phase", time: 11, phase: "end" },
    ];
    const doubts = (list: readonly HistoryEvent[]) =>
      judged({ events: list, expectedFaults: 1, floors: {} }).unknown.map(({ sentence }) => sentence);
    expect(doubts(events)).toContain("no operation overlapped a fault");
    const overlapping = events.map((event) => (event === call ? { ...event, time: 1 } : event));
    overlapping.sort((left, right) => ("time" in left ? left.time : -1) - ("time" in right ? right.time : -1));
    expect(doubts(overlapping)).not.toContain("no operation overlapped a fault");
  });
});

describe("a weak run", () => {
  test.each([
    ["completed operations", { completed_operations: 100_000 }, "weak"],
    ["confirmed faults", { confirmed_faults: 3 }, "weak"],
    ["fewest completed operations on a node", { operations_per_node: 10_000 }, "weak"],
    ["share of unknown outcomes", { max_info_share: 0 }, "weak"],
    ["runner lag", { max_runner_lag_ms: 2 }, "starved"],
  ] as const)("%s below the floor: unknown, saying so", (name, floors, code) => {
    const verdict = judged({ floors });
    expect([verdict.valid, codes(verdict)]).toEqual(["unknown", [code]]);
    expect(verdict.unknown[0]?.sentence.startsWith(name)).toBe(true);
  });
});

describe("a run that was cut short", () => {
  test("is unknown at best, by the reason it was given", () => {
    const verdict = judged({ interrupted: "Ctrl-C" });
    expect([verdict.valid, verdict.unknown]).toEqual([
      "unknown",
      [{ code: "interrupted", sentence: "the run was cut short: Ctrl-C" }],
    ]);
  });

  test("a dead proxy is infrastructure", () => {
    const died: HistoryEvent = { type: "runner", time: 1e15, what: "proxy-died", detail: "exit 137" };
    const verdict = judged({ events: [...run.events, died] });
    expect([verdict.valid, codes(verdict)]).toEqual(["unknown", ["infrastructure"]]);
  });

  test("any surviving prefix can be judged, and is never called valid as a run", () => {
    for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
      const events = run.events.slice(0, Math.max(1, Math.floor(run.events.length * share)));
      expect(judged({ events }).valid).toBe("unknown");
      const history = judged({ events, mode: "history", floors: {} });
      expect(history.valid).toBe(share === 0 ? "unknown" : true);
    }
  });
});

describe("what cannot be judged", () => {
  test("no operations at all is nothing to judge", () => {
    const verdict = judge({ mode: "history", events: [], model: "cas-register", initial: null });
    expect([verdict.valid, codes(verdict)]).toEqual(["unknown", ["nothing-to-judge"]]);
  });

  test("a malformed history is unknown, naming the event", () => {
    const verdict = judged({ events: run.events.toReversed() });
    expect([verdict.valid, codes(verdict)]).toEqual(["unknown", ["malformed"]]);
    expect(verdict.summary).toMatch(/event \d+: /);
  });

  test("a checker that throws makes the verdict unknown, never true", () => {
    const explodes = defineModel<number>({
      name: "explodes",
      initial: () => 0,
      step: () => {
        throw new Error("boom");
      },
      identify: String,
      refuses: () => null,
      isRead: () => false,
    });
    const verdict = judged({ model: explodes });
    expect(verdict.valid).toBe("unknown");
    expect(verdict.unknown).toEqual([{ code: "checker-threw", sentence: "the linearizability checker threw: boom" }]);
  });

  test("operations that the model refuses are judged by none of its checkers", () => {
    const [header, ...rest] = run.events;
    if (header === undefined) throw new Error("a run has a header");
    const verdict = judge({ mode: "history", events: [header, ...rest], model: "set", initial: null });
    expect([verdict.valid, codes(verdict)]).toEqual(["unknown", ["malformed"]]);
    expect(verdict.checkers.map(({ checker }) => checker)).not.toContain("set");
  });

  test("an unknown model is unknown, naming those there are", () => {
    expect(judged({ model: "cas-regster" }).unknown[0]?.sentence).toMatch(
      /"cas-regster" is not one of register, cas-register, kv, kv-append, set, counter, mutex, queue, unordered-queue$/,
    );
  });
});

describe("a recorded history", () => {
  test("is judged without faults, phases and final reads", () => {
    const events = without((event) => event.type === "fault" || event.type === "phase" || event.type === "runner");
    expect(judge({ mode: "history", events, model: "cas-register", initial: null }).valid).toBe(true);
  });
});

// Shows that each scenario asks what the course project's scenario asks, passes against a correct store, and does not pass
// against one that answers wrongly; and that scenario 3 asserts the death that its published version missed.
import { describe, expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import type { FaultStage, HistoryEvent, JsonValue, Operation } from "../history/index.js";
import { scenario1, scenario2, scenario3 } from "./scenarios.js";
import { simulate, type StoreBehaviour } from "./testing/simulated-store.js";
import type { Workload, WorkloadHistory, WorkloadOptions } from "./workload.js";

const nodes = nodeNames(6);
const options: WorkloadOptions = {
  nodes,
  groups: [
    { group: 0, members: nodes.slice(0, 3) },
    { group: 1, members: nodes.slice(3) },
  ],
  groupOfKey: (key) => Number(key) % 2,
  initialValue: null,
  concurrency: 6,
  keys: 11,
  ratePerS: 100,
  timeLimitMs: 20_000,
  operationTimeoutMs: 500,
  own: {},
};
const behaviour: StoreBehaviour = { nodes: 6, concurrency: 6, seed: 1, latencyMs: 5 };

function play(workload: Workload, store: Partial<StoreBehaviour> = {}) {
  const run = workload.create(options, 1);
  const played = simulate({ ...behaviour, ...store }, [run.load, run.finalReads(5_000)]);
  const judge = (history: Partial<WorkloadHistory> = {}) => {
    if (run.judge === null) throw new Error(`${workload.name} has no judge of its own`);
    return run.judge({ operations: played.operations, events: played.events, ...history });
  };
  return { ...played, judge };
}
const asked = (operations: readonly Operation[], key: string): JsonValue[] =>
  operations
    .slice(0, 33)
    .flatMap(({ function: name, key: of, input, output }) => (of === key ? [[name, input, output]] : []));
/** The history with one operation's answer changed. */
const forged = (operations: readonly Operation[], name: string, key: string, output: JsonValue): readonly Operation[] =>
  operations.map((operation) =>
    operation.function === name && operation.key === key ? { ...operation, output } : operation,
  );

describe("scenario 1", () => {
  test("keys 0 to 10 start as key + 10 and get returns that", () => {
    const { operations, judge } = play(scenario1);
    expect(asked(operations, "7").slice(0, 2)).toEqual([
      ["put", 17, { previous: null }],
      ["get", null, 17],
    ]);
    expect(judge()).toMatchObject({ valid: true, violations: [], unknown: [] });
  });

  test("a wrong get is a violation", () => {
    const { operations, judge } = play(scenario1);
    expect(judge({ operations: forged(operations, "get", "7", 16) })).toMatchObject({
      valid: false,
      violations: [{ class: "stale read", key: "7" }],
    });
  });

  test("an answer that never came is unknown, not valid", () => {
    const { operations, judge } = play(scenario1);
    const silent = operations.filter(({ function: name, key }) => !(name === "get" && key === "3"));
    expect(judge({ operations: silent })).toMatchObject({ valid: "unknown", unknown: [{ code: "nothing-to-judge" }] });
  });
});

describe("scenario 2", () => {
  test("cas takes odd keys to 10 times the key and is refused for even ones", () => {
    const { operations, judge } = play(scenario2);
    expect(asked(operations, "21")).toEqual([
      ["put", 21, { previous: null }],
      ["cas", { expected: 21, new: 210 }, { status: "ok", observed: 21 }],
      ["get", null, 210],
    ]);
    expect(asked(operations, "22")).toEqual([
      ["put", 22, { previous: null }],
      ["cas", { expected: 220, new: 22 }, { status: "mismatch", observed: 22 }],
      ["get", null, 22],
    ]);
    expect(judge()).toMatchObject({ valid: true, violations: [], unknown: [] });
  });

  test("a cas granted against its expectation is a violation", () => {
    const { operations, judge } = play(scenario2);
    const granted = forged(operations, "cas", "22", { status: "ok", observed: 22 });
    expect(judge({ operations: granted })).toMatchObject({
      valid: false,
      violations: [{ class: "forked CAS", key: "22" }],
    });
  });

  test("a store that loses writes does not pass", () => {
    expect(play(scenario2, { lostPuts: 0.5 }).judge().valid).toBe(false);
  });
});

describe("scenario 3", () => {
  const spec = { kind: "kill" };
  const fault = (stage: FaultStage, atMs: number): HistoryEvent => ({
    type: "fault",
    time: atMs * 1e6,
    fault: 0,
    stage,
    kind: "kill",
    spec,
    targets: ["n2"],
    evidence: null,
  });
  const exit: HistoryEvent = { type: "node", time: 600e6, node: "n2", what: "exited", expected: true, detail: null };
  const death = [fault("requested", 500), fault("confirmed-on", 610), exit, fault("heal-requested", 7_600)];

  test("its own schedule kills a leader before the first operation, and its death outlasts them", () => {
    const faults = scenario3.ownFaults?.(options) as { at_ms: number; for_ms: number }[];
    expect(faults).toEqual([{ kind: "kill", target: { by: "leader", group: 0 }, at_ms: 500, for_ms: 7_000 }]);
    const { planned } = play(scenario3);
    const load = planned.filter(({ phase }) => phase === "load");
    expect(load).toHaveLength(22);
    for (const { intendedMs } of load) {
      expect(intendedMs).toBeGreaterThanOrEqual(3_500);
      expect(intendedMs).toBeLessThan(7_500);
    }
  });

  test("passes when the node was seen to die and every key worked meanwhile", () => {
    const { events, judge } = play(scenario3);
    expect(judge({ events: [...events, ...death] })).toMatchObject({ valid: true, violations: [], unknown: [] });
  });

  test("without a death it shows nothing, whatever the keys answered", () => {
    const { events, judge } = play(scenario3);
    expect(judge()).toMatchObject({ valid: "unknown", unknown: [{ code: "vacuous" }] });
    const unseen = [...events, fault("requested", 500), fault("unconfirmed", 5_500)];
    expect(judge({ events: unseen })).toMatchObject({ valid: "unknown" });
    const noExit = [...events, ...death.filter((event) => event !== exit)];
    expect(judge({ events: noExit })).toMatchObject({ valid: "unknown" });
  });

  test("a key that answered only after the node was back is unavailable", () => {
    const { events, judge } = play(scenario3);
    const early = [fault("confirmed-on", 610), exit, fault("heal-requested", 3_000)];
    const result = judge({ events: [...events, ...early] });
    expect(result.valid).toBe(false);
    expect(new Set(result.violations.map(({ class: kind }) => kind))).toEqual(new Set(["unavailable"]));
  });

  test("refuses plans in which it cannot work", () => {
    expect(scenario3.problems({ ...options, timeLimitMs: 5_000 })[0]).toContain("time limit of at least 7.5 s");
    expect(scenario3.problems(options)).toEqual([]);
  });
});

test("a step that was refused is tried again through another node", () => {
  const run = scenario1.create(options, 1);
  const free = [0, 1, 2, 3, 4, 5];
  const step = run.load.next({ nowMs: 0, freeThreads: free });
  if (step.type !== "operation") throw new Error("expected an operation");
  const reply = { outcome: "fail" as const, output: null, error: "refused", attempts: 0, systemIndex: null };
  run.load.update({ nowMs: 1, operation: step.operation, reply });
  const others = free.filter((thread) => thread !== step.operation.thread);
  const later: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const next = run.load.next({ nowMs: 101, freeThreads: others });
    if (next.type !== "operation") break;
    if (next.operation.key === step.operation.key) later.push(next.operation.thread);
    others.splice(others.indexOf(next.operation.thread), 1);
  }
  expect(later).toHaveLength(1);
  expect(later[0]).not.toBe(step.operation.thread);
});

// Shows that a run's operations, listed and put in the place of its generator, give the same history, and that a list does each operation
// on its thread, no earlier than its moment and no earlier than that thread is free.
import { expect, test } from "vitest";
import type { JsonValue } from "../history/index.js";
import { huntPlan, simulateAndJudge } from "./hunt.js";
import { listedLoad, listOperations, parseOperations } from "./listed-load.js";
import { systemNamed } from "./systems.js";

test("a list gives each operation to its thread at its moment, or when the thread is free", () => {
  const one = { function: "get", key: "k0", input: null };
  const load = listedLoad([
    { at_ms: 20, thread: 1, ...one },
    { at_ms: 5, thread: 0, ...one },
    { at_ms: 6, thread: 0, ...one },
  ]);
  expect(load.next({ nowMs: 0, freeThreads: [0, 1] })).toEqual({ type: "wait", untilMs: 5 });
  expect(load.next({ nowMs: 5, freeThreads: [0, 1] })).toMatchObject({ operation: { thread: 0, intendedMs: 5 } });
  expect(load.next({ nowMs: 7, freeThreads: [1] })).toEqual({ type: "wait", untilMs: 20 });
  expect(load.next({ nowMs: 8, freeThreads: [0, 1] })).toMatchObject({ operation: { thread: 0, intendedMs: 6 } });
  expect(load.next({ nowMs: 20, freeThreads: [0, 1] })).toMatchObject({ operation: { thread: 1, phase: "load" } });
  expect(load.next({ nowMs: 20, freeThreads: [0, 1] })).toEqual({ type: "done" });
});

test("what is wrong in a list is named", () => {
  expect(parseOperations(undefined)).toBeNull();
  expect(() => parseOperations("all")).toThrow("operations: expected a list");
  expect(() => parseOperations([{ at_ms: 1, thread: 0 }])).toThrow(
    "operations[0]: expected at_ms, thread and function",
  );
});

const loads = ["register", "failover", "mixed"];
test.each(loads)(
  "a run's own operations, listed, give the same history, up to the end of the load: %s",
  async (name) => {
    const system = await systemNamed("store")(null);
    const deterministic = await system.deterministic?.();
    if (deterministic === undefined) throw new Error("the store cannot be simulated");
    const drawn = huntPlan(8, { system, deterministic, mutant: null, timeLimitMs: 3_000, ratePerS: 40 });
    const plan = { ...drawn, workload: { name, options: {} } };
    const { run } = await simulateAndJudge(plan, system, deterministic);
    const operations = listOperations(run.events);
    expect(operations.length).toBeGreaterThan(60);
    const options = { operations: operations as unknown as JsonValue };
    const listed = await simulateAndJudge({ ...plan, workload: { ...plan.workload, options } }, system, deterministic);
    const untilHeal = (events: typeof run.events): readonly string[] =>
      events
        .slice(
          0,
          events.findIndex((event) => event.type === "phase" && event.phase === "heal"),
        )
        .map((event) => JSON.stringify(event));
    expect(untilHeal(listed.run.events)).toEqual(untilHeal(run.events));
    expect(listed.verdict.valid).toBe(true);
  },
);

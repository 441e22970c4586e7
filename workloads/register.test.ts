// Shows that the register workload is what its seed makes it, spreads its load as it says, never writes a unique value twice,
// lets most cas succeed, reads through other nodes what was just written, and counts the load that it could not give. The
// store is a map in virtual time.
import { describe, expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";
import type { PlannedOperation } from "./generator.js";
import { spreadKeys } from "./keys.js";
import { register, smallDomain } from "./register.js";
import { simulate, type StoreBehaviour } from "./testing/simulated-store.js";
import type { WorkloadOptions } from "./workload.js";

const nodes = nodeNames(6);
const groups = [
  { group: 0, members: nodes.slice(0, 3) },
  { group: 1, members: nodes.slice(3) },
];
/** A skew hash, as a real one may be for few keys: two of three names go to group 0. */
const groupOfKey = (key: JsonValue): number => (Number(String(key).slice(1)) % 3 === 2 ? 1 : 0);
const options: WorkloadOptions = {
  nodes,
  groups,
  groupOfKey,
  initialValue: null,
  concurrency: 18,
  keys: 12,
  ratePerS: 200,
  timeLimitMs: 20_000,
  operationTimeoutMs: 500,
  own: {},
};
const behaviour: StoreBehaviour = { nodes: 6, concurrency: 18, seed: 1, latencyMs: 4 };
const runOf = (seed: number, more: Partial<WorkloadOptions> = {}, store: Partial<StoreBehaviour> = {}) => {
  const run = register.create({ ...options, ...more }, seed);
  return { run, ...simulate({ ...behaviour, ...store }, [run.load, run.finalReads(10_000)]) };
};
const loadOf = (planned: readonly PlannedOperation[]) => planned.filter(({ phase }) => phase === "load");

test("the same seed makes the same history, another seed another one", () => {
  expect(runOf(1).events).toEqual(runOf(1).events);
  expect(runOf(1).planned).not.toEqual(runOf(2).planned);
});

test("keys are spread evenly over the groups, whatever the hash prefers", () => {
  for (const count of [1, 2, 5, 11, 12, 100]) {
    const keys = spreadKeys(count, groups, groupOfKey);
    expect(new Set(keys).size).toBe(count);
    const inOne = keys.filter((key) => groupOfKey(key) === 1).length;
    expect(Math.abs(count - 2 * inOne)).toBeLessThanOrEqual(1);
  }
  expect(() => spreadKeys(4, groups, () => 0)).toThrow("cannot be spread evenly");
});

describe("the load", () => {
  const { planned, operations, run } = runOf(7);
  const load = loadOf(planned);
  const share = (name: string) => load.filter((operation) => operation.function === name).length / load.length;

  test("has the rate asked for, with exponential gaps", () => {
    expect(load.length).toBeGreaterThan(3_700);
    expect(load.length).toBeLessThan(4_300);
    const times = load.map(({ intendedMs }) => intendedMs).sort((one, other) => one - other);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean).toBeGreaterThan(4.6);
    expect(mean).toBeLessThan(5.4);
    // An exponential's deviation equals its mean.
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.9);
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.1);
  });

  test("mixes gets, puts and cas as its shares say", () => {
    expect(share("get")).toBeCloseTo(0.45, 1);
    expect(share("cas")).toBeCloseTo(0.3, 1);
    expect(share("put")).toBeCloseTo(0.25, 1);
  });

  test("asks every node and every key about as often as any other", () => {
    const count = (of: (operation: PlannedOperation) => unknown) => {
      const counts = new Map<unknown, number>();
      for (const operation of load) counts.set(of(operation), (counts.get(of(operation)) ?? 0) + 1);
      return [...counts.values()];
    };
    for (const counts of [count(({ thread }) => thread % 6), count(({ key }) => key)]) {
      expect(Math.min(...counts)).toBeGreaterThan((0.7 * load.length) / counts.length);
      expect(Math.max(...counts)).toBeLessThan((1.4 * load.length) / counts.length);
    }
  });

  test("writes each key first of all", () => {
    const firsts = new Map<JsonValue, string>();
    for (const { key, function: name } of load) if (!firsts.has(key)) firsts.set(key, name);
    expect(firsts.size).toBe(12);
    expect(new Set(firsts.values())).toEqual(new Set(["put"]));
  });

  test("never writes a unique value twice, and only the domain's values to the other keys, half of them in each group", () => {
    const written = load.flatMap(({ function: name, key, input }) =>
      name === "get" ? [] : [{ key, value: name === "put" ? input : (input as { new: JsonValue }).new }],
    );
    const unique = written.filter(({ value }) => typeof value === "number");
    expect(new Set(unique.map(({ value }) => value)).size).toBe(unique.length);
    const small = new Set(written.filter(({ value }) => typeof value === "string").map(({ key }) => key));
    expect(small.size).toBe(6);
    expect([...small].filter((key) => groupOfKey(key) === 0)).toHaveLength(3);
    for (const { key, value } of written) expect(small.has(key)).toBe(smallDomain.some((known) => known === value));
    expect(new Set(unique.map(({ key }) => key)).size).toBe(6);
  });

  test("lets most cas succeed and some mismatch, and goes round the domain", () => {
    const cas = operations.filter((operation) => operation.function === "cas");
    const status = (operation: (typeof cas)[number]) => (operation.output as { status: string }).status;
    const ok = cas.filter((operation) => status(operation) === "ok").length / cas.length;
    expect(ok).toBeGreaterThan(0.6);
    expect(ok).toBeLessThan(0.98);
    const steps = new Set(
      cas
        .map(({ input }) => input as { expected: JsonValue; new: JsonValue })
        .map((step) => `${step.expected}${step.new}`),
    );
    for (const step of ["AB", "BC", "CA"]) expect(steps).toContain(step);
  });

  test("keeps one thread of each node for reads, and gives each node its share of them", () => {
    const readers = load.filter(({ thread }) => thread < 6);
    expect(new Set(readers.map(({ function: name }) => name))).toEqual(new Set(["get"]));
    expect(new Set(readers.map(({ thread }) => thread)).size).toBe(6);
    const gets = load.filter((operation) => operation.function === "get");
    expect(readers.length / gets.length).toBeGreaterThan(0.7);
    // With one thread a node there is none to spare.
    const lean = loadOf(runOf(7, { concurrency: 6 }, { concurrency: 6 }).planned);
    expect(new Set(lean.filter(({ thread }) => thread === 0).map(({ function: name }) => name)).size).toBe(3);
  });

  test("reads soon after a write through another node", () => {
    // Operation.index is in order of call, as is `planned`.
    const followed = operations.filter((operation, index) => {
      if (operation.function !== "put") return false;
      return operations
        .slice(index + 1, index + 20)
        .some((later) => later.function === "get" && later.key === operation.key && later.node !== operation.node);
    });
    const puts = operations.filter((operation) => operation.function === "put");
    expect(followed.length / puts.length).toBeGreaterThan(0.5);
  });

  test("ends with every key read through every node by a thread pinned to it", () => {
    const reads = planned.filter(({ phase }) => phase === "final-read");
    expect(new Set(reads.map(({ key, thread }) => `${key}@${thread % 6}`)).size).toBe(12 * 6);
    expect(reads).toHaveLength(12 * 6);
    expect(run.keys).toHaveLength(12);
  });
});

test("a stall leaves arrivals waiting, counts those it drops, and stamps when they were due", () => {
  const { run, planned } = runOf(3, {}, { stall: { fromMs: 5_000, toMs: 8_000 } });
  const load = loadOf(planned);
  expect(run.load.droppedArrivals()).toBeGreaterThan(400);
  expect(run.load.droppedArrivals() + load.length).toBeGreaterThan(3_700);
  // One for each thread was under way, and as many waited: all of them were due during the stall, none after it.
  const due = load.filter(({ intendedMs }) => intendedMs > 5_000 && intendedMs < 8_000);
  expect(due.length).toBeGreaterThanOrEqual(30);
  expect(due.length).toBeLessThanOrEqual(40);
});

test("while every writing thread hangs on one node, its reading thread goes on", () => {
  const { load } = register.create(options, 5);
  const given: PlannedOperation[] = [];
  for (let nowMs = 0; nowMs < 5_000; nowMs += 5) {
    const step = load.next({ nowMs, freeThreads: [2] });
    if (step.type === "operation") given.push(step.operation);
  }
  expect(given.length).toBeGreaterThan(500);
  expect(new Set(given.map(({ thread, function: name }) => `${name}@${thread}`))).toEqual(new Set(["get@2"]));
});

test("load goes on beyond its time while it is asked to, and ends when it no longer is", () => {
  const { load } = register.create({ ...options, timeLimitMs: 1_000 }, 5);
  const late: PlannedOperation[] = [];
  for (let nowMs = 0; nowMs < 3_000; nowMs += 5) {
    const step = load.next({ nowMs, freeThreads: [8], keepGoing: true });
    expect(step.type).not.toBe("done");
    if (step.type === "operation" && step.operation.intendedMs > 1_000) late.push(step.operation);
  }
  expect(late.length).toBeGreaterThan(300);
  expect(load.next({ nowMs: 3_000, freeThreads: [8], keepGoing: false })).toEqual({ type: "done" });
});

test("final reads are tried again until they are answered, or the bound has passed", () => {
  const run = register.create(options, 1);
  const reads = run.finalReads(1_000);
  const step = reads.next({ nowMs: 0, freeThreads: [3] });
  if (step.type !== "operation") throw new Error("expected a read");
  const reply = { output: null, error: "refused", attempts: 0, systemIndex: null };
  reads.update({ nowMs: 10, operation: step.operation, reply: { ...reply, outcome: "fail" } });
  const again: JsonValue[] = [];
  for (;;) {
    const next = reads.next({ nowMs: 120, freeThreads: [3] });
    if (next.type !== "operation") break;
    again.push(next.operation.key);
    reads.update({ nowMs: 121, operation: next.operation, reply: { ...reply, outcome: "ok" } });
  }
  expect(again).toHaveLength(12);
  expect(again).toContain(step.operation.key);
  // The other nodes' reads are still owed, but their time is up.
  expect(reads.next({ nowMs: 999, freeThreads: [] })).toEqual({ type: "wait", untilMs: 1_000 });
  expect(reads.next({ nowMs: 1_000, freeThreads: [0] })).toEqual({ type: "done" });
});

test("options that make no sense are refused by name", () => {
  const problems = (more: Partial<WorkloadOptions>) => register.problems({ ...options, ...more });
  expect(problems({})).toEqual([]);
  expect(problems({ own: { speed: 1 } })[0]).toContain('has no option "speed"');
  expect(problems({ own: { read_share: 2 } })[0]).toContain("read_share: 2 is no share");
  expect(problems({ own: { read_share: 0.8, cas_share: 0.3 } })).toHaveLength(1);
  expect(problems({ concurrency: 5 })[0]).toContain("concurrency 5 is less than the 6 nodes");
});

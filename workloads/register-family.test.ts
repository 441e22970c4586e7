// Shows what sets the workloads of registers apart: two values that come and go, cas on few keys, clients that roam, keys that are born and
// retired. The store is a map in virtual time.
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../history/index.js";
import { casContention, failover, mixed, registerSmall } from "./register.js";
import { groupOfKey, testOptions } from "./testing/options.js";
import { simulate, type StoreBehaviour } from "./testing/simulated-store.js";
import type { Workload } from "./workload.js";

function play(workload: Workload, store: Partial<StoreBehaviour> = {}) {
  const run = workload.create({ ...testOptions, keys: workload.prefers?.keys ?? testOptions.keys }, 4);
  const behaviour = { nodes: 6, concurrency: 18, seed: 4, latencyMs: 8, ...store };
  const { planned, operations } = simulate(behaviour, [run.load]);
  return { run, planned, operations };
}
const newOf = (input: JsonValue): JsonValue => (input as { readonly new: JsonValue }).new;

test("register-small writes two values only, and goes from each to the other over and over", () => {
  const { operations } = play(registerSmall);
  const swaps = operations.filter((operation) => operation.function === "cas");
  const values = operations.flatMap(({ function: name, input }) =>
    name === "get" ? [] : [name === "put" ? input : newOf(input)],
  );
  expect(new Set(values)).toEqual(new Set(["A", "B"]));
  const done = swaps.filter(({ output }) => (output as { status: string } | null)?.status === "ok");
  const both = (value: string) => done.filter(({ input }) => newOf(input) === value).length;
  expect(Math.min(both("A"), both("B"))).toBeGreaterThan(100);
});

test("cas-contention is nearly all cas, many at once on one key, and some of them lose", () => {
  const { operations } = play(casContention);
  const swaps = operations.filter((operation) => operation.function === "cas");
  expect(swaps.length / operations.length).toBeGreaterThan(0.65);
  const lost = swaps.filter(({ output }) => (output as { status: string } | null)?.status === "mismatch");
  expect(lost.length / swaps.length).toBeGreaterThan(0.2);
  expect(lost.length / swaps.length).toBeLessThan(0.9);
});

describe("failover", () => {
  const { planned } = play(failover, { lostReplies: 0.02 });

  test("names the node of every operation, and each thread goes through several", () => {
    expect(planned.every(({ node }) => node !== undefined)).toBe(true);
    const visited = new Map<number, Set<string | undefined>>();
    for (const { thread, node } of planned) visited.set(thread, (visited.get(thread) ?? new Set()).add(node));
    expect(Math.min(...[...visited.values()].map((nodes) => nodes.size))).toBeGreaterThan(1);
    const perNode = new Map<string | undefined, number>();
    for (const { node } of planned) perNode.set(node, (perNode.get(node) ?? 0) + 1);
    expect(perNode.size).toBe(6);
  });

  test("leaves a node that did not answer, and stays where it is answered but for the share that it is told", () => {
    const run = failover.create({ ...testOptions, own: { roam_share: 0 } }, 1);
    const reply = { output: null, error: null, attempts: 1, systemIndex: null };
    const visited: (string | undefined)[] = [];
    for (let step = 0; step < 60; step += 1) {
      const next = run.load.next({ nowMs: step * 100, freeThreads: [9] });
      if (next.type !== "operation") continue;
      visited.push(next.operation.node);
      const outcome = visited.length % 10 === 0 ? ("fail" as const) : ("ok" as const);
      run.load.update({ nowMs: step * 100 + 1, operation: next.operation, reply: { ...reply, outcome } });
    }
    const moves = visited.flatMap((node, place) => (place > 0 && node !== visited[place - 1] ? [place] : []));
    expect(visited.length).toBeGreaterThan(40);
    expect(moves).toEqual([10, 20, 30, 40, 50].filter((place) => place < visited.length));
  });
});

describe("mixed", () => {
  const { operations, run, planned } = play(mixed);

  test("retires keys and bears fresh ones of the same group all the time", () => {
    const first = new Map<JsonValue, number>();
    for (const { key, callNs } of operations) if (!first.has(key)) first.set(key, callNs);
    const born = [...first].filter(([, callNs]) => callNs > 1e9);
    expect(born.length).toBeGreaterThan(4);
    expect(Math.max(...born.map(([, callNs]) => callNs))).toBeGreaterThan(5e9);
    const groups = [...first.keys()].map((key) => groupOfKey(key));
    const inOne = groups.filter((group) => group === 1).length;
    expect(Math.abs(groups.length - 2 * inOne)).toBeLessThanOrEqual(4);
    // The first operation on each is the write that makes it.
    for (const key of first.keys()) expect(planned.find((one) => one.key === key)?.function).toBe("put");
  });

  test("reads retired keys now and then, writes them no more, and names all of them for the final reads", () => {
    const perKey = new Map<JsonValue, number>();
    let late = 0;
    for (const { key, function: name } of planned) {
      const before = perKey.get(key) ?? 0;
      perKey.set(key, before + 1);
      if (before < 150) continue;
      late += 1;
      expect(name).toBe("get");
    }
    expect(late).toBeGreaterThan(0);
    expect(new Set(run.keys)).toEqual(new Set(perKey.keys()));
    expect(run.keys.length).toBeGreaterThan(testOptions.keys + 4);
  });

  test("keeps a key that no acknowledged write has made, however often it was asked for", () => {
    const { load, keys } = mixed.create({ ...testOptions, keys: 1, groups: [], own: { retire_after: 5 } }, 1);
    const asked = new Set<JsonValue>();
    const reply = { outcome: "fail" as const, output: null, error: "refused", attempts: 0, systemIndex: null };
    for (let nowMs = 0; nowMs < 1_000; nowMs += 10) {
      const next = load.next({ nowMs, freeThreads: [9] });
      if (next.type !== "operation") continue;
      asked.add(next.operation.key);
      load.update({ nowMs, operation: next.operation, reply });
    }
    expect([...asked]).toEqual(["k0"]);
    expect(keys).toEqual([]);
  });
});

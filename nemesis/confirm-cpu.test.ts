// Shows what readings of CPU time convince a watcher that a quota holds a process back, and that it no longer does. Samples by hand.
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { watchCpuFree, watchCpuHeld } from "./confirm-cpu.js";
import type { Watcher } from "./watcher.js";
import type { Sample } from "./observe.js";

const [n1 = expect.fail("no node")] = nodeNames(1);

function sample(atMs: number, cpuTimeMs: number, throttledMs: number | null, incarnation = "1"): Sample {
  const process = {
    node: n1,
    state: "running" as const,
    pid: 1,
    incarnation,
    cpuTimeMs,
    throttledMs,
    exitCode: null,
    exitSignal: null,
  };
  return {
    startedMs: atMs,
    endedMs: atMs,
    processes: new Map([[n1, process]]),
    ready: new Map([[n1, true]]),
    links: new Map(),
    attempts: new Map(),
    failures: [],
  };
}
const last = (watcher: Watcher, samples: readonly Sample[]): boolean =>
  samples.map((one) => watcher.see(one).confirmed).at(-1) ?? expect.fail("no sample");
const held = (...samples: readonly Sample[]): boolean => last(watchCpuHeld([n1], 0.1), samples);
const free = (...samples: readonly Sample[]): boolean => last(watchCpuFree([n1], sample(0, 0, 0)), samples);

test("throttled time that grows while no more than the quota is used is a quota that holds", () => {
  expect(held(sample(0, 500, 0), sample(400, 540, 300))).toBe(true);
});

test("too little time, no throttling, too much CPU time or an unreadable count is none", () => {
  expect(held(sample(0, 500, 0), sample(399, 540, 300))).toBe(false);
  expect(held(sample(0, 500, 7), sample(400, 540, 7))).toBe(false);
  expect(held(sample(0, 500, 0), sample(400, 571, 300))).toBe(false);
  expect(held(sample(0, 500, null), sample(400, 540, null))).toBe(false);
});

test("what was used before the quota took hold is left out by beginning anew", () => {
  expect(held(sample(0, 0, 0), sample(50, 400, 0), sample(450, 440, 300))).toBe(true);
});

test("a process of before that works for a while and is not held back is free", () => {
  expect(free(sample(0, 0, 9), sample(400, 10, 9))).toBe(true);
  expect(free(sample(0, 0, 9), sample(200, 10, 10), sample(500, 20, 10))).toBe(false);
  expect(free(sample(0, 0, 9), sample(400, 0, 9))).toBe(false);
  expect(free(sample(0, 0, 9, "2"), sample(400, 10, 9, "2"))).toBe(false);
});

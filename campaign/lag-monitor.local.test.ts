// Shows with a real event loop that the monitor hears how long it was blocked: the worst by its timer, the percentile by its rings.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startLagMonitor } from "./lag-monitor.js";

function block(forMs: number): void {
  const until = performance.now() + forMs;
  while (performance.now() < until);
}

test("a loop that is blocked for half of the time is late by most of it for at least one ring in a hundred", async () => {
  const reported: number[] = [];
  const monitor = startLagMonitor(100, (lagMs) => reported.push(lagMs));
  try {
    // Until the other thread rings: before that the percentile is the timer's.
    await expect.poll(() => monitor.rings, { timeout: 10_000 }).toBeGreaterThan(3);
    for (let round = 0; round < 5; round++) {
      block(150);
      await sleep(100);
    }
    expect(monitor.worstMs).toBeGreaterThan(100);
    expect(reported.length).toBeGreaterThanOrEqual(5);
    expect(monitor.p99Ms).toBeGreaterThan(100);
  } finally {
    monitor.stop();
  }
});

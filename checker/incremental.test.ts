// The live verdict against the batch verdict: it never cries wolf on any prefix of a correct run, and finds planted bugs before the
// end, with bounded slices.
import { describe, expect, test } from "vitest";
import { operationsOf, type HistoryEvent } from "../history/index.js";
import { IncrementalChecker } from "./incremental.js";
import { checkLinearizability } from "./linearizability.js";
import { simulateRegister, type PlantedBug } from "./testing/simulated-register.js";
import type { Violation } from "./verdict.js";

interface Live {
  readonly violation: Violation | null;
  /** Events fed when it was found. */
  readonly after: number;
  /** Processor time, so that a busy machine does not count. */
  readonly longestMs: number;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function live(events: readonly HistoryEvent[]): Live {
  const checker = new IncrementalChecker({ model: "cas-register", initial: null });
  let longestMs = 0;
  for (const [at, event] of events.entries()) {
    checker.feed(event);
    if (at % 25 !== 0) continue;
    const startedMs = cpuMs();
    const violation = checker.slice();
    longestMs = Math.max(longestMs, cpuMs() - startedMs);
    if (violation !== null) return { violation, after: at + 1, longestMs };
  }
  return { violation: checker.slice(), after: events.length, longestMs };
}

const load = { clients: 10, keys: 5, operations: 3_000, unknownShare: 0.02 };

describe("the live verdict", () => {
  test("a correct run never looks like a violation", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { violation, longestMs } = live(simulateRegister({ ...load, seed }));
      expect(violation).toBeNull();
      expect(longestMs).toBeLessThan(500);
    }
  });

  test.each(["stale-reads", "lost-writes", "applied-twice"] as const satisfies readonly PlantedBug[])(
    "%s are seen before the end, and the batch check of what was fed agrees",
    (bug) => {
      for (let seed = 1; seed <= 3; seed++) {
        const events = simulateRegister({ ...load, seed, bug });
        const { violation, after } = live(events);
        expect(violation).not.toBeNull();
        expect(after).toBeLessThan(0.8 * events.length);
        const batch = checkLinearizability(operationsOf(events.slice(0, after)), "cas-register", { initial: null });
        expect(batch.valid).toBe(false);
        expect(checkLinearizability(operationsOf(events), "cas-register", { initial: null }).valid).toBe(false);
      }
    },
    60_000,
  );

  test("a violation once found stays found", () => {
    const events = simulateRegister({ ...load, seed: 1, bug: "stale-reads" });
    const checker = new IncrementalChecker({ model: "cas-register", initial: null, sliceMs: 1_000 });
    for (const event of events) checker.feed(event);
    const first = checker.slice();
    expect(first).not.toBeNull();
    expect(checker.slice()).toBe(first);
  });
});

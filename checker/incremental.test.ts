// The live verdict on simulated runs: it never cries wolf on a correct one, finds planted bugs before the end and names the key and
// the operation, waits for what it has to wait for, and refuses what sequential clients cannot have done.
import { describe, expect, test } from "vitest";
import { operationsOf, type HistoryEvent } from "../history/index.js";
import { createIncrementalChecker, type LiveVerdict } from "./incremental.js";
import { checkLinearizability } from "./linearizability.js";
import { simulateRegister, type PlantedBug } from "./testing/simulated-register.js";

interface Live {
  readonly verdict: LiveVerdict;
  /** Events fed when it stopped being valid. */
  readonly after: number;
}

function live(events: readonly HistoryEvent[], model = "cas-register"): Live {
  const checker = createIncrementalChecker(model, { initial: null });
  for (const [at, event] of events.entries()) {
    checker.feed(event);
    if (checker.verdict.valid !== true) return { verdict: checker.verdict, after: at + 1 };
  }
  return { verdict: checker.end(), after: events.length };
}

const load = { clients: 10, keys: 5, operations: 3_000, unknownShare: 0.02 };

describe("the live verdict", () => {
  test.each(["cas-register", "kv"])("a correct run of a %s never looks like a violation", (model) => {
    for (let seed = 1; seed <= 3; seed++)
      expect(live(simulateRegister({ ...load, seed }), model).verdict).toEqual({ valid: true });
  });

  test.each(["stale-reads", "lost-writes", "applied-twice"] as const satisfies readonly PlantedBug[])(
    "%s are seen before the end, and the batch check of what was fed agrees",
    (bug) => {
      for (let seed = 1; seed <= 3; seed++) {
        const events = simulateRegister({ ...load, seed, bug });
        const { verdict, after } = live(events);
        if (verdict.valid !== false) throw new Error(`seed ${seed}: ${JSON.stringify(verdict)}`);
        expect(after).toBeLessThan(0.8 * events.length);
        const batch = checkLinearizability(operationsOf(events.slice(0, after)), "cas-register", { initial: null });
        expect(batch.valid).toBe(false);
        expect(batch.violations.map(({ key }) => key)).toContain(verdict.violation.key);
        const named = operationsOf(events)[verdict.violation.operation.index];
        expect(named).toEqual(verdict.violation.operation);
      }
    },
    60_000,
  );

  test("a violation once found stays found", () => {
    const events = simulateRegister({ ...load, seed: 1, bug: "stale-reads" });
    const checker = createIncrementalChecker("cas-register", { initial: null });
    const { after } = live(events);
    for (const event of events.slice(0, after)) checker.feed(event);
    const first = checker.verdict;
    for (const event of events.slice(after)) checker.feed(event);
    expect(checker.verdict).toEqual(first);
    expect(checker.end()).toEqual(first);
  });
});

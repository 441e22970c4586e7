// Histories as runs make them: a simulated register under many clients, unknown outcomes that take effect late or never, long
// stalls and values that go round; correct, or with one planted bug.
import { describe, expect, test } from "vitest";
import { operationsOf, type HistoryEvent, type Operation } from "../history/index.js";
import { checkLinearizability } from "./linearizability.js";
import { simulateRegister, type PlantedBug, type SimulatedRegisterOptions } from "./testing/simulated-register.js";
import type { ViolationClass } from "./verdict.js";

function judge(options: SimulatedRegisterOptions) {
  const events = simulateRegister(options);
  return checkLinearizability(operationsOf(events), "cas-register", {
    initial: null,
    attemptsOf: (operation) => attempts(events, operation),
  });
}

function attempts(events: readonly HistoryEvent[], { returnEvent }: Operation): number | null {
  const event = returnEvent === null ? undefined : events[returnEvent];
  return event !== undefined && "attempts" in event ? (event.attempts ?? null) : null;
}

describe("a correct register", () => {
  const loads: readonly (readonly [string, Omit<SimulatedRegisterOptions, "seed">])[] = [
    [
      "16 clients, 10 keys, 1,000 operations a key, 3 % unknown",
      { clients: 16, keys: 10, operations: 10_000, unknownShare: 0.03 },
    ],
    [
      "20 clients, 8 keys, 2,000 operations a key, 5 % unknown",
      { clients: 20, keys: 8, operations: 16_000, unknownShare: 0.05 },
    ],
    [
      "10 clients, 20 keys, 300 operations a key, 1 % unknown",
      { clients: 10, keys: 20, operations: 6_000, unknownShare: 0.01 },
    ],
    [
      "answers that tell only success, values A→B→C→A",
      { clients: 16, keys: 8, operations: 8_000, unknownShare: 0.05, tells: false, domain: 3 },
    ],
    ["every client on one key", { clients: 12, keys: 1, operations: 1_000, unknownShare: 0.03 }],
    ["one operation in five stalls", { clients: 16, keys: 8, operations: 6_000, unknownShare: 0.03, stallShare: 0.2 }],
  ];
  test.each(loads)(
    "%s: valid in well under 10 s",
    (_, options) => {
      for (const seed of [1, 2]) {
        const before = process.cpuUsage();
        const result = judge({ ...options, seed });
        const { user, system } = process.cpuUsage(before);
        expect(result.unknown).toEqual([]);
        expect(result.valid).toBe(true);
        // Processor time, so that a busy machine does not count.
        expect((user + system) / 1000).toBeLessThan(10_000);
      }
    },
    60_000,
  );

  test("the general search agrees on shorter runs", () => {
    for (let seed = 10; seed < 20; seed++) {
      const events = simulateRegister({
        seed,
        clients: 5,
        keys: 3,
        operations: 300,
        unknownShare: 0.02,
        tells: seed % 2 === 0,
      });
      const options = { initial: null, engine: "wing-gong", budget: { timeMs: 10_000 } } as const;
      expect(checkLinearizability(operationsOf(events), "cas-register", options).valid).toBe(true);
    }
  });
});

describe("a planted bug", () => {
  const planted: readonly (readonly [PlantedBug, ViolationClass])[] = [
    ["stale-reads", "stale read"],
    ["lost-writes", "lost write"],
    ["applied-twice", "resurrected write"],
  ];
  test.each(planted)(
    "%s are found in every seed, most of them as: %s",
    (bug, expected) => {
      const classes = new Map<ViolationClass, number>();
      for (let seed = 1; seed <= 4; seed++) {
        const result = judge({ seed, clients: 12, keys: 8, operations: 4_000, unknownShare: 0.02, bug });
        expect(result.valid).toBe(false);
        expect(result.violations.map((violation) => violation.class)).toContain(expected);
        for (const violation of result.violations) {
          classes.set(violation.class, (classes.get(violation.class) ?? 0) + 1);
          expect(violation.certificate).toMatchObject({ minimal: true, verified: true });
        }
      }
      const total = [...classes.values()].reduce((sum, count) => sum + count, 0);
      expect(classes.get(expected) ?? 0).toBeGreaterThan(total / 2);
    },
    120_000,
  );
});

// Budgets: each of the three runs out by its name, inside the engines' loops, and the answer is unknown, never true or false.
import { describe, expect, test } from "vitest";
import { createRandom, type Operation } from "../history/index.js";
import { Budget, BudgetExhausted } from "./budget.js";
import { checkLinearizability } from "./linearizability.js";
import { get, operations, put } from "./testing/builders.js";

/** Everything concurrent, every value different, and a read that nobody can explain only at the very end. */
function hard(count: number): Operation[] {
  const random = createRandom(7);
  const makers = Array.from({ length: count }, (_, at) => put(at % 7, at, 10_000 + random.integer(0, 100)));
  return operations(...makers, get(1, 20_000, 20_001), get(2, 20_002, 20_003));
}

describe("a budget", () => {
  const names = (limits: ConstructorParameters<typeof Budget>[0], now: () => number, heap: () => number) => {
    const budget = new Budget(limits, now, heap);
    try {
      for (let turn = 0; turn < 10_000; turn++) budget.spend(1);
    } catch (error) {
      if (error instanceof BudgetExhausted) return error.budget;
      throw error;
    }
    return null;
  };

  test("each limit is named", () => {
    let clock = 0;
    expect(
      names(
        { configurations: 100 },
        () => 0,
        () => 0,
      ),
    ).toBe("configurations");
    expect(
      names(
        { timeMs: 5 },
        () => clock++,
        () => 0,
      ),
    ).toBe("time");
    let heap = 0;
    expect(
      names(
        { memoryMb: 1 },
        () => 0,
        () => (heap += 500_000),
      ),
    ).toBe("memory");
    expect(
      names(
        {},
        () => 0,
        () => 0,
      ),
    ).toBeNull();
  });

  test("a part never has more time than the whole has left", () => {
    let clock = 0;
    const whole = new Budget(
      { timeMs: 100 },
      () => clock,
      () => 0,
    );
    clock = 70;
    const part = whole.part({ timeMs: 500 });
    clock = 99;
    expect(() => part.look()).not.toThrow();
    clock = 101;
    expect(() => part.look()).toThrow(/more than 30 ms/);
  });
});

describe("an exhausted budget", () => {
  test.each(["configuration-sets", "wing-gong"] as const)("%s says unknown, naming budget and progress", (engine) => {
    const result = checkLinearizability(hard(24), "cas-register", {
      initial: null,
      engine,
      budget: { configurations: 15 },
    });
    expect(result.valid).toBe("unknown");
    expect(result.violations).toEqual([]);
    expect(result.unknown[0]?.code).toBe("budget");
    expect(result.unknown[0]?.sentence).toMatch(
      /the configurations budget ran out .* of 26 operations, \d+ % of its events swept/,
    );
    expect(result.keys[0]?.valid).toBe("unknown");
  });

  test.each(["configuration-sets", "wing-gong"] as const)("%s stops soon after its time", (engine) => {
    const startedMs = performance.now();
    const result = checkLinearizability(hard(40), "cas-register", {
      initial: null,
      engine,
      budget: { timeMs: 200, configurations: 1e9 },
      explainMs: 200,
    });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    if (result.valid === "unknown") expect(result.unknown[0]?.sentence).toMatch(/the time budget ran out/);
    else expect(result.valid).toBe(false);
  });

  test("one hard key does not take the others' verdict away", () => {
    const easy = [get(null, 0, 1), put(1, 2, 3)].map((make, at) => ({ ...make(100 + at), key: "easy" }));
    const result = checkLinearizability([...hard(24), ...easy], "cas-register", {
      initial: null,
      budget: { configurations: 15 },
      engine: "configuration-sets",
    });
    expect(result.keys.map(({ key, valid }) => [key, valid])).toEqual([
      ["k", "unknown"],
      ["easy", true],
    ]);
    expect(result.valid).toBe("unknown");
  });
});

// Budgets: each of the three runs out by its name, inside the engines' loops, and the answer is unknown, never true or false.
import { getHeapStatistics } from "node:v8";
import { describe, expect, test } from "vitest";
import { createRandom, type Operation } from "../history/index.js";
import { Budget, BudgetExhausted, heapInUse, heapLimitFor } from "./budget.js";
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
    // Of the processor, for the machine may be busy with something else.
    const before = process.cpuUsage();
    const result = checkLinearizability(hard(40), "cas-register", {
      initial: null,
      engine,
      budget: { timeMs: 200, configurations: 1e9 },
      explainMs: 200,
    });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(10_000);
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

describe("what a budget looks at", () => {
  /** A clock that is advanced by hand, and counters of how often it and the heap were asked. */
  function watched(
    limits: ConstructorParameters<typeof Budget>[0],
    watch: ConstructorParameters<typeof Budget>[3] = {},
  ) {
    const state = { now: 100, heap: 0, clockAsked: 0, heapAsked: 0 };
    const budget = new Budget(
      limits,
      () => {
        state.clockAsked += 1;
        return state.now;
      },
      () => {
        state.heapAsked += 1;
        return state.heap;
      },
      watch,
    );
    return { state, budget };
  }
  const failure = (work: () => void): string => {
    try {
      work();
    } catch (error) {
      if (error instanceof BudgetExhausted) return `${error.name} of ${error.budget}: ${error.sentence}`;
      throw error;
    }
    return "none";
  };

  test("the clock is asked less and less often while searching goes fast, at least every 1,024 configurations", () => {
    const { state, budget } = watched({});
    const asked = (configurations: number): number => {
      const before = state.clockAsked;
      for (let turn = 0; turn < configurations; turn++) budget.spend(1);
      return state.clockAsked - before;
    };
    // After 1, 3, 7, 15, … configurations, and from then on every 1,024th.
    expect(asked(1)).toBe(1);
    expect(asked(2046)).toBe(10);
    expect(asked(10 * 1024)).toBe(10);
    expect(budget.spent).toBe(1 + 2046 + 10 * 1024);
  });

  test("and at every configuration where one takes longer than 5 ms", () => {
    const { state, budget } = watched({});
    for (let turn = 0; turn < 20; turn++) budget.spend(1);
    const fast = state.clockAsked;
    for (let turn = 0; turn < 40; turn++) {
      state.now += 6;
      budget.spend(1);
    }
    const slow = state.clockAsked - fast;
    expect(slow).toBeGreaterThan(25);
    // Two looks that were 5 ms apart are near enough to each other, 6 ms are not.
    for (const [apart, looks] of [
      [5, 0],
      [6, 1],
    ] as const) {
      const looked = watched({});
      for (let turn = 0; turn < 6; turn++) {
        looked.state.now += apart;
        looked.budget.look();
      }
      const before = looked.state.clockAsked;
      looked.budget.spend(1);
      expect(looked.state.clockAsked - before).toBe(looks);
    }
  });

  test("the heap is first asked after 512 configurations or 1 ms", () => {
    const many = watched({});
    many.budget.spend(511);
    expect(many.state.heapAsked).toBe(0);
    many.budget.spend(1);
    many.budget.look();
    expect(many.state.heapAsked).toBeGreaterThan(0);
    const late = watched({});
    late.budget.look();
    expect(late.state.heapAsked).toBe(0);
    late.state.now += 1;
    late.budget.look();
    expect(late.state.heapAsked).toBeGreaterThan(0);
  });

  test("the limits are the last that are allowed", () => {
    const count = watched({ configurations: 7 });
    expect(failure(() => count.budget.spend(7))).toBe("none");
    expect(failure(() => count.budget.spend(1))).toBe("BudgetExhausted of configurations: more than 7 configurations");
    const time = watched({ timeMs: 10.4 });
    time.state.now += 10.4;
    expect(failure(() => time.budget.look())).toBe("none");
    time.state.now += 0.1;
    expect(failure(() => time.budget.look())).toBe("BudgetExhausted of time: more than 10 ms");
    expect(time.budget.elapsedMs).toBeCloseTo(10.5);
    const memory = watched({ memoryMb: 2 });
    memory.state.now += 1;
    memory.budget.look();
    memory.state.heap = 2 * 1024 * 1024;
    expect(failure(() => memory.budget.look())).toBe("none");
    memory.state.heap += 1;
    expect(failure(() => memory.budget.look())).toBe(
      "BudgetExhausted of memory: more than 2 MiB, or nearly all that the process may have",
    );
  });

  test("a part has no more memory and configurations than the whole, and the heap limit of the whole", () => {
    const { state, budget } = watched({ memoryMb: 4, configurations: 10 });
    const spend = (part: Budget, count: number) => failure(() => part.spend(count));
    expect(spend(budget.part({ configurations: 20 }), 11)).toMatch(/more than 10 configurations/);
    expect(spend(budget.part({ configurations: 3 }), 4)).toMatch(/more than 3 configurations/);
    // What one part visited is not charged to the next, nor to the whole.
    expect(spend(budget.part({}), 10)).toBe("none");
    expect(budget.spent).toBe(0);
    state.now += 1;
    state.heap = 3 * 1024 * 1024;
    // The whole began at no heap: its limit is 4 MiB, whenever a part begins.
    const part = budget.part({ memoryMb: 8 });
    state.now += 1;
    expect(failure(() => part.look())).toBe("none");
    state.heap = 4 * 1024 * 1024 + 1;
    expect(failure(() => part.look())).toMatch(/^BudgetExhausted of memory: more than 4 MiB/);
    const tight = budget.part({ memoryMb: 1 });
    state.now += 1;
    expect(failure(() => tight.look())).toMatch(/more than 1 MiB/);
  });

  test("who watches hears of every configuration once, the last ones before it ends", () => {
    const heard: number[] = [];
    const { budget } = watched({ configurations: 3_000 }, { onVisited: (count) => heard.push(count) });
    for (let turn = 0; turn < 3_000; turn++) budget.spend(1);
    expect(failure(() => budget.spend(1))).toMatch(/configurations/);
    expect(heard.reduce((sum, count) => sum + count, 0)).toBe(3_001);
    expect(Math.min(...heard)).toBeGreaterThan(0);
    const before = heard.length;
    const idle = watched({}, { onVisited: (count) => heard.push(count) });
    idle.budget.look();
    expect(heard).toHaveLength(before);
  });

  test("a signal ends it at the next look", () => {
    const abort = new AbortController();
    const { budget } = watched({}, { signal: abort.signal });
    expect(failure(() => budget.look())).toBe("none");
    abort.abort();
    expect(failure(() => budget.look())).toBe("BudgetExhausted of signal: it was asked to stop");
  });

  test("how far it got is what the engine says, and nothing before one does", () => {
    const { budget } = watched({});
    expect(budget.reached).toBeNull();
    budget.measuredBy(() => 0.25);
    expect(budget.reached).toBe(0.25);
  });
});

describe("the heap", () => {
  // Alive while it is asked, so that what lies outside counts for something.
  const outside = new Uint8Array(64 * 1024 * 1024);
  const nearly = 4 * 1024 * 1024;

  test("in use holds objects as well as what lies outside, such as typed arrays", () => {
    const { used_heap_size, external_memory } = getHeapStatistics();
    expect(external_memory).toBeGreaterThanOrEqual(outside.length);
    expect(Math.abs(heapInUse() - (used_heap_size + external_memory))).toBeLessThan(nearly);
  });

  test("may grow by what is allowed, and never so far that the process would die of it", () => {
    expect(heapLimitFor(3, 1000)).toBe(1000 + 3 * 1024 * 1024);
    const { heap_size_limit, external_memory } = getHeapStatistics();
    expect(Math.abs(heapLimitFor(1e9, 0) - (0.8 * heap_size_limit + external_memory))).toBeLessThan(nearly);
    expect(outside.length).toBeGreaterThan(0);
  });
});

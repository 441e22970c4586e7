// Shows the shapes of a load: phases change the rate when they say and leave the rest as it was, keys are drawn by their distribution, a burst
// asks one key at one moment, and a closed loop waits for its answers. Seeds are fixed.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue } from "../history/index.js";
import { arrivalsOf, pickerOf } from "./load-shape.js";
import { mixed, register } from "./register.js";
import { testOptions } from "./testing/options.js";
import { simulate } from "./testing/simulated-store.js";

/** When operations were due in so many milliseconds, if each is carried out at once. */
function dueTimes(own: { readonly [name: string]: JsonValue }, lengthMs: number): readonly number[] {
  const arrivals = arrivalsOf(createRandom(5), { ...testOptions, own, timeLimitMs: lengthMs });
  const threads = Array.from({ length: testOptions.concurrency }, (_, thread) => thread);
  const due: number[] = [];
  for (let nowMs = 0; nowMs < lengthMs; nowMs += 1) {
    arrivals.advance(nowMs, false);
    for (let arrival = arrivals.take(threads); arrival !== null; arrival = arrivals.take(threads)) {
      due.push(arrival.intendedMs);
      for (const thread of arrival.threads) arrivals.completed(thread, nowMs);
    }
  }
  return due;
}
const within = (times: readonly number[], fromMs: number, toMs: number): number =>
  times.filter((time) => time >= fromMs && time < toMs).length;

describe("phases", () => {
  const phases = [
    { for_ms: 2_000, rate: 1 },
    { for_ms: 1_000, rate: 0 },
    { for_ms: 1_000, rate: 3 },
  ];

  test.each(["open", "closed"])("give each stretch its rate, over and over, in an %s loop", (loop) => {
    const due = dueTimes({ phases, loop }, 40_000);
    const perPhase = [0, 0, 0];
    for (let round = 0; round < 10; round += 1) {
      const from = round * 4_000;
      perPhase[0] = (perPhase[0] ?? 0) + within(due, from, from + 2_000);
      perPhase[1] = (perPhase[1] ?? 0) + within(due, from + 2_000, from + 3_000);
      perPhase[2] = (perPhase[2] ?? 0) + within(due, from + 3_000, from + 4_000);
    }
    const [even = 0, pause, rush = 0] = perPhase;
    expect(pause).toBe(0);
    expect(even / 20).toBeGreaterThan(180);
    expect(even / 20).toBeLessThan(220);
    expect(rush / 10).toBeGreaterThan(540);
    expect(rush / 10).toBeLessThan(660);
  });

  test("of one factor, 1, change nothing at all", () => {
    const plain = dueTimes({}, 5_000);
    const phased = dueTimes({ phases: [{ for_ms: 100_000, rate: 1 }] }, 5_000);
    expect(phased).toEqual(plain);
  });

  test("that make no sense are refused", () => {
    const problem = (value: JsonValue) => register.problems({ ...testOptions, own: { phases: value } }).length;
    expect(problem(phases)).toBe(0);
    expect(problem("often")).toBe(1);
    expect(problem([{ for_ms: 1_000, rate: 0 }])).toBe(1);
    expect(problem([{ for_ms: 0, rate: 1 }])).toBe(1);
    expect(problem([{ for_ms: 1_000, rate: 1, speed: 2 }])).toBe(1);
  });
});

describe("key distributions", () => {
  const keys = Array.from({ length: 20 }, (_, place) => place);
  const draws = 20_000;
  const counts = (distribution: string): readonly number[] => {
    const pick = pickerOf({ ...testOptions, own: { key_distribution: distribution } });
    const random = createRandom(9);
    const drawn = keys.map(() => 0);
    for (let draw = 0; draw < draws; draw += 1) {
      const key = pick(random, keys);
      drawn[key] = (drawn[key] ?? 0) + 1;
    }
    return drawn.map((count) => count / draws);
  };

  test("uniform: each as often as the next", () => {
    for (const share of counts("uniform")) expect(share).toBeCloseTo(0.05, 1);
  });

  test("zipf: the second half as often as the first, the tenth a tenth as often", () => {
    const [first = 0, second = 0] = counts("zipf");
    expect(second / first).toBeCloseTo(0.5, 1);
    expect((counts("zipf")[9] ?? 0) / first).toBeCloseTo(0.1, 1);
  });

  test("hot: four of five go to the first tenth, and every other key still gets some", () => {
    const shares = counts("hot");
    expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBeCloseTo(0.8, 1);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });
});

test("a closed loop begins nothing on a thread before its answer, and keeps the rate when answers are quick", () => {
  const due = dueTimes({ loop: "closed" }, 20_000);
  expect(due.length / 20).toBeGreaterThan(180);
  expect(due.length / 20).toBeLessThan(220);
  const arrivals = arrivalsOf(createRandom(5), { ...testOptions, own: { loop: "closed" } });
  arrivals.advance(60_000, false);
  const all = Array.from({ length: testOptions.concurrency }, (_, thread) => thread);
  for (const _ of all) expect(arrivals.take(all)).not.toBeNull();
  expect(arrivals.take(all)).toBeNull();
  expect(arrivals.nextMs).toBeNull();
  arrivals.completed(3, 60_000);
  arrivals.advance(120_000, false);
  expect(arrivals.take(all)?.threads).toEqual([3]);
});

function groupsOf<Item>(items: readonly Item[], by: (item: Item) => unknown): readonly (readonly Item[])[] {
  const groups = new Map<unknown, Item[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return [...groups.values()];
}

describe("a burst", () => {
  const played = (burst: number) => {
    const run = register.create({ ...testOptions, own: { burst } }, 4);
    return simulate({ nodes: 6, concurrency: 18, seed: 4, latencyMs: 8 }, [run.load]).planned;
  };

  test("asks one key at one moment, and the rate stays what it was", () => {
    const operations = played(2);
    const single = played(1);
    expect(operations.length / single.length).toBeGreaterThan(0.9);
    expect(operations.length / single.length).toBeLessThan(1.1);
    const byMoment = groupsOf(operations, ({ intendedMs }) => intendedMs);
    const pairs = byMoment.filter(({ length }) => length === 2);
    expect(pairs.length / byMoment.length).toBeGreaterThan(0.9);
    // The first operations write the keys that nobody wrote yet.
    const onOneKey = pairs.filter(([one, other]) => one?.key === other?.key);
    expect(onOneKey.length / pairs.length).toBeGreaterThan(0.9);
  });

  test("never writes a retired key", () => {
    const run = mixed.create({ ...testOptions, own: { burst: 3, retire_after: 20 } }, 4);
    const { operations } = simulate({ nodes: 6, concurrency: 18, seed: 4, latencyMs: 8 }, [run.load]);
    const keys = groupsOf(operations, ({ key }) => key);
    expect(keys.length).toBeGreaterThan(10 * testOptions.keys);
    // It is retired with its twentieth operation; what else of a burst was under way by then may follow.
    expect(keys.flatMap((all) => all.slice(20)).length).toBeGreaterThan(5);
    const afterwards = keys.flatMap((all) => all.slice(23));
    expect(afterwards.filter((one) => one.function !== "get")).toEqual([]);
  });
});

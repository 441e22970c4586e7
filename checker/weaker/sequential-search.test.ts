// The search for a sequentially consistent order against every order on small random histories, given in any order; and what it must
// not try.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import { registerModel } from "../models/register.js";
import { actsOf, isSequential } from "../testing/brute-sessions.js";
import { operation } from "../testing/builders.js";
import { isSequentialOrder } from "./replay.js";
import { searchSequential } from "./sequential-search.js";

const model = registerModel("cas-register", true);

/** One operation after the other, each by the process that is told. */
function line(...steps: readonly (readonly [process: number, name: string, value: JsonValue])[]): Operation[] {
  return steps.map(([process, name, value], at) =>
    operation(at, name, name === "get" ? null : value, name === "get" ? value : null, 2 * at, 2 * at + 1, { process }),
  );
}

/** How many configurations are enough, or Infinity. */
function search(operations: readonly Operation[], configurations: number): readonly number[] | null {
  return searchSequential(model, 0, operations, new Budget({ configurations, timeMs: 60_000 }));
}

describe("an order", () => {
  test("is found just when there is one", () => {
    const seen = { found: 0, none: 0 };
    for (let seed = 0; seed < 1_500; seed++) {
      const random = createRandom(seed);
      const value = () => random.integer(0, 2);
      const clock = [0, 0, 0];
      const operations = Array.from({ length: random.integer(2, 7) }, (_, index) => {
        const process = random.integer(0, 2);
        const from = (clock[process] ?? 0) + random.integer(1, 3);
        const isUnknown = random.chance(0.15);
        clock[process] = isUnknown ? Infinity : from + random.integer(0, 4);
        const name = random.pick(["get", "get", "put", "cas"]);
        const input = name === "get" ? null : name === "put" ? value() : { expected: value(), new: value() };
        const output = isUnknown || name === "put" ? null : name === "get" ? value() : { status: "ok" };
        const outcome = isUnknown ? "info" : random.chance(0.1) ? "fail" : "ok";
        return operation(index, name, input, output, from, isUnknown ? null : from + 1, { process, outcome });
      }).filter(({ callNs }) => Number.isFinite(callNs));
      const shuffled = operations
        .map((one) => ({ one, at: random.unit() }))
        .sort((left, right) => left.at - right.at)
        .map(({ one }, index) => ({ ...one, index }));
      const acts = actsOf(shuffled, 0);
      if (acts === null) continue;
      const order = search(shuffled, 100_000);
      expect([seed, order !== null]).toEqual([seed, isSequential(acts)]);
      if (order !== null) expect([seed, isSequentialOrder(model, 0, shuffled, order)]).toEqual([seed, true]);
      seen[order === null ? "none" : "found"] += 1;
    }
    expect(Math.min(seen.found, seen.none)).toBeGreaterThan(300);
  });

  test("of a history that is one already takes a configuration for each operation", () => {
    const history = line([3, "put", 1], [1, "put", 2], [2, "get", 2], [3, "put", 3], [1, "put", 4], [2, "get", 4]);
    expect(search(history, 7)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("not tried", () => {
  test("is when else a read could come that can come now", () => {
    const reads = Array.from({ length: 8 }, (_, process) => [process, "get", 0] as const);
    // After all of them no order is left for the last one.
    const history = line(...reads, ...reads, [9, "get", 7]);
    expect(search(history, 20)).toBeNull();
  });

  test("is the same place with the same value again", () => {
    const puts = Array.from({ length: 8 }, (_, process) => [process, "put", 1] as const);
    // 2^8 places at most, while there are 8! orders.
    expect(search(line(...puts, [9, "get", 7]), 8 * 2 ** 8)).toBeNull();
  });

  test("is what certainly did not happen, or a read without an answer", () => {
    const failed = operation(0, "put", 7, null, 0, 1, { outcome: "fail", process: 1 });
    const blind = Array.from({ length: 4 }, (_, at) =>
      operation(at + 1, "get", null, null, 0, null, { process: at + 2 }),
    );
    const read = operation(5, "get", null, 7, 0, 1, { process: 9 });
    expect(search([failed, ...blind, read], 1)).toBeNull();
  });
});

// What the general search does, told by what it asks of its model on small histories, which no verdict shows; that its memory of dead
// ends is exact where every set has the same hash; and what it says of a history that cannot be, or that it did not finish.
import { describe, expect, test } from "vitest";
import { createRandom, type Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { casRegister } from "../models/index.js";
import { bruteForce } from "../testing/brute-force.js";
import { cas, get, operations, put } from "../testing/builders.js";
import { fuzzHistory } from "../testing/fuzz-history.js";
import { DeadEnds } from "./dead-ends.js";
import { borrowSearchMemory, giveBackSearchMemory, SearchMemory } from "./search-memory.js";
import { searchWingGong } from "./wing-gong.js";

class CollidingDeadEnds extends DeadEnds {
  override hashOf(): number {
    return 0;
  }
}

class CollidingMemory extends SearchMemory {
  override readonly dead = new CollidingDeadEnds();
}

interface Searched {
  readonly answer: EngineAnswer;
  readonly steps: number;
  readonly texts: number;
  readonly reads: number;
  readonly configurations: number;
}

function search(history: readonly Operation[], budget = new Budget({}, undefined, () => 0)): Searched {
  return casRegister.open((model) => {
    const asked = { steps: 0, texts: 0, reads: 0 };
    const counting: typeof model = {
      ...model,
      step: (state, operation) => {
        asked.steps += 1;
        return model.step(state, operation);
      },
      identify: (state) => {
        asked.texts += 1;
        return model.identify(state);
      },
      isRead: (operation) => {
        asked.reads += 1;
        return model.isRead(operation);
      },
    };
    const answer = searchWingGong(counting, model.initial(0), history, budget);
    return { answer, ...asked, configurations: budget.spent };
  });
}

const known = (history: readonly Operation[]): readonly Operation[] =>
  history.filter(({ outcome, function: name }) => outcome !== "fail" && (outcome !== "info" || name !== "get"));

describe("where every set has the same hash", () => {
  test("600 histories are judged as brute force judges them", () => {
    const seen = { true: 0, false: 0 };
    for (let seed = 0; seed < 600; seed++) {
      const { operations: drawn, initial } = fuzzHistory(createRandom(seed, "colliding"));
      if (initial !== 0) continue;
      const history = known(drawn);
      const truth = bruteForce(history, 0) !== null;
      giveBackSearchMemory(new CollidingMemory());
      const { valid } = search(history).answer;
      expect(valid, `seed ${seed}`).toBe(truth);
      seen[truth ? "true" : "false"] += 1;
    }
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(50);
    borrowSearchMemory();
  });
});

const writes = (count: number) => Array.from({ length: count }, (_, at) => put(1 + at, at, 100 + at));
const unknowns = (count: number) => Array.from({ length: count }, (_, at) => put(1 + at, at, null));

// Configurations, steps, texts of states, and whether an operation is a read. Where the search got better, lower the figure.
test.each<readonly [string, readonly Operation[], boolean, readonly number[]]>([
  [
    "writes that all overlap and a read of the first",
    operations(...writes(5), get(1, 200, 201)),
    true,
    [77, 72, 84, 6],
  ],
  [
    "reads that nothing contradicts",
    operations(put(1, 0, 1), get(1, 2, 3), get(1, 2, 9), get(1, 4, 5), get(1, 4, 5)),
    true,
    [1, 5, 1, 5],
  ],
  ["writes of unknown outcome, one seen", operations(...unknowns(4), get(3, 200, 201)), true, [3, 7, 1, 1]],
  ["a value that nobody wrote", operations(...writes(4), get(9, 200, 201)), false, [65, 56, 70, 5]],
  [
    "a value that no unknown write wrote",
    operations(...unknowns(4), put(7, 0, 50), get(9, 200, 201)),
    false,
    [161, 213, 215, 2],
  ],
  [
    "reads on the way to a dead end",
    operations(...writes(3), get(1, 0, 99), get(2, 0, 99), get(9, 200, 201)),
    false,
    [25, 36, 16, 6],
  ],
  [
    "a cas that only one order admits",
    operations(...writes(4), cas(2, 9, 50, 99), get(9, 200, 201)),
    true,
    [29, 30, 21, 6],
  ],
  [
    "equal writes of unknown outcome",
    operations(put(1, 0, null), put(1, 1, null), put(2, 3, 4), get(1, 5, 6), get(2, 7, 8)),
    false,
    [11, 13, 7, 3],
  ],
  [
    "an unknown write that leaves the state as it is",
    operations(put(0, 0, null), put(0, 0, null), get(1, 5, 6)),
    false,
    [1, 2, 1, 1],
  ],
])("%s cost the search no more than they did", (_, history, valid, most) => {
  const { answer, configurations, steps, texts, reads } = search(history);
  expect(answer.valid).toBe(valid);
  for (const [at, figure] of [configurations, steps, texts, reads].entries())
    expect(figure, ["configurations", "steps", "texts", "reads"][at]).toBeLessThanOrEqual(most[at] ?? 0);
});

describe("a history that cannot be", () => {
  test.each([
    ["the only operation", operations(get(9, 0, 1)), 0],
    ["the first of two wrong reads", operations(put(1, 0, 1), get(8, 2, 3), get(9, 4, 5)), 1],
    ["what the deepest try could not pass", operations(put(1, 0, 9), put(2, 0, 8), get(1, 10, 11), get(2, 12, 13)), 3],
    ["operations in another order than that of their calls", operations(get(9, 4, 5), put(1, 0, 1)), 0],
  ])("names where it is stuck: %s", (_, history, stuck) => {
    expect(search(history).answer).toEqual({ valid: false, stuck });
  });
});

test("a search cut short tells how far it came, in operations", () => {
  const history = operations(...writes(6), get(99, 200, 201), put(8, 300, 301));
  const reachedAfter = (configurations: number): number | null => {
    const budget = new Budget({ configurations }, undefined, () => 0);
    expect(() => search(history, budget)).toThrow("configurations");
    return budget.reached;
  };
  expect(reachedAfter(1)).toBe(0);
  expect(reachedAfter(20)).toBe(6 / 8);
});

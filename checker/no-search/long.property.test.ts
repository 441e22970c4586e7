// The engines against each other on histories too long for brute force: what clients of a real register would record, which is
// valid, and the same with one read gone wrong. The seed of a failure is in its message.
import { describe, expect, test } from "vitest";
import { createRandom } from "../../history/index.js";
import { Budget } from "../budget.js";
import { judgeOperations } from "../engine.js";
import { casRegister } from "../models/index.js";
import { compareEngines } from "../testing/compare-engines.js";
import { longHistory, withWrongRead } from "../testing/long-history.js";

describe("histories of hundreds of operations", () => {
  test("are judged alike by every engine", () => {
    const seen = { valid: 0, invalid: 0, decidedWithoutSearch: 0 };
    for (let seed = 0; seed < 150; seed++) {
      const random = createRandom(seed, "long");
      const shape = { operations: random.integer(50, 400), clients: random.integer(2, 5), unknownShare: 0.01 };
      const good = longHistory(random, { ...shape, silentShare: seed % 2 === 0 ? 0 : 0.5 });
      const bad = withWrongRead(random, good, 3) ?? good;
      for (const [history, known] of [
        [good, true],
        [bad, null],
      ] as const) {
        try {
          const { truth, decidedWithoutSearch } = compareEngines(history, 0, known);
          seen[truth ? "valid" : "invalid"] += 1;
          if (decidedWithoutSearch) seen.decidedWithoutSearch += 1;
        } catch (error) {
          throw new Error(`seed ${seed}${known === null ? ", wrong read" : ""}: ${String(error)}`, { cause: error });
        }
      }
    }
    expect(seen.valid).toBeGreaterThan(150);
    expect(seen.invalid).toBeGreaterThan(75);
    expect(seen.decidedWithoutSearch).toBeGreaterThan(200);
  });
});

describe("histories of thousands of operations", () => {
  test("are judged alike without a search and by sets, and every linearization stands up", () => {
    for (const [seed, unknownShare] of [0, 0.002, 0.01].entries()) {
      const random = createRandom(seed, "longer");
      const good = longHistory(random, { operations: 6_000, clients: 8, unknownShare, silentShare: 0.2 });
      const bad = withWrongRead(random, good, 40) ?? good;
      const judge = (history: typeof good, engine: "no-search" | "configuration-sets") =>
        judgeOperations(history, casRegister, 0, new Budget(), engine).answer.valid;
      expect(judge(good, "no-search"), `seed ${seed}`).toBe(true);
      expect(judge(good, "configuration-sets"), `seed ${seed}`).toBe(true);
      expect(judge(bad, "no-search"), `seed ${seed}`).toBe(judge(bad, "configuration-sets"));
    }
  });
});

// Every engine against brute force on small random histories, each asked by itself, without validation and explanation around it; and
// against each other on larger ones. This is what mutation testing tries its mutants on; the long fuzz of the same is
// `npm run fuzz:checker`. The seed of a failure is in its message.
import { describe, expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { bruteForce } from "./testing/brute-force.js";
import { compareEngines } from "./testing/compare-engines.js";
import { fuzzHistory } from "./testing/fuzz-history.js";
import { tinyHistory } from "./testing/tiny-history.js";

describe("every engine", () => {
  test.each([
    ["tiny", 1_000, tinyHistory, true],
    ["small", 2_000, fuzzHistory, true],
    ["larger", 150, (random: Parameters<typeof fuzzHistory>[0]) => fuzzHistory(random, 40), false],
  ] as const)(
    "judges %s histories rightly, with linearizations and conflicts that stand up",
    (_, count, draw, isSmall) => {
      const seen = { true: 0, false: 0, withoutSearch: 0 };
      for (let seed = 0; seed < count; seed++) {
        const { operations, initial } = draw(createRandom(seed));
        try {
          const known = isSmall ? bruteForce(operations, initial) !== null : null;
          const { truth, decidedWithoutSearch } = compareEngines(operations, initial, known);
          seen[truth ? "true" : "false"] += 1;
          if (decidedWithoutSearch) seen.withoutSearch += 1;
        } catch (error) {
          throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
        }
      }
      expect(Math.min(seen.true, seen.false)).toBeGreaterThan(count / 20);
      expect(seen.withoutSearch).toBeGreaterThan(count / 10);
    },
  );
});

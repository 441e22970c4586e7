// Where the failed cas that observed nothing find their place: many of them among few writes, with ties, against brute force; and the
// linearization that holds them, replayed. The seed of a failure is in its message: createRandom(seed) makes the history again.
import { expect, test } from "vitest";
import { createRandom, type Operation, type Random } from "../../history/index.js";
import { bruteForce } from "../testing/brute-force.js";
import { cas, failedCas, get, operations, put } from "../testing/builders.js";
import { compareEngines } from "../testing/compare-engines.js";

/** Writes of different values one after the other or at once, a read or two of what was written, and F of any value. */
function manyNots(random: Random): Operation[] {
  const span = random.pick([6, 10, 16]);
  const interval = (): readonly [number, number] => {
    const from = random.integer(0, span);
    return [from, from + random.integer(0, 4)];
  };
  const written = random.integer(1, 3);
  const makers = Array.from({ length: written }, (_, at) => {
    const [from, to] = interval();
    const value = at + 1;
    return at > 0 && random.chance(0.3) ? cas(at, value, from, to) : put(value, from, random.chance(0.15) ? null : to);
  });
  if (random.chance(0.5)) makers.push(get(random.integer(0, written), ...interval()));
  const nots = random.integer(1, 4);
  for (let count = 0; count < nots; count++) makers.push(failedCas(random.integer(0, written + 1), ...interval()));
  return operations(...random.shuffle(makers));
}

test("600 histories of mostly failed cas are judged as brute force judges them, with every F in its place", () => {
  const seen = { possible: 0, impossible: 0, withoutSearch: 0 };
  for (let seed = 0; seed < 600; seed++) {
    const history = manyNots(createRandom(seed, "nots"));
    const truth = bruteForce(history, 0) !== null;
    try {
      const { decidedWithoutSearch } = compareEngines(history, 0, truth);
      if (decidedWithoutSearch) seen.withoutSearch += 1;
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
    seen[truth ? "possible" : "impossible"] += 1;
  }
  expect(Math.min(seen.possible, seen.impossible)).toBeGreaterThan(100);
  expect(seen.withoutSearch).toBeGreaterThan(300);
});

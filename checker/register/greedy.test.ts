// The greedy pass: what it answers for small histories that can only be ordered in one way or few, that it answers for most valid histories
// with operations of unknown outcome, and that no answer of it is wrong, against brute force and the verifier.
import { expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import { withScratch } from "../scratch.js";
import { bruteForce } from "../testing/brute-force.js";
import { cas, failedCas, get, operations, put } from "../testing/builders.js";
import { fuzzHistory } from "../testing/fuzz-history.js";
import { registerSpecification, verifyLinearization } from "../verifier.js";
import { columnsOf } from "./columns.js";
import { linearizeGreedily } from "./greedy.js";
import { timelineOf } from "./timeline.js";

type Maker = (index: number) => Operation;

/** Positions in order, verified; null: it is stuck. */
function found(history: readonly Operation[], initial: JsonValue = 0, budget = new Budget()): readonly number[] | null {
  return withScratch(0, (scratch) => {
    const columns = columnsOf(history, initial, scratch);
    if ("operations" in columns) return null;
    const order = linearizeGreedily(columns, timelineOf(columns, scratch), scratch, budget);
    if (order === null) return null;
    const indices = Array.from(order, (position) => history[position]?.index ?? -1);
    expect(verifyLinearization(registerSpecification(initial), history, indices)).toBeNull();
    return [...order];
  });
}

test.each<[string, readonly Maker[], readonly number[]]>([
  ["a write of unknown outcome that was seen late", [put(1, 0, null), put(2, 2, 3), get(1, 4, 5)], [1, 0, 2]],
  ["one that nobody saw is left out", [put(1, 0, null), put(2, 2, 3), get(2, 4, 5)], [1, 2]],
  ["a write that returns late and is overwritten", [put(1, 0, 9), put(2, 1, 2), get(2, 10, 12)], [0, 1, 2]],
  ["and one that overwrites", [put(1, 0, 9), put(2, 1, 2), get(1, 8, 12)], [1, 0, 2]],
  ["a read between two writes", [put(1, 0, 9), put(2, 1, 5), get(1, 2, 6), get(2, 7, 10)], [0, 2, 1, 3]],
  ["a chain of cas", [put(1, 0, 9), cas(1, 2, 0, null), cas(2, 3, 0, 9), get(3, 1, 8)], [0, 1, 2, 3]],
  ["a failed cas after a write that still is open", [put(1, 0, 9), failedCas(0, 1, 2)], [0, 1]],
])("it orders %s", (_, makers, order) => {
  expect(found(operations(...makers))).toEqual(order);
});

test("it is stuck where there is no linearization", () => {
  expect(found(operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)))).toBeNull();
  expect(found(operations(put(1, 0, 1), failedCas(1, 2, 3)))).toBeNull();
});

test("it counts what it does and ends with the budget", () => {
  const history = operations(put(1, 0, 1), put(2, 2, 3), put(3, 4, 5));
  expect(() => found(history, 0, new Budget({ configurations: 2 }))).toThrow("more than 2 configurations");
});

test("no answer is wrong, and nearly all histories that have a linearization get one", () => {
  const seen = { valid: 0, found: 0 };
  const seeds = process.env["MUTATION_TESTS"] === undefined ? 8_000 : 1_000;
  for (let seed = 0; seed < seeds; seed++) {
    const { operations: history, initial } = fuzzHistory(createRandom(seed, "greedy"));
    const isValid = bruteForce(history, initial) !== null;
    const order = found(history, initial);
    if (isValid) seen.valid += 1;
    if (order !== null) seen.found += 1;
    if (order !== null && !isValid) throw new Error(`seed ${seed}: an order of what has none`);
  }
  expect(seen.found / seen.valid).toBeGreaterThan(0.9);
});

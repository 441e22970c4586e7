// What the live checker says at the end of random histories, correct and spoiled, told in any order that clients allow: held against
// brute force where they are small and against the batch check where they are not. One look each, so there can be many. The seed of
// a failure is in its message.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation, type Random } from "../../history/index.js";
import { decide } from "../decide.js";
import { createIncrementalChecker } from "../incremental.js";
import { bruteForce } from "../testing/brute-force.js";
import { fuzzHistory } from "../testing/fuzz-history.js";
import { tinyHistory } from "../testing/tiny-history.js";
import { eventsOf } from "./testing/events-of.js";
import { modelHistory, spoilModel } from "./testing/model-history.js";

interface Drawn {
  readonly operations: readonly Operation[];
  readonly initial: JsonValue;
}

function saysAtTheEnd({ operations, initial }: Drawn, model: string, random: Random): unknown {
  const live = createIncrementalChecker(model, { initial });
  for (const event of eventsOf(operations, random)) live.feed(event);
  return live.end().valid;
}

/** How many were valid and how many were not. */
function compare(
  count: number,
  model: string,
  draw: (random: Random, seed: number) => Drawn,
  truthOf: (drawn: Drawn) => unknown,
): readonly [valid: number, invalid: number] {
  let valid = 0;
  for (let seed = 0; seed < count; seed++) {
    const random = createRandom(seed, "ends");
    const drawn = draw(random, seed);
    const truth = truthOf(drawn);
    const said = saysAtTheEnd(drawn, model, random);
    if (said !== truth) throw new Error(`seed ${seed}: live ${String(said)}, but it is ${String(truth)}`);
    if (truth === true) valid += 1;
  }
  return [valid, count - valid];
}

const byBruteForce = ({ operations, initial }: Drawn): boolean => bruteForce(operations, initial) !== null;
const byBatch =
  (model: string) =>
  ({ operations, initial }: Drawn): unknown =>
    decide(operations, model, { initial }).valid;

describe("at the end of", () => {
  test.each<readonly [number, string, (random: Random) => Drawn, (drawn: Drawn) => unknown]>([
    [1_000, "tiny", tinyHistory, byBruteForce],
    [1_500, "small", (random) => fuzzHistory(random), byBruteForce],
    [150, "larger", (random) => fuzzHistory(random, 30), byBatch("cas-register")],
  ])("%i %s histories of a register", (count, _, draw, truthOf) => {
    expect(Math.min(...compare(count, "cas-register", draw, truthOf))).toBeGreaterThan(count / 20);
  });

  test.each(["kv-append", "set", "queue"] as const)("80 histories of a %s", (model) => {
    const draw = (random: Random, seed: number): Drawn => {
      const drawn = modelHistory(model, random);
      return seed % 2 === 0 ? drawn : { ...drawn, operations: spoilModel(drawn.operations, random) };
    };
    expect(Math.min(...compare(80, model, draw, byBatch(model)))).toBeGreaterThan(4);
  });
});

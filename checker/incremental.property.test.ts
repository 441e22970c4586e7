// The live verdict against brute force and against the batch check, on every prefix of random histories, correct and spoiled: told
// that nothing more comes, it says the same; and while it is told, it never says false where they say true. A failure's message has
// the seed: the history is made again with createRandom(seed).
import { describe, expect, test } from "vitest";
import { createRandom, operationsOf, type HistoryEvent, type JsonValue } from "../history/index.js";
import { decide } from "./decide.js";
import { createIncrementalChecker } from "./incremental.js";

import { eventsOf } from "./live/testing/events-of.js";
import { modelHistory, spoilModel } from "./live/testing/model-history.js";
import { clientsHistory, largerHistory, spoil } from "./live/testing/larger-history.js";
import { bruteForce } from "./testing/brute-force.js";
import { tinyHistory } from "./testing/tiny-history.js";

const isQuick = process.env["MUTATION_TESTS"] !== undefined;
const tinyOnes = isQuick ? 250 : 2500;
const largerOnes = isQuick ? 4 : 60;
const modelOnes = isQuick ? 16 : 250;

type Judge = (events: readonly HistoryEvent[], initial: JsonValue, model?: string) => boolean;

const byBruteForce: Judge = (events, initial) => bruteForce(operationsOf(events), initial) !== null;

const byBatch: Judge = (events, initial, model = "cas-register") => {
  const { valid } = decide(operationsOf(events), model, { initial });
  if (valid === "unknown") throw new Error("the batch check gave up");
  return valid;
};

/** Judges every prefix up to the first that is wrong; true when there was none. */
function holdsOnEveryPrefix(
  events: readonly HistoryEvent[],
  initial: JsonValue,
  judge: Judge,
  seed: number,
  model = "cas-register",
): boolean {
  const running = createIncrementalChecker(model, { initial });
  for (let length = 1; length <= events.length; length++) {
    const prefix = events.slice(0, length);
    const truth = judge(prefix, initial, model);
    const live = createIncrementalChecker(model, { initial });
    for (const event of prefix) live.feed(event);
    const ended = live.end();
    const where = `seed ${seed}, first ${length} of ${events.length} events`;
    if (ended.valid !== truth) throw new Error(`${where}: live ${JSON.stringify(ended)}, but it is ${String(truth)}`);
    const last = prefix.at(-1);
    if (last !== undefined) running.feed(last);
    if (truth && running.verdict.valid !== true) throw new Error(`${where}: the live verdict cried wolf`);
    if (!truth) return false;
  }
  return true;
}

describe("on every prefix of random histories", () => {
  test(`${tinyOnes} tiny ones are judged as brute force judges them`, () => {
    const seen = { valid: 0, invalid: 0 };
    for (let seed = 0; seed < tinyOnes; seed++) {
      const random = createRandom(seed);
      const { operations, initial } = tinyHistory(random);
      const valid = holdsOnEveryPrefix(eventsOf(operations, random), initial, byBruteForce, seed);
      seen[valid ? "valid" : "invalid"] += 1;
    }
    expect(seen.valid).toBeGreaterThan(tinyOnes / 10);
    expect(seen.invalid).toBeGreaterThan(tinyOnes / 10);
  });

  test(`${largerOnes} larger ones, and the same spoiled, are judged as the batch check judges them`, () => {
    const seen = { valid: 0, invalid: 0 };
    for (let seed = 0; seed < largerOnes; seed++) {
      const random = createRandom(seed);
      const { operations, initial } = seed % 2 === 0 ? largerHistory(random) : clientsHistory(random);
      if (!holdsOnEveryPrefix(eventsOf(operations, random), initial, byBatch, seed))
        throw new Error(`seed ${seed}: a history made from an order was refused`);
      const spoiled = eventsOf(spoil(operations, random), random);
      seen[holdsOnEveryPrefix(spoiled, initial, byBatch, seed) ? "valid" : "invalid"] += 1;
    }
    expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(isQuick ? 0 : 10);
  });

  test.each(["kv-append", "set", "queue"] as const)(
    `${modelOnes} of a %s, correct and spoiled, are judged as in the batch`,
    (model) => {
      const seen = { valid: 0, invalid: 0 };
      for (let seed = 0; seed < modelOnes; seed++) {
        const random = createRandom(seed);
        const { operations, initial } = modelHistory(model, random);
        if (!holdsOnEveryPrefix(eventsOf(operations, random), initial, byBatch, seed, model))
          throw new Error(`seed ${seed}: a history made from an order was refused`);
        const spoiled = eventsOf(spoilModel(operations, random), random);
        seen[holdsOnEveryPrefix(spoiled, initial, byBatch, seed, model) ? "valid" : "invalid"] += 1;
      }
      expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(modelOnes / 10);
    },
  );
});

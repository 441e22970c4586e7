// The live verdict against brute force and the batch check on every prefix of random histories, for as long as one likes.
//   npm run fuzz:live -- [histories, default 200000] [first seed, default 0]
// Every tenth history is a larger one, held against the batch check. Ends with a count, or at the first disagreement with its seed.
import { createRandom, operationsOf, type HistoryEvent, type JsonValue } from "../../history/index.js";
import { createIncrementalChecker } from "../incremental.js";
import { decide } from "../decide.js";
import { eventsOf } from "../live/testing/events-of.js";
import { largerHistory, spoil } from "../live/testing/larger-history.js";
import { bruteForce } from "./brute-force.js";
import { tinyHistory } from "./tiny-history.js";

/** The shortest prefix that is wrong, by halving: what is wrong stays wrong. */
function batchLimit(events: readonly HistoryEvent[], initial: JsonValue): number {
  const isWrong = (length: number): boolean =>
    decide(operationsOf(events.slice(0, length)), "cas-register", { initial }).valid === false;
  if (!isWrong(events.length)) return Infinity;
  let right = 0;
  let wrong = events.length;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isWrong(middle)) wrong = middle;
    else right = middle;
  }
  return wrong;
}

function bruteLimit(events: readonly HistoryEvent[], initial: JsonValue): number {
  for (let length = 1; length <= events.length; length++)
    if (bruteForce(operationsOf(events.slice(0, length)), initial) === null) return length;
  return Infinity;
}

/** Counts prefixes. Throws at the first on which the live verdict says something else. */
function compare(events: readonly HistoryEvent[], initial: JsonValue, wrongFrom: number): number {
  const running = createIncrementalChecker("cas-register", { initial });
  const last = Math.min(events.length, wrongFrom);
  for (let length = 1; length <= last; length++) {
    const prefix = events.slice(0, length);
    const live = createIncrementalChecker("cas-register", { initial });
    for (const event of prefix) live.feed(event);
    const verdict = live.end();
    if (verdict.valid !== length < wrongFrom)
      throw new Error(`the first ${length} events: ${JSON.stringify(verdict)}, wrong from ${wrongFrom} on`);
    const next = prefix.at(-1);
    if (next !== undefined) running.feed(next);
    if (length < wrongFrom && running.verdict.valid !== true) throw new Error(`cried wolf after ${length} events`);
  }
  return last;
}

const [count = 200_000, first = 0] = process.argv.slice(2).map(Number);
const seen = { histories: 0, prefixes: 0, wrong: 0 };
for (let seed = first; seed < first + count; seed++) {
  const random = createRandom(seed);
  try {
    if (seed % 10 !== 0) {
      const { operations, initial } = tinyHistory(random);
      const events = eventsOf(operations, random);
      const limit = bruteLimit(events, initial);
      seen.prefixes += compare(events, initial, limit);
      if (limit !== Infinity) seen.wrong += 1;
    } else {
      const { operations, initial } = largerHistory(random);
      const told = random.chance(0.5) ? operations : spoil(operations, random);
      const events = eventsOf(told, random);
      const limit = batchLimit(events, initial);
      seen.prefixes += compare(events, initial, limit);
      if (limit !== Infinity) seen.wrong += 1;
    }
  } catch (error) {
    throw new Error(`seed ${seed} (npm run fuzz:live -- 1 ${seed})`, { cause: error });
  }
  seen.histories += 1;
  if (seen.histories % 2_000 === 0) console.log(JSON.stringify(seen));
}
console.log(`no disagreement: ${JSON.stringify(seen)}`);

// The live verdict against brute force and the batch check on every prefix of random histories, for as long as one likes.
//   npm run fuzz:live -- [histories, default 200000] [first seed, default 0]
// Every fifth history is a larger one, held against the batch check. Ends with a count, or at the first disagreement with its seed.
import { createRandom, operationsOf, type HistoryEvent, type JsonValue } from "../../history/index.js";
import { createIncrementalChecker } from "../incremental.js";
import { decide } from "../decide.js";
import { eventsOf } from "../live/testing/events-of.js";
import { clientsHistory, largerHistory, spoil } from "../live/testing/larger-history.js";
import { bruteForce } from "./brute-force.js";
import { tinyHistory } from "./tiny-history.js";

/** Prefixes before a strictly later event: only there does what is wrong stay wrong, since touching operations are concurrent. */
function cutsOf(events: readonly HistoryEvent[]): readonly number[] {
  const timeOf = (event: HistoryEvent | undefined): number =>
    event === undefined || !("time" in event) ? Infinity : event.time;
  return events.flatMap((event, at) => (timeOf(event) < timeOf(events[at + 1]) ? [at + 1] : []));
}

/** The shortest of those prefixes that is wrong, by halving. */
function batchLimit(events: readonly HistoryEvent[], cuts: readonly number[], initial: JsonValue): number {
  const isWrong = (length: number): boolean =>
    decide(operationsOf(events.slice(0, length)), "cas-register", { initial }).valid === false;
  if (!isWrong(events.length)) return Infinity;
  let right = -1;
  let wrong = cuts.length - 1;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isWrong(cuts[middle] ?? 0)) wrong = middle;
    else right = middle;
  }
  return cuts[wrong] ?? Infinity;
}

function bruteLimit(events: readonly HistoryEvent[], initial: JsonValue): number {
  for (let length = 1; length <= events.length; length++)
    if (bruteForce(operationsOf(events.slice(0, length)), initial) === null) return length;
  return Infinity;
}

/** Counts prefixes. Throws at the first on which the live verdict says something else. */
function compare(
  events: readonly HistoryEvent[],
  lengths: readonly number[],
  initial: JsonValue,
  wrongFrom: number,
): number {
  const running = createIncrementalChecker("cas-register", { initial });
  let fed = 0;
  const upTo = lengths.filter((length) => length <= wrongFrom);
  for (const length of upTo) {
    const prefix = events.slice(0, length);
    const live = createIncrementalChecker("cas-register", { initial });
    for (const event of prefix) live.feed(event);
    const verdict = live.end();
    if (verdict.valid !== length < wrongFrom)
      throw new Error(`the first ${length} events: ${JSON.stringify(verdict)}, wrong from ${wrongFrom} on`);
    for (const event of events.slice(fed, length)) running.feed(event);
    fed = length;
    if (length < wrongFrom && running.verdict.valid !== true) throw new Error(`cried wolf after ${length} events`);
  }
  return upTo.length;
}

const [count = 200_000, first = 0] = process.argv.slice(2).map(Number);
const seen = { histories: 0, prefixes: 0, wrong: 0 };
for (let seed = first; seed < first + count; seed++) {
  const random = createRandom(seed);
  try {
    if (seed % 5 !== 0) {
      const { operations, initial } = tinyHistory(random);
      const events = eventsOf(operations, random);
      const limit = bruteLimit(events, initial);
      seen.prefixes += compare(
        events,
        [...events.keys()].map((at) => at + 1),
        initial,
        limit,
      );
      if (limit !== Infinity) seen.wrong += 1;
    } else {
      const { operations, initial } = seed % 10 === 0 ? largerHistory(random) : clientsHistory(random);
      const told = random.chance(0.5) ? operations : spoil(operations, random);
      const events = eventsOf(told, random);
      const cuts = cutsOf(events);
      const limit = batchLimit(events, cuts, initial);
      seen.prefixes += compare(events, cuts, initial, limit);
      if (limit !== Infinity) seen.wrong += 1;
    }
  } catch (error) {
    throw new Error(`seed ${seed} (npm run fuzz:live -- 1 ${seed})`, { cause: error });
  }
  seen.histories += 1;
  if (seen.histories % 2_000 === 0) console.log(JSON.stringify(seen));
}
console.log(`no disagreement: ${JSON.stringify(seen)}`);

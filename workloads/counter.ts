// Counters, one a key, raised and lowered by cas. Their texts come back again and again (5 → 6 → 5), so a cas that is done twice, or that
// two nodes granted, finds the value that it expects; only the sum betrays it.
import { checkCounter, type CheckerResult } from "../checker/index.js";
import type { Operation } from "../history/index.js";
import { countOutcomes, derivedOf, derivedRead, judgeDerived, objectKey } from "./derived.js";
import { objectText, parseObject, sightings, swapOf, swapTask } from "./objects.js";
import { objectWorkload } from "./object-workload.js";
import { share, wholeNumber } from "./options.js";
import type { Workload, WorkloadHistory } from "./workload.js";

const totalOf = (text: string): number | null => (/^-?\d+$/.test(text) ? Number(text) : null);

/** The history of the counters: `add` of an amount, which answers the new total, and `get`. A cas that certainly did nothing is left out. */
export function counterHistory(operations: readonly Operation[]): readonly Operation[] {
  const derived: Operation[] = [];
  for (const operation of operations) {
    for (const { made, rest } of sightings(operation)) {
      const total = totalOf(rest);
      if (total !== null) derived.push(derivedRead(operation, objectKey(operation.key, made), total));
    }
    const swap = swapOf(operation);
    if (swap === null || swap.effect === "none") continue;
    const [from, to] = [totalOf(swap.from), totalOf(swap.to)];
    if (from === null || to === null) continue;
    const call = { function: "add", key: objectKey(operation.key, swap.made), input: to - from, output: to };
    derived.push(derivedOf([swap], call));
  }
  return derived;
}

function judge({ operations }: WorkloadHistory): CheckerResult {
  const derived = counterHistory(operations);
  const { ok, info } = countOutcomes(derived.filter((operation) => operation.function === "add"));
  const counter = checkCounter(derived, 0);
  const sentence = `${ok} additions to counters were acknowledged and ${info} are of unknown outcome; ${derived.length - ok - info} times a total was seen.`;
  const details = { adds_ok: ok, adds_unknown: info, counter: counter.details ?? null };
  return judgeDerived("counter", [counter], { done: ok, what: "addition to a counter", sentence, details });
}

export const counter: Workload = objectWorkload({
  name: "counter",
  description:
    "Counters, one a key: an addition or subtraction reads the total and swaps it by cas. Totals come back again and again, so that a cas done twice finds what it expects.",
  readShare: 0.35,
  options: [
    share("subtract_share", 0.4, "share of changes that subtract"),
    wholeNumber("max_amount", 2, [1, 1000], "the largest amount of one change"),
  ],
  empty: () => "0",
  judgedBy: "whether each total lies between what was surely added by then and what may have been",
  judge,
  writer({ random, own }) {
    return (key, known, nowMs) => {
      const sign = random.chance(own("subtract_share")) ? -1 : 1;
      const amount = sign * random.integer(1, own("max_amount"));
      const add = (seen: string): string | null => {
        const object = parseObject(seen);
        const total = object === null ? null : totalOf(object.rest);
        return object === null || total === null ? null : objectText(object.made, `${total + amount}`);
      };
      return swapTask(key, add, random.chance(0.5) ? known : null, nowMs);
    };
  },
});

// Sets that only grow, one a key, kept as a text and grown by cas. A lost cas is an element that no later read shows, a stale read
// lacks what was there, and a cas that two nodes granted loses one of two elements.
import { checkMonotonic, checkSet, type CheckerResult } from "../checker/index.js";
import type { JsonValue, Operation } from "../history/index.js";
import { countOutcomes, derivedOf, derivedRead, judgeDerived, objectKey, type Attempt } from "./derived.js";
import { objectText, parseObject, sightings, swapOf, swapTask } from "./objects.js";
import { wholeNumber } from "./options.js";
import { objectWorkload } from "./object-workload.js";
import type { Workload, WorkloadHistory } from "./workload.js";

const elementsOf = (text: string): readonly number[] => (text === "" ? [] : text.split(",").map(Number));

/** The element that a swap adds; null where it is no addition. */
function addedBy(from: string, to: string): number | null {
  const before = from === "" ? "" : `${from},`;
  if (!to.startsWith(before)) return null;
  const element = Number(to.slice(before.length));
  return to.length > before.length && Number.isSafeInteger(element) ? element : null;
}

/** The history of the sets: `add` of an element, and `get` of all. */
export function setHistory(operations: readonly Operation[]): readonly Operation[] {
  const derived: Operation[] = [];
  const attempts = new Map<string, { readonly key: JsonValue; readonly element: number; readonly tries: Attempt[] }>();
  for (const operation of operations) {
    for (const { made, rest } of sightings(operation))
      derived.push(derivedRead(operation, objectKey(operation.key, made), elementsOf(rest)));
    const swap = swapOf(operation);
    const element = swap === null ? null : addedBy(swap.from, swap.to);
    if (swap === null || element === null) continue;
    const key = objectKey(operation.key, swap.made);
    const name = JSON.stringify([key, element]);
    const known = attempts.get(name) ?? { key, element, tries: [] };
    attempts.set(name, known);
    known.tries.push(swap);
  }
  for (const { key, element, tries } of attempts.values())
    derived.push(derivedOf(tries, { function: "add", key, input: element, output: null }));
  return derived;
}

function judge({ operations }: WorkloadHistory): CheckerResult {
  const derived = setHistory(operations);
  const { ok, info, fail } = countOutcomes(derived.filter((operation) => operation.function === "add"));
  const set = checkSet(derived, null);
  const sets = new Set(derived.map(({ key }) => JSON.stringify(key))).size;
  const sentence = `${ok} additions to ${sets} sets were acknowledged, ${info} are of unknown outcome and ${fail} were refused; ${derived.length - ok - info - fail} times a set was seen.`;
  const details = { adds_ok: ok, adds_unknown: info, adds_refused: fail, sets, set: set.details ?? null };
  const counts = { done: ok, what: "addition to a set", sentence, details };
  return judgeDerived("set", [set, checkMonotonic(derived)], counts);
}

const maxElements = wholeNumber(
  "max_elements",
  60,
  [1, 1000],
  "elements of a set; the next addition after that begins a new set in its place, by cas",
);

export const set: Workload = objectWorkload({
  name: "set",
  description:
    "Sets that only grow, one a key, kept as a text: an addition reads the set and swaps it by cas for one with one element more.",
  readShare: 0.4,
  options: [maxElements],
  empty: () => "",
  judgedBy: "what became of each element: none lost, none stale, none from nowhere",
  judge,
  writer({ random, objects, own }) {
    let lastElement = 0;
    return (key, known, nowMs) => {
      lastElement += 1;
      const element = lastElement;
      const grow = (seen: string): string | null => {
        const object = parseObject(seen);
        if (object === null) return null;
        const elements = elementsOf(object.rest);
        if (elements.length >= own("max_elements")) return objectText(objects.nextNumber(), "");
        return objectText(object.made, [...elements, element].join(","));
      };
      return swapTask(key, grow, random.chance(0.5) ? known : null, nowMs);
    };
  },
});

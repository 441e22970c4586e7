// Ids out of numbers that are raised by one by cas, one sequence a key: whoever's cas succeeds owns the number. Nearly every operation is
// a cas on a contended key, and a number granted twice is the plainest of all wrong answers.
import type { CheckerResult, Violation } from "../checker/index.js";
import { describeAnswer } from "../checker/index.js";
import type { Operation } from "../history/index.js";
import { judgeDerived, objectKey } from "./derived.js";
import { objectText, parseObject, sightings, swapOf, swapTask } from "./objects.js";
import { objectWorkload } from "./object-workload.js";
import { checkRising, type Observation } from "./rising.js";
import type { Workload, WorkloadHistory } from "./workload.js";

const shownAtMost = 5;

function numberIn(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** Ids handed out, and every sight of a sequence. `unknown`: cas that may have taken an id without telling anybody. */
function idsOf(operations: readonly Operation[]): {
  readonly granted: readonly Observation[];
  readonly seen: readonly Observation[];
  readonly unknown: number;
} {
  const granted: Observation[] = [];
  const seen: Observation[] = [];
  let unknown = 0;
  for (const operation of operations) {
    const { key } = operation;
    for (const { made, rest } of sightings(operation)) {
      const last = numberIn(rest);
      if (last !== null) seen.push({ operation, object: objectKey(key, made), position: 0, low: last, high: last });
    }
    const swap = swapOf(operation);
    const [low, high] = swap === null ? [null, null] : [numberIn(swap.from), numberIn(swap.to)];
    if (swap === null || low === null || high === null) continue;
    if (swap.effect === "unknown") unknown += 1;
    if (swap.effect === "done") granted.push({ operation, object: objectKey(key, swap.made), position: 0, low, high });
  }
  return { granted, seen, unknown };
}

function judge({ operations }: WorkloadHistory): CheckerResult {
  const { granted, seen, unknown } = idsOf(operations);
  const rising = checkRising("unique-ids", "stale read", "from", [...granted, ...seen]);
  const twice = grantedTwice(granted);
  const sentence = `${granted.length} ids were handed out, ${new Set(granted.map(nameOf)).size} of them different; ${unknown} tries are of unknown outcome.`;
  const details = { ids: granted.length, unknown, compared: rising.compared };
  return judgeDerived("unique-ids", [twice, rising], { done: granted.length, what: "id", sentence, details });
}

const nameOf = ({ object, high }: Observation): string => JSON.stringify([object, high]);

function grantedTwice(granted: readonly Observation[]): { readonly violations: readonly Violation[] } {
  const owners = new Map<string, Observation>();
  const violations: Violation[] = [];
  for (const id of granted) {
    const first = owners.get(nameOf(id));
    if (first === undefined) {
      owners.set(nameOf(id), id);
      continue;
    }
    if (violations.length >= shownAtMost) continue;
    violations.push({
      class: "forked CAS",
      checker: "unique-ids",
      sentence: `Id ${id.high} was handed out twice: ${describeAnswer(first.operation)}, and ${describeAnswer(id.operation)}.`,
      key: id.operation.key,
      operations: [first.operation.index, id.operation.index],
      timeNs: id.operation.returnNs,
      fingerprint: "forked CAS/unique-ids/twice",
    });
  }
  return { violations };
}

export const uniqueIds: Workload = objectWorkload({
  name: "unique-ids",
  description:
    "Ids out of sequences, one a key: who raises the number by one by cas owns it. Threads that lose try again at once, so that nearly all operations are cas on contended keys.",
  readShare: 0.15,
  options: [],
  empty: () => "0",
  prefers: { keys: 4 },
  isContended: true,
  judgedBy: "whether each id was handed out once, and later ones are greater",
  judge,
  writer({ random }) {
    const raise = (seen: string): string | null => {
      const object = parseObject(seen);
      const last = object === null ? null : numberIn(object.rest);
      return object === null || last === null ? null : objectText(object.made, `${last + 1}`);
    };
    return (key, known, nowMs) => swapTask(key, raise, random.chance(0.8) ? known : null, nowMs);
  },
});

// Monotonic reads, for what only grows: a process never sees less than it has seen. Counters that nobody subtracts from, and sets
// that nobody removes from; of registers the session guarantees speak. It needs no search, and no clock either: only the order in
// which each process did things.
import type { JsonValue, Operation } from "../../history/index.js";
import { answer } from "../explain/sentence.js";
import { splitByKey } from "../keys.js";
import { canonical } from "../values.js";
import type { CheckerResult, Violation } from "../verdict.js";

const shownAtMost = 5;

/** Keys whose values may shrink say nothing. At most five violations a key. */
export function checkMonotonic(operations: readonly Operation[]): CheckerResult {
  const violations: Violation[] = [];
  let compared = 0;
  for (const { key, operations: own } of splitByKey(operations)) {
    if (!own.some(({ function: name }) => name === "add") || own.some(shrinks)) continue;
    const last = new Map<number, Operation>();
    let shown = 0;
    for (const operation of own.toSorted((left, right) => left.callNs - right.callNs || left.index - right.index)) {
      if (operation.outcome !== "ok" || sizeOf(operation.output) === null) continue;
      const before = last.get(operation.process);
      last.set(operation.process, operation);
      // Of two that touch, either may stand first.
      if (before === undefined || (before.returnNs ?? Infinity) >= operation.callNs) continue;
      compared += 1;
      if (!isLess(operation.output, before.output) || shown++ >= shownAtMost) continue;
      violations.push({
        class: "stale read",
        checker: "monotonic",
        sentence: `${answer(operation)}, though ${answer(before)}: the same process had seen more.`,
        key,
        operations: [before.index, operation.index],
        timeNs: operation.returnNs,
        fingerprint: "stale read/monotonic/less",
      });
    }
  }
  return { checker: "monotonic", valid: violations.length === 0, violations, unknown: [], details: { compared } };
}

function shrinks({ function: name, input, outcome }: Operation): boolean {
  if (outcome === "fail") return false;
  return name === "remove" || (name === "add" && typeof input === "number" && input < 0);
}

/** Null: an answer that says nothing of how much there is. */
function sizeOf(output: JsonValue): number | null {
  if (typeof output === "number") return output;
  return Array.isArray(output) ? output.length : null;
}

/** Something that was there is not there now. */
function isLess(now: JsonValue, before: JsonValue): boolean {
  if (typeof now === "number" && typeof before === "number") return now < before;
  if (!Array.isArray(now) || !Array.isArray(before)) return false;
  const texts = new Set((now as readonly JsonValue[]).map((value) => canonical(value)));
  return (before as readonly JsonValue[]).some((value) => !texts.has(canonical(value)));
}

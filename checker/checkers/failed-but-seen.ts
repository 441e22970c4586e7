// Failed but seen: a value that only operations which certainly did not happen would have written, and that somebody saw. A system
// that reports a failure and keeps the write anyway breaks every client that then tries again.
//
// The linearizability checker finds the same in other words; this one needs no search, so that it speaks also where that ran out of
// its budget, and it says plainly what is wrong.
import type { JsonValue, Operation } from "../../history/index.js";
import { answer, seconds } from "../explain/sentence.js";
import { splitByKey } from "../keys.js";
import { canonical, fieldOf, show } from "../values.js";
import type { CheckerResult, Violation } from "../verdict.js";

/** For registers, key-value stores and queues. `initial`: the value of every key at first. One violation a key. */
export function checkFailedButSeen(operations: readonly Operation[], initial: JsonValue): CheckerResult {
  const violations: Violation[] = [];
  let failedValues = 0;
  for (const { key, operations: own } of splitByKey(operations)) {
    const failed = new Map<string, Operation>();
    // A queue's initial value is the list of its elements.
    const initially: readonly JsonValue[] = Array.isArray(initial) ? (initial as readonly JsonValue[]) : [];
    const possible = new Set([initial, null, ...initially].map((value) => canonical(value)));
    for (const operation of own) {
      const value = writtenValue(operation);
      if (value === undefined) continue;
      const text = canonical(value);
      if (!certainlyNot(operation)) possible.add(text);
      else if (!failed.has(text)) failed.set(text, operation);
    }
    for (const text of possible) failed.delete(text);
    failedValues += failed.size;
    const violation = firstSeen(key, own, failed);
    if (violation !== null) violations.push(violation);
  }
  return {
    checker: "failed-but-seen",
    valid: violations.length === 0,
    violations,
    unknown: [],
    details: { failed_values: failedValues },
  };
}

function firstSeen(
  key: JsonValue,
  operations: readonly Operation[],
  failed: ReadonlyMap<string, Operation>,
): Violation | null {
  if (failed.size === 0) return null;
  for (const operation of operations)
    for (const value of seenValues(operation)) {
      const writer = failed.get(canonical(value));
      if (writer === undefined) continue;
      const told = writer.outcome === "fail" ? "certainly failed" : "found another value and wrote nothing";
      return {
        class: "read of a failed write",
        checker: "failed-but-seen",
        sentence: `${answer(operation)}, but the only ${writer.function} of ${show(value)}, by process ${writer.process} at ${seconds(writer.callNs)}, ${told}.`,
        key,
        operations: [writer.index, operation.index],
        timeNs: operation.returnNs,
        fingerprint: `read of a failed write/failed-but-seen/${writer.function}`,
      };
    }
  return null;
}

/** It did not happen: it failed, or its comparison did. */
function certainlyNot({ function: name, outcome, output }: Operation): boolean {
  return outcome === "fail" || (name === "cas" && outcome === "ok" && fieldOf(output, "status") !== "ok");
}

function writtenValue({ function: name, input }: Operation): JsonValue | undefined {
  if (name === "put" || name === "enqueue") return input;
  return name === "cas" ? fieldOf(input, "new") : undefined;
}

function seenValues({ function: name, outcome, output }: Operation): readonly JsonValue[] {
  if (outcome !== "ok") return [];
  if (name === "get" || name === "dequeue") return [output];
  return [fieldOf(output, "observed"), fieldOf(output, "previous")].filter((value) => value !== undefined);
}

// How long clients waited after each heal. Only operations that were sent after the fault was confirmed off count: an answer to one
// that was already under way says nothing of what the system did for new requests.
import { outcomeOk, type Operations } from "../../../columns.js";
import type { FaultSpan } from "../faults.js";

/** What followed one confirmed heal. Times are since the heal; null where the run ended first. */
export interface Recovery {
  readonly fault: FaultSpan;
  readonly healNs: number;
  /** Until any node answered an operation sent after the heal. */
  readonly firstAnswerNs: number | null;
  /** Until each node that ever answered in this run had done so. */
  readonly everyNodeNs: number | null;
  /** Nodes that answered at some time, and no operation sent after this heal. */
  readonly silent: readonly string[];
  /** Faults that acted at the moment of this heal, or began before every node had answered. */
  readonly others: readonly number[];
}

function recoveryOf(
  fault: FaultSpan,
  faults: readonly FaultSpan[],
  healNs: number,
  answers: ReadonlyMap<number, number>,
  operations: Operations,
  endNs: number,
): Recovery {
  const ends = [...answers.values()];
  const silent = [...answers].filter(([, ns]) => ns === Infinity).map(([node]) => operations.nodes[node] ?? "?");
  const first = ends.reduce((least, ns) => Math.min(least, ns), Infinity);
  const last = ends.reduce((most, ns) => Math.max(most, ns), -Infinity);
  const until = Number.isFinite(last) ? last : endNs;
  return {
    fault,
    healNs,
    firstAnswerNs: first === Infinity ? null : first - healNs,
    everyNodeNs: Number.isFinite(last) ? last - healNs : null,
    silent,
    others: faults
      .filter((other) => other !== fault && other.record.state !== "void")
      .filter((other) => other.fromNs <= until && other.toNs > healNs)
      .map((other) => other.record.fault),
  };
}

/** One for each fault that was confirmed off, in the order of the faults. One pass over the operations, from the last to the first. */
export function recoveries(operations: Operations, faults: readonly FaultSpan[], endNs: number): readonly Recovery[] {
  const healed = faults.flatMap((fault) => {
    const healNs = fault.record.state === "void" ? null : fault.record.confirmedOffNs;
    return healNs === null ? [] : [{ fault, healNs }];
  });
  // For each node the earliest end of an answered operation among those that were called at `row` or later.
  const answers = new Map<number, number>();
  for (let row = 0; row < operations.count; row++) {
    const node = operations.node[row] ?? -1;
    if (node >= 0 && operations.outcome[row] === outcomeOk) answers.set(node, Infinity);
  }
  const found = new Map<FaultSpan, Recovery>();
  let row = operations.count - 1;
  for (const { fault, healNs } of healed.toSorted((a, b) => b.healNs - a.healNs)) {
    for (; row >= 0 && (operations.callNs[row] ?? 0) >= healNs; row--) {
      const known = answers.get(operations.node[row] ?? -1);
      if (known === undefined || operations.outcome[row] !== outcomeOk) continue;
      answers.set(operations.node[row] ?? -1, Math.min(known, operations.endNs[row] ?? Infinity));
    }
    found.set(fault, recoveryOf(fault, faults, healNs, answers, operations, endNs));
  }
  return healed.flatMap(({ fault }) => found.get(fault) ?? []);
}

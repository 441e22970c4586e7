// The verdicts of made-up runs: valid, a stale read that is planted here, or unknown for three reasons at once.
import type { CheckerResult, KeyResult, TeethMeasure, Verdict, Violation } from "../../checker/index.js";
import { second } from "./sample-faults.js";
import type { Draft } from "./sample-operations.js";

export type SampleOutcome = "valid" | "stale read" | "unknown";

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;

/** Answers one read with the value before the last one: the read of a deposed leader. */
export function plantStaleRead(byCall: readonly Draft[], loadNs: number): Violation {
  for (const get of byCall) {
    if (get.function !== "get" || get.outcome !== "ok" || get.callNs < loadNs * 0.335 || get.phase !== "load") continue;
    const writes = byCall.filter(
      (write) => write.function === "put" && write.outcome === "ok" && write.key === get.key,
    );
    const before = writes.filter((write) => write.endNs < get.callNs).sort((a, b) => a.endNs - b.endNs);
    const newer = before.at(-1);
    const older = before.findLast(
      (write) => newer !== undefined && write.endNs < newer.callNs && write.endNs < get.callNs - 0.15 * second,
    );
    if (newer === undefined || older === undefined || newer.input !== get.output || newer.endNs > get.callNs - 20e6)
      continue;
    get.output = older.input;
    return {
      class: "stale read",
      checker: "linearizability",
      sentence: `get by process ${get.process} returned ${JSON.stringify(older.input)} at ${seconds(get.endNs)}, but put ${JSON.stringify(newer.input)} by process ${newer.process} had replaced ${JSON.stringify(older.input)} by ${seconds(newer.endNs)}, before the get began at ${seconds(get.callNs)}.`,
      key: get.key,
      operations: [older.index, newer.index, get.index],
      timeNs: get.endNs,
      fingerprint: "stale read/linearizability/put-put-get",
    };
  }
  throw new Error("this sample has no read that could be made stale: raise the rate");
}

function teeth(completed: number, weak: boolean): readonly TeethMeasure[] {
  const row = (name: string, value: number, unit: string, floor: number | null, meaning: string): TeethMeasure => ({
    name,
    value,
    unit,
    floor,
    meaning,
  });
  return [
    row(
      "completed operations",
      completed,
      "",
      1000,
      "Operations with a definite answer; the checker judges no others by their results.",
    ),
    row("confirmed faults", weak ? 5 : 8, "", 6, "Faults that were seen at their target, not only asked for."),
    row("operations per node", 412, "", 50, "The least busy node still served this many."),
    row(
      "share of info",
      weak ? 0.34 : 0.011,
      "",
      null,
      "Operations of unknown outcome excuse much; the more of them, the weaker the verdict.",
    ),
    { ...row("runner lag", 3.1, "ms", null, "How late the runner's own event loop was at worst."), ceiling: 2000 },
    row(
      "reads that would have exposed an older value",
      0.62,
      "",
      0.1,
      "Reads after at least two distinct writes of their key.",
    ),
    row(
      "in flight when a fault began",
      4.6,
      "operations",
      1,
      "Mean over faults; a fault that meets no operation shows nothing.",
    ),
    row("leader changes with operations open", 5, "", 1, "Elections that a client could have noticed."),
    {
      ...row("operations sent to a deposed leader", 2, "", null, "Called there within a second after its successor."),
      notAsked: "a leader that was killed is not there to be asked",
    },
  ];
}

export function verdictOf(
  options: { readonly outcome: SampleOutcome },
  byCall: readonly Draft[],
  violation: Violation | null,
): Verdict {
  const keys = [...new Set(byCall.map((operation) => operation.key))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const results = keys.map((key, position): KeyResult => {
    const own = byCall.filter((operation) => operation.key === key);
    const bad = violation?.key === key;
    const unknown = options.outcome === "unknown" && position === 3;
    return {
      key,
      valid: bad ? false : unknown ? "unknown" : true,
      operations: own.length,
      engine: unknown ? "search" : "zones",
      durationMs: unknown ? 30_000 : 0.8 + own.length / 900,
      linearization:
        bad || unknown
          ? null
          : own
              .filter((o) => o.applyNs !== null)
              .sort((a, b) => (a.applyNs ?? 0) - (b.applyNs ?? 0))
              .map((o) => o.index),
      reason: bad
        ? "two forward zones overlap"
        : unknown
          ? "the budget of 30 s ran out after 41 % of the key's events"
          : null,
    };
  });
  const unknown =
    options.outcome === "unknown"
      ? [
          {
            code: "vacuous" as const,
            sentence: "Fault 3 (partition halves, drop) was never confirmed: bytes still came out of n4>n5.",
          },
          { code: "weak" as const, sentence: "Confirmed faults: 5, below the floor of 6." },
          { code: "budget" as const, sentence: "Key k3: the budget of 30 s ran out after 41 % of its events." },
        ]
      : [];
  const valid = violation !== null ? false : options.outcome === "unknown" ? "unknown" : true;
  const count = (outcome: string): number => byCall.filter((operation) => operation.outcome === outcome).length;
  const linearizability: CheckerResult = {
    checker: "linearizability",
    valid,
    violations: violation === null ? [] : [violation],
    unknown: unknown.slice(2),
    keys: results,
  };
  return {
    version: 1,
    valid,
    summary:
      violation !== null
        ? "The history is not linearizable: key " + JSON.stringify(violation.key) + " has a stale read."
        : options.outcome === "unknown"
          ? "Nothing wrong was found, but this run could not have shown enough."
          : `All ${keys.length} keys are linearizable, every fault was confirmed, and both groups served in the quiet phase.`,
    violations: violation === null ? [] : [violation],
    unknown,
    warnings:
      options.outcome === "unknown"
        ? ["The runner lagged by 212 ms at 9.4 s; latencies around it are not the system's."]
        : [],
    checkers: [
      linearizability,
      { checker: "crash", valid: true, violations: [], unknown: [] },
      { checker: "availability", valid: true, violations: [], unknown: [] },
    ],
    teeth: teeth(count("ok"), options.outcome === "unknown"),
    cannotSee: [
      "A missing fsync: kill -9 leaves the kernel's page cache alive.",
      "Clock faults: no clock was moved.",
      "Anything that needs more than one key: keys were judged apart.",
    ],
    counts: { operations: byCall.length, ok: count("ok"), fail: count("fail"), info: count("info") },
  };
}

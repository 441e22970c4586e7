// How late the runner itself was: what its events waited before it could handle them, and how long the kernel held it back. A run
// whose runner or machine had no time is `unknown: starved`: what it shows is no fault of the system.
import type { HistoryEvent, Operation } from "../history/index.js";
import { fieldOf } from "./values.js";
import type { TeethMeasure } from "./verdict.js";

/** Names of the measures above whose limit a run is starved rather than weak. */
export const runnerMeasures = {
  worst: "runner lag",
  p99: "p99 of the runner's lag",
  share: "p99 of the runner's lag by the median latency",
} as const;

export interface RunnerLag {
  readonly worstMs: number;
  /** While there was load. The worst, where a history does not tell: it was no more than that. */
  readonly p99Ms: number;
  /** How long the kernel held the runner back, in ms; null where it does not tell. */
  readonly throttledMs: number | null;
}

export function runnerLag(events: readonly HistoryEvent[]): RunnerLag {
  let worstMs = 0;
  let [p99Ms, throttledMs]: [number | null, number | null] = [null, null];
  for (const event of events) {
    if (event.type !== "runner" || event.what !== "lag") continue;
    const field = (name: string): number | null => {
      const value = fieldOf(event.detail, name);
      return typeof value === "number" ? value : null;
    };
    worstMs = Math.max(worstMs, field("lag_ms") ?? 0);
    p99Ms = field("lag_p99_ms") ?? p99Ms;
    throttledMs = field("throttled_ms") ?? throttledMs;
  }
  return { worstMs, p99Ms: p99Ms ?? worstMs, throttledMs };
}

/** From when an operation was due to its answer; 0 without answers. */
export function medianLatencyMs(operations: readonly Operation[], events: readonly HistoryEvent[]): number {
  const latencies = operations.flatMap(({ outcome, callNs, returnNs, callEvent }) => {
    if (outcome !== "ok" || returnNs === null) return [];
    const call = events[callEvent];
    const due = call?.type === "invoke" ? (call.intended ?? callNs) : callNs;
    return [returnNs - Math.min(due, callNs)];
  });
  latencies.sort((left, right) => left - right);
  return (latencies[Math.floor(latencies.length / 2)] ?? 0) / 1e6;
}

/** Whether the runner lagged more than the plan allows: then what took long says nothing of the system. */
export function isStarved(teeth: readonly TeethMeasure[]): boolean {
  const about: readonly string[] = Object.values(runnerMeasures);
  return teeth.some(
    ({ name, value, ceiling }) => about.includes(name) && typeof ceiling === "number" && value > ceiling,
  );
}

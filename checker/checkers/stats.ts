// Counts and latencies by function: never a reason to fail, always worth a look. Latencies count twice: from the call, and, where the history
// says when the operation was due (open loop), from then. Only the second shows what a stall cost those who had to wait for a client.
import type { HistoryEvent, JsonValue, Operation } from "../../history/index.js";
import type { CheckerResult } from "../verdict.js";

interface Row {
  ok: number;
  fail: number;
  info: number;
  /** Nanoseconds, of answered operations. */
  readonly sinceCall: number[];
  readonly sinceDue: number[];
}

export function checkStats(operations: readonly Operation[], events: readonly HistoryEvent[] = []): CheckerResult {
  const functions = new Map<string, Row>();
  for (const { function: name, outcome, callNs, returnNs, callEvent } of operations) {
    const row = functions.get(name) ?? { ok: 0, fail: 0, info: 0, sinceCall: [], sinceDue: [] };
    functions.set(name, row);
    row[outcome] += 1;
    if (outcome !== "ok" || returnNs === null) continue;
    row.sinceCall.push(returnNs - callNs);
    const call = events[callEvent];
    if (call?.type === "invoke" && call.intended !== undefined) row.sinceDue.push(returnNs - call.intended);
  }
  const details: Record<string, JsonValue> = {};
  for (const [name, { ok, fail, info, sinceCall, sinceDue }] of functions)
    details[name] = {
      ok,
      fail,
      info,
      ...quantiles("", sinceCall),
      ...(sinceDue.length === 0 ? {} : quantiles("since_due_", sinceDue)),
    };
  return { checker: "stats", valid: true, violations: [], unknown: [], details };
}

function quantiles(prefix: string, latencies: number[]): { readonly [name: string]: number | null } {
  latencies.sort((left, right) => left - right);
  const quantile = (share: number): number | null => {
    const value = latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))];
    return value === undefined ? null : Math.round(value / 1e4) / 100;
  };
  return { [`${prefix}p50_ms`]: quantile(0.5), [`${prefix}p99_ms`]: quantile(0.99), [`${prefix}max_ms`]: quantile(1) };
}

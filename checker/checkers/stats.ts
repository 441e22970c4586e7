// Counts and latencies by function: never a reason to fail, always worth a look.
import type { JsonValue, Operation } from "../../history/index.js";
import type { CheckerResult } from "../verdict.js";

export function checkStats(operations: readonly Operation[]): CheckerResult {
  const functions = new Map<string, { ok: number; fail: number; info: number; latencies: number[] }>();
  for (const { function: name, outcome, callNs, returnNs } of operations) {
    const row = functions.get(name) ?? { ok: 0, fail: 0, info: 0, latencies: [] };
    functions.set(name, row);
    row[outcome] += 1;
    if (outcome === "ok" && returnNs !== null) row.latencies.push(returnNs - callNs);
  }
  const details: Record<string, JsonValue> = {};
  for (const [name, { ok, fail, info, latencies }] of functions) {
    latencies.sort((left, right) => left - right);
    const quantile = (share: number): number | null => {
      const value = latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))];
      return value === undefined ? null : Math.round(value / 1e4) / 100;
    };
    details[name] = { ok, fail, info, p50_ms: quantile(0.5), p99_ms: quantile(0.99), max_ms: quantile(1) };
  }
  return { checker: "stats", valid: true, violations: [], unknown: [], details };
}

// Rates and latency quantiles in equal slices of the time in view.
import { outcomeFail, outcomeInfo, outcomeOk, outcomeOpen, type Operations } from "../../../columns.js";
import { lowerBound } from "../timeline/rows.js";

export interface Buckets {
  /** Middle of each slice, seconds. */
  readonly seconds: readonly number[];
  readonly widthNs: number;
  /** Milliseconds; null where nothing was answered. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  /** Ended in the slice, a second. */
  readonly ok: readonly number[];
  readonly fail: readonly number[];
  /** Given up in the slice, a second. */
  readonly info: readonly number[];
  /** Answered in the slice, a second, by function. */
  readonly byFunction: readonly (readonly number[])[];
}

/** From the moment it should have started, so that a stall of the runner's own loop is not hidden. */
export function latencyNs(operations: Operations, row: number): number {
  return (operations.endNs[row] ?? Number.NaN) - (operations.callNs[row] ?? 0) + (operations.lagUs[row] ?? 0) * 1000;
}

function quantile(sorted: readonly number[] | Float64Array, share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

/** Slices of a round width, about `wanted` of them. Operations count where they ended. */
export function bucketsOf(
  operations: Operations,
  fromNs: number,
  toNs: number,
  wanted: number,
  key: number | null,
): Buckets {
  const raw = Math.max((toNs - fromNs) / wanted, 1e3);
  const power = 10 ** Math.floor(Math.log10(raw));
  const widthNs = ([1, 2, 2.5, 5, 10].find((step) => step * power >= raw) ?? 10) * power;
  const first = Math.floor(fromNs / widthNs);
  const size = Math.max(1, Math.ceil(toNs / widthNs) - first);
  const latencies: number[][] = Array.from({ length: size }, () => []);
  const zeros = (): number[] => Array.from({ length: size }, () => 0);
  const ok = zeros();
  const fail = zeros();
  const info = zeros();
  const byFunction = operations.functions.map(zeros);
  const perSecond = 1e9 / widthNs;
  const add = (to: number[] | undefined, bucket: number): void => {
    if (to !== undefined) to[bucket] = (to[bucket] ?? 0) + perSecond;
  };
  // Calls are in order, ends are not: an operation that ends in view was called at most its own duration before.
  const from = lowerBound(operations.count, fromNs - longest(operations), (row) => operations.callNs[row] ?? 0);
  for (let row = from; row < operations.count; row++) {
    if ((operations.callNs[row] ?? 0) > toNs) break;
    const bucket = Math.floor((operations.endNs[row] ?? Number.NaN) / widthNs) - first;
    if (!(bucket >= 0 && bucket < size) || (key !== null && operations.key[row] !== key)) continue;
    const outcome = operations.outcome[row];
    if (outcome === outcomeOk) {
      add(ok, bucket);
      add(byFunction[operations.function[row] ?? 0], bucket);
      latencies[bucket]?.push(latencyNs(operations, row) / 1e6);
    } else if (outcome === outcomeFail) add(fail, bucket);
    else if (outcome === outcomeInfo || outcome === outcomeOpen) add(info, bucket);
  }
  const sorted = latencies.map((own) => Float64Array.from(own).sort());
  return {
    seconds: sorted.map((_, bucket) => ((first + bucket + 0.5) * widthNs) / 1e9),
    widthNs,
    p50: sorted.map((own) => quantile(own, 0.5)),
    p95: sorted.map((own) => quantile(own, 0.95)),
    p99: sorted.map((own) => quantile(own, 0.99)),
    max: sorted.map((own) => own.at(-1) ?? null),
    ok,
    fail,
    info,
    byFunction,
  };
}

const longestOf = new WeakMap<Operations, number>();

/** The longest time between a call and its end. */
function longest(operations: Operations): number {
  let known = longestOf.get(operations);
  if (known === undefined) {
    known = 0;
    for (let row = 0; row < operations.count; row++) {
      const took = (operations.endNs[row] ?? Number.NaN) - (operations.callNs[row] ?? 0);
      if (took > known) known = took;
    }
    longestOf.set(operations, known);
  }
  return known;
}

/** Quantiles of all answered operations, for the line above the charts. */
export function overallQuantiles(
  operations: Operations,
): { readonly p50: number; readonly p99: number; readonly max: number } | null {
  const all = new Float64Array(operations.count);
  let used = 0;
  for (let row = 0; row < operations.count; row++)
    if (operations.outcome[row] === outcomeOk) all[used++] = latencyNs(operations, row);
  if (used === 0) return null;
  const sorted = all.subarray(0, used).sort();
  return { p50: quantile(sorted, 0.5) ?? 0, p99: quantile(sorted, 0.99) ?? 0, max: sorted[used - 1] ?? 0 };
}

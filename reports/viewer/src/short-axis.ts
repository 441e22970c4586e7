// Operations of a counterexample lie close together and far apart: waits between them may be a thousand times longer than they are. So the
// axis under them is shortened where nothing happens, and says by how much.

interface Timed {
  readonly callNs: number;
  /** Infinity while nobody knows. */
  readonly endNs: number;
}

/** A time axis that is shortened where nothing happens. */
export interface ShortAxis {
  readonly stops: readonly { readonly ns: number; readonly x: number }[];
  readonly shortened: readonly { readonly x: number; readonly gapNs: number }[];
  x(ns: number): number;
}

/** Piecewise: each gap between two moments gets room by its logarithm. */
export function shortAxis(core: readonly Timed[], left: number, right: number): ShortAxis {
  const times = [
    ...new Set(core.flatMap(({ callNs, endNs }) => (Number.isFinite(endNs) ? [callNs, endNs] : [callNs]))),
  ].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const least = Math.max(1000, Math.min(...gaps, Number.POSITIVE_INFINITY));
  const weights = gaps.map((gap) => 1 + Math.log2(1 + gap / least));
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const nsPerPx = gaps.map((gap, index) => gap / (((weights[index] ?? 1) / total) * (right - left)));
  const usual = Math.min(...nsPerPx, Number.POSITIVE_INFINITY);
  let x = left;
  const stops = times.map((ns, index) => {
    if (index > 0) x += ((weights[index - 1] ?? 0) / total) * (right - left);
    return { ns, x };
  });
  const shortened = gaps.flatMap((gapNs, index) => {
    const a = stops[index]?.x ?? 0;
    const b = stops[index + 1]?.x ?? 0;
    return (nsPerPx[index] ?? 0) > usual * 12 && b - a > 50 ? [{ x: (a + b) / 2, gapNs }] : [];
  });
  return { stops, shortened, x: (ns) => (Number.isFinite(ns) ? between(stops, ns) : right + 18) };
}

/** x of a moment: at or between two stops, or at the nearest one outside of them. */
function between(stops: ShortAxis["stops"], ns: number): number {
  const after = stops.findIndex((stop) => stop.ns >= ns);
  const next = stops[after === -1 ? stops.length - 1 : after];
  const before = stops[after - 1];
  if (next === undefined) return 0;
  if (before === undefined || after === -1 || next.ns === ns) return next.x;
  return before.x + ((ns - before.ns) / (next.ns - before.ns)) * (next.x - before.x);
}

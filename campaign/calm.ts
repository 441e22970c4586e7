// Rest for a long load under a swarm. A store that is struck without a pause answers next to nothing, so that next to nothing can be
// wrong; and what an old leader or a healed node does when all is well again is seen only if all is well for a while.
import type { Random } from "../history/index.js";
import type { Fault } from "../nemesis/index.js";

/** A rest that is put into a schedule: before it is `atMs` of the schedule's own time. */
export interface Rest {
  readonly atMs: number;
  readonly lastsMs: number;
}

/** A shorter load has none. */
const loadMs = 30_000;
const shortestMs = 10_000;
const longestMs = 12_000;

/** One rest of ten to twelve seconds in each full half minute of load, anywhere in its share of the schedule. */
export function drawRests(random: Random, timeLimitMs: number): readonly Rest[] {
  const count = Math.floor(timeLimitMs / loadMs);
  const lengths = Array.from({ length: count }, () => random.integer(shortestMs, longestMs));
  const busyMs = timeLimitMs - lengths.reduce((sum, length) => sum + length, 0);
  return lengths.map((lastsMs, at) => ({ atMs: Math.floor((busyMs * (at + random.unit())) / count), lastsMs }));
}

export function restMs(rests: readonly Rest[]): number {
  return rests.reduce((sum, { lastsMs }) => sum + lastsMs, 0);
}

/** The schedule with the rests put into it: a fault that would last into one ends when it begins. `rests` are in the order of time. */
export function putRests<Timed extends Pick<Fault, "at_ms" | "for_ms">>(
  faults: readonly Timed[],
  rests: readonly Rest[],
): readonly Timed[] {
  return faults.map((fault) => {
    const endMs = fault.at_ms + fault.for_ms;
    const next = rests.find(({ atMs }) => atMs > fault.at_ms);
    const shiftMs = restMs(rests.filter(({ atMs }) => atMs <= fault.at_ms));
    const for_ms = next === undefined ? fault.for_ms : Math.min(endMs, next.atMs) - fault.at_ms;
    return { ...fault, at_ms: fault.at_ms + shiftMs, for_ms };
  });
}

// How many operations were open at a time or overlapped an interval.
import type { HistoryEvent, Operation, TimeNs } from "../history/index.js";

/**
 * Counts operations open at a time or overlapping an interval, by two sorted lists. One of unknown outcome was open until its
 * client gave it up; one without any completion, for ever.
 */
export class OpenOperations {
  readonly #calls: readonly TimeNs[];
  readonly #ends: readonly TimeNs[];
  constructor(operations: readonly Operation[], events: readonly HistoryEvent[]) {
    this.#calls = operations.map(({ callNs }) => callNs).sort((left, right) => left - right);
    this.#ends = operations
      .flatMap(({ returnEvent }) => {
        const event = returnEvent === null ? undefined : events[returnEvent];
        return event === undefined || event.type === "header" ? [] : [event.time];
      })
      .sort((left, right) => left - right);
  }
  countAt(time: TimeNs): number {
    return this.countBetween(time, time);
  }
  countBetween(from: TimeNs, until: TimeNs): number {
    return countUpTo(this.#calls, until, true) - countUpTo(this.#ends, from, false);
  }
}

function countUpTo(sorted: readonly number[], limit: number, inclusive: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = sorted[middle] ?? Infinity;
    if (inclusive ? value <= limit : value < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

// A value that was seen although it was certainly gone: most violations that happen are of this kind, and they are found in one pass
// over the events, whatever else is in the history. Zones say the same of values that are written once (Gibbons and Korach, 1997).
//
// Whoever sees a value needs one who wrote it: called before the seeing one returned, and not followed by anything that shows another
// value and stands between the two in time. So: take the latest call of those that returned before the seeing one was called and
// that show another value. Every writer must have been open at that call or later; a value of which no writer was is gone.
import type { Scratch } from "../scratch.js";
import { casKind, notKind, readKind, writeKind, type RegisterColumns } from "./columns.js";
import type { Timeline } from "./timeline.js";

/** The row of an operation that saw such a value, of those the first that returned; -1: there is none. Its memory is scratch. */
export function findOverwritten(columns: RegisterColumns, timeline: Timeline, scratch: Scratch): number {
  const { count, kind, call, return: returns } = columns;
  const { calls, ends, answered } = timeline;
  const latest = new LatestShown();
  /** By value: the latest return of those called so far that write it. */
  const written = scratch.float64(columns.values.size).fill(-Infinity);
  /** By row: the least moment until which somebody who writes what it sees must have been open. */
  const needed = scratch.float64(count);
  let end = 0;
  for (let place = 0; place <= count; place++) {
    const row = place < count ? (calls[place] ?? 0) : -1;
    const time = row === -1 ? Infinity : (call[row] ?? 0);
    for (; end < answered; end++) {
      const returning = ends[end] ?? 0;
      if ((returns[returning] ?? 0) >= time) break;
      const seen = seenBy(columns, returning);
      if (seen !== -1 && isGone(seen, needed[returning] ?? 0, written[seen] ?? 0)) return returning;
      if (kind[returning] !== notKind) latest.show(call[returning] ?? 0, shownBy(columns, returning));
    }
    if (row === -1) break;
    needed[row] = latest.otherThan(seenBy(columns, row));
    if (kind[row] === readKind || kind[row] === notKind) continue;
    const value = columns.value[row] ?? 0;
    written[value] = Math.max(written[value] ?? 0, returns[row] ?? 0);
  }
  return -1;
}

/** The initial value, number 0, was there without being written, until another one was shown. */
function isGone(seen: number, needed: number, written: number): boolean {
  return written < needed || (written === -Infinity && seen !== 0);
}

function seenBy({ kind, value, expected }: RegisterColumns, row: number): number {
  const what = kind[row];
  return what === readKind ? (value[row] ?? -1) : what === casKind ? (expected[row] ?? -1) : -1;
}

/** The one value that is there whenever this operation takes effect, just before or just after; -1: a cas shows two. */
function shownBy({ kind, value }: RegisterColumns, row: number): number {
  return kind[row] === readKind || kind[row] === writeKind ? (value[row] ?? -1) : -1;
}

/** The latest calls of operations that show a value: of all, and of those that do not show the same one as that. */
class LatestShown {
  #call = -Infinity;
  #value = -1;
  #otherCall = -Infinity;

  show(call: number, value: number): void {
    if (call > this.#call) {
      if (value !== this.#value) this.#otherCall = this.#call;
      this.#call = call;
      this.#value = value;
    } else if (value !== this.#value && call > this.#otherCall) this.#otherCall = call;
  }

  /** Of an operation that shows another value than this one. */
  otherThan(value: number): number {
    return value !== -1 && value === this.#value ? this.#otherCall : this.#call;
  }
}

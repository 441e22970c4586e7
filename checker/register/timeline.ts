// The order in time of one key's calls and returns, for all that go over them before a search begins.
import type { Scratch } from "../scratch.js";
import { sortByTime } from "../sort-by-time.js";
import type { RegisterColumns } from "./columns.js";

/** Rows in order of call, and those that returned in order of return. At equal times calls come first. */
export interface Timeline {
  readonly calls: Int32Array;
  readonly ends: Int32Array;
  /** So many of `ends` are rows. */
  readonly answered: number;
}

/** Its arrays lie in the scratch memory. */
export function timelineOf({ count, call, return: returns }: RegisterColumns, scratch: Scratch): Timeline {
  const calls = scratch.int32(count);
  const ends = scratch.int32(count);
  let answered = 0;
  for (let row = 0; row < count; row++) {
    calls[row] = row;
    if (returns[row] !== Infinity) ends[answered++] = row;
  }
  sortByTime(calls, call);
  sortByTime(ends, returns, 0, answered);
  return { calls, ends, answered };
}

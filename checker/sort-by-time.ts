// Sorting events that are nearly in order already, as those of a history are.

/** Returns are nearly in order of call; a sort that only shifts is fastest then. More shifts than this for each one: it is not. */
const shiftsEach = 64;

/** Sorts the indices from one place to before another by their times; stable where they ascend. */
export function sortByTime(indices: Int32Array, times: Float64Array, from = 0, to = indices.length): void {
  let shifts = shiftsEach * (to - from);
  for (let at = from + 1; at < to; at++) {
    const index = indices[at] ?? 0;
    const time = times[index] ?? 0;
    let place = at;
    while (place > from && (times[indices[place - 1] ?? 0] ?? 0) > time) {
      indices[place] = indices[place - 1] ?? 0;
      place -= 1;
    }
    indices[place] = index;
    shifts -= at - place;
    if (shifts < 0) {
      indices.subarray(from, to).sort((left, right) => (times[left] ?? 0) - (times[right] ?? 0) || left - right);
      return;
    }
  }
}

// Sorting events that are nearly in order already, as those of a history are.

/** Returns are nearly in order of call; a sort that only shifts is fastest then. More shifts than this for each one: it is not. */
const shiftsEach = 64;

/** Sorts indices by their times; stable. */
export function sortByTime(indices: Int32Array, times: Float64Array): void {
  let shifts = shiftsEach * indices.length;
  for (let at = 1; at < indices.length; at++) {
    const index = indices[at] ?? 0;
    const time = times[index] ?? 0;
    let to = at;
    while (to > 0 && (times[indices[to - 1] ?? 0] ?? 0) > time) {
      indices[to] = indices[to - 1] ?? 0;
      to -= 1;
    }
    indices[to] = index;
    shifts -= at - to;
    if (shifts < 0) {
      indices.sort((left, right) => (times[left] ?? 0) - (times[right] ?? 0) || left - right);
      return;
    }
  }
}

// Sorting by time without objects: a radix sort of doubles that carries the places along.
import type { Scratch } from "../scratch.js";

const digitBits = 11;
const digits = 2 ** digitBits;
const twoTo32 = 2 ** 32;

/**
 * The places of `keys` in ascending order of key, equal keys in ascending order of place. Keys are safe integers; differences
 * that are not fall back to a sort by comparison.
 */
export function orderOf(keys: Float64Array, scratch: Scratch): Int32Array {
  const count = keys.length;
  const order = scratch.int32(count);
  let isSorted = true;
  let least = Infinity;
  let greatest = -Infinity;
  for (let place = 0; place < count; place++) {
    order[place] = place;
    const key = keys[place] ?? 0;
    if (key < greatest) isSorted = false;
    else greatest = key;
    if (key < least) least = key;
  }
  if (isSorted) return order;
  if (!Number.isSafeInteger(greatest - least) || count < 64)
    return order.sort((left, right) => (keys[left] ?? 0) - (keys[right] ?? 0) || left - right);
  return radixSort(keys, order, least, greatest - least, scratch);
}

/** Least digit first; keys travel with the places, so that every pass reads in sequence. */
function radixSort(keys: Float64Array, order: Int32Array, least: number, range: number, scratch: Scratch): Int32Array {
  const count = keys.length;
  let low = scratch.int32(count);
  let high = scratch.int32(range >= twoTo32 ? count : 0);
  for (let place = 0; place < count; place++) {
    const key = (keys[place] ?? 0) - least;
    low[place] = key | 0;
    if (high.length > 0) high[place] = Math.floor(key / twoTo32);
  }
  let places = order;
  let nextPlaces = scratch.int32(count);
  let nextLow = scratch.int32(count);
  let nextHigh = scratch.int32(high.length);
  const starts = scratch.int32(digits);
  const bits = Math.floor(Math.log2(range)) + 1;
  // A digit lies in one word: three in the low one (11, 11, 10 bits), then the high one's.
  for (let shift = 0; shift < bits; shift = shift === 22 ? 32 : shift + digitBits) {
    const word = shift < 32 ? low : high;
    const by = shift % 32;
    starts.fill(0);
    for (let at = 0; at < count; at++) {
      const digit = ((word[at] ?? 0) >>> by) & (digits - 1);
      starts[digit] = (starts[digit] ?? 0) + 1;
    }
    let sum = 0;
    for (let digit = 0; digit < digits; digit++) {
      const size = starts[digit] ?? 0;
      starts[digit] = sum;
      sum += size;
    }
    for (let at = 0; at < count; at++) {
      const digit = ((word[at] ?? 0) >>> by) & (digits - 1);
      const to = starts[digit] ?? 0;
      starts[digit] = to + 1;
      nextPlaces[to] = places[at] ?? 0;
      nextLow[to] = low[at] ?? 0;
      if (high.length > 0) nextHigh[to] = high[at] ?? 0;
    }
    [places, nextPlaces] = [nextPlaces, places];
    [low, nextLow] = [nextLow, low];
    [high, nextHigh] = [nextHigh, high];
  }
  return places;
}

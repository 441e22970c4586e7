// A history that is exponential for any search: from 0, operations of unknown outcome lead through a random graph, each usable
// once, and then, all at once, more values are read than there is any order for. No engine can say so without trying nearly all paths.
import { createRandom, type Operation } from "../../history/index.js";
import { cas, failedCas, get, operations, put } from "./builders.js";

export function exponentialHistory(size: number, seed = 1): readonly Operation[] {
  const random = createRandom(seed);
  const makers: ((index: number) => Operation)[] = [];
  let time = 0;
  for (let edge = 0; edge < 3 * size; edge++) {
    const from = random.integer(0, size - 1);
    const to = (from + 1 + random.integer(0, size - 2)) % size;
    makers.push(cas(from, to, time++, null));
  }
  // Every value is seen, in an order of their own choice, and each of them twice, which takes two visits: a put of something else
  // cannot help.
  for (let value = 0; value < size; value++) makers.push(get(value, 1_000, 2_000), failedCas(value, 1_000, 2_000));
  for (let value = 0; value < size; value++) makers.push(put(value, 1_000, 2_000), put(value, 1_000, 2_000));
  for (let value = 0; value < size; value++) makers.push(get(value, 3_000 + 10 * value, 3_005 + 10 * value));
  makers.push(get("never", 9_000, 9_001), put("never", 500, null), put("never", 500, null), get(0, 9_010, 9_011));
  makers.push(get("never", 9_020, 9_021), get(1, 9_030, 9_031), get("never", 9_040, 9_041));
  return operations(...makers);
}

// For how long had the value that a stale read returned been gone when the read began?
import type { RegisterOperation } from "../register/normalise.js";
import { isWrite, lookedAt } from "./core-search.js";

/**
 * In the unit of the times given; null where nothing certain can be said. At the least: the value was gone when the first operation
 * returned that wrote or saw another one and was called after every write of the value was over.
 */
export function stalenessOf(culprit: RegisterOperation, operations: readonly RegisterOperation[]): number | null {
  if (culprit.kind !== "read") return null;
  const { value } = culprit;
  const writers = operations.filter((one) => isWrite(one) && one.value === value && one.call <= culprit.return);
  if (writers.length === 0 && value !== 0) return null;
  let over = writers.reduce((latest, one) => Math.max(latest, one.return), -Infinity);
  if (writers.length === 1 && value !== 0)
    // Who saw the value saw its one write, which had happened by then.
    for (const one of operations) if (lookedAt(one) === value) over = Math.min(over, one.return);
  let gone = Infinity;
  for (const one of operations) {
    if (one.call <= over || one.return >= gone) continue;
    const seen = lookedAt(one);
    if ((isWrite(one) && one.value !== value) || (seen !== null && seen !== value)) gone = one.return;
  }
  return gone < culprit.call ? culprit.call - gone : null;
}

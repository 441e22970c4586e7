// What the algorithm without a search answers for one key.
import type { RegisterColumns } from "../register/columns.js";

/**
 * Why operations conflict.
 * `nowhere`: a value was seen that nobody wrote.
 * `fork`: two cas took the same value away.
 * `cycle`: each cas needs the value that the next one wrote.
 * `order`: an operation had returned before one was called that must come first in the history of their values.
 * `zones`: two values (with what cas made of them) would both have to come before the other.
 * `not`: a value was there during the whole of a failed cas that says it was not.
 */
export type ConflictReason = "nowhere" | "fork" | "cycle" | "order" | "zones" | "not";

export interface Conflict {
  readonly reason: ConflictReason;
  /**
   * Positions of answered operations, at most four (all members for a cycle). They have no linearization even when each write
   * outside them may have happened or not, once at most, inside its own interval, and nothing else is known.
   */
  readonly operations: readonly number[];
  /** Positions of operations of unknown outcome that take part: one of `operations` proves that each of them happened. */
  readonly unknown: readonly number[];
}

export type NoSearchAnswer =
  /** `order`: positions in the list of operations given, a linearization. */
  | { readonly kind: "linearizable"; readonly order: Int32Array }
  | { readonly kind: "violation"; readonly conflict: Conflict }
  /** `reason`: what about the history needs a search, in words. */
  | { readonly kind: "not-applicable"; readonly reason: string };

/** A violation between rows; -1 stands for the virtual first write of the initial value. */
export function violation(
  columns: RegisterColumns,
  evidence: ReadonlyMap<number, number>,
  reason: ConflictReason,
  rows: readonly number[],
): NoSearchAnswer {
  const operations = new Set<number>();
  const unknown = new Set<number>();
  for (const row of rows) {
    if (row === -1) continue;
    const proof = evidence.get(row);
    if (proof !== undefined) unknown.add(columns.position[row] ?? -1);
    operations.add(columns.position[proof ?? row] ?? -1);
  }
  return { kind: "violation", conflict: { reason, operations: [...operations], unknown: [...unknown] } };
}

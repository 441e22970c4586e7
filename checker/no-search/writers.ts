// Who wrote each value, which operations of unknown outcome happened after all, and which cas took each value away.
import { casKind, notKind, readKind, writeKind, type RegisterColumns } from "../register/columns.js";
import type { Scratch } from "../scratch.js";
import { violation, type NoSearchAnswer } from "./answer.js";

export interface Writers {
  /**
   * By value: the row that writes it; -1 when none does. A value with several writers (the initial value: with any) is one that
   * nobody looks at; the first is named, and each of them stands alone.
   */
  readonly writer: Int32Array;
  /** By value: the row of the cas that takes it away; -1 when none does. */
  readonly next: Int32Array;
  /** Rows of writes of unknown outcome that must have happened, with the row of an answered operation that proves it. */
  readonly evidence: ReadonlyMap<number, number>;
  /** How many cas happened. */
  readonly casCount: number;
}

export function findWriters(columns: RegisterColumns, scratch: Scratch): Writers | NoSearchAnswer {
  const { writer, reason } = uniqueWriters(columns, scratch);
  if (reason !== null) return { kind: "not-applicable", reason };
  const evidence = requireSeen(columns, writer);
  if (!(evidence instanceof Map)) return evidence;
  const next = scratch.int32(columns.values.size).fill(-1);
  let casCount = 0;
  for (let row = 0; row < columns.count; row++) {
    if (columns.kind[row] !== casKind || !hasHappened(columns, evidence, row)) continue;
    casCount += 1;
    const expected = columns.expected[row] ?? 0;
    const rival = next[expected] ?? -1;
    if (rival !== -1) return violation(columns, evidence, "fork", [rival, row]);
    next[expected] = row;
  }
  return { writer, next, evidence, casCount };
}

export function hasHappened(columns: RegisterColumns, evidence: ReadonlyMap<number, number>, row: number): boolean {
  return columns.return[row] !== Infinity || evidence.has(row);
}

/** Fails, with the reason, where a value that somebody looks at is written twice. */
function uniqueWriters(columns: RegisterColumns, scratch: Scratch) {
  const { count, kind, value, expected, values } = columns;
  const writer = scratch.int32(values.size).fill(-1);
  const looked = scratch.uint8(values.size).fill(0);
  const loose = scratch.uint8(values.size).fill(0);
  let reason: string | null = null;
  for (let row = 0; row < count; row++) {
    const what = kind[row];
    const own = value[row] ?? 0;
    if (what === readKind || what === notKind) {
      looked[own] = 1;
      continue;
    }
    if (what === casKind) looked[expected[row] ?? 0] = 1;
    if (own === 0) {
      loose[0] = 1;
      if (what === casKind) reason = "a cas writes the initial value";
    } else if (writer[own] === -1) writer[own] = row;
    else loose[own] = 1;
  }
  for (let own = 0; own < values.size && reason === null; own++)
    if (loose[own] === 1 && looked[own] === 1)
      reason =
        own === 0 ? "the initial value is written again and looked at" : "a value that is looked at is written twice";
  return { writer, reason };
}

/** A value that was seen was written, and what a cas that happened expected was there. */
function requireSeen(columns: RegisterColumns, writer: Int32Array): Map<number, number> | NoSearchAnswer {
  const { count, kind, value, expected } = columns;
  const evidence = new Map<number, number>();
  for (let row = 0; row < count; row++) {
    const what = kind[row];
    if (what === writeKind || what === notKind || columns.return[row] === Infinity) continue;
    let seen = (what === readKind ? value[row] : expected[row]) ?? 0;
    // Each turn proves one more operation of unknown outcome, or ends.
    while (seen !== 0) {
      const by = writer[seen] ?? -1;
      if (by === -1) return violation(columns, evidence, "nowhere", [row]);
      if (hasHappened(columns, evidence, by)) break;
      evidence.set(by, row);
      if (kind[by] !== casKind) break;
      seen = expected[by] ?? 0;
    }
  }
  return evidence;
}

// Everything about one key that the sweep can know before it begins: the order of events, the kinds of writes, and until when
// each value is still written or looked at.
import type { Scratch } from "../scratch.js";
import { sortByTime } from "../sort-by-time.js";
import { firstWord, wordsFor, type Layout } from "./configurations.js";
import type { NumberedRegister, RegisterOperation } from "./normalise.js";

/** Writes with equal effect: a plain write of a value, or a cas from one value to another. */
export interface WriteKind {
  readonly isCas: boolean;
  readonly expected: number;
  readonly value: number;
  /** Operations of unknown outcome, in order of call: interchangeable, so the earliest called are used first. */
  readonly unknown: number[];
  /** The cell that counts the unknown ones used; -1 when there are none. */
  cell: number;
  /** At the moment that is being searched: unknown ones called so far, and completed ones open now, the earliest deadline first. */
  called: number;
  readonly open: number[];
}

export interface SweepPlan {
  readonly operations: readonly RegisterOperation[];
  /** 2·operation for a call, 2·operation + 1 for a return. In order of time, at equal times calls first. */
  readonly events: Int32Array;
  /** Position in `events` of each operation's return; and of the first return, the second, … */
  readonly deadline: Int32Array;
  readonly returns: Int32Array;
  /** By operation, where it has a return: its place among the writes, or the reads, that are open at the same time. */
  readonly slotOf: Int32Array;
  /** By operation; null for reads. */
  readonly kindOf: readonly (WriteKind | null)[];
  readonly casKinds: readonly WriteKind[];
  /** By value: the kinds that write it, all of them and the plain ones; and the kinds of cas from it. */
  readonly writersOf: readonly (readonly WriteKind[])[];
  readonly plainOf: readonly (readonly WriteKind[])[];
  readonly casFrom: readonly (readonly WriteKind[])[];
  /** By value: position in `events` of the last call of an operation that writes it. */
  readonly lastWriter: Int32Array;
  /** By value: of the last call that certainly looks at it; and that perhaps looks at it (an unknown cas). */
  readonly lastObserver: Int32Array;
  readonly lastPossibleObserver: Int32Array;
  readonly hasNot: boolean;
  readonly layout: Layout;
}

/** The plan's arrays lie in the scratch memory. */
export function planSweep({ operations, values }: NumberedRegister, scratch: Scratch): SweepPlan {
  const count = values.length;
  const events = orderEvents(operations, scratch);
  const { kinds, kindOf } = kindsOf(operations, count);
  const deadline = scratch.int32(operations.length).fill(events.length);
  const lastWriter = scratch.int32(count).fill(-1);
  const lastObserver = scratch.int32(count).fill(-1);
  const lastPossibleObserver = scratch.int32(count).fill(-1);
  const returns = scratch.int32(events.length - operations.length);
  let returned = 0;
  const slotOf = scratch.int32(operations.length);
  const writes = new Slots();
  const reads = new Slots();
  let hasNot = false;
  for (let at = 0; at < events.length; at++) {
    const event = events[at] ?? 0;
    const index = event >> 1;
    const operation = operations[index];
    if (operation === undefined) throw new Error("invariant: an event without an operation");
    const kind = kindOf[index] ?? null;
    const slots = kind === null ? reads : writes;
    const isOpen = operation.return === Infinity;
    if ((event & 1) === 1) {
      slots.give(slotOf[index] ?? 0);
      deadline[index] = at;
      returns[returned++] = at;
      continue;
    }
    if (!isOpen) slotOf[index] = slots.take();
    if (kind !== null) {
      lastWriter[operation.value] = at;
      if (isOpen) kind.unknown.push(index);
    }
    if (operation.kind === "not") hasNot = true;
    const looked = operation.kind === "read" ? operation.value : operation.kind === "cas" ? operation.expected : -1;
    if (looked === -1) continue;
    lastPossibleObserver[looked] = at;
    if (operation.required) lastObserver[looked] = at;
  }
  const writersOf: WriteKind[][] = [];
  const plainOf: WriteKind[][] = [];
  const casFrom: WriteKind[][] = [];
  const casKinds: WriteKind[] = [];
  for (let value = 0; value < count; value++) {
    writersOf.push([]);
    plainOf.push([]);
    casFrom.push([]);
  }
  for (const kind of kinds) {
    writersOf[kind.value]?.push(kind);
    if (kind.isCas) {
      casKinds.push(kind);
      casFrom[kind.expected]?.push(kind);
    } else plainOf[kind.value]?.push(kind);
  }
  return {
    operations,
    events,
    deadline,
    returns,
    slotOf,
    kindOf,
    casKinds,
    writersOf,
    plainOf,
    casFrom,
    lastWriter,
    lastObserver,
    lastPossibleObserver,
    hasNot,
    layout: layOut(writes.used, reads.used, writersOf),
  };
}

function kindsOf(operations: readonly RegisterOperation[], count: number) {
  const known = new Map<number, WriteKind>();
  const kinds: WriteKind[] = [];
  const kindOf: (WriteKind | null)[] = [];
  for (const operation of operations) {
    const { kind, expected, value } = operation;
    if (kind !== "write" && kind !== "cas") {
      kindOf.push(null);
      continue;
    }
    const name = (expected + 1) * count + value;
    let same = known.get(name);
    if (same === undefined) {
      const isCas = kind === "cas";
      same = { isCas, expected, value, unknown: [], cell: -1, called: 0, open: [] };
      known.set(name, same);
      kinds.push(same);
    }
    kindOf.push(same);
  }
  return { kinds, kindOf };
}

function orderEvents(operations: readonly RegisterOperation[], scratch: Scratch): Int32Array {
  const count = operations.length;
  const calls = scratch.int32(count);
  const returns = scratch.int32(count);
  const callTimes = scratch.float64(count);
  const returnTimes = scratch.float64(count);
  let returned = 0;
  for (let index = 0; index < count; index++) {
    const operation = operations[index];
    if (operation === undefined) throw new Error(`invariant: no operation ${index}`);
    if (operation.required !== (operation.return !== Infinity))
      throw new Error("invariant: what certainly happened has a return, and nothing else has");
    callTimes[index] = operation.call;
    returnTimes[index] = operation.return;
    calls[index] = index;
    if (operation.return !== Infinity) returns[returned++] = index;
  }
  sortByTime(calls, callTimes);
  sortByTime(returns, returnTimes, 0, returned);
  const events = scratch.int32(count + returned);
  let at = 0;
  let end = 0;
  for (let place = 0; place < count; place++) {
    const index = calls[place] ?? 0;
    const call = callTimes[index] ?? 0;
    for (; end < returned && (returnTimes[returns[end] ?? 0] ?? 0) < call; end++)
      events[at++] = 2 * (returns[end] ?? 0) + 1;
    events[at++] = 2 * index;
  }
  for (; end < returned; end++) events[at++] = 2 * (returns[end] ?? 0) + 1;
  return events;
}

/** Small numbers, those given back last used again first. */
class Slots {
  /** So many different ones were taken. */
  used = 0;
  readonly #free: number[] = [];
  take(): number {
    return this.#free.pop() ?? this.used++;
  }
  give(slot: number): void {
    this.#free.push(slot);
  }
}

/** Gives each kind of unknown operations a cell. */
function layOut(writes: number, reads: number, writersOf: readonly WriteKind[][]): Layout {
  const writeWords = wordsFor(writes);
  const readWords = wordsFor(reads);
  const counts = firstWord + 2 * (writeWords + readWords);
  let cell = counts;
  const targets: number[] = [];
  for (const writers of writersOf) {
    let plain = -1;
    for (const kind of writers) if (!kind.isCas && kind.unknown.length > 0) plain = kind.cell = cell++;
    const casStart = cell;
    for (const kind of writers) if (kind.isCas && kind.unknown.length > 0) kind.cell = cell++;
    if (plain !== -1 || cell > casStart) targets.push(plain, casStart, cell);
  }
  return { writeWords, readWords, counts, targets: new Int32Array(targets), size: cell };
}

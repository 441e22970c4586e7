// Everything about one key that the sweep can know before it begins: the order of events, the kinds of writes, and until when
// each value is still written or looked at.
import { bitsPerWord, type Layout } from "./configurations.js";
import type { NormalisedRegister, RegisterOperation } from "./normalise.js";

/** Writes with equal effect: a plain write of a value, or a cas from one value to another. */
export interface WriteKind {
  /** Its operations need not have happened, but only within their intervals. */
  readonly isOptional: boolean;
  readonly isCas: boolean;
  readonly expected: number;
  readonly value: number;
  /** Operations of unknown outcome, in order of call: interchangeable, so the earliest called are used first. */
  readonly unknown: number[];
  /** The cell that counts the unknown ones used; -1 when there are none. */
  cell: number;
  /** During the sweep: unknown ones called so far, and completed ones open now, the earliest deadline first. */
  called: number;
  readonly open: number[];
}

export interface SweepPlan {
  readonly operations: readonly RegisterOperation[];
  /** 2·operation for a call, 2·operation + 1 for a return. In order of time, at equal times calls first. */
  readonly events: Int32Array;
  /** Position in `events` of each operation's return. */
  readonly deadline: Int32Array;
  /** By operation; null for reads. */
  readonly kindOf: readonly (WriteKind | null)[];
  readonly kinds: readonly WriteKind[];
  /** By value: the kinds that write it. */
  readonly writersOf: readonly (readonly WriteKind[])[];
  /** By value: kinds of cas from it. */
  readonly casFrom: readonly (readonly WriteKind[])[];
  /** By value: position in `events` of the last call of an operation that writes it. */
  readonly lastWriter: Int32Array;
  /** By value: of the last call that certainly looks at it; and that perhaps looks at it (an unknown cas). */
  readonly lastObserver: Int32Array;
  readonly lastPossibleObserver: Int32Array;
  readonly hasNot: boolean;
  readonly layout: Layout;
}

export function planSweep({ operations, values }: NormalisedRegister): SweepPlan {
  const events = orderEvents(operations);
  const deadline = new Int32Array(operations.length).fill(events.length);
  const kindByText = new Map<string, WriteKind>();
  const kindOf: (WriteKind | null)[] = [];
  for (const operation of operations) {
    const { kind, expected, value } = operation;
    if (kind !== "write" && kind !== "cas") {
      kindOf.push(null);
      continue;
    }
    const optional = isOptional(operation);
    const text = `${expected}>${value}${optional ? "?" : ""}`;
    const isCas = kind === "cas";
    const known = kindByText.get(text) ?? {
      isOptional: optional,
      isCas,
      expected,
      value,
      unknown: [],
      cell: -1,
      called: 0,
      open: [],
    };
    kindByText.set(text, known);
    kindOf.push(known);
  }
  const count = values.length;
  const lastWriter = new Int32Array(count).fill(-1);
  const lastObserver = new Int32Array(count).fill(-1);
  const lastPossibleObserver = new Int32Array(count).fill(-1);
  let hasNot = false;
  for (const [at, event] of events.entries()) {
    const index = event >> 1;
    const operation = operations[index];
    if (operation === undefined) throw new Error("invariant: an event without an operation");
    if ((event & 1) === 1) {
      deadline[index] = at;
      continue;
    }
    const kind = kindOf[index] ?? null;
    if (kind !== null && operation.return === Infinity) kind.unknown.push(index);
    if (kind !== null) lastWriter[operation.value] = at;
    if (operation.kind === "not") hasNot = true;
    const looked = operation.kind === "read" ? operation.value : operation.kind === "cas" ? operation.expected : -1;
    if (looked === -1) continue;
    lastPossibleObserver[looked] = at;
    if (operation.required) lastObserver[looked] = at;
  }
  const kinds = [...kindByText.values()];
  const writersOf: WriteKind[][] = Array.from({ length: count }, () => []);
  const casFrom: WriteKind[][] = Array.from({ length: count }, () => []);
  for (const kind of kinds) {
    writersOf[kind.value]?.push(kind);
    if (kind.isCas) casFrom[kind.expected]?.push(kind);
  }
  const layout = layOut(operations, events, writersOf);
  return {
    operations,
    events,
    deadline,
    kindOf,
    kinds,
    writersOf,
    casFrom,
    lastWriter,
    lastObserver,
    lastPossibleObserver,
    hasNot,
    layout,
  };
}

export function isOptional(operation: RegisterOperation): boolean {
  return !operation.required && operation.return !== Infinity;
}

function orderEvents(operations: readonly RegisterOperation[]): Int32Array {
  const order: { time: number; event: number }[] = [];
  for (const [index, operation] of operations.entries()) {
    order.push({ time: operation.call, event: 2 * index });
    if (operation.required && operation.return === Infinity)
      throw new Error("invariant: a required operation without a return");
    if (operation.return === Infinity) continue;
    order.push({ time: operation.return, event: 2 * index + 1 });
  }
  order.sort((a, b) => a.time - b.time || (a.event & 1) - (b.event & 1) || a.event - b.event);
  return Int32Array.from(order, ({ event }) => event);
}

/** Counts slots for the most writes and reads open at once, and gives each kind of unknown operations a cell. */
function layOut(
  operations: readonly RegisterOperation[],
  events: Int32Array,
  writersOf: readonly WriteKind[][],
): Layout {
  let writes = 0;
  let reads = 0;
  let options = 0;
  let mostWrites = 0;
  let mostReads = 0;
  let mostOptions = 0;
  for (const event of events) {
    const operation = operations[event >> 1];
    if (operation === undefined || operation.return === Infinity) continue;
    const step = (event & 1) === 0 ? 1 : -1;
    if (isOptional(operation)) mostOptions = Math.max(mostOptions, (options += step));
    else if (operation.kind === "write" || operation.kind === "cas")
      mostWrites = Math.max(mostWrites, (writes += step));
    else mostReads = Math.max(mostReads, (reads += step));
  }
  const writeWords = Math.ceil(mostWrites / bitsPerWord);
  const readWords = Math.ceil(mostReads / bitsPerWord);
  const optionWords = Math.ceil(mostOptions / bitsPerWord);
  let cell = 1 + writeWords + readWords + optionWords;
  const targets: { plain: number; casStart: number; end: number }[] = [];
  for (const writers of writersOf) {
    const unknown = writers.filter((kind) => kind.unknown.length > 0);
    if (unknown.length === 0) continue;
    const plain = unknown.find((kind) => !kind.isCas);
    if (plain !== undefined) plain.cell = cell++;
    const casStart = cell;
    for (const kind of unknown) if (kind.isCas) kind.cell = cell++;
    targets.push({ plain: plain === undefined ? -1 : plain.cell, casStart, end: cell });
  }
  return { writeWords, readWords, optionWords, targets, size: cell };
}

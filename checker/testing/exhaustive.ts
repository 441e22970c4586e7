// Every history of one register with up to four operations over three values, the initial one among them, up to symmetry: no two
// are alike after naming operations or the other two values differently, or after moving calls and returns without changing which
// operation precedes which. Operations that mean the same to a register (a failed cas that observed o and a read of o) count once.
import type { JsonValue, Operation } from "../../history/index.js";
import { operation } from "./builders.js";

interface Kind {
  readonly name: "read" | "not" | "write" | "cas";
  /** cas only; -1 otherwise. */
  readonly expected: number;
  readonly value: number;
  readonly unknown: boolean;
}

const values = [0, 1, 2] as const;
/** The values other than the initial one may change names. */
const renamings: readonly (readonly number[])[] = [
  [0, 1, 2],
  [0, 2, 1],
];

const kinds: readonly Kind[] = values.flatMap((value): Kind[] => [
  { name: "read", expected: -1, value, unknown: false },
  { name: "not", expected: -1, value, unknown: false },
  ...[false, true].flatMap((unknown): Kind[] => [
    { name: "write", expected: -1, value, unknown },
    ...values
      .filter((expected) => expected !== value)
      .map((expected): Kind => ({ name: "cas", expected, value, unknown })),
  ]),
]);

/** By renaming and kind: the number of the renamed kind. */
const renamedKinds: readonly (readonly number[])[] = renamings.map((names) =>
  kinds.map((kind) => {
    const name = (value: number): number => names[value] ?? value;
    const wanted = JSON.stringify({ ...kind, expected: name(kind.expected), value: name(kind.value) });
    return kinds.findIndex((other) => JSON.stringify(other) === wanted);
  }),
);

/** Intervals on a small grid: which operation precedes which, with the ways to rename operations that leave that as it is. */
interface Shape {
  readonly intervals: readonly (readonly [from: number, to: number])[];
  readonly symmetries: readonly (readonly number[])[];
  /** By operation: none is called after its return, so it may be of unknown outcome. */
  readonly mayBeOpen: readonly boolean[];
}

function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((shorter) =>
    Array.from({ length: count }, (_, at) => [...shorter.slice(0, at), count - 1, ...shorter.slice(at)]),
  );
}

/** One of each: n operations need no more than n moments to stand in any order that intervals can stand in. */
function shapesOf(count: number): Shape[] {
  const single = Array.from({ length: count }, (_, from) =>
    Array.from({ length: count - from }, (_, more) => [from, from + more] as const),
  ).flat();
  let all: (readonly (readonly [number, number])[])[] = [[]];
  for (let at = 0; at < count; at++) all = all.flatMap((some) => single.map((one) => [...some, one]));
  const orders = permutations(count);
  const seen = new Set<string>();
  const shapes: Shape[] = [];
  for (const intervals of all) {
    const precedes = (x: number, y: number): boolean => (intervals[x]?.[1] ?? 0) < (intervals[y]?.[0] ?? 0);
    const textOf = (order: readonly number[]): string =>
      order.map((x) => order.map((y) => (precedes(x, y) ? 1 : 0)).join("")).join();
    const own = textOf(Array.from({ length: count }, (_, at) => at));
    if (seen.has(own)) continue;
    for (const order of orders) seen.add(textOf(order));
    const symmetries = orders.filter((order) => textOf(order) === own);
    const mayBeOpen = intervals.map((_, x) => intervals.every((_, y) => !precedes(x, y)));
    shapes.push({ intervals, symmetries, mayBeOpen });
  }
  return shapes;
}

export interface SmallHistory {
  readonly operations: readonly Operation[];
  readonly initial: JsonValue;
}

/** All histories of exactly `count` operations. `moved`: ends shifted by less than what changes the order, differently each time. */
export function* smallHistories(count: number, moved = false): Generator<SmallHistory> {
  let number = 0;
  for (const shape of shapesOf(count)) {
    const chosen = Array.from({ length: count }, () => 0);
    for (;;) {
      if (isFirst(shape, chosen)) yield historyOf(shape, chosen, moved ? Math.imul(++number, 0x9e3779b1) >>> 8 : 0);
      let at = 0;
      while (at < count && chosen[at] === kinds.length - 1) chosen[at++] = 0;
      if (at === count) break;
      chosen[at] = (chosen[at] ?? 0) + 1;
    }
  }
}

/** Is this the first of all the histories that are alike, and possible at all? */
function isFirst({ symmetries, mayBeOpen }: Shape, chosen: readonly number[]): boolean {
  for (const [at, kind] of chosen.entries()) if (kinds[kind]?.unknown === true && mayBeOpen[at] !== true) return false;
  for (const symmetry of symmetries)
    for (const renamed of renamedKinds)
      for (const [at, from] of symmetry.entries()) {
        const difference = (renamed[chosen[from] ?? 0] ?? 0) - (chosen[at] ?? 0);
        if (difference < 0) return false;
        if (difference > 0) break;
      }
  return true;
}

function historyOf({ intervals }: Shape, chosen: readonly number[], shifts: number): SmallHistory {
  const operations = chosen.map((number, index) => {
    const kind = kinds[number];
    const interval = intervals[index];
    if (kind === undefined || interval === undefined) throw new Error("invariant: no such kind or interval");
    // Calls at 4t or 4t + 1, returns at 4t + 1 or 4t + 2: which precedes which does not change, which ends coincide does.
    const from = 4 * interval[0] + ((shifts >> (2 * index)) & 1);
    const to = 4 * interval[1] + 2 - ((shifts >> (2 * index + 1)) & 1);
    if (kind.name === "read") return operation(index, "get", null, kind.value, from, to);
    if (kind.name === "not")
      return operation(index, "cas", { expected: kind.value, new: 9 }, { status: "mismatch" }, from, to);
    const end = kind.unknown ? null : to;
    if (kind.name === "write") return operation(index, "put", kind.value, null, from, end);
    const input = { expected: kind.expected, new: kind.value };
    return operation(index, "cas", input, kind.unknown ? null : { status: "ok" }, from, end);
  });
  return { operations, initial: 0 };
}

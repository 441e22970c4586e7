// Failed cas that observed nothing, F(e): at some moment of their interval the value was not e. They only add constraints, and
// are fitted into the gaps of a linearization of everything else.
import { casKind, notKind, writeKind, type RegisterColumns } from "../register/columns.js";
import type { Scratch } from "../scratch.js";
import { violation, type NoSearchAnswer } from "./answer.js";
import type { Chains } from "./chains.js";
import { orderOf } from "./order.js";
import { hasHappened, type Writers } from "./writers.js";

/**
 * Puts every F of the columns into the linearization `rows` of all the rest. Not applicable when one does not fit and it is not
 * certain that it never can: another order of the chains, or a dropped write of unknown outcome, may make room.
 */
export function placeNots(
  columns: RegisterColumns,
  writers: Writers,
  chains: Chains,
  rows: Int32Array,
  scratch: Scratch,
): Int32Array | NoSearchAnswer {
  const nots = notsOf(columns);
  const conflict = findCovered(columns, writers, chains, nots, scratch);
  if (conflict !== null) return conflict;
  const gaps = chooseGaps(columns, nots, rows, scratch);
  return gaps === null
    ? { kind: "not-applicable", reason: "a failed cas fits nowhere into the first linearization found" }
    : merge(rows, nots, gaps, scratch);
}

function notsOf({ count, kind }: RegisterColumns): Int32Array {
  const nots: number[] = [];
  for (let row = 0; row < count; row++) if (kind[row] === notKind) nots.push(row);
  return Int32Array.from(nots);
}

interface Places {
  /** By row; -1 for what is in no chain. */
  readonly placeOf: Int32Array;
  readonly chainOf: Int32Array;
  /** Along each chain: the row with the least return from here on, and the one with the greatest call up to here. */
  readonly returnsFrom: Int32Array;
  readonly callsUpTo: Int32Array;
}

function describePlaces(columns: RegisterColumns, { members, start, count }: Chains, scratch: Scratch): Places {
  const placed = start[count] ?? 0;
  const placeOf = scratch.int32(columns.count).fill(-1);
  const chainOf = scratch.int32(placed);
  const returnsFrom = scratch.int32(placed);
  const callsUpTo = scratch.int32(placed);
  for (let chain = 0; chain < count; chain++) {
    const from = start[chain] ?? 0;
    const end = start[chain + 1] ?? 0;
    for (let place = from, best = -1; place < end; place++) {
      const row = members[place] ?? 0;
      placeOf[row] = place;
      chainOf[place] = chain;
      if (best === -1 || (columns.call[row] ?? 0) > (columns.call[best] ?? 0)) best = row;
      callsUpTo[place] = best;
    }
    for (let place = end - 1, best = -1; place >= from; place--) {
      const row = members[place] ?? 0;
      if (best === -1 || (columns.return[row] ?? 0) < (columns.return[best] ?? 0)) best = row;
      returnsFrom[place] = best;
    }
  }
  return { placeOf, chainOf, returnsFrom, callsUpTo };
}

/** Is there an F(e) during the whole of whose interval e is certainly current? */
function findCovered(
  columns: RegisterColumns,
  { writer, next, evidence }: Writers,
  chains: Chains,
  nots: Int32Array,
  scratch: Scratch,
): NoSearchAnswer | null {
  const { placeOf, chainOf, returnsFrom, callsUpTo } = describePlaces(columns, chains, scratch);
  for (const not of nots) {
    const value = columns.value[not] ?? 0;
    const by = writer[value] ?? -1;
    if (value !== 0 && (by === -1 || !hasHappened(columns, evidence, by))) continue;
    // The virtual write has no place, and chain 0 is its own.
    const first = placeOf[by] ?? -1;
    const chain = chainOf[first] ?? 0;
    const leaving = next[value] ?? -1;
    const last = leaving === -1 ? (chains.start[chain + 1] ?? 0) - 1 : (placeOf[leaving] ?? -1);
    // Nobody but the virtual write in the initial value's chain: it may have been gone at once.
    if (last < 0) continue;
    const begun = returnsFrom[first] ?? -1;
    const ended = callsUpTo[last] ?? -1;
    const isBegun = begun === -1 || (columns.return[begun] ?? 0) < (columns.call[not] ?? 0);
    if (isBegun && (columns.return[not] ?? 0) < (columns.call[ended] ?? 0))
      return violation(columns, evidence, "not", [begun, ended, not]);
  }
  return null;
}

/**
 * By F, in order of call, the gap that it takes: gap `g` lies before `rows[g]`. The earliest that its interval admits, where the
 * value is another, and not before the gap of an F that had returned. Null when one finds none.
 */
function chooseGaps(columns: RegisterColumns, nots: Int32Array, rows: Int32Array, scratch: Scratch): Int32Array | null {
  const gaps = describeGaps(columns, rows, scratch);
  const byReturn = orderOf(
    Float64Array.from(nots, (row) => columns.return[row] ?? 0),
    scratch,
  );
  const chosen = scratch.int32(nots.length);
  let returned = 0;
  let earliest = 0;
  for (let at = 0; at < nots.length; at++) {
    const row = nots[at] ?? 0;
    const call = columns.call[row] ?? 0;
    for (; returned < nots.length; returned++) {
      // It was called before it returned, hence before this one: its gap is chosen.
      const other = byReturn[returned] ?? 0;
      if ((columns.return[nots[other] ?? 0] ?? 0) >= call) break;
      earliest = Math.max(earliest, chosen[other] ?? 0);
    }
    let gap = Math.max(earliest, firstAtLeast(gaps.leastReturn, call));
    if (gaps.value[gap] === columns.value[row]) gap = gaps.nextValue[gap] ?? 0;
    if (gap > rows.length || (gaps.greatestCall[gap] ?? 0) > (columns.return[row] ?? 0)) return null;
    chosen[at] = gap;
  }
  return chosen;
}

interface Gaps {
  /** By gap: the greatest call before it, the least return after it, the value in it. The first two only grow. */
  readonly greatestCall: Float64Array;
  readonly leastReturn: Float64Array;
  readonly value: Int32Array;
  /** The next gap with another value, or one past the last gap. */
  readonly nextValue: Int32Array;
}

function describeGaps(columns: RegisterColumns, rows: Int32Array, scratch: Scratch): Gaps {
  const count = rows.length;
  const greatestCall = scratch.float64(count + 1);
  const leastReturn = scratch.float64(count + 1);
  const value = scratch.int32(count + 1);
  const nextValue = scratch.int32(count + 1);
  greatestCall[0] = -Infinity;
  value[0] = 0;
  for (let gap = 1; gap <= count; gap++) {
    const row = rows[gap - 1] ?? 0;
    greatestCall[gap] = Math.max(greatestCall[gap - 1] ?? 0, columns.call[row] ?? 0);
    const isWrite = columns.kind[row] === writeKind || columns.kind[row] === casKind;
    value[gap] = (isWrite ? columns.value[row] : value[gap - 1]) ?? 0;
  }
  leastReturn[count] = Infinity;
  nextValue[count] = count + 1;
  for (let gap = count - 1; gap >= 0; gap--) {
    leastReturn[gap] = Math.min(leastReturn[gap + 1] ?? 0, columns.return[rows[gap] ?? 0] ?? 0);
    nextValue[gap] = value[gap] === value[gap + 1] ? (nextValue[gap + 1] ?? 0) : gap + 1;
  }
  return { greatestCall, leastReturn, value, nextValue };
}

/** The first place of ascending `keys` whose key is at least `key`; the last key is Infinity. */
function firstAtLeast(keys: Float64Array, key: number): number {
  let low = 0;
  let high = keys.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? 0) >= key) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** In one gap the F stand in order of call. */
function merge(rows: Int32Array, nots: Int32Array, gaps: Int32Array, scratch: Scratch): Int32Array {
  const byGap = orderOf(Float64Array.from(gaps), scratch);
  const merged = scratch.int32(rows.length + nots.length);
  let to = 0;
  let at = 0;
  for (let gap = 0; gap <= rows.length; gap++) {
    for (; at < byGap.length && gaps[byGap[at] ?? 0] === gap; at++) merged[to++] = nots[byGap[at] ?? 0] ?? 0;
    if (gap < rows.length) merged[to++] = rows[gap] ?? 0;
  }
  return merged;
}

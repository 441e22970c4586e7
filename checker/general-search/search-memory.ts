// What a general search works in, and how it numbers operations. It is used again by the next search: keys are small and many.
import type { Operation } from "../../history/index.js";
import { sortByTime } from "../sort-by-time.js";
import { DeadEnds } from "./dead-ends.js";

/** More operations than that, and the memory is left to the collector. */
const keptOperations = 2 ** 15;

/** Columns by rank or by place in the order of events (wing-gong.ts says what they hold); longer than they need to be. */
export class SearchMemory {
  room = 0;
  positionOf = new Int32Array(0);
  ends = new Int32Array(0);
  callAt = new Int32Array(0);
  returnAt = new Int32Array(0);
  events = new Int32Array(0);
  next = new Int32Array(0);
  previous = new Int32Array(0);
  callTimes = new Float64Array(0);
  returnTimes = new Float64Array(0);
  /** Empty between searches. */
  readonly dead = new DeadEnds();

  reserve(operations: number): void {
    if (operations <= this.room) return;
    const room = Math.max(64, operations, Math.min(2 * this.room, keptOperations));
    this.room = room;
    this.positionOf = new Int32Array(room);
    this.ends = new Int32Array(room);
    this.callAt = new Int32Array(room);
    this.returnAt = new Int32Array(room);
    this.events = new Int32Array(2 * room + 1);
    this.next = new Int32Array(2 * room + 1);
    this.previous = new Int32Array(2 * room + 1);
    this.callTimes = new Float64Array(room);
    this.returnTimes = new Float64Array(room);
  }

  /**
   * Ranks: completed operations in order of call, then those of unknown outcome in order of call. Fills in positions and times by
   * rank; the number of completed ones.
   */
  rank(operations: readonly Operation[]): number {
    const { positionOf, callTimes, returnTimes } = this;
    const count = operations.length;
    let completed = 0;
    for (let position = 0; position < count; position++) {
      const operation = operations[position];
      if (operation === undefined) continue;
      // By position for now.
      callTimes[position] = operation.callNs;
      if (operation.returnNs !== null) positionOf[completed++] = position;
    }
    let next = completed;
    if (completed < count)
      for (let position = 0; position < count; position++)
        if (operations[position]?.returnNs === null) positionOf[next++] = position;
    sortByTime(positionOf, callTimes, 0, completed);
    sortByTime(positionOf, callTimes, completed, count);
    for (let rank = 0; rank < count; rank++) {
      const operation = operations[positionOf[rank] ?? -1];
      callTimes[rank] = operation?.callNs ?? 0;
      returnTimes[rank] = operation?.returnNs ?? Infinity;
    }
    return completed;
  }
}

let spare: SearchMemory | null = null;

export function borrowSearchMemory(): SearchMemory {
  const memory = spare ?? new SearchMemory();
  spare = null;
  return memory;
}

export function giveBackSearchMemory(memory: SearchMemory): void {
  memory.dead.clear();
  if (memory.room <= keptOperations) spare = memory;
}

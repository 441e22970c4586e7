// What the configurations of a sweep have linearized: the writes of each, newest first, in one tree that they share, and how a linearization of
// the whole history comes of one of its branches.
import { doubled } from "./configurations.js";
import type { SweepPlan } from "./plan.js";

const leastEntries = 1024;

export class WriteLog {
  /** 2 · operation, + 1 when it went unseen just before the last plain write rather than to the end. */
  #codes: Int32Array = new Int32Array(leastEntries);
  /** Entries count from 1; 0 is the empty log. */
  #previous: Int32Array = new Int32Array(leastEntries);
  #length = 1;
  #compactAt = 1 << 16;

  clear(): void {
    this.#length = 1;
    this.#compactAt = 1 << 16;
  }

  get bytes(): number {
    return 8 * this.#codes.length;
  }

  get isLarge(): boolean {
    return this.#length > this.#compactAt;
  }

  push(operation: number, unseen: boolean, previous: number): number {
    if (this.#length === this.#codes.length) {
      this.#codes = doubled(this.#codes);
      this.#previous = doubled(this.#previous);
    }
    this.#codes[this.#length] = 2 * operation + (unseen ? 1 : 0);
    this.#previous[this.#length] = previous;
    return this.#length++;
  }

  /** Takes the newest entry back, when it is this one. */
  drop(entry: number): void {
    if (entry === this.#length - 1) this.#length = entry;
  }

  /** Forgets what no branch in `rows` contains, and changes the entries in the rows accordingly. */
  compact(rows: Int32Array, stride: number, cell: number, count: number): void {
    const place = new Int32Array(this.#length);
    for (let row = 0; row < count; row++) place[rows[row * stride + cell] ?? 0] = 1;
    for (let entry = this.#length - 1; entry > 0; entry--)
      if (place[entry] === 1) place[this.#previous[entry] ?? 0] = 1;
    place[0] = 0;
    let kept = 1;
    for (let entry = 1; entry < this.#length; entry++) {
      if (place[entry] === 0) continue;
      this.#codes[kept] = this.#codes[entry] ?? 0;
      this.#previous[kept] = place[this.#previous[entry] ?? 0] ?? 0;
      place[entry] = kept++;
    }
    for (let row = 0; row < count; row++) {
      const at = row * stride + cell;
      rows[at] = place[rows[at] ?? 0] ?? 0;
    }
    this.#length = kept;
    this.#compactAt = Math.max(1 << 16, 2 * kept);
  }

  /** The writes of a branch in the order in which they took effect. */
  writes(plan: SweepPlan, newest: number): Int32Array {
    let count = 0;
    for (let entry = newest; entry !== 0; entry = this.#previous[entry] ?? 0) count += 1;
    const codes = new Int32Array(count);
    for (let entry = newest, at = count; entry !== 0; entry = this.#previous[entry] ?? 0)
      codes[--at] = this.#codes[entry] ?? 0;
    // What went unseen stands before the last plain write that precedes it in the log.
    const order = new Int32Array(count);
    let end = 0;
    for (let at = 0; at < count;) {
      const appended = codes[at] ?? 0;
      let segment = at + 1;
      const isPlain = plan.kindOf[appended >> 1]?.isCas === false;
      if (isPlain) {
        for (; segment < count && !startsSlot(plan, codes[segment] ?? 0); segment++);
        for (let other = at + 1; other < segment; other++)
          if (((codes[other] ?? 0) & 1) === 1) order[end++] = (codes[other] ?? 0) >> 1;
      }
      order[end++] = appended >> 1;
      for (let other = at + 1; other < segment; other++)
        if (((codes[other] ?? 0) & 1) === 0) order[end++] = (codes[other] ?? 0) >> 1;
      at = segment;
    }
    return order;
  }
}

function startsSlot(plan: SweepPlan, code: number): boolean {
  return (code & 1) === 0 && plan.kindOf[code >> 1]?.isCas === false;
}

/**
 * Puts the reads between writes that are in a right order: in order of call, each into the earliest gap whose value satisfies it, that its interval
 * allows, and that is not before the gap of a read that had returned. Where any placement exists, this one does, since no read
 * is ever put later than there. Positions in the list of operations given.
 */
export function placeReads({ operations, events, kindOf }: SweepPlan, writes: Int32Array): readonly number[] {
  const latestCall = new Float64Array(writes.length + 1);
  const leastReturn = new Float64Array(writes.length + 1);
  latestCall[0] = -Infinity;
  leastReturn[writes.length] = Infinity;
  for (let gap = 1; gap <= writes.length; gap++)
    latestCall[gap] = Math.max(latestCall[gap - 1] ?? 0, operations[writes[gap - 1] ?? 0]?.call ?? 0);
  for (let gap = writes.length - 1; gap >= 0; gap--)
    leastReturn[gap] = Math.min(leastReturn[gap + 1] ?? 0, operations[writes[gap] ?? 0]?.return ?? 0);
  const gapOf = new Int32Array(operations.length);
  const first = new Int32Array(writes.length + 1).fill(-1);
  const last = new Int32Array(writes.length + 1).fill(-1);
  const next = new Int32Array(operations.length).fill(-1);
  let open = 0;
  let floor = 0;
  for (const event of events) {
    const index = event >> 1;
    const read = operations[index];
    if (read === undefined || kindOf[index] !== null) continue;
    if ((event & 1) === 1) {
      floor = Math.max(floor, gapOf[index] ?? 0);
      continue;
    }
    while ((leastReturn[open] ?? 0) < read.call) open += 1;
    let gap = Math.max(open, floor);
    for (; (latestCall[gap] ?? Infinity) <= read.return; gap++) {
      const value = gap === 0 ? 0 : (operations[writes[gap - 1] ?? 0]?.value ?? -1);
      if ((value === read.value) === (read.kind === "read")) break;
    }
    if (gap > writes.length || (latestCall[gap] ?? 0) > read.return)
      throw new Error("invariant: a read that was linearized fits nowhere between the writes");
    gapOf[index] = gap;
    const before = last[gap] ?? -1;
    if (before === -1) first[gap] = index;
    else next[before] = index;
    last[gap] = index;
  }
  const order: number[] = [];
  for (let gap = 0; gap <= writes.length; gap++) {
    for (let read = first[gap] ?? -1; read !== -1; read = next[read] ?? -1)
      order.push(operations[read]?.position ?? -1);
    if (gap < writes.length) order.push(operations[writes[gap] ?? 0]?.position ?? -1);
  }
  return order;
}

// Virtual time: what is to happen, in the order of its time; what has the same time in the order in which it was planned. Nothing
// here knows a real clock, so a run takes as long as its work takes.

/** Something planned. `run` is taken away when it was cancelled. */
export interface Planned {
  readonly timeNs: number;
  readonly order: number;
  run: (() => void) | null;
}

/** A run that plans more than this is broken: it plans faster than it does. */
const plannedMax = 5_000_000;

export class EventQueue {
  readonly #heap: Planned[] = [];
  #nowNs = 0;
  #order = 0;
  #done = 0;

  /** Nanoseconds since the world began; only grows. */
  get nowNs(): number {
    return this.#nowNs;
  }

  /** Events that have happened. */
  get done(): number {
    return this.#done;
  }

  /** When the next event happens; null when nothing is planned. */
  get nextNs(): number | null {
    return this.#heap[0]?.timeNs ?? null;
  }

  after(delayNs: number, run: () => void): Planned {
    return this.at(this.#nowNs + delayNs, run);
  }

  /** Not before now. Times are whole nanoseconds. */
  at(timeNs: number, run: () => void): Planned {
    const heap = this.#heap;
    if (heap.length >= plannedMax) throw new Error(`more than ${plannedMax} events are planned`);
    const planned: Planned = { timeNs: Math.max(Math.ceil(timeNs), this.#nowNs), order: (this.#order += 1), run };
    let index = heap.length;
    heap.push(planned);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.timeNs <= planned.timeNs) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = planned;
    return planned;
  }

  cancel(planned: Planned): void {
    planned.run = null;
  }

  /** Does what comes next; false when nothing is planned. */
  step(): boolean {
    const next = this.#heap[0];
    if (next === undefined) return false;
    this.#pop();
    this.#nowNs = next.timeNs;
    this.#done += 1;
    next.run?.();
    return true;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let least = heap[child];
      if (least === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, least)) {
        child += 1;
        least = right;
      }
      if (isBefore(last, least)) break;
      heap[index] = least;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Planned, right: Planned): boolean {
  return left.timeNs < right.timeNs || (left.timeNs === right.timeNs && left.order < right.order);
}

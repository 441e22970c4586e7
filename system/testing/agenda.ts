// Virtual time: what is to happen, in the order of its time; what has the same time in the order in which it was planned.

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly run: () => void;
}

export class Agenda {
  readonly #heap: Entry[] = [];
  #now = 0;
  #order = 0;

  /** In ticks. */
  get now(): number {
    return this.#now;
  }

  in(ticks: number, run: () => void): void {
    this.at(this.#now + ticks, run);
  }

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { time: Math.max(time, this.#now), order: (this.#order += 1), run };
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || before(above, entry)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Runs everything up to `time`. */
  runUntil(time: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.time <= time; next = this.#heap[0]) {
      this.#pop();
      this.#now = next.time;
      next.run();
    }
    this.#now = time;
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
      if (right !== undefined && before(right, least)) {
        child += 1;
        least = right;
      }
      if (before(last, least)) break;
      heap[index] = least;
      index = child;
    }
    heap[index] = last;
  }
}

function before(left: Entry, right: Entry): boolean {
  return left.time < right.time || (left.time === right.time && left.order < right.order);
}

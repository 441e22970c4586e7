// When operations are due. In an open loop the seed says so, whether or not the system keeps up: a closed loop stops asking while
// the system stalls and so hides the stall (coordinated omission).
import type { Random } from "../history/index.js";

/** An operation that is due, and the threads that may carry it out; at least one. */
export interface Arrival {
  /** The same for all of one burst, and for no other. */
  readonly intendedMs: number;
  readonly threads: readonly number[];
}

export interface ArrivalSource {
  /** Takes in everything that was due by now; beyond the end only when `keepGoing`. */
  advance(nowMs: number, keepGoing: boolean): void;
  /** The operation that is due first and for which one of these threads is free; null when there is none. */
  take(freeThreads: readonly number[]): Arrival | null;
  /** The thread has finished what it began with an arrival. */
  completed(thread: number, nowMs: number): void;
  /** When something is due next; null: only a completion can tell. */
  readonly nextMs: number | null;
  readonly dropped: number;
}

/** The factor of the rate at a time, and when it changes next. */
export type RateAt = (atMs: number) => { readonly factor: number; readonly untilMs: number };

/** Waits this long from `fromMs` where time runs as fast as the rate's factor says. */
function afterGap(fromMs: number, gapMs: number, rate: RateAt | null): number {
  if (rate === null) return fromMs + gapMs;
  let [atMs, leftMs] = [fromMs, gapMs];
  // Each turn goes on to the next phase, and some phase of each round has a rate above 0.
  for (;;) {
    const { factor, untilMs } = rate(atMs);
    const lengthMs = untilMs - atMs;
    if (factor > 0 && leftMs <= lengthMs * factor) return atMs + leftMs / factor;
    leftMs -= lengthMs * factor;
    atMs = untilMs;
  }
}

/** An open loop: a Poisson stream, of single operations or of bursts, with a bounded backlog. */
export class Arrivals implements ArrivalSource {
  readonly #backlog: number[] = [];
  #nextMs: number;
  #dropped = 0;

  /** `limit` is the longest backlog: arrivals beyond it are dropped and counted. `burst` operations are due at a time, after as many gaps. */
  constructor(
    readonly random: Random,
    readonly meanGapMs: number,
    readonly endMs: number,
    readonly limit: number,
    readonly rate: RateAt | null = null,
    readonly burst = 1,
  ) {
    this.#nextMs = this.#after(0);
  }

  #after(fromMs: number): number {
    return afterGap(fromMs, this.random.exponential(this.meanGapMs * this.burst), this.rate);
  }

  advance(nowMs: number, keepGoing = false): void {
    const endMs = keepGoing ? Number.POSITIVE_INFINITY : this.endMs;
    // Each turn moves time on, and arrivals end with the load.
    while (this.#nextMs <= nowMs && this.#nextMs < endMs) {
      for (let one = 0; one < this.burst; one += 1) {
        if (this.#backlog.length < this.limit) this.#backlog.push(this.#nextMs);
        else this.#dropped += 1;
      }
      this.#nextMs = this.#after(this.#nextMs);
    }
    if (nowMs >= endMs) {
      // What waited for a thread until the end of the load is load that was not given.
      this.#dropped += this.#backlog.length;
      this.#backlog.length = 0;
    }
  }

  take(freeThreads: readonly number[]): Arrival | null {
    if (freeThreads.length === 0) return null;
    const intendedMs = this.#backlog.shift();
    return intendedMs === undefined ? null : { intendedMs, threads: freeThreads };
  }

  completed(): void {
    // Whether the system keeps up changes nothing.
  }

  get nextMs(): number {
    return this.#nextMs;
  }

  get dropped(): number {
    return this.#dropped;
  }
}

/** A closed loop: each thread pauses after its answer, so that all of them together reach the rate when answers take no time. */
export class ClosedLoop implements ArrivalSource {
  /** When each thread is due; Infinity while it is at work. */
  readonly #dueMs: number[];
  #nowMs = 0;
  readonly dropped = 0;

  constructor(
    readonly random: Random,
    readonly meanPauseMs: number,
    concurrency: number,
    readonly rate: RateAt | null = null,
  ) {
    this.#dueMs = Array.from({ length: concurrency }, () => afterGap(0, random.exponential(meanPauseMs), rate));
  }

  advance(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  take(freeThreads: readonly number[]): Arrival | null {
    let first: Arrival | null = null;
    for (const thread of freeThreads) {
      const intendedMs = this.#dueMs[thread] ?? Infinity;
      if (intendedMs <= this.#nowMs && (first === null || intendedMs < first.intendedMs))
        first = { intendedMs, threads: [thread] };
    }
    const [thread] = first?.threads ?? [];
    if (thread !== undefined) this.#dueMs[thread] = Infinity;
    return first;
  }

  completed(thread: number, nowMs: number): void {
    this.#dueMs[thread] = afterGap(nowMs, this.random.exponential(this.meanPauseMs), this.rate);
  }

  get nextMs(): number | null {
    const next = Math.min(...this.#dueMs);
    return next === Infinity ? null : next;
  }
}

// Open-loop arrivals: operations are due when the seed says, whether or not the system keeps up. A closed loop would stop
// asking while the system stalls and so hide the stall (coordinated omission).
import type { Random } from "../history/index.js";

/** A Poisson stream with a bounded backlog. */
export class Arrivals {
  readonly #backlog: number[] = [];
  #nextMs: number;
  #dropped = 0;

  /** `limit` is the longest backlog: arrivals beyond it are dropped and counted. */
  constructor(
    readonly random: Random,
    readonly meanGapMs: number,
    readonly endMs: number,
    readonly limit: number,
  ) {
    this.#nextMs = random.exponential(meanGapMs);
  }

  /** Takes in everything that was due by now; beyond the end only when `keepGoing`. */
  advance(nowMs: number, keepGoing = false): void {
    const endMs = keepGoing ? Number.POSITIVE_INFINITY : this.endMs;
    // Each turn moves time on, and arrivals end with the load.
    while (this.#nextMs <= nowMs && this.#nextMs < endMs) {
      if (this.#backlog.length < this.limit) this.#backlog.push(this.#nextMs);
      else this.#dropped += 1;
      this.#nextMs += this.random.exponential(this.meanGapMs);
    }
    if (nowMs >= endMs) {
      // What waited for a thread until the end of the load is load that was not given.
      this.#dropped += this.#backlog.length;
      this.#backlog.length = 0;
    }
  }

  /** The oldest waiting arrival's intended time; null when none waits. */
  take(): number | null {
    return this.#backlog.shift() ?? null;
  }

  get waiting(): boolean {
    return this.#backlog.length > 0;
  }

  /** When the next arrival comes. */
  get nextMs(): number {
    return this.#nextMs;
  }

  get dropped(): number {
    return this.#dropped;
  }
}

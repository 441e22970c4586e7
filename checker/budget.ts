// Every search is bounded. A budget is asked inside every loop; when it is used up the search stops with an honest "unknown".
import { getHeapStatistics } from "node:v8";

export interface BudgetLimits {
  /** Wall-clock time for the whole check. Default 60,000. */
  readonly timeMs?: number;
  /** Growth of the heap that is allowed, in MiB. Default 1024. */
  readonly memoryMb?: number;
  /** Configurations (or cached states) visited for one key. Default 20 million. */
  readonly configurations?: number;
}

export type BudgetName = "time" | "memory" | "configurations";

/** Thrown by `Budget.spend`; engines turn it into an unknown. */
export class BudgetExhausted extends Error {
  override readonly name = "BudgetExhausted";
  constructor(
    readonly budget: BudgetName,
    readonly sentence: string,
  ) {
    super(sentence);
  }
}

/** Bytes in use by this thread's JavaScript: its heap, and what lies outside it, such as typed arrays. */
export function heapInUse(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** How often the clock and the heap are looked at, in configurations spent. */
const lookEvery = 1024;

export class Budget {
  readonly #deadlineMs: number;
  readonly #startedMs: number;
  readonly #heapLimit: number;
  readonly #limits: Required<BudgetLimits>;
  #spent = 0;
  #nextLook = lookEvery;

  constructor(
    limits: BudgetLimits = {},
    private readonly nowMs: () => number = () => performance.now(),
    private readonly heapBytes: () => number = () => process.memoryUsage().heapUsed,
  ) {
    this.#limits = {
      timeMs: limits.timeMs ?? 60_000,
      memoryMb: limits.memoryMb ?? 1024,
      configurations: limits.configurations ?? 20_000_000,
    };
    this.#startedMs = nowMs();
    this.#deadlineMs = this.#startedMs + this.#limits.timeMs;
    this.#heapLimit = heapBytes() + this.#limits.memoryMb * 1024 * 1024;
  }

  /** A part of this budget: never beyond its time, with a configuration count of its own. */
  part(limits: BudgetLimits): Budget {
    const left = Math.max(0, this.#deadlineMs - this.nowMs());
    return new Budget(
      {
        timeMs: Math.min(limits.timeMs ?? left, left),
        memoryMb: Math.min(limits.memoryMb ?? this.#limits.memoryMb, this.#limits.memoryMb),
        configurations: Math.min(limits.configurations ?? this.#limits.configurations, this.#limits.configurations),
      },
      this.nowMs,
      this.heapBytes,
    );
  }

  get spent(): number {
    return this.#spent;
  }

  get elapsedMs(): number {
    return this.nowMs() - this.#startedMs;
  }

  /** Counts configurations. Throws BudgetExhausted when one of the three limits is passed. */
  spend(configurations: number): void {
    this.#spent += configurations;
    if (this.#spent > this.#limits.configurations)
      throw new BudgetExhausted("configurations", `more than ${this.#limits.configurations} configurations`);
    if (this.#spent >= this.#nextLook) this.look();
  }

  /** Looks at the clock and the heap at once. */
  look(): void {
    this.#nextLook = this.#spent + lookEvery;
    if (this.nowMs() > this.#deadlineMs) throw new BudgetExhausted("time", `more than ${this.#limits.timeMs} ms`);
    if (this.heapBytes() > this.#heapLimit)
      throw new BudgetExhausted("memory", `more than ${this.#limits.memoryMb} MiB`);
  }
}

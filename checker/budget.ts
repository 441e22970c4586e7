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

export type BudgetName = "time" | "memory" | "configurations" | "signal";

/** What a budget listens to and reports while a search goes on. */
export interface BudgetWatch {
  /**
   * Ends the search as if its budget had run out. A search never lets the event loop run: only `onVisited`, or what the user's model
   * does, can abort it meanwhile.
   */
  readonly signal?: AbortSignal;
  /** Told now and then of configurations visited since it was told last. */
  readonly onVisited?: (configurations: number) => void;
}

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

/**
 * Bytes in use by this thread's JavaScript: its heap with what is garbage in it, and what lies outside it, such as typed arrays.
 * Cheap enough to be asked inside a loop, now and then.
 */
export function heapInUse(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/**
 * The bytes in use at which a search must stop: so many more than now, and in any case before the heap is so full that the process
 * would die of it.
 */
export function heapLimitFor(memoryMb: number, inUse: number = heapInUse()): number {
  const { heap_size_limit, external_memory } = getHeapStatistics();
  return Math.min(inUse + memoryMb * 1024 * 1024, 0.8 * heap_size_limit + external_memory);
}

/**
 * The clock and the heap are looked at after so many configurations at most: sooner where models are slow, so that no more than about
 * `lookWithinMs` passes between two looks.
 */
const lookEvery = 1024;
const lookWithinMs = 5;
/** The heap is first looked at after so many configurations or so much time, whichever comes first. */
const heapAfter = 512;
const heapAfterMs = 1;

export class Budget {
  readonly #deadlineMs: number;
  readonly #startedMs: number;
  /** Null until the heap is looked at. */
  #heapLimit: number | null = null;
  readonly #limits: Required<BudgetLimits>;
  #spent = 0;
  #told = 0;
  #lookAfter = 1;
  #nextLook = 1;
  #lookedMs: number;
  #reached: (() => number) | null = null;

  constructor(
    limits: BudgetLimits = {},
    private readonly nowMs: () => number = () => performance.now(),
    private readonly heapBytes: () => number = heapInUse,
    private readonly watch: BudgetWatch = {},
    private readonly heapLimit: number = Infinity,
  ) {
    this.#limits = {
      timeMs: limits.timeMs ?? 60_000,
      memoryMb: limits.memoryMb ?? 1024,
      configurations: limits.configurations ?? 20_000_000,
    };
    this.#startedMs = nowMs();
    this.#lookedMs = this.#startedMs;
    this.#deadlineMs = this.#startedMs + this.#limits.timeMs;
  }

  /** A part of this budget: never beyond its time and memory, with a configuration count of its own. */
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
      this.watch,
      this.#limit(),
    );
  }

  #limit(): number {
    this.#heapLimit ??= Math.min(this.heapLimit, heapLimitFor(this.#limits.memoryMb, this.heapBytes()));
    return this.#heapLimit;
  }

  get spent(): number {
    return this.#spent;
  }

  get elapsedMs(): number {
    return this.nowMs() - this.#startedMs;
  }

  /** An engine says how to learn which share of the events it has swept, from 0 to 1. */
  measuredBy(reached: () => number): void {
    this.#reached = reached;
  }

  /** The share of the events swept up to now, where the engine can tell. */
  get reached(): number | null {
    return this.#reached === null ? null : this.#reached();
  }

  /** Counts configurations. Throws BudgetExhausted when one of the limits is passed. */
  spend(configurations: number): void {
    this.#spent += configurations;
    if (this.#spent > this.#limits.configurations) {
      this.#tell();
      throw new BudgetExhausted("configurations", `more than ${this.#limits.configurations} configurations`);
    }
    if (this.#spent >= this.#nextLook) this.look();
  }

  /** Looks at the clock, the heap and whoever may stop it, at once. */
  look(): void {
    const now = this.nowMs();
    this.#lookAfter = now - this.#lookedMs > lookWithinMs ? 1 : Math.min(lookEvery, 2 * this.#lookAfter);
    this.#lookedMs = now;
    this.#nextLook = this.#spent + this.#lookAfter;
    this.#tell();
    if (this.watch.signal?.aborted === true) throw new BudgetExhausted("signal", "it was asked to stop");
    if (now > this.#deadlineMs) throw new BudgetExhausted("time", `more than ${Math.round(this.#limits.timeMs)} ms`);
    // Asking costs as much as judging a small history, which has no time to fill the heap.
    if (this.#spent < heapAfter && now - this.#startedMs < heapAfterMs) return;
    if (this.heapBytes() > this.#limit())
      throw new BudgetExhausted(
        "memory",
        `more than ${this.#limits.memoryMb} MiB, or nearly all that the process may have`,
      );
  }

  #tell(): void {
    if (this.#spent > this.#told) this.watch.onVisited?.(this.#spent - this.#told);
    this.#told = this.#spent;
  }
}

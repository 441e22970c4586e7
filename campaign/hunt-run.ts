// A hunt: seed after seed on all processors until a violation, the time limit or the last seed.
import type { Worker } from "node:worker_threads";
import { startWorker } from "../checker/index.js";
import type { HuntResult, HuntTask, HuntThreadData } from "./hunt-messages.js";

export type { HuntResult } from "./hunt-messages.js";

export interface HuntOptions extends HuntThreadData {
  readonly firstSeed: number;
  /** Null: until the time is up. */
  readonly seeds: number | null;
  readonly limitMs: number;
  readonly threads: number;
  /** Go on after a violation. */
  readonly keepGoing: boolean;
  /** What a run must have had to show anything by being valid; a valid run with less is counted as void. Default: nothing. */
  readonly least?: { readonly completed: number; readonly faults: number };
  readonly signal: AbortSignal;
  onResult(result: HuntResult, progress: HuntProgress): void;
}

export interface HuntProgress {
  readonly runs: number;
  readonly valid: number;
  readonly unknown: number;
  readonly violations: number;
  readonly threw: number;
  /** Valid runs with less than was asked for: they are among `valid`, and have shown little. */
  readonly void: number;
  readonly operations: number;
  readonly faults: number;
  readonly simulatedMs: number;
  readonly elapsedMs: number;
  /** Of all threads. */
  readonly processorMs: number;
  readonly states: number;
  /**
   * Chance that the next run goes through a state that none did before, after Good and Turing: states that exactly one run went
   * through, for each run made.
   */
  readonly chanceOfNews: number;
}

/** Of one number over all runs. */
export interface Distribution {
  readonly least: number;
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
  readonly most: number;
}

export interface HuntReport extends HuntProgress {
  readonly firstSeed: number;
  /** What a run was like; null when there was none. */
  readonly perRun: {
    readonly operations: Distribution;
    readonly completed: Distribution;
    readonly faults: Distribution;
    readonly skippedFaults: Distribution;
    readonly simulatedMs: Distribution;
  } | null;
  /** Runs without a verdict, the first of them. */
  readonly doubtful: readonly HuntResult[];
  readonly violated: readonly HuntResult[];
  readonly failed: readonly HuntResult[];
}

type RunSize = Pick<HuntResult, "operations" | "completed" | "faults" | "skippedFaults" | "simulatedMs">;

/** A run leaves much behind that dies at once: with room for it, a thread collects garbage a quarter as long. */
const resourceLimits = { maxYoungGenerationSizeMb: 192 };

/** Violations, failures and doubts kept when told to go on. */
const keptMax = 1_000;

export function hunt(options: HuntOptions): Promise<HuntReport> {
  return new Hunt(options).perform();
}

class Hunt {
  readonly #options: HuntOptions;
  readonly #workers: Worker[] = [];
  readonly #statesSeen = new Map<string, number>();
  readonly #violated: HuntResult[] = [];
  readonly #failed: HuntResult[] = [];
  readonly #doubtful: HuntResult[] = [];
  readonly #sizes: RunSize[] = [];
  readonly #beganMs = performance.now();
  readonly #counts = { runs: 0, valid: 0, unknown: 0, violations: 0, threw: 0, void: 0, operations: 0, faults: 0 };
  #simulatedMs = 0;
  readonly #cpuBegan = process.cpuUsage();
  #next: number;
  #running = 0;
  #over = false;

  constructor(options: HuntOptions) {
    this.#options = options;
    this.#next = options.firstSeed;
  }

  async perform(): Promise<HuntReport> {
    const { system, mutant, timeLimitMs, ratePerS, threads, limitMs, signal } = this.#options;
    const workerData: HuntThreadData = { system, mutant, timeLimitMs, ratePerS };
    try {
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          this.#over = true;
          resolve();
        };
        const timer = setTimeout(stop, limitMs);
        signal.addEventListener("abort", stop, { once: true });
        if (signal.aborted) stop();
        for (let thread = 0; thread < threads; thread += 1) {
          const worker = startWorker("hunt-worker", import.meta.url, { workerData, resourceLimits });
          this.#workers.push(worker);
          worker.once("error", reject);
          worker.on("message", (result: HuntResult) => {
            this.#running -= 1;
            this.#take(result);
            this.#feed(worker);
            if (this.#over || this.#running === 0) {
              clearTimeout(timer);
              stop();
            }
          });
          this.#feed(worker);
        }
      });
    } finally {
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
    return {
      ...this.#progress(),
      firstSeed: this.#options.firstSeed,
      perRun: this.#perRun(),
      violated: this.#violated,
      failed: this.#failed,
      doubtful: this.#doubtful,
    };
  }

  #feed(port: Pick<Worker, "postMessage">): void {
    const { firstSeed, seeds } = this.#options;
    if (this.#over || (seeds !== null && this.#next >= firstSeed + seeds)) return;
    const task: HuntTask = { seed: this.#next };
    this.#next += 1;
    this.#running += 1;
    port.postMessage(task);
  }

  #take(result: HuntResult): void {
    if (this.#over) return;
    const counts = this.#counts;
    counts.runs += 1;
    counts.operations += result.operations;
    counts.faults += result.faults;
    this.#simulatedMs += result.simulatedMs;
    const { operations, completed, faults, skippedFaults, simulatedMs } = result;
    if (result.valid !== "threw") this.#sizes.push({ operations, completed, faults, skippedFaults, simulatedMs });
    const { least } = this.#options;
    if (result.valid === true && least !== undefined && (completed < least.completed || faults < least.faults))
      counts.void += 1;
    for (const state of result.states) this.#statesSeen.set(state, (this.#statesSeen.get(state) ?? 0) + 1);
    if (result.valid === true) counts.valid += 1;
    else if (result.valid === "unknown") {
      counts.unknown += 1;
      if (this.#doubtful.length < keptMax) this.#doubtful.push(result);
    } else if (result.valid === "threw") {
      counts.threw += 1;
      if (this.#failed.length < keptMax) this.#failed.push(result);
    } else {
      counts.violations += 1;
      if (this.#violated.length < keptMax) this.#violated.push(result);
      if (!this.#options.keepGoing) this.#over = true;
    }
    this.#options.onResult(result, this.#progress());
  }

  #perRun(): HuntReport["perRun"] {
    if (this.#sizes.length === 0) return null;
    const of = (name: keyof RunSize): Distribution => distributionOf(this.#sizes.map((size) => size[name]));
    return {
      operations: of("operations"),
      completed: of("completed"),
      faults: of("faults"),
      skippedFaults: of("skippedFaults"),
      simulatedMs: of("simulatedMs"),
    };
  }

  #progress(): HuntProgress {
    const cpu = process.cpuUsage(this.#cpuBegan);
    let once = 0;
    for (const times of this.#statesSeen.values()) if (times === 1) once += 1;
    return {
      ...this.#counts,
      simulatedMs: this.#simulatedMs,
      elapsedMs: performance.now() - this.#beganMs,
      processorMs: (cpu.user + cpu.system) / 1000,
      states: this.#statesSeen.size,
      chanceOfNews: this.#counts.runs === 0 ? 1 : Math.min(1, once / this.#counts.runs),
    };
  }
}

/** By nearest rank. Throws for no numbers. */
export function distributionOf(numbers: readonly number[]): Distribution {
  const sorted = numbers.toSorted((one, other) => one - other);
  const at = (share: number): number => {
    const number = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    if (number === undefined) throw new Error("no numbers");
    return number;
  };
  return { least: at(0), p10: at(0.1), median: at(0.5), p90: at(0.9), most: at(1) };
}

// The live verdict beside a run, on a thread of its own, so that no search ever delays the runner. Events go over in batches, once a
// turn of the event loop; those that the worker has not taken yet are bounded, and past the bound the live verdict ends as unknown.
import type { Worker } from "node:worker_threads";
import type { HistoryEvent, JsonValue } from "../../history/index.js";
import type { IncrementalBudget, LiveVerdict } from "../incremental.js";
import type { FromLiveWorker, LiveWorkerData, ToLiveWorker } from "./live-messages.js";
import { startWorker } from "../worker-file.js";

export interface WatchInWorkerOptions {
  /** A built-in model's name. */
  readonly model: string;
  readonly initial: JsonValue;
  readonly budget?: IncrementalBudget;
  /** Events that may wait for the worker. Default 200,000. */
  readonly maxBehind?: number;
  /**
   * Called when the verdict stops being valid, and again if unknown becomes false. `decidedByNs`: time of the event that it had to
   * wait for; null when the worker failed or fell behind.
   */
  readonly onVerdict: (verdict: LiveVerdict, decidedByNs: number | null) => void;
}

export interface LiveWatch {
  /** Takes one event, in order. Never blocks; after the verdict is final it does nothing. */
  feed(event: HistoryEvent): void;
  readonly verdict: LiveVerdict;
  /** Events that the worker has not taken yet. */
  readonly behind: number;
  /** Waits until everything was judged, then says the last verdict and ends the worker. */
  end(): Promise<LiveVerdict>;
  /** Ends the worker at once. */
  stop(): void;
}

export function watchInWorker(options: WatchInWorkerOptions): LiveWatch {
  return new WorkerWatch(options);
}

class WorkerWatch implements LiveWatch {
  readonly #options: WatchInWorkerOptions;
  readonly #worker: Worker;
  readonly #maxBehind: number;
  #verdict: LiveVerdict = { valid: true };
  #batch: HistoryEvent[] = [];
  #scheduled: NodeJS.Immediate | null = null;
  #fed = 0;
  #taken = 0;
  #isOver = false;
  #onEnded: ((verdict: LiveVerdict) => void) | null = null;

  constructor(options: WatchInWorkerOptions) {
    this.#options = options;
    this.#maxBehind = options.maxBehind ?? 200_000;
    const { model, initial, budget } = options;
    const workerData: LiveWorkerData = { model, initial, budget };
    this.#worker = startWorker("live-worker", import.meta.url, { workerData });
    this.#worker.unref();
    this.#worker.on("message", (message: FromLiveWorker) => this.#hear(message));
    this.#worker.on("error", (error) => this.#fail("checker-threw", `the live checker failed: ${error.message}`));
    this.#worker.on("exit", () => this.#fail("checker-threw", "the live checker's thread ended early"));
  }

  get verdict(): LiveVerdict {
    return this.#verdict;
  }

  get behind(): number {
    return this.#fed - this.#taken;
  }

  feed(event: HistoryEvent): void {
    if (this.#isOver) return;
    this.#fed += 1;
    this.#batch.push(event);
    if (this.behind > this.#maxBehind) {
      this.#fail("budget", `the live verdict fell more than ${this.#maxBehind} events behind after ${this.#taken}`);
      return;
    }
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  end(): Promise<LiveVerdict> {
    if (this.#isOver) return Promise.resolve(this.#verdict);
    this.#flush();
    const ended = new Promise<LiveVerdict>((resolve) => {
      this.#onEnded = resolve;
    });
    this.#worker.ref();
    this.#tell({ kind: "end" });
    return ended;
  }

  stop(): void {
    this.#over();
  }

  #flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    const events = this.#batch;
    this.#batch = [];
    if (events.length > 0 && !this.#isOver) this.#tell({ kind: "events", events });
  }

  #tell(message: ToLiveWorker): void {
    this.#worker.postMessage(message, []);
  }

  #hear(message: FromLiveWorker): void {
    if (this.#isOver) return;
    if (message.kind === "taken") {
      this.#taken = message.events;
      return;
    }
    const changed = message.verdict.valid !== this.#verdict.valid;
    this.#verdict = message.verdict;
    if (changed) this.#options.onVerdict(message.verdict, message.kind === "verdict" ? message.decidedByNs : null);
    if (message.kind === "ended" || message.verdict.valid === false) this.#over();
  }

  #fail(code: "budget" | "checker-threw", sentence: string): void {
    if (this.#isOver) return;
    this.#verdict = { valid: "unknown", unknown: [{ code, sentence }] };
    this.#options.onVerdict(this.#verdict, null);
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#batch = [];
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    void this.#worker.terminate();
    this.#onEnded?.(this.#verdict);
  }
}

// Hard keys judged on threads of their own, as many at a time as there are processors: nothing that a search does can keep the
// caller from his other work, and a thread can be ended at any moment: by a signal, by a violation in another key, or because a
// model of the user's does not come back. Its heap is bounded: a search too large ends its thread and not the process.
import type { Worker } from "node:worker_threads";
import type { JsonValue } from "../../history/index.js";
import type { BudgetLimits } from "../budget.js";
import { CertificateMismatch } from "../certificate.js";
import type { EngineName } from "../engine.js";
import type { KeyHistory } from "../keys.js";
import type { LinearizabilityResult } from "../linearizability.js";
import { show } from "../values.js";
import type { UnknownReason } from "../verdict.js";
import { startWorker } from "../worker-file.js";
import type { FromJudgeWorker, JudgeWorkerData, ModelReference, ToJudgeWorker } from "./messages.js";

export interface ThreadsOptions {
  readonly model: ModelReference;
  readonly initial: JsonValue;
  readonly engine: EngineName | undefined;
  readonly explainMs: number | undefined;
  /** How many violated keys are explained in full. */
  readonly explainKeys: number;
  readonly threads: number;
  /** Time left for all keys together, and memory for all threads together. */
  readonly budget: BudgetLimits & { readonly timeMs: number; readonly memoryMb: number };
  readonly stopAtViolation: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onVisited: (configurations: number) => void;
  readonly onJudged: (part: KeyHistory, result: LinearizabilityResult) => void;
}

/** Beyond its budget, a thread gets this long to come back before it is ended. */
const graceMs = 2_000;
/** Memory that a thread may use for what no budget counts: code, the operations themselves. */
const threadMb = 256;

/** Tells `onJudged` once of each part. Rejects with the signal's reason, or with what a thread threw. */
export async function judgeOnThreads(parts: readonly KeyHistory[], options: ThreadsOptions): Promise<void> {
  options.signal?.throwIfAborted();
  const pool = new Pool(parts, options);
  const onAbort = (): void => pool.fail(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await pool.done;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    await pool.close();
  }
}

/** A part that nobody judged to the end. */
export function notJudged(
  { key, operations }: KeyHistory,
  engine: string,
  code: UnknownReason["code"],
  why: string,
): LinearizabilityResult {
  const sentence = `key ${show(key)}: ${why}`;
  return {
    checker: "linearizability",
    valid: "unknown",
    violations: [],
    unknown: [{ code, sentence }],
    keys: [
      {
        key,
        valid: "unknown",
        operations: operations.length,
        engine,
        durationMs: 0,
        linearization: null,
        reason: sentence,
      },
    ],
  };
}

interface Thread {
  readonly worker: Worker;
  part: KeyHistory | null;
  guard: NodeJS.Timeout | undefined;
}

class Pool {
  readonly done: Promise<void>;
  readonly #options: ThreadsOptions;
  readonly #waiting: KeyHistory[];
  readonly #threads = new Set<Thread>();
  readonly #endings: Promise<unknown>[] = [];
  readonly #deadlineMs: number;
  #explained = 0;
  #isOver = false;
  #resolve: () => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor(parts: readonly KeyHistory[], options: ThreadsOptions) {
    this.#options = options;
    this.#waiting = [...parts];
    this.#deadlineMs = performance.now() + options.budget.timeMs;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const threads = Math.min(options.threads, parts.length);
    for (let count = 0; count < threads; count++) this.#next(this.#start());
    if (threads === 0) this.#resolve();
  }

  fail(reason: unknown): void {
    this.#isOver = true;
    this.#reject(reason);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    for (const thread of this.#threads) this.#endThread(thread);
    await Promise.all(this.#endings);
  }

  #memoryMb(): number {
    const { budget, threads } = this.#options;
    return Math.max(16, Math.floor(budget.memoryMb / threads));
  }

  #start(): Thread {
    const { model, initial, engine, explainMs } = this.#options;
    const workerData: JudgeWorkerData = { model, initial, engine, explainMs };
    const resourceLimits = { maxOldGenerationSizeMb: 2 * this.#memoryMb() + threadMb };
    const worker = startWorker("judge-worker", import.meta.url, { workerData, resourceLimits });
    const thread: Thread = { worker, part: null, guard: undefined };
    this.#threads.add(thread);
    worker.on("message", (message: FromJudgeWorker) => this.#hear(thread, message));
    worker.on("error", (error) => this.#lose(thread, error));
    return thread;
  }

  /** Gives a thread its next part, or ends it. */
  #next(thread: Thread): void {
    const part = this.#isOver ? undefined : this.#waiting.shift();
    if (part === undefined) {
      this.#endThread(thread);
      if (this.#threads.size === 0) this.#resolve();
      return;
    }
    const { budget, explainKeys, explainMs = 5_000 } = this.#options;
    const timeMs = Math.max(0, this.#deadlineMs - performance.now());
    thread.part = part;
    thread.guard = setTimeout(
      () => this.#giveUp(thread, "budget", `the time budget ran out and its model did not come back`),
      timeMs + explainMs + graceMs,
    );
    const task: ToJudgeWorker = {
      operations: part.operations,
      budget: { ...budget, timeMs, memoryMb: this.#memoryMb() },
      explainKeys: Math.max(0, explainKeys - this.#explained),
    };
    thread.worker.postMessage(task, []);
  }

  #hear(thread: Thread, message: FromJudgeWorker): void {
    const { part } = thread;
    if (this.#isOver || part === null) return;
    if (message.kind === "visited") this.#options.onVisited(message.configurations);
    else if (message.kind === "threw") this.fail(errorFrom(message));
    else {
      this.#judged(thread, part, message.result);
      this.#next(thread);
    }
  }

  #judged(thread: Thread, part: KeyHistory, result: LinearizabilityResult): void {
    clearTimeout(thread.guard);
    thread.part = null;
    this.#options.onJudged(part, result);
    if (result.valid !== false) return;
    this.#explained += 1;
    if (this.#options.stopAtViolation) this.#stopOthers(part);
  }

  #stopOthers(violated: KeyHistory): void {
    const why = `it was not judged to the end, since key ${show(violated.key)} has a violation`;
    for (const part of this.#waiting.splice(0)) this.#options.onJudged(part, this.#unjudged(part, "interrupted", why));
    for (const thread of this.#threads) {
      if (thread.part === null) continue;
      this.#options.onJudged(thread.part, this.#unjudged(thread.part, "interrupted", why));
      this.#endThread(thread);
    }
    if (this.#threads.size === 0) this.#resolve();
  }

  #unjudged(part: KeyHistory, code: UnknownReason["code"], why: string): LinearizabilityResult {
    return notJudged(part, this.#options.engine ?? "none", code, why);
  }

  /** A thread ended by itself: its heap was full, or it is broken. */
  #lose(thread: Thread, error: Error): void {
    if (this.#isOver || !this.#threads.has(thread)) return;
    if ("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY")
      this.#giveUp(
        thread,
        "budget",
        `the memory budget ran out (its thread took all ${this.#memoryMb()} MiB and more)`,
      );
    else this.fail(error);
  }

  #giveUp(thread: Thread, code: UnknownReason["code"], why: string): void {
    const { part } = thread;
    this.#endThread(thread);
    if (this.#isOver || part === null) return;
    this.#options.onJudged(part, this.#unjudged(part, code, why));
    if (this.#waiting.length > 0) this.#next(this.#start());
    else if (this.#threads.size === 0) this.#resolve();
  }

  #endThread(thread: Thread): void {
    clearTimeout(thread.guard);
    thread.part = null;
    if (this.#threads.delete(thread)) this.#endings.push(thread.worker.terminate());
  }
}

function errorFrom({ name, message, stack }: FromJudgeWorker & { readonly kind: "threw" }): Error {
  const error = name === "CertificateMismatch" ? new CertificateMismatch(message) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

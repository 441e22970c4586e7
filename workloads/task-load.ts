// Loads of higher operations: each arrival is a task of several steps, which one thread does one after the other, the next by what
// the last one answered. Adding to a set is: get it, swap it for one more by cas, and again where somebody else was faster.
import type { ClientReply, JsonValue } from "../cluster/index.js";
import { createRandom, type Random } from "../history/index.js";
import type { ArrivalSource } from "./arrivals.js";
import type { Generator, GeneratorContext, GeneratorStep, GeneratorUpdate, PlannedOperation } from "./generator.js";
import { arrivalsOf } from "./load-shape.js";
import type { WorkloadOptions } from "./workload.js";

export interface TaskStep {
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
}

/** What one arrival makes a thread do. */
export interface Task {
  readonly first: TaskStep;
  /**
   * The next step, by the answer to the last; null: it is through. Told of every reply, also of unknown outcome, after which
   * it may go on (as another process).
   */
  after(reply: ClientReply, step: TaskStep, nowMs: number): TaskStep | null;
}

export interface TaskSource {
  /** A task that only reads; `key`: it was just written, and the thread belongs to another node. */
  read(thread: number, key: JsonValue | null): Task;
  write(thread: number, nowMs: number): Task;
}

/** A task that only reads one key. */
export const readOf = (key: JsonValue): Task => ({
  first: { function: "get", key, input: null },
  after: () => null,
});

/** Keys just written that wait for a read through another node. */
const maxFollowUps = 32;
const followUpShare = 0.5;
/** Steps of one task; a client that is beaten to it so often gives up. */
const maxSteps = 20;

interface Underway {
  readonly task: Task;
  steps: number;
  /** The step to be begun when its thread is free again, and since when it could have been. */
  next: { readonly step: TaskStep; readonly dueMs: number } | null;
}

export class TaskLoad implements Generator {
  readonly #random: Random;
  readonly #arrivals: ArrivalSource;
  readonly #source: TaskSource;
  readonly #underway = new Map<number, Underway>();
  readonly #followUps: { readonly key: JsonValue; readonly node: number }[] = [];
  readonly #options: WorkloadOptions;
  readonly #readShare: number;

  /** `label` tells the streams of one seed apart. */
  constructor(
    source: (random: Random) => TaskSource,
    options: WorkloadOptions,
    label: string,
    seed: number,
    readShare: number,
  ) {
    const random = createRandom(seed, label);
    this.#random = random.fork("threads");
    this.#arrivals = arrivalsOf(random.fork("arrivals"), options);
    this.#source = source(random.fork("choices"));
    this.#options = options;
    this.#readShare = readShare;
  }

  next({ nowMs, freeThreads, keepGoing = false }: GeneratorContext): GeneratorStep {
    this.#arrivals.advance(nowMs, keepGoing);
    const endMs = this.#options.timeLimitMs;
    const timeIsUp = nowMs >= endMs;
    if (timeIsUp && !keepGoing) return { type: "done" };
    for (const thread of freeThreads) {
      const underway = this.#underway.get(thread);
      const next = underway?.next ?? null;
      if (underway === undefined || next === null) continue;
      underway.next = null;
      return { type: "operation", operation: planned(thread, next.step, next.dueMs) };
    }
    const arrival = this.#arrivals.take(freeThreads.filter((thread) => !this.#underway.has(thread)));
    if (arrival !== null)
      return { type: "operation", operation: this.#begin(arrival.threads, arrival.intendedMs, nowMs) };
    const { nextMs } = this.#arrivals;
    return { type: "wait", untilMs: timeIsUp ? nextMs : Math.min(nextMs ?? Infinity, endMs) };
  }

  #begin(threads: readonly number[], intendedMs: number, nowMs: number): PlannedOperation {
    const random = this.#random;
    const writers = threads.filter((thread) => !this.#readsOnly(thread));
    const wantsRead = random.chance(this.#readShare);
    // A write that finds none but reading threads free becomes a read: that is when reads tell most.
    if (writers.length > 0 && !wantsRead) {
      const thread = random.pick(writers);
      return this.#start(thread, this.#source.write(thread, nowMs), intendedMs);
    }
    const followUp = random.chance(followUpShare) ? this.#followUps.pop() : undefined;
    const elsewhere = threads.filter((thread) => thread % this.#options.nodes.length !== followUp?.node);
    const thread = this.#readerAmong(elsewhere.length > 0 ? elsewhere : threads);
    return this.#start(thread, this.#source.read(thread, followUp?.key ?? null), intendedMs);
  }

  #start(thread: number, task: Task, intendedMs: number): PlannedOperation {
    this.#underway.set(thread, { task, steps: 1, next: null });
    return planned(thread, task.first, intendedMs);
  }

  /** The first thread of each node, where each has more than one: a writer hangs on a leader that is cut off. */
  #readsOnly(thread: number): boolean {
    const { nodes, concurrency } = this.#options;
    return thread < nodes.length && concurrency >= 2 * nodes.length;
  }

  #readerAmong(threads: readonly number[]): number {
    const nodes = this.#options.nodes.length;
    const node = this.#random.pick([...new Set(threads.map((thread) => thread % nodes))]);
    const there = threads.filter((thread) => thread % nodes === node);
    return there.find((thread) => this.#readsOnly(thread)) ?? this.#random.pick(there);
  }

  update({ nowMs, operation, reply }: GeneratorUpdate): void {
    const { thread } = operation;
    const underway = this.#underway.get(thread);
    if (underway === undefined) throw new Error(`thread ${thread} answered without a task`);
    if (reply.outcome === "ok" && operation.function !== "get") this.#wrote(operation);
    const step = underway.task.after(reply, operation, nowMs);
    underway.steps += 1;
    if (step === null || underway.steps > maxSteps) {
      this.#underway.delete(thread);
      this.#arrivals.completed(thread, nowMs);
    } else underway.next = { step, dueMs: nowMs };
  }

  #wrote({ key, thread }: PlannedOperation): void {
    this.#followUps.push({ key, node: thread % this.#options.nodes.length });
    if (this.#followUps.length > maxFollowUps) this.#followUps.shift();
  }

  droppedArrivals(): number {
    return this.#arrivals.dropped;
  }
}

function planned(thread: number, step: TaskStep, intendedMs: number): PlannedOperation {
  return { thread, function: step.function, key: step.key, input: step.input, intendedMs, phase: "load" };
}

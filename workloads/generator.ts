// The contract between what clients do and the run loop that makes them do it.
import type { ClientReply, JsonValue, NodeName } from "../cluster/index.js";
import type { Phase } from "../history/index.js";

/** What the run loop tells a generator each time it asks. Times are milliseconds since load (or the phase) began. */
export interface GeneratorContext {
  readonly nowMs: number;
  /** Threads 0 … concurrency - 1 that have no operation open, in ascending order. Thread t is pinned to node t mod n. */
  readonly freeThreads: readonly number[];
  /**
   * Faults are still on or to come although the load's time is up (confirming took longer than planned): a load that runs by
   * the clock goes on until this is false, so that no fault strikes an idle system.
   */
  readonly keepGoing?: boolean;
}

/** An operation that a thread is to start now. */
export interface PlannedOperation {
  readonly thread: number;
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
  /** When the schedule meant it to start: latency is measured from here. Same clock as `nowMs`. */
  readonly intendedMs: number;
  readonly phase: Phase;
  /** Another node than the thread is pinned to: its connection is given up and a new one made there. Clients that roam. */
  readonly node?: NodeName;
}

export type GeneratorStep =
  /** To be invoked at once; ask again right away. */
  | { readonly type: "operation"; readonly operation: PlannedOperation }
  /** Nothing before `untilMs` (null: nothing before the next completion). A completion may always change that: ask again. */
  | { readonly type: "wait"; readonly untilMs: number | null }
  /** Nothing more, ever. Operations may still be open. */
  | { readonly type: "done" };

/** The end of an operation that the generator gave out. */
export interface GeneratorUpdate {
  readonly nowMs: number;
  readonly operation: PlannedOperation;
  readonly reply: ClientReply;
}

/**
 * A pure state machine: what it does depends on its seed and on these calls only. The run loop calls `next` until it is told
 * to wait, invokes each operation on its thread, calls `update` once for each completion, and asks again.
 * After an `info` the run loop closes the thread's client, makes a new one and gives the thread the process number
 * process + concurrency; the generator sees the same thread as free again.
 */
export interface Generator {
  next(context: GeneratorContext): GeneratorStep;
  update(update: GeneratorUpdate): void;
  /** Arrivals that found no free thread and no room in the backlog, so far: load that the open loop owed and did not give. */
  droppedArrivals(): number;
}

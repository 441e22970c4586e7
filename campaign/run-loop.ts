// The one run loop: asks a generator what to do, lets clients do it through a driver, and records every call and completion.
// It knows neither sockets nor timers, so real clusters and simulated ones run the same loop.
import type { NodeName } from "../cluster/index.js";
import type { Recorder, Ticket } from "../history/index.js";
import type { Generator, PlannedOperation } from "../workloads/index.js";
import { ClientFaults, deathAfterNs } from "./client-faults.js";
import type { Driver } from "./driver.js";

export interface RunLoopOptions {
  readonly driver: Driver;
  readonly recorder: Recorder;
  readonly nodes: readonly NodeName[];
  /** Threads 0 … concurrency - 1; thread t is pinned to node t mod n. */
  readonly concurrency: number;
  readonly operationTimeoutMs: number;
}

export interface LoopCounts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  readonly inFlight: number;
}

interface Thread {
  readonly thread: number;
  readonly node: NodeName;
  /** The sequential client that speaks for this thread now; never the same again after an `info`. */
  process: number;
  /** Where its client is connected, if it has one: its own node unless it roams. */
  connected: NodeName;
  open: PlannedOperation | null;
  /** Its call is stamped and its return is not: what the history will show as open now. */
  isUnderWay: boolean;
}

export class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #threads: readonly Thread[];
  readonly #counts = { ok: 0, fail: 0, info: 0 };
  #called = 0;
  #failure: Error | null = null;
  /** What a nemesis does to the clients. */
  readonly clients: ClientFaults;

  constructor(options: RunLoopOptions) {
    const { nodes, concurrency, driver } = options;
    this.clients = new ClientFaults((thread) => {
      const die = (): void => {
        if (this.clients.dies(thread)) driver.retire(thread);
      };
      if (driver.soon === undefined) driver.at(driver.now() + deathAfterNs, die);
      else driver.soon(die);
    });
    if (nodes.length === 0) throw new Error("a run loop needs at least one node");
    this.#options = options;
    this.#threads = Array.from({ length: concurrency }, (_, thread) => {
      const node = nodes[thread % nodes.length];
      if (node === undefined) throw new Error("unreachable: a thread without a node");
      return { thread, node, connected: node, process: thread, open: null, isUnderWay: false };
    });
  }

  get counts(): LoopCounts {
    return { ...this.#counts, inFlight: this.#threads.filter((thread) => thread.open !== null).length };
  }

  /** Operations called so far, as the history shows them. */
  get operationsCalled(): number {
    return this.#called;
  }

  /** Operations that the history will show as open now: fewer than are in flight while clients still connect. */
  get operationsUnderWay(): number {
    return this.#threads.filter((thread) => thread.isUnderWay).length;
  }

  /**
   * Drives one generator to its end: until it says done, or `signal` aborts (nothing more is started), and every open
   * operation has completed. `keepGoing` is passed on to it: faults that run late are still under load. Rejects when the
   * recorder cannot write: nothing may go on unrecorded.
   */
  drive(generator: Generator, signal: AbortSignal, keepGoing: () => boolean = () => false): Promise<void> {
    const busy = this.#threads.find((thread) => thread.open !== null);
    if (busy !== undefined) throw new Error(`thread ${busy.thread} is still busy with an earlier generator`);
    return new Promise((resolve, reject) => {
      new Drive(
        this.#options,
        this.#threads,
        generator,
        { signal, keepGoing },
        {
          clients: this.clients,
          called: () => {
            this.#called += 1;
          },
          count: (outcome) => {
            this.#counts[outcome] += 1;
          },
          ended: (failure) => {
            this.#failure ??= failure;
            if (this.#failure === null) resolve();
            else reject(this.#failure);
          },
        },
      ).pump();
    });
  }
}

interface DriveReports {
  readonly clients: ClientFaults;
  called(): void;
  count(outcome: "ok" | "fail" | "info"): void;
  ended(failure: Error | null): void;
}

/** One generator being driven. */
class Drive {
  readonly #options: RunLoopOptions;
  readonly #threads: readonly Thread[];
  readonly #generator: Generator;
  readonly #signal: AbortSignal;
  readonly #keepGoing: () => boolean;
  readonly #reports: DriveReports;
  readonly #originNs: number;
  /** Ascending. */
  readonly #free: number[];
  #cancelTimer: (() => void) | null = null;
  #exhausted = false;
  #ended = false;
  #failure: Error | null = null;

  constructor(
    options: RunLoopOptions,
    threads: readonly Thread[],
    generator: Generator,
    { signal, keepGoing }: { readonly signal: AbortSignal; readonly keepGoing: () => boolean },
    reports: DriveReports,
  ) {
    this.#options = options;
    this.#threads = threads;
    this.#generator = generator;
    this.#signal = signal;
    this.#keepGoing = keepGoing;
    this.#reports = reports;
    this.#free = threads.map(({ thread }) => thread);
    this.#originNs = options.driver.now();
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.pump();

  #nowMs(): number {
    return (this.#options.driver.now() - this.#originNs) / 1e6;
  }

  /** Starts everything that is due, then waits for a timer or a completion. */
  pump(): void {
    if (this.#ended) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#signal.aborted || this.#failure !== null) this.#exhausted = true;
    // Each turn starts an operation on a free thread, so there are at most as many as threads. While none is free only a completion
    // can change that: under full load a timer for every arrival in between would be most of what happens.
    while (!this.#exhausted && this.#free.length > 0) {
      const step = this.#generator.next({
        nowMs: this.#nowMs(),
        freeThreads: this.#free,
        keepGoing: this.#keepGoing(),
      });
      if (step.type === "operation") {
        this.#start(step.operation);
        continue;
      }
      if (step.type === "done") this.#exhausted = true;
      else if (step.untilMs !== null) {
        this.#cancelTimer = this.#options.driver.at(this.#originNs + nanosecondsUntil(step.untilMs), () => this.pump());
      }
      break;
    }
    if (this.#exhausted && this.#free.length === this.#threads.length) this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#reports.ended(this.#failure);
  }

  #start(operation: PlannedOperation): void {
    const thread = this.#threads[operation.thread];
    if (thread === undefined || thread.open !== null) {
      this.#fail(new Error(`the workload used thread ${operation.thread}, which is not free`));
      return;
    }
    thread.open = operation;
    this.#free.splice(placeIn(this.#free, thread.thread), 1);
    const call = { called: false, ticket: null as Ticket | null };
    const { driver, recorder, operationTimeoutMs } = this.#options;
    const { clients } = this.#reports;
    const node = operation.node ?? thread.node;
    if (node !== thread.connected) {
      driver.retire(thread.thread);
      thread.connected = node;
    }
    const record = (): void => {
      call.called = true;
      this.#reports.called();
      recorder.call({
        process: thread.process,
        thread: thread.thread,
        node,
        function: operation.function,
        key: operation.key,
        input: operation.input,
        intended: Math.max(0, this.#originNs + nanosecondsUntil(operation.intendedMs)),
        phase: operation.phase,
      });
    };
    driver.invoke(
      {
        thread: thread.thread,
        node,
        function: operation.function,
        key: operation.key,
        input: operation.input,
        timeoutMs: operationTimeoutMs,
        repeat: clients.repeatFor(node),
      },
      {
        called: () => {
          if (call.called) throw new Error("a client stamped two calls for one invocation");
          try {
            record();
          } catch (error) {
            this.#fail(error);
            throw error;
          }
          thread.isUnderWay = true;
          clients.called(thread.thread, node);
        },
        repeated: (what) => clients.repeated(node, what),
        returned: () => {
          call.ticket ??= recorder.ticket();
          thread.isUnderWay = false;
        },
        done: (reply) => {
          try {
            if (!call.called) {
              // Nothing was handed to the socket: the call is recorded late, with its certain failure.
              if (reply.outcome !== "fail")
                throw new Error(`a client said ${reply.outcome} of a call that it never stamped`);
              record();
            }
            recorder.complete(
              {
                type: reply.outcome,
                process: thread.process,
                function: operation.function,
                key: operation.key,
                output: reply.output,
                attempts: reply.attempts,
                ...(reply.error === null ? {} : { error: reply.error }),
                ...(reply.systemIndex === null ? {} : { systemIndex: reply.systemIndex }),
              },
              reply.outcome === "info" ? null : call.ticket,
            );
          } catch (error) {
            this.#fail(error);
          }
          this.#completed(thread, operation, reply);
        },
      },
    );
  }

  #completed(thread: Thread, operation: PlannedOperation, reply: Parameters<Generator["update"]>[0]["reply"]): void {
    thread.open = null;
    thread.isUnderWay = false;
    this.#free.splice(placeIn(this.#free, thread.thread), 0, thread.thread);
    this.#reports.count(reply.outcome);
    this.#reports.clients.completed(thread.thread, reply.outcome);
    if (reply.outcome === "info") {
      // The process never speaks again: nobody knows when its last operation takes effect.
      thread.process += this.#options.concurrency;
      this.#options.driver.retire(thread.thread);
    }
    this.#generator.update({ nowMs: this.#nowMs(), operation, reply });
    this.pump();
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#exhausted = true;
  }
}

/**
 * The first whole nanosecond that is no earlier than so many milliseconds when it is read as milliseconds again. Where rounding makes it
 * a hair earlier, a generator would ask for the same moment again and again, and virtual time would stand still.
 */
export function nanosecondsUntil(untilMs: number): number {
  const nanoseconds = Math.ceil(untilMs * 1e6);
  return nanoseconds / 1e6 < untilMs ? nanoseconds + 1 : nanoseconds;
}

/** Where a number stands among ascending ones, or belongs. */
function placeIn(ascending: readonly number[], wanted: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? wanted) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

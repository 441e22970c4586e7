// The recorder: the one writer of a run's history. It stamps events from one monotonic clock and appends them synchronously.
//
// Every event is strictly later than the one before, and intervals only ever widen: a call is written before its request is
// sent, so its place in the order is no later than the send; a return is written after its reply was received, so its place is
// no earlier than the receipt. A stalled runner, a coarse clock or a virtual clock that stands still therefore makes
// operations look longer and more concurrent than they were, never the other way round.
import type {
  CompleteEvent,
  FaultEvent,
  HeaderEvent,
  HistoryEvent,
  InvokeEvent,
  NodeEvent,
  PhaseEvent,
  RunnerEvent,
} from "./event.js";
import type { TimeNs } from "./operation.js";
import type { AppendSink } from "./sink.js";

/** Nanoseconds since the run began, from one monotonic clock; may stand still, must never go back. */
export type MonotonicClock = () => TimeNs;

declare const ticketBrand: unique symbol;
/** The moment a reply was received; taken with `Recorder.ticket` in the data handler, before parsing. */
export type Ticket = { readonly timeNs: TimeNs; readonly [ticketBrand]: true };

type Unstamped<T> = T extends { readonly time: TimeNs } ? Omit<T, "time"> : never;

export type CallRecord = Omit<InvokeEvent, "type" | "time">;
export type CompletionRecord = Unstamped<CompleteEvent>;
/** Everything that is neither a call nor a completion. */
export type OtherRecord = Unstamped<PhaseEvent> | Unstamped<FaultEvent> | Unstamped<NodeEvent> | Unstamped<RunnerEvent>;
export type HeaderRecord = Omit<HeaderEvent, "type" | "format" | "version" | "clock">;

export interface RecorderOptions {
  readonly clock: MonotonicClock;
  /** Where lines go; null: nowhere, and events are only kept in memory. */
  readonly sink: AppendSink | null;
  readonly header: HeaderRecord;
  /** Keep events in memory as well (`events`); default true. */
  readonly keepEvents?: boolean;
  /** No more than this many events are taken; the next throws. Default 20 million. */
  readonly maxEvents?: number;
}

/** A clock of nanoseconds since this call, for real runs. */
export function systemClock(): MonotonicClock {
  const origin = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - origin);
}

/** Raised when the recorder is used against its rules: a bug of the caller, not of the system under test. */
export class RecorderMisuse extends Error {
  override readonly name = "RecorderMisuse";
}

export class Recorder {
  readonly #clock: MonotonicClock;
  readonly #sink: AppendSink | null;
  readonly #kept: HistoryEvent[] | null;
  readonly #maxEvents: number;
  readonly #listeners = new Set<(event: HistoryEvent) => void>();
  readonly #open = new Map<number, { readonly function: string; readonly clockNs: TimeNs }>();
  readonly #silenced = new Set<number>();
  #lastNs: TimeNs = -1;
  #lastClockNs: TimeNs = -1;
  #count = 0;

  constructor(options: RecorderOptions) {
    this.#clock = options.clock;
    this.#sink = options.sink;
    if (options.sink === null && options.keepEvents === false)
      throw new RecorderMisuse("neither written nor kept, a history would be lost");
    this.#kept = options.keepEvents === false ? null : [];
    this.#maxEvents = options.maxEvents ?? 20_000_000;
    const clock = { unit: "ns", origin: "run-start" } as const;
    this.#append({ type: "header", format: "minos-history", version: 1, ...options.header, clock });
  }

  /** Events so far, header first; empty when events are not kept. Do not change it. */
  get events(): readonly HistoryEvent[] {
    return this.#kept ?? [];
  }

  get eventCount(): number {
    return this.#count;
  }

  get bytesWritten(): number {
    return this.#sink?.bytesWritten ?? 0;
  }

  /** Operations called and not yet completed. */
  get openOperations(): number {
    return this.#open.size;
  }

  /**
   * Stamps and writes a call; to be followed at once by the sending. Throws RecorderMisuse when the process is busy or has
   * ended with an `info`, SinkError when it cannot be written: then nothing may be sent.
   */
  call(record: CallRecord): InvokeEvent {
    if (this.#open.has(record.process)) throw new RecorderMisuse(`process ${record.process} is busy`);
    if (this.#silenced.has(record.process))
      throw new RecorderMisuse(
        `process ${record.process} ended with an operation of unknown outcome and must not speak again`,
      );
    const clockNs = this.#now();
    const event: InvokeEvent = { type: "invoke", time: this.#stamp(clockNs), ...record };
    this.#append(event);
    this.#open.set(record.process, { function: record.function, clockNs });
    return event;
  }

  /** The moment of a reply; call it first thing in the data handler. */
  ticket(): Ticket {
    return { timeNs: this.#now() } as Ticket;
  }

  /**
   * Writes a completion, at the ticket's time or just after the last event written, whichever is later. Without a ticket
   * (time-outs, refusals before sending) the present counts.
   */
  complete(record: CompletionRecord, ticket: Ticket | null = null): CompleteEvent {
    const open = this.#open.get(record.process);
    if (open === undefined)
      throw new RecorderMisuse(`process ${record.process} completes an operation that it never called`);
    if (open.function !== record.function)
      throw new RecorderMisuse(`process ${record.process} called ${open.function} and completes ${record.function}`);
    const now = this.#now();
    const returned = ticket === null ? now : ticket.timeNs;
    if (returned > now) throw new RecorderMisuse("a ticket from the future");
    if (returned < open.clockNs) throw new RecorderMisuse(`process ${record.process} was answered before it called`);
    const { type, ...rest } = record;
    const event: CompleteEvent = { type, time: this.#stamp(returned), ...rest };
    this.#append(event);
    this.#open.delete(record.process);
    if (record.type === "info") this.#silenced.add(record.process);
    return event;
  }

  /** Writes a phase, fault, node or runner event at the present time. */
  record(record: OtherRecord): HistoryEvent {
    const { type, ...rest } = record;
    const event = { type, time: this.#stamp(this.#now()), ...rest } as HistoryEvent;
    this.#append(event);
    return event;
  }

  /** Called for each event after it was written, in order, synchronously. Returns how to stop. */
  subscribe(listener: (event: HistoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#sink?.close();
  }

  #now(): TimeNs {
    const now = this.#clock();
    if (!Number.isSafeInteger(now) || now < 0) throw new RecorderMisuse(`the clock says ${now}, no time`);
    if (now < this.#lastClockNs) throw new RecorderMisuse(`the clock went back from ${this.#lastClockNs} to ${now}`);
    this.#lastClockNs = now;
    return now;
  }

  /** The earliest time that is not before `timeNs` and strictly after the last event written. */
  #stamp(timeNs: TimeNs): TimeNs {
    return Math.max(timeNs, this.#lastNs + 1);
  }

  #append(event: HistoryEvent): void {
    if (this.#count >= this.#maxEvents) throw new RecorderMisuse(`more than ${this.#maxEvents} events in one run`);
    this.#sink?.append(`${JSON.stringify(event)}\n`);
    if ("time" in event) this.#lastNs = event.time;
    this.#count += 1;
    this.#kept?.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}

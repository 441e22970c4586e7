// The events of `history.jsonl`, the one truth of a run. One JSON object a line, in order of time.
import type { JsonValue, Outcome, TimeNs } from "./operation.js";

/** First line of the file. */
export interface HeaderEvent {
  readonly type: "header";
  readonly format: "minos-history";
  readonly version: 1;
  /** Kebab-case name of the model that the system claims, e.g. `cas-register`. */
  readonly model: string;
  /** Initial value of every key. */
  readonly initial: JsonValue;
  /** Whether operations carry keys that are judged apart. */
  readonly keyed: boolean;
  readonly clock: { readonly unit: "ns"; readonly origin: "run-start" };
  readonly plan: string;
  readonly run: string;
  /** Content hash of the system build under test. */
  readonly build: string | null;
  /** Number of threads: after an `info` a thread goes on as process + concurrency. */
  readonly concurrency: number;
  readonly startedAt: string;
}

/** A client's call, written before its request is sent. */
export interface InvokeEvent {
  readonly type: "invoke";
  readonly time: TimeNs;
  readonly process: number;
  readonly thread: number;
  readonly node: string | null;
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
  /** When the schedule meant it to start; latency is measured from here, so that stalls are not hidden. */
  readonly intended?: TimeNs;
  /** `final-read` for the reads of the quiet phase. */
  readonly phase?: Phase;
}

/** The end of a call as the client knows it. */
export interface CompleteEvent {
  readonly type: Outcome;
  readonly time: TimeNs;
  readonly process: number;
  readonly function: string;
  readonly key: JsonValue;
  readonly output: JsonValue;
  readonly error?: string;
  /** Attempts made, at least 1 unless nothing was sent. */
  readonly attempts?: number;
  /** What the system itself says of order (its log index): never used to judge, kept for people. */
  readonly systemIndex?: number;
}

/** Phases of a run. */
export type Phase = "load" | "heal" | "quiet" | "final-read";

export interface PhaseEvent {
  readonly type: "phase";
  readonly time: TimeNs;
  readonly phase: Phase | "end";
}

/**
 * The stages of one fault. `requested` and `heal-requested` are stamped before the cluster is asked,
 * `confirmed-on` and `confirmed-off` after the target was seen in that state. `unconfirmed`: asked for but never seen;
 * `void`: could not be carried out (no leader to kill, target already down).
 */
export type FaultStage = "requested" | "confirmed-on" | "heal-requested" | "confirmed-off" | "unconfirmed" | "void";

export interface FaultEvent {
  readonly type: "fault";
  readonly time: TimeNs;
  /** Which fault of the schedule, from 0. */
  readonly fault: number;
  readonly stage: FaultStage;
  readonly kind: string;
  /** The fault as planned (see docs/schemas/fault.schema.json). */
  readonly spec: JsonValue;
  /** Nodes, or links written "n1>n2", that it was aimed at, once resolved. */
  readonly targets: readonly string[];
  /** What was observed at the target. */
  readonly evidence: JsonValue;
}

/**
 * What the cluster saw of a node: process starts, exits (asked for or not), log lines that mean a crash; `refused`: after damage to its
 * disk it serves no more, as it must, whatever is healed.
 */
export interface NodeEvent {
  readonly type: "node";
  readonly time: TimeNs;
  readonly node: string;
  readonly what: "started" | "exited" | "panic" | "leader-change" | "refused";
  /** For `exited`: did the nemesis ask for it? */
  readonly expected: boolean;
  readonly detail: JsonValue;
}

/** Trouble of Minos itself that the verdict must know: runner lag, a dead proxy server, a full disk. */
export interface RunnerEvent {
  readonly type: "runner";
  readonly time: TimeNs;
  readonly what: "lag" | "proxy-died" | "interrupted" | "cluster-error" | "dropped-arrivals" | "note";
  readonly detail: JsonValue;
}

export type HistoryEvent =
  | HeaderEvent
  | InvokeEvent
  | CompleteEvent
  | PhaseEvent
  | FaultEvent
  | NodeEvent
  | RunnerEvent;

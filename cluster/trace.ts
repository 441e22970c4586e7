// A trace: what happened inside of a simulated run, event by event, in the system's own words where it tells them. Plain values, one
// JSON object a line in `trace.jsonl`; times are nanoseconds of virtual time since the run began, negative before.
import type { JsonValue } from "../history/index.js";

/** A command of a log, or a request that may become one. */
export interface TracedCommand {
  /** Equal wherever this attempt of a client's request goes; null for what no client asked for. */
  readonly id: string | null;
  /** Equal for all attempts of one request; null where there is none. */
  readonly request: string | null;
  readonly key: JsonValue;
  /** `put k1 = 7`. */
  readonly text: string;
}

export interface TracedMessage {
  /** As the system names its kind. */
  readonly kind: string;
  /** What it serves: `agreement`, `election`, `liveness`, `requests`, `boot`. */
  readonly topic: string;
  readonly text: string;
  /** Of its sender's present ballot, where it carries one. */
  readonly ballot?: string;
  /** Log index (from 0) of the first of its commands, where it says so. */
  readonly base?: number;
  /** Commands carried, and the last of them. */
  readonly count?: number;
  readonly commands?: readonly TracedCommand[];
  /** So much of the sender's log is accepted under `ballot`. */
  readonly accepted?: number;
  readonly decided?: number;
}

/** One change of what a disk holds. */
export type TracedChange =
  | { readonly type: "promised" | "accepted"; readonly ballot: string }
  | { readonly type: "truncate" | "decided"; readonly length: number }
  | {
      readonly type: "append";
      readonly index: number;
      readonly count: number;
      /** The last of them. */
      readonly commands: readonly TracedCommand[];
    }
  | { readonly type: "other"; readonly text: string };

/** What a node believes, as far as it changes what it does. */
export interface TracedState {
  readonly group: number;
  readonly role: string;
  readonly phase: string;
  /** The greatest ballot that it promised. */
  readonly promised: string;
  readonly length: number;
  readonly decided: number;
  readonly leader: string | null;
}

/** A connection of a client, as the node knows it. */
export interface TracedConnection {
  readonly node: string;
  readonly incarnation: number;
  readonly connection: number;
}

/** How a system tells of its messages and writes for a trace. */
export interface TraceTeller {
  message(message: unknown): TracedMessage;
  changes(batch: unknown): readonly TracedChange[];
  /** Null: nothing that a reader wants to see. */
  request(request: unknown, at: TracedConnection): TracedCommand | null;
  answer(response: unknown, at: TracedConnection): TracedCommand | null;
}

/** What becomes of a message as it is sent; whether it arrives is another event. */
export type SendFate = "sent" | "no connection" | "discarded by a cut" | "held by a cut";

interface At {
  readonly time_ns: number;
  /** Where it happened; null: to the world. */
  readonly node: string | null;
}

export type TraceEvent =
  | (At & {
      readonly what: "send";
      readonly id: number;
      readonly to: string;
      readonly fate: SendFate;
      readonly message: TracedMessage;
    })
  /** `node` received what `from` sent as `id`; commands and the like stand at the sending. */
  | (At & { readonly what: "receive"; readonly id: number; readonly from: string; readonly message: TracedMessage })
  /** A client's request leaves the client, reaches its node; the answer leaves the node, reaches the client. */
  | (At & {
      readonly what: "ask" | "asked" | "answer" | "answered";
      /** The client's thread. */
      readonly thread: number;
      readonly command: TracedCommand;
    })
  /** A batch is written; `durable`: its fsync returned. */
  | (At & { readonly what: "write"; readonly write: number; readonly changes: readonly TracedChange[] })
  | (At & { readonly what: "durable"; readonly write: number })
  | (At & { readonly what: "state"; readonly state: TracedState })
  /** Something was done to a node or link. `lost`: the batch under way at a crash was lost, or torn. */
  | (At & {
      readonly what: "start" | "crash" | "pause" | "resume" | "cut" | "heal" | "shape" | "disk";
      readonly text: string;
      /** Of links. */
      readonly to?: string;
      /** Of a crash: the write under way and what became of it. */
      readonly write?: number;
      readonly batch?: "kept" | "torn" | "lost";
    })
  | (At & { readonly what: "violation"; readonly invariant: string; readonly text: string });

/** The first line of a `trace.jsonl`. */
export interface TraceHeader {
  readonly format: "minos-trace";
  readonly version: 1;
  /** Events that were left out at the beginning, for room. */
  readonly dropped: number;
}

export interface TraceDocument {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
}

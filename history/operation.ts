// The operation model: what one client asked of the system and what came of it.

/** Anything that JSON can carry. Keys, inputs and outputs of operations are such values. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * What is known of an operation's effect, over all its attempts.
 * `ok` it happened; `fail` it certainly did not; `info` nobody knows.
 */
export type Outcome = "ok" | "fail" | "info";

/** Nanoseconds since the run began, a safe integer, from one monotonic clock. */
export type TimeNs = number;

/** One operation of one sequential client process. Its interval [callNs, returnNs] is closed. */
export interface Operation {
  /** Position in the history, in order of call. */
  readonly index: number;
  /** The sequential client; never speaks again after an `info`. */
  readonly process: number;
  /** `get`, `put`, `cas`, …: what the model understands. */
  readonly function: string;
  /** The key it touches; `null` where a history has one object only. */
  readonly key: JsonValue;
  /** get: null; put: the value; cas: {expected, new}. */
  readonly input: JsonValue;
  /** get: the value, null when absent; put: null or {previous}; cas: {status: "ok" | "mismatch" | "not-found", observed?}. */
  readonly output: JsonValue;
  readonly outcome: Outcome;
  readonly error: string | null;
  readonly callNs: TimeNs;
  /** `null` when the operation never returned: it stays open to the end. An `info` has null here, whenever it was given up. */
  readonly returnNs: TimeNs | null;
  /** The node that the process is pinned to, where that is known. */
  readonly node: string | null;
  /** Indices in the file's event list of the call and of the completion (null: none). */
  readonly callEvent: number;
  readonly returnEvent: number | null;
}

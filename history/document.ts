// What a reader makes of a recorded history, whatever its format.
import type { HeaderEvent, HistoryEvent } from "./event.js";
import type { JsonValue, Operation } from "./operation.js";

/** `jsonl` ours; `edn` Jepsen's history.edn; `jepsen-log` Jepsen's log lines; `kv` the EDN maps with `:key`. */
export const historyFormats = ["jsonl", "edn", "jepsen-log", "kv"] as const;
export type HistoryFormat = (typeof historyFormats)[number];

export interface ReadOptions {
  /** Default `auto`: told from the text. */
  readonly format?: HistoryFormat | "auto";
  /** EDN: values are `[k v]`. Default: guessed, only when every client value is a two-vector and every cas `[k [a b]]`. */
  readonly keyed?: boolean;
  /** EDN: what a `:fail` of a cas means when it carries no observed value. Default `unknown-reason`: it is dropped. */
  readonly failedCas?: "unknown-reason" | "mismatch";
  /** Replaces the header's or the format's own. */
  readonly model?: string;
  readonly initial?: JsonValue;
}

/** A last line cut short by a crash: reported, and no part of the history. */
export interface TornLine {
  readonly line: number;
  readonly text: string;
}

/** From 1, as editors count. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export interface HistoryDocument {
  readonly kind: "history";
  readonly format: HistoryFormat;
  /** jsonl only. */
  readonly header: HeaderEvent | null;
  readonly model: string;
  readonly initial: JsonValue;
  readonly keyed: boolean;
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly torn: TornLine | null;
  /** Where in the text an event of `events` stands. */
  readonly placeOf: (event: number) => TextPlace;
  /** What a reader guessed or left out, for people. */
  readonly warnings: readonly string[];
}

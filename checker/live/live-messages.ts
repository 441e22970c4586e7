// What the live checker's worker and its owner say to each other.
import type { HistoryEvent, JsonValue } from "../../history/index.js";
import type { IncrementalBudget, LiveProgress, LiveVerdict } from "../incremental.js";

export interface LiveWorkerData {
  readonly model: string;
  readonly initial: JsonValue;
  readonly budget: IncrementalBudget | undefined;
}

export type ToLiveWorker =
  | { readonly kind: "events"; readonly events: readonly HistoryEvent[] }
  | { readonly kind: "end" };

export type FromLiveWorker =
  | { readonly kind: "taken"; readonly events: number }
  /** `decidedByNs`: the time of the event that the verdict had to wait for. */
  | { readonly kind: "verdict"; readonly verdict: LiveVerdict; readonly decidedByNs: number }
  | { readonly kind: "ended"; readonly verdict: LiveVerdict; readonly progress: LiveProgress };

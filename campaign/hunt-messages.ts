// What a hunt and its threads tell each other.
import type { Validity, ViolationClass } from "../checker/index.js";

export interface HuntThreadData {
  readonly system: string;
  readonly mutant: string | null;
  readonly timeLimitMs: number;
  readonly ratePerS: number;
}

/** To a thread: run this seed. */
export interface HuntTask {
  readonly seed: number;
}

/** From a thread: what became of a seed. */
export interface HuntResult {
  readonly seed: number;
  /** `threw`: the run itself failed, which is no verdict. */
  readonly valid: Validity | "threw";
  readonly summary: string;
  readonly classes: readonly ViolationClass[];
  readonly checkers: readonly string[];
  /** Names of the invariants that were broken. */
  readonly invariants: readonly string[];
  readonly simulatedMs: number;
  /** Called, whatever became of them. */
  readonly operations: number;
  /** Those that were answered. */
  readonly completed: number;
  readonly faults: number;
  readonly skippedFaults: number;
  readonly events: number;
  /** Protocol states that the run went through, see `statesOf`. */
  readonly states: readonly string[];
}

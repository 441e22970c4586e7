// What judges one key while its events come in.
import type { LiveOperation } from "./operation.js";

/** Why an engine gave up a key. */
export interface GivenUp {
  readonly budget: "configurations" | "memory" | "time";
  readonly sentence: string;
}

/**
 * Told of calls and returns in order of time, at equal times all calls first, each call only once the operation's outcome is
 * known. Operations that certainly did not happen are left out; one of unknown outcome is called and never returns.
 */
export interface LiveEngine {
  call(operation: LiveOperation): void;
  /** False when no linearization explains everything that has returned up to now. */
  return(operation: LiveOperation): boolean;
  /** Things kept in memory: configurations, values, operations of unknown outcome. */
  readonly held: number;
}

/** Thrown by an engine that a budget stopped. */
export class EngineGaveUp extends Error {
  override readonly name = "EngineGaveUp";
  constructor(readonly why: GivenUp) {
    super(why.sentence);
  }
}

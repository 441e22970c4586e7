// Byte counts of the built-in server, which counts them itself.
import type { CounterSource } from "./counter-source.js";

/** Reads `GET /minos/counters` of the built-in server at `api`. Exact. */
export function builtinCounters(_api: string): CounterSource {
  throw new Error("not built yet");
}

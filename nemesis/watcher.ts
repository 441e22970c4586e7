// What watches for a fault to take hold or to be over. A watcher is fed samples until it is convinced; it believes only what processes,
// sockets and byte counts show, never that a call of the cluster returned. Pure: no I/O, no clock of its own.
import type { JsonValue } from "../history/index.js";
import type { Looks, Sample } from "./observe.js";

export interface Sight {
  readonly confirmed: boolean;
  /** What was seen, or what is still missing. */
  readonly evidence: JsonValue;
}

export interface Watcher {
  /** What the next sample must hold. */
  looks(): Looks;
  see(sample: Sample): Sight;
}

export const looksAtNothing: Looks = { processes: [], ready: [], links: false, attempts: [] };

/** A watcher of several parts is convinced when each part is; the evidence lists every part by its name. */
export function sightOfAll(parts: readonly (readonly [name: string, Sight])[]): Sight {
  return {
    confirmed: parts.every(([, sight]) => sight.confirmed),
    evidence: Object.fromEntries(parts.map(([name, sight]) => [name, sight.evidence])),
  };
}

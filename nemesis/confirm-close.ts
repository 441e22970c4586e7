// Confirmation of ends that come late. A connection that ends is rare among nodes that are well, so the watcher has one opened and closed
// on each link, from where the dialling node stands, and looks how long it stays.
import { linkName, type DirectedLink } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";
import type { Sample } from "./observe.js";
import { looksAtNothing, sightOfAll, type Sight, type Watcher } from "./watcher.js";

interface Try {
  /** Connections that the proxy held for each link before the attempt. */
  readonly heldBefore: ReadonlyMap<string, number>;
  /** Between when the attempt was made; null: not yet. */
  made: { readonly startedMs: number; readonly endedMs: number } | null;
}

const heldIn = (sample: Sample, links: readonly DirectedLink[]) =>
  new Map(links.map((link) => [linkName(link), sample.links.get(linkName(link))?.heldConnections ?? 0]));

/** From `notBeforeMs` on: looks, has a connection made and ended, looks again until `decide` is content; begins anew when that can no more be. */
function watchEnds(
  links: readonly DirectedLink[],
  notBeforeMs: number,
  decide: (sinceMs: { readonly least: number; readonly most: number }, lingering: number) => "yes" | "no" | "wait",
): Watcher {
  let now: Try | null = null;
  const looksAtLinks = { ...looksAtNothing, links: true };
  const see = (sample: Sample, attempt: Try): readonly (readonly [string, Sight, "yes" | "no" | "wait"])[] => {
    const { made, heldBefore } = attempt;
    if (made === null) return [];
    const sinceMs = { least: sample.startedMs - made.endedMs, most: sample.endedMs - made.startedMs };
    return links.map((link) => {
      const name = linkName(link);
      const seen = sample.links.get(name);
      const lingering = (seen?.heldConnections ?? 0) - (heldBefore.get(name) ?? 0);
      const answer = seen === undefined ? "wait" : decide(sinceMs, lingering);
      const evidence: JsonValue = {
        ended_connections_still_held: Math.max(0, lingering),
        ended_at_least_ms_ago: Math.max(0, Math.round(sinceMs.least)),
      };
      return [name, { confirmed: answer === "yes", evidence }, answer] as const;
    });
  };
  return {
    looks: () => (now !== null && now.made === null ? { ...looksAtNothing, attempts: links } : looksAtLinks),
    see: (sample) => {
      if (now === null) {
        if (sample.startedMs >= notBeforeMs) now = { heldBefore: heldIn(sample, links), made: null };
        return { confirmed: false, evidence: "no connection was made yet" };
      }
      if (now.made === null) {
        const refused = links.map(linkName).filter((name) => sample.attempts.get(name) !== "accepted");
        if (refused.length > 0) now = null;
        else now.made = { startedMs: sample.startedMs, endedMs: sample.endedMs };
        return { confirmed: false, evidence: { no_connection_could_be_made: refused } };
      }
      const seen = see(sample, now);
      if (seen.some(([, , answer]) => answer === "no")) now = null;
      return sightOfAll(seen.map(([name, sight]) => [name, sight] as const));
    },
  };
}

/** A connection that was ended is still there after half the delay. */
export function watchEndsLate(links: readonly DirectedLink[], delayMs: number): Watcher {
  return watchEnds(links, Number.NEGATIVE_INFINITY, ({ least }, lingering) => {
    if (lingering > 0 && least >= delayMs / 2) return "yes";
    return least >= delayMs / 2 ? "no" : "wait";
  });
}

/** A connection that was ended is gone before half the delay has passed. */
export function watchEndsInTime(links: readonly DirectedLink[], delayMs: number, beforeHeal: Sample): Watcher {
  // By then whatever the fault held back has ended, and cannot make up for a connection that is held back still.
  return watchEnds(links, beforeHeal.endedMs + delayMs, ({ most }, lingering) => {
    if (lingering <= 0 && most < delayMs / 2) return "yes";
    return most >= delayMs / 2 ? "no" : "wait";
  });
}

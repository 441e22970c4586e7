// Confirmation of faults that end connections over and over: a limit of bytes for each connection (0: none comes through). The
// counts of bytes are compared with the counts of connections, which no fault of another kind makes grow while bytes are so few.
import { linkName, type DirectedLink } from "../cluster/index.js";
import type { Sight, Watcher } from "./watcher.js";
import type { Looks, Sample } from "./observe.js";

/** So many new connections between two nodes show that connections end again and again. */
const leastConnections = 2;
/** How long the same connections must stay after the heal. */
const settledMs = 300;

const looks: Looks = { processes: [], ready: [], links: true, attempts: [] };

interface Counts {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly delivered: number;
  /** Between the two nodes, whoever dialled: all of them carry the link's bytes. */
  readonly open: number;
  readonly accepted: number;
}

function countsOf(sample: Sample, link: DirectedLink): Counts | null {
  const [own, back] = [link, { from: link.to, to: link.from }].map((one) => sample.links.get(linkName(one)));
  if (own === undefined || back === undefined) return null;
  return {
    startedMs: sample.startedMs,
    endedMs: sample.endedMs,
    delivered: own.deliveredBytes,
    open: own.openConnections + back.openConnections,
    accepted: own.acceptedConnections + back.acceptedConnections,
  };
}

function watchEach(links: readonly DirectedLink[], see: (name: string, counts: Counts) => Sight): Watcher {
  return {
    looks: () => looks,
    see: (sample) => {
      const seen = links.map((link): readonly [string, Sight] => {
        const counts = countsOf(sample, link);
        const name = linkName(link);
        return [name, counts === null ? { confirmed: false, evidence: "unseen" } : see(name, counts)];
      });
      return {
        confirmed: seen.every(([, { confirmed }]) => confirmed),
        evidence: Object.fromEntries(seen.map(([name, { evidence }]) => [name, evidence])),
      };
    },
  };
}

/**
 * On: since a reading after the fault was asked for, connections were made again and again, and no more came out than each of them,
 * and each that was open at its beginning, may carry.
 */
export function watchChurning(links: readonly DirectedLink[], limitBytes: number): Watcher {
  const first = new Map<string, Counts>();
  return watchEach(links, (name, is) => {
    const was = first.get(name);
    if (was === undefined) {
      first.set(name, is);
      return { confirmed: false, evidence: "not measured yet" };
    }
    const [delivered, accepted] = [is.delivered - was.delivered, is.accepted - was.accepted];
    const allowed = limitBytes * (was.open + accepted);
    // Too much came out: what was under way when the fault came may have, so the measuring begins anew.
    if (delivered > allowed) first.set(name, is);
    const evidence = { accepted_connections: accepted, delivered_bytes: delivered, allowed_bytes: allowed };
    return { confirmed: accepted >= leastConnections && delivered <= allowed, evidence };
  });
}

/** Off: no connection was made for a while in which more came out than the open ones might have carried. */
export function watchSettled(links: readonly DirectedLink[], limitBytes: number): Watcher {
  const first = new Map<string, Counts>();
  const settled = new Map<string, Sight>();
  return watchEach(links, (name, is) => {
    const done = settled.get(name);
    if (done !== undefined) return done;
    const was = first.get(name);
    if (was === undefined || was.accepted !== is.accepted) {
      first.set(name, is);
      return { confirmed: false, evidence: "connections are still being made" };
    }
    const overMs = is.startedMs - was.endedMs;
    const delivered = is.delivered - was.delivered;
    const evidence = { delivered_bytes: delivered, same_connections: was.open, over_ms: Math.round(overMs) };
    const sight = { confirmed: overMs >= settledMs && delivered > limitBytes * was.open, evidence };
    if (sight.confirmed) settled.set(name, sight);
    return sight;
  });
}

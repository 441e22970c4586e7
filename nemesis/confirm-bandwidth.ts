// Confirmation of a narrow link by its byte counts. A link that carries less than the rate allows shows nothing of it, so the proof needs
// one link at least on which bytes waited; the others must only not have carried more.
import { linkName, type DirectedLink } from "../cluster/index.js";
import type { Sight, Watcher } from "./watcher.js";
import type { Looks, Sample } from "./observe.js";

/** Over how long a link is measured: several of the proxy's own portions, which it hands out every 100 ms. */
const stretchMs = 500;
/** What a proxy may hand out beyond the rate at the edges of a stretch: one portion. */
const portionMs = 100;
/** A segment that was under way at an edge of a stretch. */
const slackBytes = 200;
/** Of what went through a busy link, as much may be under way at an edge. */
const underWayShare = 0.02;
/** More readings than this of one stretch are not kept. */
const maxReadings = 200;

interface Reading {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly offered: number;
  readonly delivered: number;
  /** Open connections that carry the link's bytes, whoever dialled them: each has the rate for itself. */
  readonly connections: number;
}

const looks: Looks = { processes: [], ready: [], links: true, attempts: [] };

function readingOf(sample: Sample, link: DirectedLink): Reading | null {
  const seen = sample.links.get(linkName(link));
  if (seen === undefined) return null;
  const dialledByReceiver = sample.links.get(linkName({ from: link.to, to: link.from }))?.openConnections ?? 0;
  return {
    startedMs: seen.read?.startedMs ?? sample.startedMs,
    endedMs: seen.read?.endedMs ?? sample.endedMs,
    offered: seen.offeredBytes,
    delivered: seen.deliveredBytes,
    connections: seen.openConnections + dialledByReceiver,
  };
}

/** Readings of each link, the last of which reach back over a stretch. */
class Readings {
  readonly #byLink = new Map<string, Reading[]>();

  constructor(readonly stretchMs: number) {}

  add(sample: Sample, links: readonly DirectedLink[]): void {
    for (const link of links) {
      const name = linkName(link);
      const reading = readingOf(sample, link);
      if (reading === null) continue;
      const readings = this.#byLink.get(name) ?? [];
      readings.push(reading);
      if (readings.length > maxReadings) readings.shift();
      this.#byLink.set(name, readings);
    }
  }

  /** The shortest run of last readings that spans a stretch; null before there is one. */
  stretch(name: string): readonly Reading[] | null {
    const readings = this.#byLink.get(name) ?? [];
    const last = readings.at(-1);
    if (last === undefined) return null;
    const first = readings.findLastIndex((reading) => last.startedMs - reading.endedMs >= this.stretchMs);
    return first < 0 ? null : readings.slice(first);
  }
}

/** What was under way or lost before the link became narrow, at the least: it is not waiting now because of that. */
function missingBefore(before: readonly Sample[], link: DirectedLink): number {
  const missing = before.flatMap((sample) => {
    const reading = readingOf(sample, link);
    return reading === null ? [] : [reading.offered - reading.delivered];
  });
  return missing.length === 0 ? 0 : Math.min(...missing);
}

/** On: some link was held at the rate over a stretch, and no link carried more than the rate over its own. */
export function watchThrottled(links: readonly DirectedLink[], rateKbPerS: number, before: readonly Sample[]): Watcher {
  const readings = new Readings(stretchMs);
  const seeLink = (link: DirectedLink): { readonly sight: Sight; readonly held: boolean } => {
    const name = linkName(link);
    const stretch = readings.stretch(name);
    const [first, last] = [stretch?.[0], stretch?.at(-1)];
    if (stretch === null || first === undefined || last === undefined)
      return { sight: { confirmed: false, evidence: "not measured yet" }, held: false };
    const overMs = last.endedMs - first.startedMs;
    const delivered = last.delivered - first.delivered;
    const waiting = Math.min(...stretch.map((one) => one.offered - one.delivered)) - missingBefore(before, link);
    const connections = Math.max(1, ...stretch.map((one) => one.connections));
    const allowed = connections * (rateKbPerS * (overMs + portionMs) + slackBytes);
    const evidence = {
      delivered_bytes: delivered,
      over_ms: Math.round(overMs),
      connections,
      waiting_bytes_at_least: waiting,
    };
    const confirmed = delivered <= allowed;
    return { sight: { confirmed, evidence }, held: confirmed && waiting > 0 };
  };
  return {
    looks: () => looks,
    see: (sample) => {
      readings.add(sample, links);
      const seen = links.map((link) => [linkName(link), seeLink(link)] as const);
      return {
        confirmed: seen.every(([, { sight }]) => sight.confirmed) && seen.some(([, { held }]) => held),
        evidence: Object.fromEntries(seen.map(([name, { sight }]) => [name, sight.evidence])),
      };
    },
  };
}

/**
 * Off: over a stretch each link delivered what it was offered, no less and no more (more is an old backlog running off), and something.
 * What was lost with a connection meanwhile does not count, for only differences are compared.
 */
export function watchUnthrottled(links: readonly DirectedLink[]): Watcher {
  const readings = new Readings(2 * stretchMs);
  const done = new Map<string, Sight>();
  const seeLink = (name: string): Sight => {
    const [first, last] = [readings.stretch(name)?.[0], readings.stretch(name)?.at(-1)];
    if (first === undefined || last === undefined) return { confirmed: false, evidence: "not measured yet" };
    const [offered, delivered] = [last.offered - first.offered, last.delivered - first.delivered];
    const evidence = { offered_bytes: offered, delivered_bytes: delivered };
    const underWay = Math.abs(offered - delivered);
    return { confirmed: delivered > 0 && underWay <= slackBytes + underWayShare * offered, evidence };
  };
  return {
    looks: () => looks,
    see: (sample) => {
      readings.add(sample, links);
      for (const link of links) {
        const name = linkName(link);
        if (done.get(name)?.confirmed !== true) done.set(name, seeLink(name));
      }
      return {
        confirmed: [...done.values()].every(({ confirmed }) => confirmed),
        evidence: Object.fromEntries([...done].map(([name, { evidence }]) => [name, evidence])),
      };
    },
  };
}

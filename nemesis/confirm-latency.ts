// Confirmation of latency: byte counts of two moments prove that some byte was under way for so long.
import { linkName, type DirectedLink, type LinkObservation } from "../cluster/index.js";
import type { FaultAction } from "./compile.js";
import type { Sample } from "./observe.js";
import { looksAtNothing, sightOfAll, type Watcher } from "./watcher.js";

/** Counts of one link as they were between two moments, by one clock for all readings of the link. */
interface Reading {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly offered: number;
  readonly delivered: number;
}

/**
 * The longest time that some byte is proved to have spent in the link: bytes that were in by the end of one reading and were
 * not all out when a later one began. `lost` bytes never come out and are left aside.
 */
export function provedDelayMs(readings: readonly Reading[], lost: number): number {
  let longest = 0;
  for (const [index, early] of readings.entries())
    for (const late of readings.slice(index + 1))
      if (late.delivered + lost < early.offered) longest = Math.max(longest, late.startedMs - early.endedMs);
  return longest;
}

/** At most this many readings of a link are kept: at 25 ms a poll they span 3 s, several times any latency worth shaping. */
const maxReadings = 120;

/** Bytes that nobody waits for any more: a connection that ends under a fault takes its bytes with it. */
const arrivedOrLost = ({ deliveredBytes, lostBytes = 0 }: LinkObservation): number => deliveredBytes + lostBytes;

class DelayGauge {
  readonly #lost = new Map<string, number>();
  readonly #readings = new Map<string, (Reading & { readonly through: number })[]>();

  /** `before` are samples from before the shaping: what is missing then is lost, not late. The least counts. */
  constructor(
    readonly links: readonly DirectedLink[],
    before: readonly Sample[],
  ) {
    for (const link of links) {
      const name = linkName(link);
      const missing = before.flatMap((sample) => {
        const seen = sample.links.get(name);
        return seen === undefined ? [] : [seen.offeredBytes - arrivedOrLost(seen)];
      });
      this.#lost.set(name, missing.length === 0 ? 0 : Math.min(...missing));
    }
  }

  add(sample: Sample): void {
    for (const link of this.links) {
      const name = linkName(link);
      const seen = sample.links.get(name);
      if (seen === undefined) continue;
      const readings = this.#readings.get(name) ?? [];
      readings.push({
        startedMs: seen.read?.startedMs ?? sample.startedMs,
        endedMs: seen.read?.endedMs ?? sample.endedMs,
        offered: seen.offeredBytes,
        delivered: arrivedOrLost(seen),
        through: seen.deliveredBytes,
      });
      if (readings.length > maxReadings) readings.shift();
      this.#readings.set(name, readings);
    }
  }

  /** Readings of the last `windowMs`, and whether they reach back that far. */
  window(
    name: string,
    windowMs: number,
  ): { readonly full: boolean; readonly delayMs: number; readonly delivered: number } {
    const all = this.#readings.get(name) ?? [];
    const last = all.at(-1);
    const first = all.findLastIndex((reading) => last !== undefined && last.startedMs - reading.endedMs >= windowMs);
    const recent = all.slice(Math.max(first, 0));
    return {
      full: first >= 0,
      delayMs: provedDelayMs(recent, this.#lost.get(name) ?? 0),
      delivered: (last?.through ?? 0) - (recent[0]?.through ?? 0),
    };
  }
}

/** Latency: on each link some bytes are proved to have been under way for half the least delay asked for. */
export function watchDelayed(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
  const gauge = new DelayGauge(action.links, before);
  const least = ((action.shape.latencyMs ?? 0) - (action.shape.jitterMs ?? 0)) / 2;
  return {
    looks: () => ({ ...looksAtNothing, links: true }),
    see: (sample) => {
      gauge.add(sample);
      return sightOfAll(
        action.links.map((link) => {
          const { delayMs } = gauge.window(linkName(link), Number.POSITIVE_INFINITY);
          const evidence = { delay_at_least_ms: Math.round(delayMs) };
          return [linkName(link), { confirmed: delayMs > 0 && delayMs >= least, evidence }] as const;
        }),
      );
    },
  };
}

/** After latency: for as long as the latency lasted, bytes came out of each link and none is proved to have been late. */
export function watchPrompt(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
  const gauge = new DelayGauge(action.links, before);
  const latencyMs = action.shape.latencyMs ?? 0;
  const least = (latencyMs - (action.shape.jitterMs ?? 0)) / 2;
  return {
    looks: () => ({ ...looksAtNothing, links: true }),
    see: (sample) => {
      gauge.add(sample);
      return sightOfAll(
        action.links.map((link) => {
          const { full, delayMs, delivered } = gauge.window(linkName(link), latencyMs);
          const evidence = { delay_at_least_ms: Math.round(delayMs), delivered_bytes: delivered };
          return [linkName(link), { confirmed: full && delivered > 0 && delayMs < least, evidence }] as const;
        }),
      );
    },
  };
}

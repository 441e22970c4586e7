// Confirmation at the target. A watcher is fed samples until it is convinced; it believes only what processes, sockets and byte
// counts show, never that a call of the cluster returned. Pure: no I/O, no clock of its own.
import { linkName, type DirectedLink, type LinkObservation, type NodeName } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";
import { watchThrottled, watchUnthrottled } from "./confirm-bandwidth.js";
import { watchChurning, watchSettled } from "./confirm-churn.js";
import { watchClock, watchClockRight } from "./confirm-clock.js";
import { watchCpuFree, watchCpuHeld } from "./confirm-cpu.js";
import type { FaultAction } from "./compile.js";
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

const looksAtNothing: Looks = { processes: [], ready: [], links: false, attempts: [] };

/** A watcher of several parts is convinced when each part is; the evidence lists every part by its name. */
function sightOfAll(parts: readonly (readonly [name: string, Sight])[]): Sight {
  return {
    confirmed: parts.every(([, sight]) => sight.confirmed),
    evidence: Object.fromEntries(parts.map(([name, sight]) => [name, sight.evidence])),
  };
}

/** What a fault looks at before it starts, to compare with. */
export function looksBefore(action: FaultAction): Looks {
  if (action.type === "clock") return { ...looksAtNothing, processes: action.nodes, clocks: action.nodes };
  return "nodes" in action ? { ...looksAtNothing, processes: action.nodes } : { ...looksAtNothing, links: true };
}

/**
 * Kill and terminate: the process that was there is gone, told by pid and incarnation. `renewed`: where a disk is emptied by making the
 * container anew, the new one has not run yet.
 */
function watchStopped(nodes: readonly NodeName[], before: Sample, renewed = false): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, processes: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const was = before.processes.get(node);
          const is = sample.processes.get(node);
          const gone = is?.state === "exited" || (renewed && is?.state === "never-started");
          const confirmed = was?.state === "running" && gone;
          const evidence = {
            pid: was?.pid ?? null,
            incarnation: was?.incarnation ?? null,
            state: is?.state ?? "unseen",
            exit_code: is?.exitCode ?? null,
            exit_signal: is?.exitSignal ?? null,
          };
          return [node, { confirmed, evidence }] as const;
        }),
      ),
  };
}

/** The kernel, by its own account, ended the process that was there for want of memory. */
function watchOutOfMemory(nodes: readonly NodeName[], before: Sample): Watcher {
  const stopped = watchStopped(nodes, before);
  return {
    looks: stopped.looks,
    see: (sample) => {
      const { confirmed, evidence } = stopped.see(sample);
      const killed = nodes.filter((node) => sample.processes.get(node)?.outOfMemory === true);
      return {
        confirmed: confirmed && killed.length === nodes.length,
        evidence: { out_of_memory: killed, processes: evidence },
      };
    },
  };
}

/** Restart: a process of another incarnation runs. Whether it is ready is the heal's to see. */
function watchRenewed(nodes: readonly NodeName[], before: Sample): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, processes: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const was = before.processes.get(node);
          const is = sample.processes.get(node);
          const ran = was?.state === "running" && was.incarnation !== null;
          const runs = is?.state === "running" && is.incarnation !== null;
          const evidence = {
            pid: [was?.pid ?? null, is?.pid ?? null],
            incarnation: [was?.incarnation ?? null, is?.incarnation ?? null],
            state: is?.state ?? "unseen",
          };
          return [node, { confirmed: ran && runs && is.incarnation !== was.incarnation, evidence }] as const;
        }),
      ),
  };
}

/** After a stop: a process of another incarnation runs and says that it is ready. */
function watchRestarted(nodes: readonly NodeName[], before: Sample): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, processes: nodes, ready: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const old = before.processes.get(node)?.incarnation ?? null;
          const is = sample.processes.get(node);
          const ready = sample.ready.get(node) ?? false;
          const renewed = is !== undefined && is.incarnation !== null && is.incarnation !== old;
          const evidence = {
            state: is?.state ?? "unseen",
            pid: is?.pid ?? null,
            incarnation: is?.incarnation ?? null,
            ready,
          };
          return [node, { confirmed: is?.state === "running" && renewed && ready, evidence }] as const;
        }),
      ),
  };
}

/** After damage to a disk: another process has begun on it, and has ended by itself or goes on. */
function watchRefused(nodes: readonly NodeName[], before: Sample): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, processes: nodes, ready: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const old = before.processes.get(node)?.incarnation ?? null;
          const is = sample.processes.get(node);
          const renewed = is !== undefined && is.incarnation !== null && is.incarnation !== old;
          const confirmed = renewed && (is.state === "running" || (is.state === "exited" && is.exitCode !== 0));
          const evidence = {
            state: is?.state ?? "unseen",
            incarnation: is?.incarnation ?? null,
            exit_code: is?.exitCode ?? null,
            ready: sample.ready.get(node) ?? false,
          };
          return [node, { confirmed, evidence }] as const;
        }),
      ),
  };
}

/** Pause: the system says stopped, and the CPU time stands still for a while. */
function watchPaused(nodes: readonly NodeName[], observationMs: number): Watcher {
  const still = new Map<NodeName, { readonly cpuTimeMs: number; readonly sinceMs: number }>();
  return {
    looks: () => ({ ...looksAtNothing, processes: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const is = sample.processes.get(node);
          const cpuTimeMs = is?.cpuTimeMs ?? null;
          if (is?.state !== "paused" || cpuTimeMs === null) {
            still.delete(node);
            return [
              node,
              { confirmed: false, evidence: { state: is?.state ?? "unseen", cpu_time_ms: cpuTimeMs } },
            ] as const;
          }
          const since = still.get(node);
          if (since === undefined || since.cpuTimeMs !== cpuTimeMs)
            still.set(node, { cpuTimeMs, sinceMs: sample.endedMs });
          const unchangedMs = since?.cpuTimeMs === cpuTimeMs ? Math.max(0, sample.startedMs - since.sinceMs) : 0;
          const evidence = { state: is.state, cpu_time_ms: cpuTimeMs, unchanged_ms: Math.round(unchangedMs) };
          return [node, { confirmed: unchangedMs >= observationMs, evidence }] as const;
        }),
      ),
  };
}

/** After a pause: the same process runs, has used CPU time since, and answers that it is ready. */
function watchResumed(nodes: readonly NodeName[], beforeHeal: Sample): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, processes: nodes, ready: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const was = beforeHeal.processes.get(node)?.cpuTimeMs ?? null;
          const is = sample.processes.get(node);
          const ready = sample.ready.get(node) ?? false;
          const cpuTimeMs = is?.cpuTimeMs ?? null;
          const moved = was !== null && cpuTimeMs !== null && cpuTimeMs > was;
          const evidence = { state: is?.state ?? "unseen", cpu_time_ms: [was, cpuTimeMs], ready };
          return [node, { confirmed: is?.state === "running" && moved && ready, evidence }] as const;
        }),
      ),
  };
}

/** Drop and stall: bytes were offered to each cut link and none came out, over one stretch of at least `observationMs`. */
function watchSilenced(links: readonly DirectedLink[], before: Sample, observationMs: number): Watcher {
  const quiet = new Map<string, { readonly from: LinkObservation; readonly sinceMs: number }>();
  const seeLink = (name: string, sample: Sample): Sight => {
    const is = sample.links.get(name);
    if (is === undefined) return { confirmed: false, evidence: "unseen" };
    const start = quiet.get(name);
    if (start === undefined || start.from.deliveredBytes !== is.deliveredBytes) {
      quiet.set(name, { from: is, sinceMs: sample.endedMs });
      const leaked = start === undefined ? 0 : is.deliveredBytes - start.from.deliveredBytes;
      return { confirmed: false, evidence: { offered_bytes: 0, delivered_bytes: leaked, quiet_ms: 0 } };
    }
    const quietMs = Math.max(0, sample.startedMs - start.sinceMs);
    // What piled up since before the cut counts too: a proxy that stops reading takes bytes in just once.
    const was = before.links.get(name);
    const piledUp =
      was === undefined ? 0 : is.offeredBytes - is.deliveredBytes - (was.offeredBytes - was.deliveredBytes);
    const offered = Math.max(is.offeredBytes - start.from.offeredBytes, piledUp);
    return {
      confirmed: offered > 0 && quietMs >= observationMs,
      evidence: { offered_bytes: offered, delivered_bytes: 0, quiet_ms: Math.round(quietMs) },
    };
  };
  return {
    looks: () => ({ ...looksAtNothing, links: true }),
    see: (sample) => sightOfAll(links.map((link) => [linkName(link), seeLink(linkName(link), sample)] as const)),
  };
}

/** Reset: the old connections ended and a new attempt by the cut node was refused. */
function watchReset(links: readonly DirectedLink[], before: Sample): Watcher {
  const refused = new Set<string>();
  const ended = new Set<string>();
  return {
    looks: () => ({
      ...looksAtNothing,
      links: true,
      attempts: links.filter((link) => ended.has(linkName(link)) && !refused.has(linkName(link))),
    }),
    see: (sample) =>
      sightOfAll(
        links.map((link) => {
          const name = linkName(link);
          const open = sample.links.get(name)?.openConnections ?? null;
          if (open === 0) ended.add(name);
          else ended.delete(name);
          const attempt = sample.attempts.get(name);
          if (attempt === "refused") refused.add(name);
          const evidence = {
            open_connections: [before.links.get(name)?.openConnections ?? null, open],
            attempt: refused.has(name) ? "refused" : (attempt ?? "not tried"),
          };
          return [name, { confirmed: open === 0 && refused.has(name), evidence }] as const;
        }),
      ),
  };
}

/** After a cut: every link delivers bytes again. */
function watchFlowing(links: readonly DirectedLink[], beforeHeal: Sample): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, links: true }),
    see: (sample) =>
      sightOfAll(
        links.map((link) => {
          const name = linkName(link);
          const was = beforeHeal.links.get(name)?.deliveredBytes;
          const is = sample.links.get(name)?.deliveredBytes;
          const delivered = was === undefined || is === undefined ? 0 : is - was;
          return [name, { confirmed: delivered > 0, evidence: { delivered_bytes: delivered } }] as const;
        }),
      ),
  };
}

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
function watchDelayed(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
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
function watchPrompt(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
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

function watchShapedOn(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
  const { bandwidthKbPerS, slicing, limitBytes, resetAfterMs } = action.shape;
  if (bandwidthKbPerS !== undefined) return watchThrottled(action.links, bandwidthKbPerS, before);
  // So many bytes a millisecond are as many kilobytes a second.
  if (slicing !== undefined) return watchThrottled(action.links, slicing.pieceBytes / slicing.pauseMs, before);
  if (limitBytes !== undefined) return watchChurning(action.links, limitBytes);
  if (resetAfterMs !== undefined) return watchChurning(action.links, 0);
  return watchDelayed(action, before);
}

function watchShapedOff(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
  const { bandwidthKbPerS, slicing, limitBytes, resetAfterMs } = action.shape;
  if (bandwidthKbPerS !== undefined || slicing !== undefined) return watchUnthrottled(action.links);
  if (limitBytes !== undefined) return watchSettled(action.links, limitBytes);
  if (resetAfterMs !== undefined) return watchSettled(action.links, 0);
  return watchPrompt(action, before);
}

/** Watches for the fault to take hold. `before`: at least one sample from before it was asked for. */
export function watchOn(action: FaultAction, before: readonly Sample[], observationMs: number): Watcher {
  const last = before.at(-1);
  if (last === undefined) throw new Error("a fault is confirmed against a sample from before it");
  switch (action.type) {
    case "stop":
      return watchStopped(action.nodes, last);
    case "restart":
      return watchRenewed(action.nodes, last);
    case "damage":
      return watchStopped(action.nodes, last, action.how === "wipe-disk");
    case "clock":
      return watchClock(action.nodes, action.trouble, last);
    case "exhaust-memory":
      return watchOutOfMemory(action.nodes, last);
    case "limit-cpu":
      return watchCpuHeld(action.nodes, action.cores);
    case "pause":
      return watchPaused(action.nodes, observationMs);
    case "cut":
      return action.mode === "reset"
        ? watchReset(action.links, last)
        : watchSilenced(action.links, last, observationMs);
    case "shape":
      return watchShapedOn(action, before);
  }
}

/** Watches for the fault to be over. `beforeHeal` is a sample from after it took hold and before its heal was asked for. */
export function watchOff(action: FaultAction, before: readonly Sample[], beforeHeal: Sample): Watcher {
  const last = before.at(-1);
  if (last === undefined) throw new Error("a heal is confirmed against a sample from before the fault");
  switch (action.type) {
    case "stop":
    case "restart":
    case "exhaust-memory":
      return watchRestarted(action.nodes, last);
    case "damage":
      return watchRefused(action.nodes, last);
    case "clock":
      return watchClockRight(action.nodes, last);
    case "limit-cpu":
      return watchCpuFree(action.nodes, last);
    case "pause":
      return watchResumed(action.nodes, beforeHeal);
    case "cut":
      return watchFlowing(action.links, beforeHeal);
    case "shape":
      return watchShapedOff(action, before);
  }
}

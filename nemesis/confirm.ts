// Confirmation at the target. A watcher is fed samples until it is convinced; it believes only what processes, sockets and byte
// counts show, never that a call of the cluster returned. Pure: no I/O, no clock of its own.
import { linkName, type DirectedLink, type LinkObservation, type NodeName } from "../cluster/index.js";
import { watchThrottled, watchUnthrottled } from "./confirm-bandwidth.js";
import { watchChurning, watchSettled } from "./confirm-churn.js";
import { watchClientsWell, watchClientTrouble } from "./confirm-clients.js";
import { watchClock, watchClockRight } from "./confirm-clock.js";
import { watchEndsInTime, watchEndsLate } from "./confirm-close.js";
import { watchCpuFree, watchCpuHeld } from "./confirm-cpu.js";
import { looksAtWrites, watchDiskFull, watchDiskQuick, watchDiskRoom, watchDiskSlow } from "./confirm-disk.js";
import { watchDelayed, watchPrompt } from "./confirm-latency.js";
import type { FaultAction } from "./compile.js";
import type { Looks, Sample } from "./observe.js";
import { watchPacketsLost, watchPacketsPass } from "./confirm-packets.js";
import { looksAtNothing, sightOfAll, type Sight, type Watcher } from "./watcher.js";

/** What a fault looks at before it starts, to compare with. */
export function looksBefore(action: FaultAction): Looks {
  if (action.type === "clock") return { ...looksAtNothing, processes: action.nodes, clocks: action.nodes };
  if (action.type === "slow-disk") return looksAtWrites(action.nodes, action.bytesPerS);
  if (action.type === "clients") return { ...looksAtNothing, clients: action.nodes };
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

function watchShapedOn(action: Extract<FaultAction, { type: "shape" }>, before: readonly Sample[]): Watcher {
  const { bandwidthKbPerS, slicing, limitBytes, resetAfterMs, closeAfterMs } = action.shape;
  if (bandwidthKbPerS !== undefined) return watchThrottled(action.links, bandwidthKbPerS, before);
  // So many bytes a millisecond are as many kilobytes a second.
  if (slicing !== undefined) return watchThrottled(action.links, slicing.pieceBytes / slicing.pauseMs, before);
  if (limitBytes !== undefined) return watchChurning(action.links, limitBytes);
  if (resetAfterMs !== undefined) return watchChurning(action.links, 0);
  if (closeAfterMs !== undefined) return watchEndsLate(action.links, closeAfterMs);
  return watchDelayed(action, before);
}

function watchShapedOff(
  action: Extract<FaultAction, { type: "shape" }>,
  before: readonly Sample[],
  beforeHeal: Sample,
): Watcher {
  const { bandwidthKbPerS, slicing, limitBytes, resetAfterMs, closeAfterMs } = action.shape;
  if (bandwidthKbPerS !== undefined || slicing !== undefined) return watchUnthrottled(action.links);
  if (limitBytes !== undefined) return watchSettled(action.links, limitBytes);
  if (resetAfterMs !== undefined) return watchSettled(action.links, 0);
  if (closeAfterMs !== undefined) return watchEndsInTime(action.links, closeAfterMs, beforeHeal);
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
    case "drop-packets":
      return watchPacketsLost(action.links, action.percent);
    case "slow-disk":
      return watchDiskSlow(action.nodes, action.bytesPerS, last);
    case "fill-disk":
      return watchDiskFull(action.nodes);
    case "clients":
      return watchClientTrouble(action.trouble, action.nodes, last);
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
export function watchOff(
  action: FaultAction,
  before: readonly Sample[],
  beforeHeal: Sample,
  observationMs: number,
): Watcher {
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
    case "drop-packets":
      return watchPacketsPass(action.links, beforeHeal);
    case "slow-disk":
      return watchDiskQuick(action.nodes, action.bytesPerS, last);
    case "fill-disk":
      return watchDiskRoom(action.nodes);
    case "clients":
      return watchClientsWell(action.trouble, action.nodes, beforeHeal, observationMs);
    case "pause":
      return watchResumed(action.nodes, beforeHeal);
    case "cut":
      return watchFlowing(action.links, beforeHeal);
    case "shape":
      return watchShapedOff(action, before, beforeHeal);
  }
}

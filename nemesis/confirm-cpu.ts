// Confirmation of a CPU quota by what the kernel counts of the target's processes: how long it held them back, and what they used.
import type { NodeName } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";
import type { Sight, Watcher } from "./watcher.js";
import type { Looks, Sample } from "./observe.js";

/** Over how long CPU time is measured: several periods of the kernel's quota, each 100 ms long. */
const stretchMs = 400;
/** What processes may use beyond the quota at the edges of a stretch: a period's share, and the rounding of /proc's ticks. */
const edgeMs = 100;
const tickMs = 20;

interface Reading {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly cpuTimeMs: number;
  readonly throttledMs: number;
}

function readingOf(sample: Sample, node: NodeName): Reading | null {
  const is = sample.processes.get(node);
  if (is?.state !== "running" || is.cpuTimeMs === null) return null;
  const throttledMs = is.throttledMs ?? null;
  if (throttledMs === null) return null;
  return { startedMs: sample.startedMs, endedMs: sample.endedMs, cpuTimeMs: is.cpuTimeMs, throttledMs };
}

/** Compares each node's readings with its first one; `see` answers "anew" for a stretch that proves nothing and begins again. */
function watchEach(
  nodes: readonly NodeName[],
  ready: readonly NodeName[],
  see: (node: NodeName, was: Reading, is: Reading, sample: Sample) => Sight | "anew",
): Watcher {
  const looks: Looks = { processes: nodes, ready, links: false, attempts: [] };
  const first = new Map<NodeName, Reading>();
  const done = new Map<NodeName, Sight>();
  const seeNode = (node: NodeName, sample: Sample): Sight => {
    const is = readingOf(sample, node);
    if (is === null) {
      first.delete(node);
      return { confirmed: false, evidence: { state: sample.processes.get(node)?.state ?? "unseen" } };
    }
    const was = first.get(node);
    const sight = was === undefined ? "anew" : see(node, was, is, sample);
    if (sight !== "anew") return sight;
    first.set(node, is);
    return { confirmed: false, evidence: "not measured yet" };
  };
  return {
    looks: () => looks,
    see: (sample) => {
      for (const node of nodes) if (done.get(node)?.confirmed !== true) done.set(node, seeNode(node, sample));
      return {
        confirmed: [...done.values()].every(({ confirmed }) => confirmed),
        evidence: Object.fromEntries([...done].map(([node, { evidence }]) => [node, evidence])),
      };
    },
  };
}

const used = (was: Reading, is: Reading): { readonly [name: string]: JsonValue } => ({
  cpu_time_ms: Math.round(is.cpuTimeMs - was.cpuTimeMs),
  throttled_ms: Math.round(is.throttledMs - was.throttledMs),
  over_ms: Math.round(is.endedMs - was.startedMs),
});

/** On: held back over a stretch in which no more CPU time was used than the quota allows. */
export function watchCpuHeld(nodes: readonly NodeName[], cores: number): Watcher {
  return watchEach(nodes, [], (_node, was, is) => {
    const longestMs = is.endedMs - was.startedMs;
    const usedMs = is.cpuTimeMs - was.cpuTimeMs;
    // More may have been used before the quota took hold: the measuring begins anew.
    if (usedMs > cores * (longestMs + edgeMs) + tickMs) return "anew";
    const heldMs = is.throttledMs - was.throttledMs;
    const confirmed = is.startedMs - was.endedMs >= stretchMs && heldMs > 0;
    return { confirmed, evidence: { ...used(was, is), quota_cores: cores } };
  });
}

/** Off: the process of before runs, has used CPU time, was not held back over a stretch, and the node is ready. */
export function watchCpuFree(nodes: readonly NodeName[], before: Sample): Watcher {
  return watchEach(nodes, nodes, (node, was, is, sample) => {
    if (is.throttledMs > was.throttledMs) return "anew";
    const same = sample.processes.get(node)?.incarnation === before.processes.get(node)?.incarnation;
    const ready = sample.ready.get(node) ?? false;
    const confirmed = same && ready && is.startedMs - was.endedMs >= stretchMs && is.cpuTimeMs > was.cpuTimeMs;
    return { confirmed, evidence: { ...used(was, is), ready, same_process: same } };
  });
}

// Confirmation of full and slow disks: told from what the file system itself says is free, and from what a write takes.
import type { NodeName } from "../cluster/index.js";
import type { Looks, Sample } from "./observe.js";
import { looksAtNothing, sightOfAll, type Watcher } from "./watcher.js";

/** The smallest piece in which a file system gives out room. */
const pageBytes = 4096;
/** What must be free again. */
const roomBytes = 1 << 20;

/** Not one page is free. */
export function watchDiskFull(nodes: readonly NodeName[]): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, disks: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const space = sample.disks?.get(node);
          const evidence = { free_bytes: space?.freeBytes ?? null, of_bytes: space?.totalBytes ?? null };
          return [node, { confirmed: space !== undefined && space.freeBytes < pageBytes, evidence }] as const;
        }),
      ),
  };
}

/** There is room again, and the node runs on it and is ready. */
export function watchDiskRoom(nodes: readonly NodeName[]): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, disks: nodes, processes: nodes, ready: nodes }),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const space = sample.disks?.get(node);
          const state = sample.processes.get(node)?.state ?? "unseen";
          const ready = sample.ready.get(node) ?? false;
          const evidence = { free_bytes: space?.freeBytes ?? null, state, ready };
          const roomy = space !== undefined && space.freeBytes >= roomBytes;
          return [node, { confirmed: roomy && state === "running" && ready, evidence }] as const;
        }),
      ),
  };
}

/** Half a second's worth, and never less than a page. */
const probeBytes = (bytesPerS: number): number => Math.max(pageBytes, Math.round(bytesPerS / 2));

export const looksAtWrites = (nodes: readonly NodeName[], bytesPerS: number): Looks => ({
  ...looksAtNothing,
  writes: { nodes, bytes: probeBytes(bytesPerS) },
});

/** Half of what the rate says: the kernel lets the first bytes of an interval through at once. */
const slowMs = (bytesPerS: number): number => (probeBytes(bytesPerS) / bytesPerS) * 500;

/** Making so much durable takes long, and did not before. */
export function watchDiskSlow(nodes: readonly NodeName[], bytesPerS: number, before: Sample): Watcher {
  return watchWrites(
    nodes,
    bytesPerS,
    before,
    (tookMs, beforeMs) => tookMs >= slowMs(bytesPerS) && beforeMs < slowMs(bytesPerS),
  );
}

/** It does not any more. */
export function watchDiskQuick(nodes: readonly NodeName[], bytesPerS: number, before: Sample): Watcher {
  return watchWrites(nodes, bytesPerS, before, (tookMs) => tookMs < slowMs(bytesPerS));
}

function watchWrites(
  nodes: readonly NodeName[],
  bytesPerS: number,
  before: Sample,
  fits: (tookMs: number, beforeMs: number) => boolean,
): Watcher {
  return {
    looks: () => looksAtWrites(nodes, bytesPerS),
    see: (sample) =>
      sightOfAll(
        nodes.map((node) => {
          const [was, is] = [before.writes?.get(node), sample.writes?.get(node)];
          const evidence = {
            bytes: probeBytes(bytesPerS),
            durable_after_ms: is === undefined ? null : Math.round(is.tookMs),
            before_ms: was === undefined ? null : Math.round(was.tookMs),
          };
          return [node, { confirmed: is !== undefined && was !== undefined && fits(is.tookMs, was.tookMs), evidence }];
        }),
      ),
  };
}

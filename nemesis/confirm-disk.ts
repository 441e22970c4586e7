// Confirmation of full disks: told from what the file system itself says is free.
import type { NodeName } from "../cluster/index.js";
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

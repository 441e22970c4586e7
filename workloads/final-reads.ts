// The end of every run: each key read through each node, by threads pinned to it. What a node kept to itself shows here.
import type { JsonValue } from "../cluster/index.js";
import type { Generator, GeneratorStep } from "./generator.js";

/** Between two tries of one read that was not answered. */
const retryAfterMs = 100;

interface PendingRead {
  readonly key: JsonValue;
  readonly notBeforeMs: number;
}

/**
 * Reads until every (key, node) was answered `ok` or `boundMs` has passed. Thread t belongs to node t mod `nodes`. Nodes of `without` are
 * not asked.
 */
export function finalReads(
  keys: readonly JsonValue[],
  nodes: readonly string[],
  boundMs: number,
  without: ReadonlySet<string> = new Set(),
): Generator {
  const pending: PendingRead[][] = nodes.map((node) =>
    without.has(node) ? [] : keys.map((key) => ({ key, notBeforeMs: 0 })),
  );
  let open = 0;

  return {
    next({ nowMs, freeThreads }): GeneratorStep {
      if (nowMs >= boundMs || (open === 0 && pending.every((reads) => reads.length === 0))) return { type: "done" };
      let soonestMs = boundMs;
      for (const thread of freeThreads) {
        const reads = pending[thread % nodes.length] ?? [];
        const due = reads.findIndex((read) => read.notBeforeMs <= nowMs);
        const read = reads[due];
        if (read === undefined) {
          for (const { notBeforeMs } of reads) soonestMs = Math.min(soonestMs, notBeforeMs);
          continue;
        }
        reads.splice(due, 1);
        open += 1;
        return {
          type: "operation",
          operation: { thread, function: "get", key: read.key, input: null, intendedMs: nowMs, phase: "final-read" },
        };
      }
      return { type: "wait", untilMs: soonestMs };
    },
    update({ nowMs, operation, reply }) {
      open -= 1;
      if (reply.outcome === "ok") return;
      pending[operation.thread % nodes.length]?.push({ key: operation.key, notBeforeMs: nowMs + retryAfterMs });
    },
    droppedArrivals: () => 0,
  };
}

// What clients do, where the workloads that come with Minos do not fit. Run it: npx minos run --plan plan.yaml --workload hand-over
import type { WorkloadDefinition } from "minos-suite/workloads";

/**
 * A key is handed from owner to owner by cas, and everybody asks whose it is. TODO: your system's own habits. What a client does next is all there
 * is to say; when, on which key, through which node, and the reads at the end come from Minos and the plan.
 */
export const handOver: WorkloadDefinition = {
  name: "hand-over",
  description: "each key is handed from owner to owner by cas, while others ask whose it is",
  functions: ["get", "put", "cas"],
  // Once for each run: the same seed must do the same every time.
  begin() {
    const seen = new Map<unknown, string>();
    return {
      next({ random, key, asked, count }) {
        // Each key is owned before anything else happens to it. No owner comes twice, so that a read names its write.
        const owner = `owner ${count}`;
        if (asked === 0) return { function: "put", input: owner };
        const expected = seen.get(key);
        if (expected === undefined || random.chance(0.5)) return { function: "get", input: null };
        return { function: "cas", input: { expected, new: owner } };
      },
      answered({ operation, reply }) {
        if (operation.function === "get" && typeof reply.output === "string") seen.set(operation.key, reply.output);
      },
    };
  },
};

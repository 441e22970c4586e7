// The workloads by name.
import type { Workload } from "./workload.js";

/** Every workload, by its name: `register`, `scenario-1`, `scenario-2`, `scenario-3`. */
export const workloads: ReadonlyMap<string, Workload> = new Map();

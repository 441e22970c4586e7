// The workloads by name.
import { register } from "./register.js";
import type { Workload } from "./workload.js";

/** Every workload, by its name. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [register].map((workload) => [workload.name, workload]),
);

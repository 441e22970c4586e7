// The workloads by name.
import { counter } from "./counter.js";
import { monotonic } from "./monotonic.js";
import { mutex } from "./mutex.js";
import { register } from "./register.js";
import { scenario1, scenario2, scenario3 } from "./scenarios.js";
import { set } from "./set.js";
import { uniqueIds } from "./unique-ids.js";
import type { Workload } from "./workload.js";

/** Every workload, by its name. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [register, set, counter, mutex, uniqueIds, monotonic, scenario1, scenario2, scenario3].map((workload) => [
    workload.name,
    workload,
  ]),
);

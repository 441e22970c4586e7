// The workloads by name.
import { counter } from "./counter.js";
import { monotonic } from "./monotonic.js";
import { mutex } from "./mutex.js";
import { casContention, failover, mixed, register, registerSmall } from "./register.js";
import { scenario1, scenario2, scenario3 } from "./scenarios.js";
import { set } from "./set.js";
import { uniqueIds } from "./unique-ids.js";
import type { Workload } from "./workload.js";

/** Every workload, by its name. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [
    register,
    registerSmall,
    casContention,
    set,
    counter,
    mutex,
    uniqueIds,
    monotonic,
    failover,
    mixed,
    scenario1,
    scenario2,
    scenario3,
  ].map((workload) => [workload.name, workload]),
);

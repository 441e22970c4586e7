// The workloads by name.
import { counter } from "./counter.js";
import { monotonic } from "./monotonic.js";
import { mutex } from "./mutex.js";
import { casContention, failover, mixed, register, registerSmall } from "./register.js";
import { scenario1, scenario2, scenario3 } from "./scenarios.js";
import { set } from "./set.js";
import { uniqueIds } from "./unique-ids.js";
import { defineWorkload, type WorkloadDefinition } from "./define-workload.js";
import type { Workload } from "./workload.js";

const all = new Map(
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
  ].map((workload): [string, Workload] => [workload.name, workload]),
);
const shipped: ReadonlySet<string> = new Set(all.keys());

/** Every workload, by its name: those that ship with Minos, and those that were added. */
export const workloads: ReadonlyMap<string, Workload> = all;

/** Adds a user's own. Throws an Error where it is none, or has the name of one that ships with Minos; one added before is replaced. */
export function addWorkload(definition: WorkloadDefinition): void {
  const workload = defineWorkload(definition);
  if (shipped.has(workload.name))
    throw new Error(`a workload called ${workload.name} ships with Minos: give yours another name`);
  all.set(workload.name, workload);
}

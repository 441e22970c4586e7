// The plan: everything that decides a run, as one serialisable value. Units are in the names; every field is resolved.
import type { FurtherFloors } from "../checker/index.js";
import type { JsonValue } from "../history/index.js";
import type { Fault } from "../nemesis/index.js";
import type { LieName } from "./lies.js";

export type ClusterChoice = "simulation" | "local" | "docker";

/** Below one of these a run is `unknown: weak`. */
export interface Floors extends FurtherFloors {
  readonly completed_operations: number;
  readonly confirmed_faults: number;
  readonly operations_per_node: number;
  readonly exposing_read_share?: number;
  /** Reads within a fault or five election timeouts after it. */
  readonly exposing_reads_near_faults?: number;
  readonly max_info_share: number;
  readonly max_runner_lag_ms: number;
}

export interface Plan {
  readonly version: 1;
  readonly name: string;
  readonly system: string;
  /** Content hash of the system's build. */
  readonly build: string | null;
  /** A planted bug, e.g. "M14". */
  readonly mutant: string | null;
  /** The lie that the clients tell, to see that it is found; absent: they are honest. */
  readonly canary?: LieName;
  readonly on: ClusterChoice;
  readonly nodes: number;
  readonly replication: number;
  readonly seed: number;
  readonly workload: { readonly name: string; readonly options: { readonly [name: string]: JsonValue } };
  readonly nemesis: {
    readonly name: string;
    readonly options: { readonly [name: string]: JsonValue };
    /** The schedule that the seed drew, so that a plan file replays without the generator. */
    readonly faults: readonly Fault[];
  };
  readonly time_limit_ms: number;
  /** Mean arrivals a second over all threads; open loop. */
  readonly rate_per_s: number;
  readonly concurrency: number;
  readonly keys: number;
  readonly operation_timeout_ms: number;
  /** After the final heal every group must serve within this bound. */
  readonly recovery_bound_ms: number;
  readonly floors: Floors;
  /** Floors of the preset that this run cannot be asked for, with the reason, which the verdict tells beside the figure. */
  readonly floors_not_asked?: { readonly [floor: string]: string };
  readonly checker: { readonly time_ms: number; readonly memory_mb: number };
}

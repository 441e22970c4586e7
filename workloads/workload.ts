// A workload: what clients do, and what makes its answers right or wrong.
import type { CheckerResult, FurtherFloors } from "../checker/index.js";
import type { GroupLayout, NodeName } from "../cluster/index.js";
import type { HistoryEvent, JsonValue, Operation } from "../history/index.js";
import type { Generator } from "./generator.js";

/** Everything a workload may depend on besides the seed. */
export interface WorkloadOptions {
  readonly nodes: readonly NodeName[];
  readonly groups: readonly GroupLayout[];
  /** `SystemUnderTest.groupOfKey` with these groups. */
  readonly groupOfKey: (key: JsonValue) => number;
  readonly initialValue: JsonValue;
  /** Threads; at least the number of nodes, so that the final reads reach every node. */
  readonly concurrency: number;
  readonly keys: number;
  /** Mean arrivals a second over all threads; open loop. */
  readonly ratePerS: number;
  readonly timeLimitMs: number;
  readonly operationTimeoutMs: number;
  /** The workload's own options, as in the plan; unknown names are refused by `problems`. */
  readonly own: { readonly [name: string]: JsonValue };
}

/** What a workload's own checker may look at. */
export interface WorkloadHistory {
  readonly operations: readonly Operation[];
  readonly events: readonly HistoryEvent[];
}

export interface WorkloadRun {
  /** Every key that the run may touch, or, where keys are born on the way, has touched; each is read through every node at the end. */
  readonly keys: readonly JsonValue[];
  readonly load: Generator;
  /** Reads every key once through every node, by threads pinned to it, until all are answered or `boundMs` has passed; not through those of `without`. */
  finalReads(boundMs: number, without?: ReadonlySet<string>): Generator;
  /** Expectations beyond the model, e.g. a scenario's exact answers. Pure; null where the model says it all. */
  readonly judge: ((history: WorkloadHistory) => CheckerResult) | null;
}

export interface WorkloadFloors {
  readonly completedOperations: number;
  readonly operationsPerNode: number;
}

export interface Workload {
  readonly name: string;
  readonly description: string;
  /** Kebab-case name of the model that judges it. */
  readonly model: string;
  readonly functions: readonly string[];
  /** Keys are born while it runs: which there are is known at the end only. */
  readonly bearsKeys?: boolean;
  /** What its own judge looks at beside the model, as the end of a sentence: "judged by the model … and by …". */
  readonly judgedBy?: string;
  /** Its own options: default and meaning of each. */
  readonly ownOptions: readonly { readonly name: string; readonly default: JsonValue; readonly meaning: string }[];
  /** Options that this workload insists on, over the plan's defaults but not over what the user said. */
  readonly prefers?: { readonly keys?: number; readonly nodes?: number };
  /** The schedule that belongs to it (JSON of faults), instead of a drawn one; null: whatever the plan says. */
  readonly ownFaults: ((options: WorkloadOptions) => readonly JsonValue[]) | null;
  /** What a whole run must at least have done to show anything, where that does not follow from rate and time. */
  readonly floors?: (options: WorkloadOptions) => WorkloadFloors;
  /** Which of the floors of a run its load cannot promise, and why. */
  readonly floorsBeyond?: Readonly<Partial<Record<keyof FurtherFloors, string>>>;
  /** What is wrong with the options, a sentence each. */
  problems(options: WorkloadOptions): readonly string[];
  create(options: WorkloadOptions, seed: number): WorkloadRun;
}

// What `judge` is given: plain values only.
import type { HistoryEvent, JsonValue, TimeNs } from "../history/index.js";
import type { BudgetLimits, BudgetWatch } from "./budget.js";
import type { EngineName } from "./engine.js";
import type { FurtherFloors } from "./floors.js";
import type { AnyModel } from "./model.js";

/** Below one of these a run is `unknown: weak`. The same fields as the plan's floors. */
export interface JudgeFloors extends FurtherFloors {
  readonly completed_operations?: number;
  readonly confirmed_faults?: number;
  readonly operations_per_node?: number;
  /** Of the reads that were damaged and judged again. */
  readonly exposing_read_share?: number;
  /** Of these, how many near faults. */
  readonly exposing_reads_near_faults?: number;
  readonly max_info_share?: number;
  readonly max_runner_lag_ms?: number;
}

/** One replication group: its members, and the keys it serves where the system routes them. */
export interface JudgeGroup {
  readonly group: number;
  readonly members: readonly string[];
}

/** One sample of a node's status, as campaign/ keeps it in nodes/<n>/status.jsonl. */
export interface StatusSample {
  readonly timeNs: TimeNs;
  readonly node: string;
  readonly groups: readonly {
    readonly group: number;
    readonly leader: string | null;
    /** What the node promised, see cluster/system.ts. */
    readonly ballot?: string;
    readonly decidedIndex: number;
    readonly logHash: string;
  }[];
}

/** What one node's log had decided. */
export interface NodeDecisions {
  readonly node: string;
  readonly group: number;
  readonly decisions: readonly Decided[];
}

export interface Decided {
  readonly index: number;
  readonly hash: string;
  /** Where the system tells: what was decided; null for what is no client's operation. */
  readonly command?: LoggedCommand | null;
}

/** A client's operation as it stands in a decided log. */
export interface LoggedCommand {
  /** Equal for repetitions of one request, different for different requests. */
  readonly id: string;
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
}

export interface JudgeInput {
  /** `run`: a campaign's own run, judged for faults, vacuity and availability too. `history`: somebody's recorded history. */
  readonly mode: "run" | "history";
  readonly events: readonly HistoryEvent[];
  /** A built-in's name, or your own model. */
  readonly model: string | AnyModel;
  readonly initial: JsonValue;
  readonly budget?: BudgetLimits;
  /** Default: chosen for each key. */
  readonly engine?: EngineName;
  /** Who may end the search for a linearization, and hears of its configurations. */
  readonly watch?: BudgetWatch;
  readonly floors?: JudgeFloors;
  /** Further floors that cannot be asked for, with the reason: the figure is told with it. */
  readonly floorsNotAsked?: { readonly [floor: string]: string };
  /** How often the history is damaged and judged again, to see what would have shown (default 1,000 times; 0: never), and the seed. */
  readonly corruptions?: { readonly count?: number; readonly seed?: number };
  /** mode run: a fault is near for so long after its end; reads that would show something are counted there by themselves. */
  readonly nearFaultNs?: number;
  /** mode run: how many faults the schedule holds; each must be confirmed. */
  readonly expectedFaults?: number;
  /** mode run: all nodes; each must be read through at the end. */
  readonly nodes?: readonly string[];
  /** mode run: all keys of the workload; each needs a completed write and read, and its final reads. */
  readonly keys?: readonly JsonValue[];
  readonly groups?: readonly JudgeGroup[];
  /** Which group serves a key; needed for the availability check per group. */
  readonly groupOfKey?: (key: JsonValue) => number;
  /** mode run: after the final heal each group must serve within this bound. */
  readonly recoveryBoundMs?: number;
  /** mode run: whether the workload ends with every key read through every node. Default true. */
  readonly finalReads?: boolean;
  readonly statuses?: readonly StatusSample[];
  readonly decisions?: readonly NodeDecisions[];
  /** Why the run was cut short; then it is unknown at best. */
  readonly interrupted?: string | null;
  /** mode run: the load was ended because a violation was seen live: what it did not get to is no doubt of its own. */
  readonly endedByViolation?: boolean;
  /** Trouble of reading (a torn last line) or of the infrastructure, as sentences: shown as warnings. */
  readonly warnings?: readonly string[];
  /** More that such a run cannot have seen. */
  readonly cannotSee?: readonly string[];
}

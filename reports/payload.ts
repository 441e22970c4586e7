// What travels into the page: one JSON document (small) and the sections of the operation columns (large), each deflated, joined and in
// letters (`letters.ts`). The page is told everything through this value and nothing else.
import type { JsonValue, TimeNs } from "../history/index.js";
import type { CheckerResult, KeyResult, Verdict } from "../checker/index.js";
import type { Fault } from "../nemesis/index.js";
import type { Dictionaries } from "./columns.js";
import type { ForkRecord, NodeSeries } from "./nodes.js";
import type { Diagram } from "./trace/diagram.js";

export const payloadVersion = 2;
/** Id of the script element that carries the payload. */
export const payloadElement = "minos-data";

/** What the report needs of a plan; `Plan` of campaign/ is one. */
export interface ReportPlan {
  readonly name: string;
  readonly system: string;
  readonly build: string | null;
  readonly mutant: string | null;
  readonly on: string;
  readonly nodes: number;
  readonly replication: number;
  readonly seed: number;
  readonly workload: { readonly name: string; readonly options: { readonly [name: string]: JsonValue } };
  readonly nemesis: {
    readonly name: string;
    readonly options: { readonly [name: string]: JsonValue };
    readonly faults: readonly Fault[];
  };
  readonly time_limit_ms: number;
  readonly rate_per_s: number;
  readonly concurrency: number;
  readonly keys: number;
  readonly operation_timeout_ms: number;
  readonly recovery_bound_ms: number;
}

/** One fault of the run, its events gathered. Times are null where that stage was never reached. */
export interface FaultRecord {
  readonly fault: number;
  readonly kind: string;
  readonly spec: JsonValue;
  readonly targets: readonly string[];
  readonly requestedNs: TimeNs | null;
  readonly confirmedOnNs: TimeNs | null;
  readonly healRequestedNs: TimeNs | null;
  readonly confirmedOffNs: TimeNs | null;
  readonly state: "confirmed" | "still on" | "unconfirmed" | "void";
  readonly evidence: readonly { readonly stage: string; readonly timeNs: TimeNs; readonly evidence: JsonValue }[];
}

export interface PhaseRecord {
  readonly phase: string;
  readonly fromNs: TimeNs;
  readonly toNs: TimeNs;
}

/** What a node said of one of its groups from a moment on, until its next record. */
export interface LeaderRecord {
  readonly timeNs: TimeNs;
  /** `leader`: it says it leads; `follower`: it does not; `silent`: it gave no answer. */
  readonly role: "leader" | "follower" | "silent";
  /** Whom it believes to lead. */
  readonly leader: string | null;
  readonly ballot: string;
}

export interface NodeLane {
  readonly node: string;
  readonly records: readonly LeaderRecord[];
}

export interface GroupRecord {
  readonly group: number;
  readonly nodes: readonly NodeLane[];
}

/** A start, an exit, a panic, a change of leader, or trouble of Minos itself. */
export interface MarkRecord {
  readonly timeNs: TimeNs;
  readonly node: string | null;
  readonly what: string;
  readonly expected: boolean;
  readonly detail: JsonValue;
}

/** The exact times of an operation that a violation names; the columns keep microseconds only. */
export interface ExactTimes {
  readonly operation: number;
  readonly callNs: TimeNs;
  readonly endNs: TimeNs | null;
}

export interface LogExcerpt {
  readonly node: string;
  readonly title: string;
  readonly lines: readonly string[];
  /** When each line was written, on the run's clock; absent where nobody knows. */
  readonly timesNs?: readonly TimeNs[];
}

/** A key's result; its linearization travels as a section of its own, and only its length stands here. */
export interface PayloadKeyResult extends Omit<KeyResult, "linearization"> {
  readonly linearizationLength: number | null;
}
export interface PayloadChecker extends Omit<CheckerResult, "keys"> {
  readonly keys: readonly PayloadKeyResult[];
}
export interface PayloadVerdict extends Omit<Verdict, "checkers"> {
  readonly checkers: readonly PayloadChecker[];
}

export interface Payload {
  readonly version: typeof payloadVersion;
  readonly plan: ReportPlan;
  readonly environment: JsonValue;
  readonly verdict: PayloadVerdict;
  readonly rerun: string;
  readonly run: {
    readonly id: string;
    readonly startedAt: string;
    readonly model: string;
    readonly initial: JsonValue;
    /** Whether operations carry keys that are judged apart. */
    readonly keyed: boolean;
    readonly build: string | null;
  };
  readonly endNs: TimeNs;
  readonly phases: readonly PhaseRecord[];
  readonly faults: readonly FaultRecord[];
  readonly groups: readonly GroupRecord[];
  readonly nodes: readonly NodeSeries[];
  readonly forks: readonly ForkRecord[];
  readonly marks: readonly MarkRecord[];
  readonly exact: readonly ExactTimes[];
  readonly logs: readonly LogExcerpt[];
  /** Simulated runs only. */
  readonly diagram: Diagram | null;
  readonly operations: Dictionaries;
}

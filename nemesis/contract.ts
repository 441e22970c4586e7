// What a nemesis is given and what it offers: its options and limits, what it records, and what it reports of the end.
import type { Cluster, GroupLayout, NodeName } from "../cluster/index.js";
import type { FaultEvent, Random } from "../history/index.js";
import type { ClientControl } from "./client-control.js";
import type { Fault } from "./fault.js";

/** A fault event before the recorder stamps it. `record` is called at the very moment that the stage was reached. */
export type FaultRecord = Omit<FaultEvent, "time">;

export interface NemesisLimits {
  /** Longest wait for a confirmation, on or off. */
  readonly confirmMs: number;
  /** Between two looks at a target. */
  readonly pollMs: number;
  /** How long a target must be seen unchanged: CPU time of a paused process, bytes delivered by a cut link. */
  readonly observationMs: number;
  /** Longest wait for a target to exist (a leader to be known) before a fault is void. */
  readonly resolveMs: number;
  /** Quiet time kept in a group between one fault's confirmed end and the next one's start, when the former ran late. */
  readonly gapMs: number;
  /** Longest wait for an operation that is under way when a fault strikes; after it the fault strikes all the same. */
  readonly inFlightMs: number;
  /** How much longer a fault may last for the sake of operations that are to be called during it. */
  readonly prolongMs: number;
  /** How long a node with a damaged disk that runs and is not ready is waited for in the end, before it counts as refused. */
  readonly settleMs: number;
}

export const defaultNemesisLimits: NemesisLimits = {
  confirmMs: 10_000,
  pollMs: 25,
  observationMs: 150,
  resolveMs: 3_000,
  gapMs: 2_000,
  inFlightMs: 500,
  prolongMs: 1_500,
  settleMs: 5_000,
};

export interface NemesisOptions {
  readonly cluster: Cluster;
  readonly faults: readonly Fault[];
  readonly random: Random;
  /** The groups as the nodes report them. */
  readonly groups: () => readonly GroupLayout[];
  /** The leader that a group's members agree on now, from the admin path; null when they do not. */
  readonly leaderOf: (group: number) => NodeName | null;
  readonly record: (event: FaultRecord) => void;
  /** What the load must be seen to do while a fault acts, because what strikes nothing shows nothing. Default: the nemesis does not look. */
  readonly load?: LoadWatch;
  /** The clients that speak for the load. Default: none, and faults of clients are never confirmed. */
  readonly clients?: ClientControl;
  /** Milliseconds of one monotonic clock; default `performance.now`. */
  readonly nowMs?: () => number;
  /** Resolves after so many milliseconds, or early when `signal` aborts; default `setTimeout`. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly limits?: Partial<NemesisLimits>;
}

export interface LoadWatch {
  /** Operations that are called and not answered now. A fault waits a little for one. */
  readonly underWay: () => number;
  /** Operations called so far. A fault goes on a little until so many were called during it. */
  readonly called: () => number;
  readonly leastCalled: number;
}

export interface ActiveFault {
  readonly fault: number;
  /** A `FaultKind`, or one that only a simulation knows. */
  readonly kind: string;
  readonly targets: readonly string[];
  readonly stage: "requested" | "confirmed-on" | "heal-requested";
}

export interface HealReport {
  /** Every fault that was on is confirmed off, every node runs and is ready, every link that was touched delivers. */
  readonly healed: boolean;
  /** What is still wrong, a sentence each. */
  readonly problems: readonly string[];
  /**
   * Every link that was touched was seen to deliver again. Where it was not, a system that serves nothing is not to blame: the network
   * that it was given may be the reason.
   */
  readonly linksHealed: boolean;
  /** Nodes that serve no more after damage that a fault did to their disks, as it must be: whoever reads every node in the end leaves them out. */
  readonly refused: readonly RefusedNode[];
}

export interface RefusedNode {
  readonly node: NodeName;
  /** What was done to its disk, and what was seen of it since. */
  readonly reason: string;
}

export interface Nemesis {
  /**
   * Carries out the schedule; its times count from this call. Resolves when every fault is over. When `signal` aborts no
   * further fault begins (they are recorded as void), a confirmation under way comes to its end, and what is on is
   * healed. Rejects only when `record` throws, after healing what is on.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Heals whatever is still on, then everything, and confirms it. Safe after an interrupted `run`, and to call twice. Never rejects. */
  finalHeal(signal: AbortSignal): Promise<HealReport>;
  /** What is on now, for a progress line. */
  active(): readonly ActiveFault[];
}

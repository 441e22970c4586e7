// The executor: carries a schedule out on a cluster and confirms each step at the target.
import type { Cluster, GroupLayout, NodeName } from "../cluster/index.js";
import type { FaultEvent, Random } from "../history/index.js";
import type { Fault, FaultKind } from "./fault.js";

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
}

export const defaultNemesisLimits: NemesisLimits = {
  confirmMs: 5_000,
  pollMs: 25,
  observationMs: 150,
  resolveMs: 3_000,
  gapMs: 2_000,
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
  /** Milliseconds of one monotonic clock; default `performance.now`. */
  readonly nowMs?: () => number;
  /** Resolves after so many milliseconds, or early when `signal` aborts; default `setTimeout`. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly limits?: Partial<NemesisLimits>;
}

export interface ActiveFault {
  readonly fault: number;
  readonly kind: FaultKind;
  readonly targets: readonly string[];
  readonly stage: "requested" | "confirmed-on" | "heal-requested";
}

export interface HealReport {
  /** Everything that was on is confirmed off, every node runs and is ready, every link that was cut delivers. */
  readonly healed: boolean;
  /** What is still wrong, a sentence each. */
  readonly problems: readonly string[];
}

export interface Nemesis {
  /**
   * Carries out the schedule; its times count from this call. Resolves when every fault is over, or soon after `signal`
   * aborts, with what is on left on for `finalHeal`; faults that had not begun are then recorded as void. Never rejects.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Heals whatever is on, then everything, and confirms it. Safe after an interrupted `run`, and to call twice. */
  finalHeal(signal: AbortSignal): Promise<HealReport>;
  /** What is on now, for a progress line. */
  active(): readonly ActiveFault[];
}

export function createNemesis(options: NemesisOptions): Nemesis {
  void options;
  return {
    run: () => Promise.resolve(),
    finalHeal: () => Promise.resolve({ healed: false, problems: ["not there yet"] }),
    active: () => [],
  };
}

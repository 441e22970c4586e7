// Schedules: drawing one from a seed, and checking one that came from a plan file.
import type { Capabilities, GroupLayout, NodeName, PeerAddressing } from "../cluster/index.js";
import type { Fault, FaultKind } from "./fault.js";

/** Named mixes of faults. `none` draws nothing, for control runs. */
export const presetNames = ["standard", "partitions", "crashes", "none"] as const;
export type PresetName = (typeof presetNames)[number];

/** What the rules for a schedule depend on. */
export interface ScheduleLimits {
  readonly nodes: readonly NodeName[];
  readonly groups: readonly GroupLayout[];
  readonly timeLimitMs: number;
  /** A fault lasts at least three of these, unless it is a glitch. */
  readonly operationTimeoutMs: number;
  /** Gaps in one group last at least four of these. */
  readonly electionTimeoutMs: number;
  readonly capabilities: Capabilities;
  readonly peerAddressing: PeerAddressing;
}

export interface ScheduleInput extends ScheduleLimits {
  readonly seed: number;
  readonly preset: PresetName;
  /** Only these kinds, out of those that the preset and the cluster allow. */
  readonly kinds?: readonly FaultKind[];
}

/** Draws a schedule that `checkSchedule` accepts, in order of `at_ms`. Same input, same schedule. */
export function drawSchedule(input: ScheduleInput): readonly Fault[] {
  void input;
  return [];
}

/** What is wrong with a schedule, one sentence each; empty when it may run. */
export function checkSchedule(faults: readonly Fault[], limits: ScheduleLimits): readonly string[] {
  void faults;
  void limits;
  return [];
}

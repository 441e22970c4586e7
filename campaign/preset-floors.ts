// The floors that a preset's runs must reach, beyond those of every run: which are asked for, and which are not and why.
import type { FurtherFloors } from "../checker/index.js";
import { floorsBeyond, presetFloors, type PresetFloor, type PresetName } from "../nemesis/index.js";
import type { Workload } from "../workloads/index.js";
import type { Floors, Plan } from "./plan.js";

export interface PresetRun {
  readonly preset: PresetName;
  /** Kinds of faults that were asked for by name, of those of the preset; null: all. */
  readonly kinds: readonly string[] | null;
  readonly on: Plan["on"];
  readonly timeLimitMs: number;
  readonly ratePerS: number;
  readonly electsLeaders: boolean;
  readonly electionTimeoutMs: number;
  /** Floors that the load cannot promise, and why. */
  readonly beyondLoad: NonNullable<Workload["floorsBeyond"]>;
}

export interface AskedFloors {
  readonly asked: Partial<Pick<Floors, PresetFloor | "max_runner_lag_p99_ms">>;
  /** By floor: why it is not asked for. */
  readonly notAsked: Readonly<Partial<Record<PresetFloor, string>>>;
}

/** Shorter or slower runs have no room for enough of everything. */
const leastTimeMs = 20_000;
const leastRatePerS = 100;
const leaderFloors: readonly PresetFloor[] = ["leader_changes_open", "sent_to_deposed"];

/**
 * Nodes and runner share the processors of one machine. With six local nodes on two processors 99 in a hundred of the runner's events
 * waited up to 6 to 21 ms and the median latency was 5 to 13 ms; with all nodes at the least priority the lag was still four tenths of
 * the latency; with other work on the machine, or containers, up to 212 ms. What may not be is that the runner, and with it the nodes,
 * wait for about as long as it takes to lose an election.
 */
const sharedMachine =
  "the nodes share the runner's machine; its lag may be half an election timeout instead, see docs/teeth.md";
const shareOfElectionTimeout = 0.5;
/** Systems with shorter timeouts, or none, are not asked for a quicker runner than the store's. */
const leastLagLimitMs = 250;
const noneCut = "no fault that cuts links was asked for";

/** Every floor is either asked for or has its reason why not. */
export function floorsOfPreset({
  preset,
  kinds,
  on,
  timeLimitMs,
  ratePerS,
  electsLeaders,
  electionTimeoutMs,
  beyondLoad,
}: PresetRun): AskedFloors {
  if (on === "simulation") return noneOf("in virtual time, where a run is one of thousands");
  if (timeLimitMs < leastTimeMs) return noneOf(`the run is shorter than ${leastTimeMs / 1000} s`);
  if (ratePerS < leastRatePerS) return noneOf(`there are fewer than ${leastRatePerS} operations/s`);
  const why: Partial<Record<PresetFloor, string>> = {
    ...beyondLoad,
    ...floorsBeyond[preset],
    max_runner_lag_share: sharedMachine,
  };
  for (const floor of leaderFloors) {
    if (!electsLeaders) why[floor] ??= "the system does not say that it elects leaders";
    if (kinds !== null) why[floor] ??= `only faults of kind ${kinds.join(", ")} were asked for`;
  }
  if (kinds !== null && !kinds.includes("partition")) why.cut_links_proved ??= noneCut;
  const asked = Object.entries(presetFloors).filter(([name]) => why[name as PresetFloor] === undefined);
  const lag = { max_runner_lag_p99_ms: Math.max(leastLagLimitMs, shareOfElectionTimeout * electionTimeoutMs) };
  return { asked: { ...(Object.fromEntries(asked) satisfies Partial<FurtherFloors>), ...lag }, notAsked: why };
}

function noneOf(why: string): AskedFloors {
  return { asked: {}, notAsked: Object.fromEntries(Object.keys(presetFloors).map((name) => [name, why])) };
}

// A run of the simulation as a plan for real clusters: the same system, size, load and faults at the same times. What a trigger struck
// because of a message becomes a fault at the time at which it struck; how messages interleave is the machine's, so a violation
// comes again in some runs only, and how many is what is asked for.
import type { FaultEvent, HistoryEvent, JsonValue } from "../history/index.js";
import { parseFaults, type Fault } from "../nemesis/index.js";
import type { Verdict } from "../checker/index.js";
import type { ClusterChoice, Plan } from "./plan.js";
import type { ReplayFile } from "./replay-file.js";

/** The faults of a run that were carried out, at the times at which they began; times count from the beginning of the load. */
export function faultsCarriedOut(events: readonly HistoryEvent[]): readonly Fault[] {
  const loadNs = events.find((event) => event.type === "phase" && event.phase === "load");
  const originNs = loadNs !== undefined && "time" in loadNs ? loadNs.time : 0;
  const requested = events.filter(
    (event): event is FaultEvent => event.type === "fault" && event.stage === "requested",
  );
  const specs = requested.map(({ spec, time }) => ({
    ...(spec as { readonly [field: string]: JsonValue }),
    at_ms: Math.max(0, Math.round((time - originNs) / 1e6)),
    glitch: true,
  }));
  return parseFaults(specs);
}

/**
 * `ratePerS`: null keeps the load; more of it makes it likelier that an operation meets the moment that matters.
 * `seed` sets the tries of one schedule apart: which node a fault at random strikes, what clients ask.
 */
export function realPlan(
  plan: Plan,
  faults: readonly Fault[],
  { on, seed, ratePerS }: { readonly on: ClusterChoice; readonly seed: number; readonly ratePerS: number | null },
): Plan {
  const rate_per_s = ratePerS ?? plan.rate_per_s;
  return { ...plan, name: "replay", on, seed, rate_per_s, nemesis: { name: "schedule", options: {}, faults } };
}

export interface Reproduction {
  readonly tries: number;
  /** Violations with a class that the replay file names. */
  readonly reproduced: number;
  /** Violations of other classes only. */
  readonly others: number;
  readonly unknown: number;
}

/** What became of the tries. */
export function reproductionOf(file: Pick<ReplayFile, "classes">, verdicts: readonly Verdict[]): Reproduction {
  const violated = verdicts.filter(({ valid }) => valid === false);
  const same = violated.filter(({ violations }) => violations.some((one) => file.classes.includes(one.class)));
  return {
    tries: verdicts.length,
    reproduced: same.length,
    others: violated.length - same.length,
    unknown: verdicts.filter(({ valid }) => valid === "unknown").length,
  };
}

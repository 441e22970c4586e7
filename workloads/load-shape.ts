// The shape of a load: when operations are due, and which keys they go to.
import type { JsonValue, Random } from "../history/index.js";
import { Arrivals, ClosedLoop, type ArrivalSource, type RateAt } from "./arrivals.js";
import { oneOf, valueOf, wholeNumber, type OwnOption } from "./options.js";
import type { WorkloadOptions } from "./workload.js";

const phasesAtMost = 100;

/** One stretch of the load. */
interface LoadPhase {
  readonly forMs: number;
  /** Times the plan's rate; 0 is a pause. */
  readonly rate: number;
}

function phaseIn(value: JsonValue): LoadPhase | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const fields = value as { readonly [name: string]: JsonValue };
  const { for_ms: forMs, rate, ...rest } = fields;
  if (typeof forMs !== "number" || !(forMs >= 1) || typeof rate !== "number" || !(rate >= 0 && rate <= 1000))
    return null;
  return Object.keys(rest).length === 0 ? { forMs, rate } : null;
}

function phasesProblem(value: JsonValue): string | null {
  if (!Array.isArray(value) || value.length > phasesAtMost) return `is no list of at most ${phasesAtMost} phases`;
  const phases = (value as readonly JsonValue[]).map(phaseIn);
  if (phases.includes(null)) return "has a phase that is not {for_ms, rate}: a length and a factor from 0 to 1000";
  if (phases.length > 0 && phases.every((phase) => phase?.rate === 0)) return "has no phase with a rate above 0";
  return null;
}

/** Options that every generated load has. */
export const shapeOptions = [
  oneOf(
    "loop",
    ["open", "closed"],
    "open: operations are due when the seed says, whether or not the system keeps up; closed: each thread waits for its answer, then pauses",
  ),
  oneOf(
    "key_distribution",
    ["uniform", "zipf", "hot"],
    "which keys are asked: each as often as the next; by rank (the second half as often as the first, the third a third as often); or four times of five one of the first tenth of them",
  ),
  {
    name: "phases",
    default: [],
    meaning:
      "stretches that follow one another, over and over: a list of `{for_ms, rate}`, where rate is a factor of the plan's and 0 is a pause",
    problem: phasesProblem,
  },
] as const satisfies readonly OwnOption[];

const mostInBurst = 20;

/** An option of loads that ask one key several things at a time. */
export const burstOption = wholeNumber(
  "burst",
  1,
  [1, mostInBurst],
  "operations of an open loop that are due at the same moment, all on one key and each by another client; the rate stays what it was. More make more operations overlap",
);

/** The factor of the rate at a time, and when it changes next; without phases it is 1 for ever. */
function rateOf(phases: readonly LoadPhase[]): RateAt | null {
  if (phases.length === 0) return null;
  const roundMs = phases.reduce((sum, { forMs }) => sum + forMs, 0);
  return (atMs) => {
    const round = Math.floor(atMs / roundMs);
    let endMs = round * roundMs;
    for (const { forMs, rate } of phases) {
      endMs += forMs;
      if (atMs < endMs) return { factor: rate, untilMs: endMs };
    }
    // Rounding put it at the end of the round: the next one begins.
    return { factor: phases[0]?.rate ?? 1, untilMs: endMs + (phases[0]?.forMs ?? roundMs) };
  };
}

/** When operations are due, by the options. `burst`: how many at a time. */
export function arrivalsOf(random: Random, options: WorkloadOptions, burst = 1): ArrivalSource {
  const { ratePerS, timeLimitMs, concurrency, own } = options;
  const phases = valueOf(shapeOptions, own, "phases") as readonly JsonValue[];
  const rate = rateOf(phases.flatMap((phase) => phaseIn(phase) ?? []));
  if (valueOf(shapeOptions, own, "loop") === "closed")
    return new ClosedLoop(random, (1000 * concurrency) / ratePerS, concurrency, rate);
  // As many may wait as there are threads: each of them then starts late by about one operation at most.
  return new Arrivals(random, 1000 / ratePerS, timeLimitMs, concurrency, rate, burst);
}

/** A hot key is one of the first tenth, and four of five operations go to one of them. */
const hotKeys = 0.1;
const hotShare = 0.8;

/** Draws one of the items by the distribution that the options name. */
export function pickerOf(options: WorkloadOptions): <T>(random: Random, items: readonly T[]) => T {
  const distribution = valueOf(shapeOptions, options.own, "key_distribution");
  if (distribution === "zipf")
    return (random, items) => random.pickWeighted(items.map((item, rank) => [item, 1 / (rank + 1)] as const));
  if (distribution === "hot")
    return (random, items) => {
      const hot = Math.max(1, Math.floor(items.length * hotKeys));
      const cold = items.slice(hot);
      return random.pick(cold.length === 0 || random.chance(hotShare) ? items.slice(0, hot) : cold);
    };
  return (random, items) => random.pick(items);
}

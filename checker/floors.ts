// Floors that a plan may ask for beyond the usual ones: each is measured where it is asked for, and only there. How much was going on
// where a fault struck, a leader changed, or a deposed leader was still asked.
import type { HistoryEvent, Operation } from "../history/index.js";
import { disturbances, isProved, type FaultSpan } from "./faults.js";
import { splitByKey } from "./keys.js";
import { OpenOperations } from "./open-operations.js";
import { medianLatencyMs, runnerLag, runnerMeasures } from "./runner-lag.js";
import { fieldOf } from "./values.js";
import type { TeethMeasure } from "./verdict.js";

/** With less than a floor a run is `unknown: weak`; with more lag than a limit it is `unknown: starved`. */
export interface FurtherFloors {
  /** Of operations on keys with overlaps: mean number under way on the key while one is, itself counted. */
  readonly mean_concurrency?: number;
  /** Least over the confirmed faults: operations open when it was asked for. */
  readonly in_flight_at_fault?: number;
  /**
   * Least over the confirmed disturbances (a fault, or several that overlap at the same nodes or are one series): operations called
   * from the first confirmation to the last request to heal.
   */
  readonly called_during_fault?: number;
  readonly leader_changes_open?: number;
  /** Operations called at a leader within a second after another took its place. */
  readonly sent_to_deposed?: number;
  /** Of the directions of links that were cut: share of those on which bytes were offered and none delivered, or an attempt was refused. */
  readonly cut_links_proved?: number;
  /** Least over the nodes: share of all operations. */
  readonly node_share?: number;
  /** What 99 in a hundred of the runner's events waited at most while there was load. */
  readonly max_runner_lag_p99_ms?: number;
  /** The same, of the median latency. */
  readonly max_runner_lag_share?: number;
}

export const furtherFloorNames = [
  "mean_concurrency",
  "in_flight_at_fault",
  "called_during_fault",
  "leader_changes_open",
  "sent_to_deposed",
  "cut_links_proved",
  "node_share",
  "max_runner_lag_p99_ms",
  "max_runner_lag_share",
] as const satisfies readonly (keyof FurtherFloors)[];

export interface FloorsInput {
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly faults: readonly FaultSpan[];
  readonly nodes: readonly string[];
}

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly meaning: string;
  /** Less is better: what is asked for is the most that may be. */
  readonly isLimit?: true;
  readonly of: (input: FloorsInput) => number;
}

const figures: Readonly<Record<keyof FurtherFloors, Figure>> = {
  mean_concurrency: {
    name: "mean concurrency on contended keys",
    unit: "operations",
    meaning: "under way on a key while one is, itself counted",
    of: meanConcurrency,
  },
  in_flight_at_fault: {
    name: "fewest operations in flight when a fault began",
    unit: "operations",
    meaning: "a fault that strikes nothing shows nothing",
    of: (input) => {
      const open = new OpenOperations(input.operations, input.events);
      const counts = input.faults.flatMap(({ requested, confirmedOn }) =>
        confirmedOn === null ? [] : [open.countAt(requested ?? confirmedOn)],
      );
      return counts.length === 0 ? 0 : Math.min(...counts);
    },
  },
  called_during_fault: {
    name: "fewest operations called during a fault",
    unit: "operations",
    meaning:
      "from its confirmation to the request to heal; faults that overlap at the same nodes or are one series count as one",
    of: fewestCalled,
  },
  leader_changes_open: {
    name: "leader changes with operations open",
    unit: "changes",
    meaning: "where a change of leader could lose something",
    of: ({ events, operations }) => {
      const open = new OpenOperations(operations, events);
      return leaderChanges(events).filter(({ time }) => open.countAt(time) > 0).length;
    },
  },
  sent_to_deposed: {
    name: "operations sent to a deposed leader",
    unit: "operations",
    meaning: "called there within a second after another took its place",
    of: ({ events, operations }) => {
      const deposed = leaderChanges(events);
      return operations.filter(({ node, callNs }) =>
        deposed.some(({ from, time }) => from === node && callNs > time && callNs <= time + aSecondNs),
      ).length;
    },
  },
  cut_links_proved: {
    name: "share of cut directions of links that were seen to be cut",
    unit: "share",
    meaning: "bytes were offered and none delivered, or an attempt to connect was refused; 1 where none was cut",
    of: ({ faults }) => {
      const cuts = faults.flatMap((fault) => fault.cuts);
      return cuts.length === 0 ? 1 : cuts.filter((cut) => isProved(cut)).length / cuts.length;
    },
  },
  node_share: {
    name: "least share of operations on a node",
    unit: "share",
    meaning: "a node that is hardly asked hardly tells",
    of: ({ operations, nodes }) =>
      operations.length === 0 || nodes.length === 0
        ? 0
        : Math.min(...nodes.map((node) => operations.filter((one) => one.node === node).length)) / operations.length,
  },
  max_runner_lag_p99_ms: {
    name: runnerMeasures.p99,
    unit: "ms",
    meaning: "99 in a hundred events waited no longer for the runner, processors included",
    isLimit: true,
    of: ({ events }) => runnerLag(events).p99Ms,
  },
  max_runner_lag_share: {
    name: runnerMeasures.share,
    unit: "share",
    meaning: "so much of what is told as the system's time may be the runner's",
    isLimit: true,
    of: ({ events, operations }) => {
      const median = medianLatencyMs(operations, events);
      return median === 0 ? 0 : runnerLag(events).p99Ms / median;
    },
  },
};

const aSecondNs = 1_000_000_000;

function leaderChanges(events: readonly HistoryEvent[]): readonly { readonly time: number; readonly from: string }[] {
  return events.flatMap((event) => {
    if (event.type !== "node" || event.what !== "leader-change") return [];
    const from = fieldOf(event.detail, "from");
    return [{ time: event.time, from: typeof from === "string" ? from : "" }];
  });
}

function fewestCalled({ faults, operations }: FloorsInput): number {
  const counts = disturbances(faults).flatMap((together) => {
    const spans = together.flatMap(({ confirmedOn, healRequested, confirmedOff }) =>
      confirmedOn === null
        ? []
        : [{ from: confirmedOn, to: healRequested ?? confirmedOff ?? Number.POSITIVE_INFINITY }],
    );
    if (spans.length === 0) return [];
    const from = Math.min(...spans.map((span) => span.from));
    const to = Math.max(...spans.map((span) => span.to));
    return [operations.filter(({ callNs }) => callNs >= from && callNs <= to).length];
  });
  return counts.length === 0 ? 0 : Math.min(...counts);
}

function meanConcurrency({ operations, events }: FloorsInput): number {
  let [sum, count] = [0, 0];
  for (const { operations: own } of splitByKey(operations)) {
    const open = new OpenOperations(own, events);
    const answered = own.flatMap(({ callNs, returnNs }) =>
      returnNs === null ? [] : [open.countBetween(callNs, returnNs)],
    );
    if (!answered.some((one) => one > 1)) continue;
    sum += answered.reduce((total, one) => total + one, 0);
    count += answered.length;
  }
  return count === 0 ? 0 : sum / count;
}

/** One measure for each floor that is asked for, and for each that is not for a reason that is given. */
export function measureFloors(
  floors: FurtherFloors,
  notAsked: { readonly [floor: string]: string },
  input: FloorsInput,
): readonly TeethMeasure[] {
  return furtherFloorNames.flatMap((wanted) => {
    const floor = floors[wanted] ?? null;
    const why = notAsked[wanted];
    if (floor === null && why === undefined) return [];
    const { name, unit, meaning, isLimit, of } = figures[wanted];
    const value = Math.round(of(input) * 10_000) / 10_000;
    const reason = floor === null && why !== undefined ? { notAsked: why } : {};
    const limits = isLimit === true ? { floor: null, ceiling: floor } : { floor };
    return [{ name, value, unit, ...limits, ...reason, meaning }];
  });
}

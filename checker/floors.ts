// Floors that a plan may ask for beyond the usual ones: each is measured where it is asked for, and only there. How much was going on
// where a fault struck, a leader changed, or a deposed leader was still asked.
import type { HistoryEvent, Operation } from "../history/index.js";
import type { FaultSpan } from "./faults.js";
import { splitByKey } from "./keys.js";
import { OpenOperations } from "./open-operations.js";
import { fieldOf } from "./values.js";
import type { TeethMeasure } from "./verdict.js";

/** All are floors: with less a run is `unknown: weak`. */
export interface FurtherFloors {
  /** Of operations on keys with overlaps: mean number under way on the key while one is, itself counted. */
  readonly mean_concurrency?: number;
  /** Least over the confirmed faults: operations open when it was asked for. */
  readonly in_flight_at_fault?: number;
  /** Least over the confirmed faults: operations called from its confirmation to the request to heal. */
  readonly called_during_fault?: number;
  readonly leader_changes_open?: number;
  /** Operations called at a leader within a second after another took its place. */
  readonly sent_to_deposed?: number;
  /** Least over the nodes: share of all operations. */
  readonly node_share?: number;
}

export const furtherFloorNames = [
  "mean_concurrency",
  "in_flight_at_fault",
  "called_during_fault",
  "leader_changes_open",
  "sent_to_deposed",
  "node_share",
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
      return leastOfFaults(input, ({ requested, confirmedOn }) => open.countAt(requested ?? confirmedOn));
    },
  },
  called_during_fault: {
    name: "fewest operations called during a fault",
    unit: "operations",
    meaning: "from its confirmation to the request to heal",
    of: (input) =>
      leastOfFaults(input, ({ confirmedOn, until }) => {
        const { operations } = input;
        return operations.filter(({ callNs }) => callNs >= confirmedOn && callNs <= until).length;
      }),
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
  node_share: {
    name: "least share of operations on a node",
    unit: "share",
    meaning: "a node that is hardly asked hardly tells",
    of: ({ operations, nodes }) =>
      operations.length === 0 || nodes.length === 0
        ? 0
        : Math.min(...nodes.map((node) => operations.filter((one) => one.node === node).length)) / operations.length,
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

function leastOfFaults(
  { faults }: FloorsInput,
  count: (fault: { readonly requested: number | null; readonly confirmedOn: number; readonly until: number }) => number,
): number {
  const counts = faults.flatMap(({ requested, confirmedOn, healRequested, confirmedOff }) =>
    confirmedOn === null
      ? []
      : [count({ requested, confirmedOn, until: healRequested ?? confirmedOff ?? Number.POSITIVE_INFINITY })],
  );
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

/** One measure for each floor that is asked for. */
export function measureFloors(floors: FurtherFloors, input: FloorsInput): readonly TeethMeasure[] {
  return furtherFloorNames.flatMap((wanted) => {
    const floor = floors[wanted];
    if (floor === undefined) return [];
    const { name, unit, meaning, of } = figures[wanted];
    return [{ name, value: Math.round(of(input) * 10_000) / 10_000, unit, floor, meaning }];
  });
}

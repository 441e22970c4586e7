// The nodes' samples as the page reads them: times in nanoseconds again, how far each node was behind its group, and what all of them
// were at one moment.
import type { GroupRecord, LeaderRecord } from "../../../payload.js";
import type { NodeSeries } from "../../../nodes.js";

export interface Series extends NodeSeries {
  readonly timesNs: readonly number[];
  /** Entries that some node of the group knew to be decided by then, and this one did not. */
  readonly behind: readonly (number | null)[];
}

export const metrics = ["behind", "decided", "cpu", "memory"] as const;
export type Metric = (typeof metrics)[number];
export const metricNames: Readonly<Record<Metric, string>> = {
  behind: "entries behind its group",
  decided: "decided entries",
  cpu: "CPU",
  memory: "memory",
};

export function valuesOf(series: Series, metric: Metric): readonly (number | null)[] | null {
  if (metric === "cpu") return series.cpuPercent;
  if (metric === "memory") return series.memoryMb;
  return metric === "behind" ? series.behind : series.decided;
}

export function metricText(metric: Metric, value: number | null): string {
  if (value === null) return "–";
  if (metric === "cpu") return `${value.toFixed(0)} %`;
  return metric === "memory" ? `${value.toFixed(1)} MB` : String(value);
}

/** Last place with a value not above `wanted`, or −1. */
export function placeAt(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function readSeries(all: readonly NodeSeries[]): readonly Series[] {
  const timed = all.map((series) => {
    let ms = 0;
    return { ...series, timesNs: series.stepsMs.map((step) => (ms += step) * 1e6) };
  });
  return timed.map((series) => {
    const peers = timed.filter(({ group }) => group === series.group).map(highestOf);
    const behind = series.decided.map((own, at) => {
      if (own === null) return null;
      const ns = series.timesNs[at] ?? 0;
      return Math.max(0, ...peers.map(({ timesNs, highest }) => (highest[placeAt(timesNs, ns)] ?? 0) - own));
    });
    return { ...series, behind };
  });
}

/** What a node had decided by then, whether or not it still answers. */
function highestOf({
  timesNs,
  decided,
}: {
  readonly timesNs: readonly number[];
  readonly decided: readonly (number | null)[];
}) {
  let most = 0;
  return { timesNs, highest: decided.map((value) => (most = Math.max(most, value ?? 0))) };
}

export interface NodeState {
  readonly node: string;
  readonly group: number | null;
  readonly belief: LeaderRecord | null;
  readonly values: Readonly<Record<Metric, number | null>>;
}

/** The last that each node had said at a moment. */
export function statesAt(all: readonly Series[], groups: readonly GroupRecord[], ns: number): readonly NodeState[] {
  return all.map((series) => {
    const at = placeAt(series.timesNs, ns);
    const lane = groups.find(({ group }) => group === series.group)?.nodes.find(({ node }) => node === series.node);
    const value = (metric: Metric): number | null => valuesOf(series, metric)?.[at] ?? null;
    return {
      node: series.node,
      group: series.group,
      belief: lane?.records.findLast((record) => record.timeNs <= ns) ?? null,
      values: { behind: value("behind"), decided: value("decided"), cpu: value("cpu"), memory: value("memory") },
    };
  });
}

// What each node said of itself over time, from the status samples, thinned so that an hour is no larger than a minute; and moments at which
// two nodes of a group told different logs of equal length. Pure.
import type { TimeNs } from "../history/index.js";
import type { StatusSample } from "../cluster/index.js";

/** One line of `nodes/<n>/status.jsonl`, as far as the report needs it; CPU time and memory where they were looked at. */
export type ReportStatusSample = Pick<StatusSample, "time_ns" | "node" | "status"> &
  Partial<Pick<StatusSample, "cpu_time_ms" | "resident_bytes">>;

/** Columns, one place a sample. Times are whole milliseconds, each as the difference from the one before. */
export interface NodeSeries {
  readonly node: string;
  readonly group: number | null;
  readonly stepsMs: readonly number[];
  /** Entries that it knew to be decided; null: it gave no answer. */
  readonly decided: readonly (number | null)[];
  /** Share of one processor since the sample before, in percent; null where nobody looked. */
  readonly cpuPercent: readonly (number | null)[] | null;
  readonly memoryMb: readonly (number | null)[] | null;
  /** Hash of the decided log in its last answer. */
  readonly lastHash: string | null;
}

/** Two nodes of a group had decided equally many entries, and not the same ones. */
export interface ForkRecord {
  readonly group: number;
  readonly decided: number;
  readonly nodes: readonly [string, string];
  readonly hashes: readonly [string, string];
  readonly timeNs: TimeNs;
}

const pointsWanted = 400;
const forksLimit = 20;

/** Before the load begins the clock has another zero: such samples would stand at moments that they are not of. */
export function sinceLoad<Sample extends Pick<StatusSample, "time_ns" | "node">>(
  samples: readonly Sample[],
): readonly Sample[] {
  const byNode = new Map<string, Sample[]>();
  for (const sample of samples) {
    const own = byNode.get(sample.node);
    const last = own?.at(-1);
    if (own === undefined || (last !== undefined && last.time_ns > sample.time_ns)) byNode.set(sample.node, [sample]);
    else own.push(sample);
  }
  return [...byNode.values()].flat();
}

export function gatherNodes(samples: readonly ReportStatusSample[]): readonly NodeSeries[] {
  const byNode = new Map<string, ReportStatusSample[]>();
  for (const sample of samples) {
    const own = byNode.get(sample.node);
    if (own === undefined) byNode.set(sample.node, [sample]);
    else own.push(sample);
  }
  return [...byNode]
    .toSorted(([one], [other]) => one.localeCompare(other, "en", { numeric: true }))
    .map(([node, own]) => seriesOf(node, thinned(own)));
}

const ownGroup = ({ node, status }: ReportStatusSample) =>
  status?.groups.find(({ members }) => members.some((member) => member === node));

/** Every so many, and wherever a node falls silent or answers again. */
function thinned(samples: readonly ReportStatusSample[]): readonly ReportStatusSample[] {
  const step = Math.ceil(samples.length / pointsWanted);
  return samples.filter((sample, at) => {
    const before = samples[at - 1];
    return at % step === 0 || at === samples.length - 1 || (before?.status === null) !== (sample.status === null);
  });
}

function seriesOf(node: string, samples: readonly ReportStatusSample[]): NodeSeries {
  const last = samples.findLast(({ status }) => status !== null);
  const looked = samples.some(({ cpu_time_ms: cpu }) => typeof cpu === "number");
  const weighed = samples.some(({ resident_bytes: bytes }) => typeof bytes === "number");
  let before = 0;
  return {
    node,
    group: last === undefined ? null : (ownGroup(last)?.group ?? null),
    stepsMs: samples.map(({ time_ns: timeNs }) => {
      const ms = Math.round(timeNs / 1e6);
      const step = ms - before;
      before = ms;
      return step;
    }),
    decided: samples.map((sample) => ownGroup(sample)?.decidedIndex ?? null),
    cpuPercent: looked ? samples.map((sample, at) => cpuShare(samples[at - 1], sample)) : null,
    memoryMb: weighed
      ? samples.map(({ resident_bytes: bytes }) => (typeof bytes === "number" ? Math.round(bytes / 1e5) / 10 : null))
      : null,
    lastHash: last === undefined ? null : (ownGroup(last)?.logHash ?? null),
  };
}

/** A new process begins at zero: what it used before its first sample is not known. */
function cpuShare(before: ReportStatusSample | undefined, sample: ReportStatusSample): number | null {
  const [from, to] = [before?.cpu_time_ms, sample.cpu_time_ms];
  if (before === undefined || typeof from !== "number" || typeof to !== "number" || to < from) return null;
  const ms = (sample.time_ns - before.time_ns) / 1e6;
  return ms <= 0 ? null : Math.round(((to - from) / ms) * 1000) / 10;
}

/** Samples are far apart: none found is no proof. The agreement checker compares the logs themselves. */
export function gatherForks(samples: readonly ReportStatusSample[]): readonly ForkRecord[] {
  const seen = new Map<string, { readonly node: string; readonly hash: string }>();
  const forks = new Map<string, ForkRecord>();
  for (const sample of samples.toSorted((one, other) => one.time_ns - other.time_ns)) {
    const own = ownGroup(sample);
    if (own === undefined || own.logHash === "") continue;
    const place = `${own.group}/${own.decidedIndex}`;
    const first = seen.get(place);
    if (first === undefined) seen.set(place, { node: sample.node, hash: own.logHash });
    if (first === undefined || first.hash === own.logHash) continue;
    const name = [own.group, ...[first.node, sample.node].toSorted()].join("/");
    if (forks.has(name) || forks.size === forksLimit) continue;
    forks.set(name, {
      group: own.group,
      decided: own.decidedIndex,
      nodes: [first.node, sample.node],
      hashes: [first.hash, own.logHash],
      timeNs: sample.time_ns,
    });
  }
  return [...forks.values()];
}

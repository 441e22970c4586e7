// Asks every node for its status at a steady pace, keeps the answers in `nodes/<n>/status.jsonl`, and tells when a group's
// leader changes. It knows nothing of the kind of cluster.
import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { Cluster } from "./cluster.js";
import { withLimit } from "./limit.js";
import type { NodeName } from "./names.js";
import type { GroupStatus, NodeStatus } from "./system.js";

/** One line of `status.jsonl`. */
export interface StatusSample {
  readonly time_ns: number;
  readonly node: NodeName;
  /** Null when the node did not answer; then `error` says why. */
  readonly status: NodeStatus | null;
  readonly error: string | null;
  readonly cpu_time_ms: number | null;
  readonly resident_bytes: number | null;
}

export interface LeaderChange {
  readonly timeNs: number;
  readonly group: number;
  readonly leader: NodeName;
  readonly ballot: string;
  readonly previous: { readonly leader: NodeName; readonly ballot: string } | null;
}

export interface StatusSamplerOptions {
  readonly cluster: Cluster;
  /** The run's directory. */
  readonly directory: string;
  /** Default 100. */
  readonly everyMs?: number;
  /** Ends the sampling. */
  readonly signal: AbortSignal;
  /** The run's clock; safe integers. */
  readonly nowNs: () => number;
  /** Whether to read CPU time and memory with each sample. Default: on a local cluster, where it costs next to nothing. */
  readonly observeProcesses?: boolean;
  readonly onSample?: (sample: StatusSample) => void;
  readonly onLeaderChange?: (change: LeaderChange) => void;
  /** A file that cannot be written. Told once for each node; sampling goes on. */
  readonly onTrouble?: (detail: string) => void;
}

export interface StatusSampler {
  latest(node: NodeName): StatusSample | null;
  /** The leader on whom a majority of a group's members agreed last; groups without one are absent. */
  leaders(): ReadonlyMap<number, NodeName>;
  /** Resolves when the signal has ended the sampling and every line is in its file. Never rejects. */
  readonly done: Promise<void>;
}

/** A node that does not answer within this time is recorded as silent, and asked again. */
const answerTimeoutMs = 1_000;

export function sampleStatus(options: StatusSamplerOptions): StatusSampler {
  const { cluster, everyMs = 100, signal } = options;
  const latest = new Map<NodeName, StatusSample>();
  const leaders = new LeaderWatch((change) => options.onLeaderChange?.(change));
  const files = new Map(cluster.nodes.map((node) => [node, openFile(node, options)]));

  async function sampleNode(node: NodeName): Promise<void> {
    const sample = await takeSample(node, options);
    if (signal.aborted) return;
    latest.set(node, sample);
    files.get(node)?.write(`${JSON.stringify(sample)}\n`);
    options.onSample?.(sample);
    leaders.update(sample.time_ns, latest);
  }

  async function loop(node: NodeName): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      await sampleNode(node);
      await pause(Math.max(0, everyMs - (performance.now() - began)), signal);
    }
    const file = files.get(node);
    // Its trouble was told when it happened.
    if (file !== undefined) await finished(file.end()).catch(() => undefined);
  }

  return {
    latest: (node) => latest.get(node) ?? null,
    leaders: () => leaders.current(),
    done: Promise.all(cluster.nodes.map(loop)).then(() => undefined),
  };
}

function openFile(node: NodeName, { directory, onTrouble }: StatusSamplerOptions): WriteStream {
  const folder = join(directory, "nodes", node);
  mkdirSync(folder, { recursive: true });
  const file = createWriteStream(join(folder, "status.jsonl"), { flags: "a" });
  file.once("error", (error) => onTrouble?.(`status of ${node}: ${error.message}`));
  return file;
}

async function takeSample(node: NodeName, options: StatusSamplerOptions): Promise<StatusSample> {
  const { cluster, signal, nowNs } = options;
  const { observeProcesses = cluster.kind === "local" } = options;
  const [answer, process] = await Promise.all([
    withLimit(signal, answerTimeoutMs, (limited) => cluster.status(node, limited)).then(
      (status) => ({ status, error: null }),
      (error: unknown) => ({ status: null, error: error instanceof Error ? error.message : String(error) }),
    ),
    observeProcesses ? cluster.observeProcess(node).catch(() => null) : null,
  ]);
  return {
    time_ns: nowNs(),
    node,
    ...answer,
    cpu_time_ms: process?.cpuTimeMs ?? null,
    resident_bytes: process?.residentBytes ?? null,
  };
}

/** Follows who leads each group. A view is believed when a majority of the group's members share it: a deposed leader may not know. */
export class LeaderWatch {
  readonly #believed = new Map<number, { readonly leader: NodeName; readonly ballot: string }>();

  constructor(private readonly onChange: (change: LeaderChange) => void) {}

  current(): ReadonlyMap<number, NodeName> {
    return new Map([...this.#believed].map(([group, { leader }]) => [group, leader]));
  }

  update(timeNs: number, latest: ReadonlyMap<NodeName, StatusSample>): void {
    const views = new Map<number, { readonly node: NodeName; readonly view: GroupStatus }[]>();
    for (const { node, status } of latest.values())
      for (const view of status?.groups ?? [])
        views.set(view.group, [...(views.get(view.group) ?? []), { node, view }]);
    for (const [group, all] of views) this.#judge(timeNs, group, all);
  }

  #judge(
    timeNs: number,
    group: number,
    views: readonly { readonly node: NodeName; readonly view: GroupStatus }[],
  ): void {
    const votes = new Map<string, number>();
    for (const { node, view } of views) {
      const { leader, ballot, members } = view;
      if (leader === null || !members.includes(node)) continue;
      const key = JSON.stringify([leader, ballot]);
      const count = (votes.get(key) ?? 0) + 1;
      votes.set(key, count);
      if (count * 2 > members.length) return this.#believe(timeNs, group, leader, ballot);
    }
  }

  #believe(timeNs: number, group: number, leader: NodeName, ballot: string): void {
    const previous = this.#believed.get(group) ?? null;
    if (previous?.leader === leader && previous.ballot === ballot) return;
    this.#believed.set(group, { leader, ballot });
    this.onChange({ timeNs, group, leader, ballot, previous });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}

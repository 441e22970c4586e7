// Shows that the sampler keeps a line for every answer and every silence, follows leaders by majority, and ends when told. The
// cluster is a stand-in that answers what the test says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Cluster } from "./cluster.js";
import { nodeNames, type NodeName } from "./names.js";
import { LeaderWatch, sampleStatus, type LeaderChange, type StatusSample } from "./status-sampler.js";
import type { NodeStatus } from "./system.js";
import { until } from "./testing/until.js";

const [n1, n2, n3] = nodeNames(3) as [NodeName, NodeName, NodeName];
const members = [n1, n2, n3];

function statusOf(node: NodeName, leader: NodeName | null, ballot = "1"): NodeStatus {
  const group = { group: 0, members, leader, ballot, phase: "", decidedIndex: 0, logHash: "" };
  return { node, ready: true, incarnation: 1, groups: [group], suspected: [] };
}

const clusterThat = (status: Cluster["status"]): Cluster =>
  ({
    kind: "local",
    nodes: members,
    status,
    observeProcess: async (node) => ({
      node,
      state: "running",
      pid: 1,
      incarnation: "1",
      cpuTimeMs: 30,
      residentBytes: 4096,
      exitCode: null,
      exitSignal: null,
    }),
  }) as Partial<Cluster> as Cluster;

let directory = "";
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "minos-status-"))));
afterEach(() => rmSync(directory, { recursive: true }));

const linesOf = (node: NodeName) =>
  readFileSync(join(directory, "nodes", node, "status.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as StatusSample);

test("every answer and every silence is a line with the run's time, CPU time and memory", async () => {
  const stop = new AbortController();
  let now = 0;
  const counts = new Map<NodeName, number>();
  const sampler = sampleStatus({
    cluster: clusterThat((node) =>
      node === n2 ? Promise.reject(new Error("connect ECONNREFUSED")) : Promise.resolve(statusOf(node, n1)),
    ),
    directory,
    everyMs: 5,
    signal: stop.signal,
    nowNs: () => ++now,
    onSample: ({ node }) => counts.set(node, (counts.get(node) ?? 0) + 1),
  });
  await until("five samples of each", () => members.every((node) => (counts.get(node) ?? 0) >= 5));
  stop.abort();
  await sampler.done;
  for (const node of members) expect(linesOf(node)).toHaveLength(counts.get(node) ?? -1);
  expect(linesOf(n1)[0]).toMatchObject({ node: "n1", status: { ready: true }, error: null });
  expect(linesOf(n1)[0]).toMatchObject({ cpu_time_ms: 30, resident_bytes: 4096 });
  expect(linesOf(n2)[0]).toMatchObject({ status: null, error: "connect ECONNREFUSED" });
  const times = linesOf(n1).map((line) => line.time_ns);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(sampler.latest(n2)?.status).toBeNull();
  expect([...sampler.leaders()]).toEqual([[0, "n1"]]);
});

test("a node that never answers delays no other, is recorded as silent, and holds up no ending", async () => {
  const stop = new AbortController();
  const counts = new Map<NodeName, number>();
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const sampler = sampleStatus({
    cluster: clusterThat((node, signal) => (node === n2 ? never(signal) : Promise.resolve(statusOf(node, n1)))),
    directory,
    everyMs: 10,
    signal: stop.signal,
    nowNs: () => 0,
    onSample: ({ node }) => counts.set(node, (counts.get(node) ?? 0) + 1),
  });
  await until("the silence is recorded", () => (counts.get(n2) ?? 0) === 1);
  expect(counts.get(n1)).toBeGreaterThan(20);
  stop.abort();
  await sampler.done;
  expect(linesOf(n2)[0]).toMatchObject({ status: null, error: expect.stringContaining("1000 ms") as unknown });
});

test("a file that cannot be written is told once and stops nothing", async () => {
  mkdirSync(join(directory, "nodes", n1), { recursive: true });
  mkdirSync(join(directory, "nodes", n1, "status.jsonl"));
  writeFileSync(join(directory, "other"), "");
  const stop = new AbortController();
  const troubles: string[] = [];
  let samples = 0;
  const sampler = sampleStatus({
    cluster: clusterThat((node) => Promise.resolve(statusOf(node, n1))),
    directory,
    everyMs: 1,
    signal: stop.signal,
    nowNs: () => 0,
    onSample: ({ node }) => (samples += node === n1 ? 1 : 0),
    onTrouble: (detail) => troubles.push(detail),
  });
  await until("samples go on", () => samples > 20);
  stop.abort();
  await sampler.done;
  expect(troubles).toEqual([expect.stringMatching(/^status of n1: EISDIR/)]);
  expect(linesOf(n2).length).toBeGreaterThan(0);
});

test("a leader is believed when a majority of the group says so under one ballot, and a change is told once", () => {
  const changes: LeaderChange[] = [];
  const watch = new LeaderWatch((change) => changes.push(change));
  const latest = new Map<NodeName, StatusSample>();
  const say = (timeNs: number, node: NodeName, status: NodeStatus | null) => {
    const rest = { error: null, cpu_time_ms: null, resident_bytes: null };
    latest.set(node, { time_ns: timeNs, node, status, ...rest });
    watch.update(timeNs, latest);
  };
  say(1, n1, statusOf(n1, n1));
  expect(changes).toEqual([]);
  say(2, n2, statusOf(n2, n1));
  say(3, n3, statusOf(n3, n1));
  // n1 is cut off and does not know: its own view is one vote of three.
  say(4, n2, statusOf(n2, n2, "2"));
  say(5, n3, statusOf(n3, n2, "2"));
  say(6, n1, null);
  say(7, n2, statusOf(n2, n2, "3"));
  say(8, n3, statusOf(n3, n2, "3"));
  expect(changes).toEqual([
    { timeNs: 2, group: 0, leader: "n1", ballot: "1", previous: null },
    { timeNs: 5, group: 0, leader: "n2", ballot: "2", previous: { leader: "n1", ballot: "1" } },
    { timeNs: 8, group: 0, leader: "n2", ballot: "3", previous: { leader: "n2", ballot: "2" } },
  ]);
  expect([...watch.current()]).toEqual([[0, "n2"]]);
});

test("a node outside of a group has no vote in it", () => {
  const changes: LeaderChange[] = [];
  const watch = new LeaderWatch((change) => changes.push(change));
  const stranger = nodeNames(5).slice(3);
  const rest = { error: null, cpu_time_ms: null, resident_bytes: null };
  const samples = [n1, ...stranger].map((node) => ({ time_ns: 1, node, status: statusOf(node, n1), ...rest }));
  watch.update(1, new Map(samples.map((sample) => [sample.node, sample])));
  expect(changes).toEqual([]);
});

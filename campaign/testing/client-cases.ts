// What faults of clients must show on every real cluster, with the store and its own clients under a small load: each is confirmed on and
// off from what the load recorded, the history says `info` of what died and of nothing else, and no write takes effect twice.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { check } from "../../checker/index.js";
import { nodeNames, type Cluster, type ClusterOptions, type SystemUnderTest } from "../../cluster/index.js";
import { createRandom, MemorySink, Recorder, systemClock } from "../../history/index.js";
import { createNemesis, type Fault, type FaultRecord } from "../../nemesis/index.js";
import type { Generator } from "../../workloads/index.js";
import type { Driver } from "../driver.js";
import { createRealDriver } from "../real-driver.js";
import { RunLoop } from "../run-loop.js";

const nodes = nodeNames(3);
const timed = { at_ms: 300, for_ms: 500 };

export const clientFaults: readonly (readonly [name: string, fault: Fault])[] = [
  ["clients that die", { kind: "client-death", target: { by: "all" }, ...timed }],
  [
    "requests sent several times",
    { kind: "duplicate-requests", target: { by: "all" }, copies: 3, every_ms: 20, ...timed },
  ],
  ["a retry storm", { kind: "retry-storm", target: { by: "all" }, every_ms: 1, ...timed }],
];

/** Puts, each of another value, and gets, in turn, of keys that nobody asked for before, until it is told to stop. */
function puttingAndGetting(): Generator & { stop(): void } {
  const keys = randomUUID().slice(0, 8);
  let [asked, stopped, nextMs] = [0, false, 0];
  return {
    next({ nowMs, freeThreads }) {
      // Not always the first: where answers come quickly, the clients of some node would never be asked.
      const thread = freeThreads[asked % freeThreads.length];
      if (stopped) return { type: "done" };
      if (thread === undefined) return { type: "wait", untilMs: null };
      if (nowMs < nextMs) return { type: "wait", untilMs: nextMs };
      nextMs = nowMs + 8;
      asked += 1;
      const key = `${keys}-${asked % 3}`;
      const at = { thread, key, intendedMs: nowMs, phase: "load" as const };
      const operation =
        asked % 2 === 0 ? { ...at, function: "get", input: null } : { ...at, function: "put", input: asked };
      return { type: "operation", operation };
    },
    update: () => undefined,
    droppedArrivals: () => 0,
    stop: () => {
      stopped = true;
    },
  };
}

/** So many operations succeed before the load ends. */
const leastOk = 20;

/** Boots three nodes; `carryOut` drives the load, lets one fault come and go, and tells what was recorded. */
export async function withClients(
  create: (options: ClusterOptions) => Cluster,
  system: SystemUnderTest,
  act: (carryOut: (fault: Fault, change?: (driver: Driver) => Driver) => Promise<Recorded>) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "minos-clients-"));
  const runId = `clients-${randomUUID().slice(0, 8)}`;
  const cluster = create({ system, nodes, replication: 3, runId, directory });
  try {
    await cluster.boot(AbortSignal.timeout(60_000));
    await act((fault, change = (driver) => driver) => carryOut(cluster, system, fault, change));
  } finally {
    const { leftBehind } = await cluster.teardown();
    await rm(directory, { recursive: true, force: true });
    expect(leftBehind).toEqual([]);
  }
}

interface Recorded {
  readonly records: readonly FaultRecord[];
  readonly outcomes: Readonly<Record<"ok" | "fail" | "info", number>>;
  readonly lost: number;
  readonly valid: boolean | "unknown";
}

async function carryOut(
  cluster: Cluster,
  system: SystemUnderTest,
  fault: Fault,
  change: (driver: Driver) => Driver,
): Promise<Recorded> {
  const clock = systemClock();
  const signal = AbortSignal.timeout(60_000);
  const header = { model: system.model, initial: null, keyed: true, plan: "p", run: "r", build: null, startedAt: "" };
  const recorder = new Recorder({ clock, sink: new MemorySink(), header: { ...header, concurrency: 6 } });
  const real = createRealDriver({ system, clientAddress: (node) => cluster.clientAddress(node), now: clock, signal });
  const driver = change(real);
  const loop = new RunLoop({ driver, recorder, nodes, concurrency: 6, operationTimeoutMs: 5_000 });
  const records: FaultRecord[] = [];
  const nemesis = createNemesis({
    cluster,
    clients: loop.clients,
    faults: [fault],
    random: createRandom(1, "nemesis"),
    groups: () => [{ group: 0, members: nodes }],
    leaderOf: () => null,
    record: (event) => void records.push(event),
    limits: { confirmMs: driver === real ? 10_000 : 1_500 },
  });
  const load = puttingAndGetting();
  const loading = loop.drive(load, signal);
  await nemesis.run(signal);
  // On a slow machine a fault comes and goes within a handful of operations, of which a verdict would say little.
  while (loop.counts.ok < leastOk && !signal.aborted) await setTimeout(10);
  load.stop();
  await loading;
  expect((await nemesis.finalHeal(signal)).problems).toEqual([]);
  real.close();
  const lost = nodes.reduce((sum, node) => sum + loop.clients.counts(node).lost, 0);
  return { records, outcomes: loop.counts, lost, valid: (await check(recorder.events, system.model)).valid };
}

const stages = ["requested", "confirmed-on", "heal-requested", "confirmed-off"];

/** Each fault on the store's own clients. */
export async function showClientFaults(
  create: (options: ClusterOptions) => Cluster,
  system: SystemUnderTest,
): Promise<void> {
  await withClients(create, system, async (carryOut) => {
    for (const [name, fault] of clientFaults) {
      const { records, outcomes, lost, valid } = await carryOut(fault);
      expect(
        records.map(({ stage }) => stage),
        `${name}: ${JSON.stringify(records)}`,
      ).toEqual(stages);
      expect(outcomes.ok, name).toBeGreaterThanOrEqual(leastOk);
      // Of a healthy system nothing but what died is unknown.
      expect({ name, info: outcomes.info, valid }).toEqual({ name, info: lost, valid: true });
      expect(lost > 0, name).toBe(fault.kind === "client-death");
    }
  });
}

/** Clients that go on living, and clients that send nothing twice. */
export async function showUnfaithfulClients(
  create: (options: ClusterOptions) => Cluster,
  system: SystemUnderTest,
): Promise<void> {
  const change = (driver: Driver): Driver => ({
    ...driver,
    retire: () => undefined,
    invoke: (invocation, events) => driver.invoke({ ...invocation, repeat: null }, events),
  });
  await withClients(create, system, async (carryOut) => {
    for (const [name, fault] of clientFaults) {
      const { records } = await carryOut(fault, change);
      expect(records.map(({ stage }) => stage).slice(0, 2), name).toEqual(["requested", "unconfirmed"]);
    }
  });
}

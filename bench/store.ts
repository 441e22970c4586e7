// Measures the store: `npm run bench:store`. Three nodes on loopback with fdatasync, puts of 100-byte values, 1 to 1000 outstanding;
// beside it, level by level in the same run, three members of the installed etcd with its default durability under the same
// load by two clients; then the same store with every link and client behind a proxy of this suite; then a node's memory
// after a million puts. Prints Markdown; with --write it replaces the store's part of bench/RESULTS.md.
//
//   --seconds N     measured time of each cell (default 2, after 1 s of warm-up)
//   --rounds N      turns through all cells (default 3); a cell shows its round with the median rate
//   --levels A,B    outstanding writes (default 1,10,50,500,1000)
//   --no-etcd --no-proxies --no-memory    leave a part out
//   --write         write bench/RESULTS.md
//
// All processes, loads included, share the machine. It does not pin them. All are warmed up before the first cell.
import { parseArgs } from "node:util";

import type { NodeName } from "../cluster/index.js";
import { shippedBuild, storeSystem } from "../system/index.js";
import { DirectCluster } from "./direct-cluster.js";
import { EtcdCluster, etcdVersion } from "./etcd-cluster.js";
import { loadEtcdGateway, loadEtcdGrpc } from "./etcd-load.js";
import type { LoadResult } from "./latencies.js";
import { ProxiedStore } from "./proxied-store.js";
import { machine, writePart } from "./results.js";
import { loadStore } from "./store-load.js";
import type { LoadOptions } from "./store-load.js";

interface Row {
  readonly subject: string;
  readonly result: LoadResult;
  /** fdatasync calls during warm-up and measurement, for each node; null where they are not counted. */
  readonly fdatasyncs: readonly number[] | null;
  /** Processor time of each node, the leader first, and of the load for one operation, warm-up included; null where not measured. */
  readonly processorMicros: readonly number[] | null;
}

/** Counters that only grow. */
interface Meter {
  readonly fdatasyncs: readonly number[];
  /** For each node, then the load; null where they are not measured. */
  readonly processorMicros: readonly number[] | null;
  /** Operations decided so far. */
  readonly operations: number;
}

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    levels: { type: "string", default: "1,10,50,500,1000" },
    "no-etcd": { type: "boolean", default: false },
    "no-proxies": { type: "boolean", default: false },
    "no-memory": { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

const levels = flags.levels.split(",").map(Number);

function options(outstanding: number): LoadOptions {
  return { outstanding, warmUpMs: 1_000, measureMs: Number(flags.seconds) * 1_000, valueBytes: 100, keys: 1_000 };
}

/** A load that warms the processes up before anything is measured: just-in-time compilers for the one, caches for both. */
const warmUp: LoadOptions = { outstanding: 200, warmUpMs: 0, measureMs: 3_000, valueBytes: 100, keys: 1_000 };

/** Of the rounds of each subject at each level, the one with the median rate. */
function medians(rows: readonly Row[]): readonly Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.subject} ${row.result.outstanding}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const sorted = group.toSorted((left, right) => left.result.operationsPerSecond - right.result.operationsPerSecond);
    return sorted.slice(Math.floor(sorted.length / 2)).slice(0, 1);
  });
}

/** Every level in turn, as often as there are rounds. */
const turns = (): readonly number[] => Array.from({ length: Number(flags.rounds) }, () => levels).flat();

/** Runs a load and measures the fdatasync calls and the processor time spent meanwhile. */
async function measure(
  subject: string,
  run: () => Promise<LoadResult>,
  read: (() => Promise<Meter>) | null,
): Promise<Row> {
  const before = read === null ? null : await read();
  const result = await run();
  const after = read === null ? null : await read();
  const grown = (now: readonly number[], then: readonly number[]): readonly number[] =>
    now.map((value, index) => value - (then[index] ?? 0));
  const fdatasyncs = after === null || before === null ? null : grown(after.fdatasyncs, before.fdatasyncs);
  const processorMicros =
    after === null || before === null || after.processorMicros === null || before.processorMicros === null
      ? null
      : grown(after.processorMicros, before.processorMicros).map(
          (micros) => micros / (after.operations - before.operations),
        );
  const row = { subject, result, fdatasyncs, processorMicros };
  console.error(tableLine(row));
  return row;
}

async function leaderOf(cluster: DirectCluster): Promise<NodeName> {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error("a cluster has nodes");
  const leader = (await cluster.ready(first)).groups[0]?.leader;
  if (leader === null || leader === undefined) throw new Error("the store has no leader");
  return leader;
}

async function readStore(cluster: DirectCluster, leader: NodeName): Promise<Meter> {
  const nodes = [leader, ...cluster.nodes.filter((node) => node !== leader)];
  const metrics = await Promise.all(nodes.map((node) => cluster.metrics(node)));
  const all = (name: string): readonly number[] => metrics.map((each) => each.get(`minos_store_${name}`) ?? NaN);
  const { user, system } = process.cpuUsage();
  return {
    fdatasyncs: all("log_fdatasyncs_total"),
    processorMicros: [...all("processor_microseconds_total"), user + system],
    operations: all("decided_index")[0] ?? NaN,
  };
}

async function measureBeside(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const store = await DirectCluster.create(await storeSystem(await shippedBuild()), 3, 3);
  const etcd = flags["no-etcd"] ? null : await EtcdCluster.boot();
  try {
    await store.boot();
    await loadStore(store.address(await leaderOf(store)), warmUp);
    if (etcd !== null) await loadEtcdGrpc(await etcd.leader(), warmUp);
    for (const level of turns()) {
      const leader = await leaderOf(store);
      rows.push(
        await measure(
          "store",
          () => loadStore(store.address(leader), options(level)),
          () => readStore(store, leader),
        ),
      );
      if (etcd === null) continue;
      const member = await etcd.leader();
      const clients = { "etcd, gRPC": loadEtcdGrpc, "etcd, JSON gateway": loadEtcdGateway };
      for (const [name, load] of Object.entries(clients))
        rows.push(
          await measure(
            name,
            () => load(member, options(level)),
            async () => ({ fdatasyncs: await etcd.fdatasyncs(), processorMicros: null, operations: 0 }),
          ),
        );
    }
  } finally {
    await store.teardown();
    await etcd?.teardown();
  }
  return medians(rows);
}

async function measureThroughProxies(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const store = await ProxiedStore.boot();
  try {
    await loadStore(await store.leader(), warmUp);
    for (const level of turns()) {
      const address = await store.leader();
      rows.push(await measure("store, through proxies", () => loadStore(address, options(level)), null));
    }
  } finally {
    await store.teardown();
  }
  return medians(rows);
}

/** Resident and heap megabytes of each node after a million puts. */
async function measureMemory(): Promise<readonly string[]> {
  const store = await DirectCluster.create(await storeSystem(await shippedBuild()), 3, 3);
  try {
    await store.boot();
    const [first] = store.nodes;
    if (first === undefined) throw new Error("a cluster has nodes");
    for (let decided = 0; decided < 1_000_000;) {
      await loadStore(store.address(await leaderOf(store)), { ...options(500), warmUpMs: 0, measureMs: 2_000 });
      decided = (await store.metrics(first)).get("minos_store_decided_index") ?? 0;
    }
    const lines: string[] = [];
    for (const node of store.nodes) {
      const metrics = await store.metrics(node);
      const megabytes = (name: string): string => ((metrics.get(name) ?? NaN) / 2 ** 20).toFixed(0);
      const operations = metrics.get("minos_store_decided_index") ?? NaN;
      const role = metrics.get("minos_store_is_leader") === 1 ? "leader" : "follower";
      lines.push(
        `| ${node} (${role}) | ${operations} | ${megabytes("minos_store_memory_resident_bytes")} | ${megabytes("minos_store_memory_heap_used_bytes")} |`,
      );
    }
    return lines;
  } finally {
    await store.teardown();
  }
}

function tableLine({ subject, result, fdatasyncs, processorMicros }: Row): string {
  const cells = [
    subject,
    result.outstanding,
    Math.round(result.operationsPerSecond),
    result.p50Ms.toFixed(2),
    result.p99Ms.toFixed(2),
    fdatasyncs === null ? "–" : fdatasyncs.join(" + "),
    processorMicros === null ? "–" : processorMicros.map((micros) => micros.toFixed(1)).join(" + "),
    result.errors,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The store's rate over that of etcd's faster client, level by level. */
function ratios(rows: readonly Row[]): readonly string[] {
  return levels.flatMap((level) => {
    const rate = (prefix: string): number =>
      Math.max(
        ...rows
          .filter((row) => row.subject.startsWith(prefix) && row.result.outstanding === level)
          .map((row) => row.result.operationsPerSecond),
      );
    const etcd = rate("etcd");
    return Number.isFinite(etcd) ? [`| ${level} | ${(rate("store") / etcd).toFixed(2)} |`] : [];
  });
}

function report(beside: readonly Row[], proxied: readonly Row[], memory: readonly string[]): string {
  const lines = [
    "## The store",
    "",
    `Command: \`npm run bench:store\` (${flags.seconds} s measured for each cell after 1 s of warm-up; of ${flags.rounds} rounds the one with the`,
    `median rate). Machine: ${machine()}${flags["no-etcd"] ? "" : `, ${etcdVersion() ?? "no etcd"} (default durability)`}. Three nodes, the load and, in turn, etcd share the machine;`,
    "each is loaded at its leader with puts of 100-byte values on 1000 keys. fdatasync calls are those of all three nodes, warm-up included:",
    "the store counts its own calls, etcd's are its counters of log syncs plus two for each backend commit. Processor time is that of the",
    "leader, the two followers and the load for one operation.",
    "",
    "| system | outstanding | operations/s | p50 ms | p99 ms | fdatasync calls | processor µs/operation | errors |",
    "|---|--:|--:|--:|--:|--:|--:|--:|",
    ...[...beside, ...proxied].map(tableLine),
  ];
  const times = ratios(beside);
  if (times.length > 0) lines.push("", "| outstanding | store ÷ etcd (its faster client) |", "|--:|--:|", ...times);
  if (memory.length > 0)
    lines.push(
      "",
      "Memory after a million puts; there are no snapshots yet, so the log is kept whole:",
      "",
      "| node | operations decided | resident MB | heap used MB |",
      "|---|--:|--:|--:|",
      ...memory,
    );
  return `${lines.join("\n")}\n`;
}

const beside = await measureBeside();
const proxied = flags["no-proxies"] ? [] : await measureThroughProxies();
const memory = flags["no-memory"] ? [] : await measureMemory();
const text = report(beside, proxied, memory);
console.log(text);
if (flags.write) await writePart("store", text);

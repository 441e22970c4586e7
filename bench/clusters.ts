// Measures how long six nodes take to boot and to be torn down, on each cluster in turn: `npm run bench:clusters`. Ready means that
// every node answers its admin port and says so. Where no Docker engine answers, its rows are left out, in so many words. Images are
// made before the clock starts: a machine makes them once. Prints Markdown; with --write it replaces its part of bench/RESULTS.md.
//
//   --rounds N      boots of each cluster (default 5)
//   --write         write bench/RESULTS.md
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { nodeNames, type Cluster, type ClusterOptions } from "../cluster/index.js";
import { createDockerCluster } from "../docker/index.js";
import { createLocalCluster } from "../local/index.js";
import { shippedBuild, storeSystem } from "../system/index.js";
import { machine, writePart } from "./results.js";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, write: { type: "boolean", default: false } },
});
const nodes = nodeNames(6);
const replication = 3;

interface Times {
  readonly bootMs: number[];
  readonly teardownMs: number[];
}

async function once(
  create: (options: ClusterOptions) => Cluster,
): Promise<{ readonly bootMs: number; readonly teardownMs: number }> {
  const directory = await mkdtemp(join(tmpdir(), "minos-bench-"));
  const system = await storeSystem(await shippedBuild());
  const cluster = create({ system, nodes, replication, runId: `bench-${randomUUID().slice(0, 8)}`, directory });
  try {
    const signal = AbortSignal.timeout(60_000);
    setMaxListeners(0, signal);
    const { bootMs } = await cluster.boot(signal).catch(async (error: unknown) => {
      await cluster.teardown();
      throw error;
    });
    const { teardownMs, leftBehind } = await cluster.teardown();
    if (leftBehind.length > 0) throw new Error(`left behind: ${leftBehind.join(", ")}`);
    return { bootMs, teardownMs };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(create: (options: ClusterOptions) => Cluster): Promise<Times | string> {
  const times: Times = { bootMs: [], teardownMs: [] };
  try {
    await once(create);
    for (let round = 0; round < Number(flags.rounds); round++) {
      const { bootMs, teardownMs } = await once(create);
      times.bootMs.push(bootMs);
      times.teardownMs.push(teardownMs);
    }
    return times;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function row(on: string, measured: Times | string): string {
  if (typeof measured === "string") return `| ${on} | not measured: ${measured} | |`;
  const cell = (values: readonly number[]): string => {
    const sorted = values.toSorted((left, right) => left - right);
    const seconds = (ms: number | undefined): string => ((ms ?? Number.NaN) / 1000).toFixed(2);
    return `${seconds(sorted[Math.floor(sorted.length / 2)])} (${seconds(sorted[0])}–${seconds(sorted.at(-1))})`;
  };
  return `| ${on} | ${cell(measured.bootMs)} | ${cell(measured.teardownMs)} |`;
}

const rows = [row("local", await measure(createLocalCluster)), row("docker", await measure(createDockerCluster))];
const text = [
  "## Boot and teardown of six nodes",
  "",
  `Command: \`npm run bench:clusters\`; median (least–greatest) of ${flags.rounds} after one that is not counted. Machine: ${machine()}.`,
  "",
  "| cluster | boot to all ready, s | teardown, s |",
  "|---|--:|--:|",
  ...rows,
].join("\n");
console.log(text);
if (flags.write) await writePart("clusters", text);

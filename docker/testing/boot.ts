// A cluster of the tiny system for one test, torn down and its directory removed at its end whatever happens.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { expect, onTestFinished } from "vitest";
import {
  nodeNames,
  type BootReport,
  type Cluster,
  type ClusterEvent,
  type SystemUnderTest,
} from "../../cluster/index.js";
import { tinySystem } from "../../test/tiny-system/description.js";
import { ask, connectEngine } from "../engine.js";
import { createDockerCluster, type DockerClusterOptions } from "../index.js";
import { label } from "../labels.js";

export interface Booted {
  readonly cluster: Cluster;
  readonly report: BootReport;
  readonly events: readonly ClusterEvent[];
  readonly runId: string;
  readonly directory: string;
  /** Tears down and removes the directory. In a test it is called at the end by itself. */
  end(): Promise<void>;
}

export interface BootOptions extends Partial<DockerClusterOptions> {
  readonly count?: number;
}

/** Not booted yet. */
export function prepareTiny({ count = 2, ...options }: BootOptions = {}): Omit<Booted, "report"> {
  const directory = mkdtempSync(join(tmpdir(), "minos-docker-"));
  const runId = options.runId ?? `test-${randomUUID().slice(0, 8)}`;
  const system: SystemUnderTest = options.system ?? tinySystem();
  const cluster = createDockerCluster({
    nodes: nodeNames(count),
    replication: count,
    directory,
    ...options,
    runId,
    system,
  });
  const events: ClusterEvent[] = [];
  cluster.onEvent((event) => events.push(event));
  const end = async () => {
    const { leftBehind } = await cluster.teardown();
    rmSync(directory, { recursive: true, force: true });
    if (leftBehind.length > 0) throw new Error(`left behind: ${leftBehind.join(", ")}`);
  };
  if (expect.getState().currentTestName !== undefined) onTestFinished(end);
  return { cluster, events, runId, directory, end };
}

export async function bootTiny(options: BootOptions = {}): Promise<Booted> {
  const prepared = prepareTiny(options);
  const report = await prepared.cluster.boot(AbortSignal.timeout(60_000));
  return { ...prepared, report };
}

export interface FoundContainer {
  readonly container: Docker.Container;
  readonly facts: Docker.ContainerInspectInfo;
}

/** Containers of a run, asked of the engine. `what`: a node's name, or a role such as `toxiproxy`. */
export async function containersOf(runId: string): Promise<ReadonlyMap<string, FoundContainer>> {
  const docker = connectEngine();
  const filters = { label: [`${label.run}=${runId}`] };
  const list = await ask("list the containers", () => docker.listContainers({ all: true, filters }));
  const found = await Promise.all(
    list.map(async ({ Id, Labels }) => {
      const container = docker.getContainer(Id);
      const what = Labels[label.node] ?? Labels[label.role] ?? "";
      return [what, { container, facts: await ask("inspect", () => container.inspect()) }] as const;
    }),
  );
  return new Map(found);
}

export async function containerOf(runId: string, what: string): Promise<FoundContainer> {
  const found = (await containersOf(runId)).get(what);
  if (found === undefined) throw new Error(`run ${runId} has no container "${what}"`);
  return found;
}

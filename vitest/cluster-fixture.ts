// A cluster in a test's hands: clients that record what they saw, kills that are confirmed, and a report when the test fails.
import { rmSync } from "node:fs";
import {
  createRunDirectory,
  describeEnvironment,
  parsePlanFile,
  prepareRun,
  rebuildReport,
  runIdOf,
  UsageError,
  writeJson,
  type Plan,
  type PlanFields,
  type RunDirectory,
} from "../campaign/index.js";
import { judge } from "../checker/index.js";
import { nodeNames, type Cluster, type ClusterEvent, type NodeName, type SystemUnderTest } from "../cluster/index.js";
import { createRandom, FileSink, Recorder, systemClock, type HistoryEvent, type Random } from "../history/index.js";
import { TestClient } from "./test-client.js";

export { TestClient } from "./test-client.js";

export interface ClusterFixture {
  /** From `MINOS_SEED`, or drawn. */
  readonly seed: number;
  /** Whatever a test draws from it is drawn again from the same seed. */
  readonly random: Random;
  readonly nodes: readonly NodeName[];
  /** The cluster itself: cuts, pauses, statuses. What it resolves was asked for; the test has to see that it took effect. */
  readonly control: Cluster;
  /** A sequential client of its own, pinned to one node. At most 1,000 a test. */
  client(node: string): TestClient;
  /** Resolves when the node's process is seen to be gone. */
  kill(node: string): Promise<void>;
  /** Resolves when the node says that it is ready. */
  start(node: string): Promise<void>;
  /** What the clients saw so far; for `expect`. */
  history(): readonly HistoryEvent[];
}

export interface BootedFixture {
  readonly fixture: ClusterFixture;
  /** Takes everything down; what was wrong with the nodes or cannot be removed, a sentence each. Safe to call once only. */
  end(): Promise<readonly string[]>;
  /** Judges and reports what was recorded; the report's path, or null when none could be written. */
  keep(): string | null;
  discard(): void;
}

export interface BootInput {
  readonly plan: PlanFields;
  readonly store: string;
  /** Null: one is drawn. */
  readonly seed: number | null;
  readonly signal: AbortSignal;
}

const clientsMax = 1_000;
const confirmWithinMs = 10_000;
const lookEveryMs = 20;

/** Rejects with UsageError or ClusterError; then nothing is left behind. */
export async function bootFixture({ plan: fields, store, seed, signal }: BootInput): Promise<BootedFixture> {
  const file = parsePlanFile(JSON.stringify(fields), "the plan of clusterTest");
  const flags = { nemesis: "none", name: "vitest", ...(seed === null ? {} : { seed }) };
  const {
    plan: prepared,
    provenance,
    system,
    createCluster,
  } = await prepareRun({ flags, file }, { toxiproxy: null, baseImage: null });
  if (prepared.on === "simulation")
    throw new UsageError("clusterTest: a simulated cluster has a time of its own", "campaign(…) runs in simulation");
  const plan: Plan = { ...prepared, concurrency: clientsMax };
  const directory = createRunDirectory(store, plan.name, new Date());
  const runId = runIdOf(directory, plan.seed);
  const cluster = createCluster({
    system,
    nodes: nodeNames(plan.nodes),
    replication: plan.replication,
    runId,
    directory: directory.path,
  });
  const trouble: string[] = [];
  cluster.onEvent((event) => trouble.push(...troubleOf(event)));
  try {
    writeJson(directory.planFile, plan);
    writeJson(directory.environmentFile, describeEnvironment(system, null, provenance));
    await cluster.boot(signal);
  } catch (error) {
    await cluster.teardown();
    throw error;
  }
  return new Booted({ plan, system, cluster, directory, runId, trouble });
}

/** What no test asked for. */
function troubleOf(event: ClusterEvent): readonly string[] {
  switch (event.type) {
    case "exited":
      return event.expected ? [] : [`${event.node} ended by itself (${event.signal ?? `exit code ${event.code}`})`];
    case "panic":
      return [`${event.node} says in its log: ${event.line}`];
    case "proxy-died":
    case "error":
      return [event.detail];
    case "started":
    case "notice":
      return [];
  }
}

interface BootedInput {
  readonly plan: Plan;
  readonly system: SystemUnderTest;
  readonly cluster: Cluster;
  readonly directory: RunDirectory;
  readonly runId: string;
  readonly trouble: readonly string[];
}

class Booted implements BootedFixture {
  readonly fixture: ClusterFixture;
  readonly #input: BootedInput;
  readonly #recorder: Recorder;
  readonly #clients: TestClient[] = [];
  readonly #stop = new AbortController();

  constructor(input: BootedInput) {
    this.#input = input;
    const { plan, system, cluster, directory, runId } = input;
    this.#recorder = new Recorder({
      clock: systemClock(),
      sink: new FileSink(directory.historyFile),
      header: {
        model: system.model,
        initial: system.initialValue,
        keyed: true,
        plan: plan.name,
        run: runId,
        build: system.buildHash,
        concurrency: clientsMax,
        startedAt: new Date().toISOString(),
      },
    });
    this.fixture = {
      seed: plan.seed,
      random: createRandom(plan.seed, "vitest"),
      nodes: cluster.nodes,
      control: cluster,
      client: (node) => this.#client(this.#named(node)),
      kill: async (node) => this.#kill(this.#named(node)),
      start: async (node) => this.#start(this.#named(node)),
      history: () => [...this.#recorder.events],
    };
  }

  #named(word: string): NodeName {
    const { nodes } = this.#input.cluster;
    const node = nodes.find((name) => name === word);
    if (node === undefined) throw new Error(`no node is called "${word}"; there are ${nodes.join(", ")}`);
    return node;
  }

  #client(node: NodeName): TestClient {
    const { cluster, system, plan } = this.#input;
    if (this.#clients.length >= clientsMax) throw new Error(`more than ${clientsMax} clients in one test`);
    const client = new TestClient({
      node,
      thread: this.#clients.length,
      threads: clientsMax,
      recorder: this.#recorder,
      timeoutMs: plan.operation_timeout_ms,
      connect: () => system.connect(cluster.clientAddress(node), this.#stop.signal),
    });
    this.#clients.push(client);
    return client;
  }

  async #kill(node: NodeName): Promise<void> {
    const { cluster } = this.#input;
    const { incarnation } = await cluster.observeProcess(node);
    await cluster.kill(node);
    await until(`${node} is gone`, async () => {
      const now = await cluster.observeProcess(node);
      return now.state === "exited" && (now.incarnation === null || now.incarnation === incarnation);
    });
  }

  async #start(node: NodeName): Promise<void> {
    const { cluster } = this.#input;
    await cluster.start(node);
    await until(`${node} is ready`, async () => {
      const status = await cluster.status(node, AbortSignal.timeout(1_000)).catch(() => null);
      return status?.ready === true;
    });
  }

  async end(): Promise<readonly string[]> {
    this.#stop.abort();
    for (const client of this.#clients) client.close();
    const { leftBehind } = await this.#input.cluster.teardown();
    this.#recorder.close();
    return [...this.#input.trouble, ...leftBehind.map((what) => `left behind: ${what}`)];
  }

  keep(): string | null {
    const { directory, system, trouble } = this.#input;
    const verdict = judge({
      mode: "history",
      events: this.#recorder.events,
      model: system.model,
      initial: system.initialValue,
      corruptions: { count: 0 },
      warnings: [...trouble, "the clients and faults of this run were a test's own"],
    });
    writeJson(directory.verdictFile, verdict);
    try {
      rebuildReport(directory);
      return directory.reportFile;
    } catch {
      // The test has failed already, for a reason of its own; the history is kept.
      return null;
    }
  }

  discard(): void {
    rmSync(this.#input.directory.path, { recursive: true, force: true });
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const beganMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - beganMs > confirmWithinMs)
      throw new Error(`within ${confirmWithinMs / 1000} s nothing showed that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

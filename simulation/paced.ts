// A simulated cluster for callers that live in real time: its virtual time follows the clock of the machine. Runs do not use it (they
// drive virtual time themselves); the conformance suite does, and whoever wants to look at a world by hand.
import type {
  Address,
  BootReport,
  Client,
  ClientHooks,
  ClientInvocation,
  ClientReply,
  Cluster,
  ClusterEvent,
  ClusterOptions,
  SystemUnderTest,
  TeardownReport,
} from "../cluster/index.js";
import { ClusterError, nodeName } from "../cluster/index.js";
import { SimulatedCluster, simulationCapabilities } from "./cluster.js";
import type { PinnedSettings } from "./settings.js";
import { World } from "./world.js";

const paceMs = 2;

export interface PacedClusterOptions extends ClusterOptions {
  readonly seed?: number;
  readonly pinned?: PinnedSettings;
}

/** A cluster whose world is made at `boot`, once the system's nodes have been loaded. */
export function createPacedCluster(options: PacedClusterOptions): PacedCluster {
  return new PacedCluster(options);
}

export class PacedCluster implements Cluster {
  readonly kind = "simulation";
  readonly nodes;
  readonly capabilities;
  /** Of every address that it gives; no such host exists. */
  readonly host: string;
  readonly #options: PacedClusterOptions;
  readonly #listeners: ((event: ClusterEvent) => void)[] = [];
  #inner: SimulatedCluster | null = null;
  #world: World | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PacedClusterOptions) {
    this.#options = options;
    this.host = `simulation-${options.runId}`;
    this.nodes = options.nodes;
    this.capabilities = simulationCapabilities(options.system);
  }

  async boot(signal: AbortSignal): Promise<BootReport> {
    const { system, nodes, replication, seed = 1, pinned } = this.#options;
    const refusal = system.refuses(nodes.length, replication);
    if (refusal !== null) throw new ClusterError(refusal);
    const deterministic = await system.deterministic?.();
    if (deterministic === undefined) throw new ClusterError(`${system.name} cannot be simulated`);
    const world = new World({
      seed,
      nodes: nodes.length,
      replication,
      system: deterministic,
      ...(pinned === undefined ? {} : { pinned }),
    });
    this.#world = world;
    this.#inner = new SimulatedCluster({ system, world });
    for (const listener of this.#listeners) this.#inner.onEvent(listener);
    const report = await this.#inner.boot(signal);
    const originNs = world.queue.nowNs;
    const origin = performance.now();
    this.#timer = setInterval(() => world.runUntil(originNs + (performance.now() - origin) * 1e6), paceMs);
    return report;
  }

  /** A client of the node behind an address that `clientAddress` gave. */
  connect(address: Address): Client {
    const world = this.#world;
    if (world === null) throw new ClusterError("the cluster is not booted");
    const client = world.createClient(nodeName(`n${address.port}`));
    return {
      invoke: ({ timeoutMs, ...request }: ClientInvocation, hooks: ClientHooks): Promise<ClientReply> =>
        new Promise((resolve) => {
          client.invoke(request, timeoutMs, { ...hooks, done: resolve });
        }),
      close: () => client.close(),
    };
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#listeners.push(listener);
    this.#inner?.onEvent(listener);
  }

  async teardown(): Promise<TeardownReport> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    return this.#inner?.teardown() ?? { teardownMs: 0, leftBehind: [] };
  }

  clientAddress: Cluster["clientAddress"] = (node) => ({ host: this.host, port: this.nodes.indexOf(node) + 1 });
  adminAddress: Cluster["adminAddress"] = (node) => ({ host: this.host, port: this.nodes.indexOf(node) + 1001 });
  status: Cluster["status"] = async (node) => this.#cluster.status(node);
  start: Cluster["start"] = async (node) => this.#cluster.start(node);
  kill: Cluster["kill"] = async (node) => this.#cluster.kill(node);
  terminate: Cluster["terminate"] = async (node) => this.#cluster.terminate(node);
  pause: Cluster["pause"] = async (node) => this.#cluster.pause(node);
  resume: Cluster["resume"] = async (node) => this.#cluster.resume(node);
  wipe: NonNullable<Cluster["wipe"]> = async (node) => this.#cluster.wipe(node);
  damageDisk: NonNullable<Cluster["damageDisk"]> = async (...damage) => this.#cluster.damageDisk(...damage);
  observeProcess: Cluster["observeProcess"] = async (node) => this.#cluster.observeProcess(node);
  cut: Cluster["cut"] = async (links, mode) => {
    const capability = this.capabilities[`cut-${mode}`];
    if (!capability.able) throw new ClusterError(capability.reason);
    return this.#cluster.cut(links, mode);
  };
  heal: Cluster["heal"] = async (links) => this.#cluster.heal(links);
  shape: Cluster["shape"] = async (links, shape) => this.#cluster.shape(links, shape);
  observeLinks: Cluster["observeLinks"] = async () => this.#cluster.observeLinks();
  attempt: Cluster["attempt"] = async (link) => this.#cluster.attempt(link);
  disableAllLinks: Cluster["disableAllLinks"] = async () => this.#cluster.disableAllLinks();
  healEverything: Cluster["healEverything"] = async () => this.#cluster.healEverything();

  get #cluster(): SimulatedCluster {
    if (this.#inner === null) throw new ClusterError("the cluster is not booted");
    return this.#inner;
  }
}

/** The system with clients and admin ports that live in the paced cluster `of()` gives. */
export function pacedSystem(system: SystemUnderTest, of: (address: Address) => PacedCluster): SystemUnderTest {
  return {
    ...system,
    connect: async (address) => of(address).connect(address),
    status: async (address, signal) => of(address).status(nodeName(`n${address.port - 1000}`), signal),
  };
}

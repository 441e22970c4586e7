// The `Cluster` contract over a world: every method does its work at once in virtual time, so its promise is already settled. What
// it reports is read from the world, never from what was asked for.
import {
  ClusterError,
  type Address,
  type BootReport,
  type Capabilities,
  type CapabilityName,
  type Cluster,
  type ClusterEvent,
  type CutMode,
  type DirectedLink,
  type LinkObservation,
  type LinkShape,
  type NodeName,
  type NodeStatus,
  type ProcessObservation,
  type SystemUnderTest,
  type TeardownReport,
} from "../cluster/index.js";
import { linkName, capabilityNames, clientCapabilities, noRollBack } from "../cluster/index.js";
import type { World } from "./world.js";

const refusals: Partial<Record<CapabilityName, string>> = {
  "shape-slicing": "a simulated connection carries whole messages, never pieces of them",
  "shape-limit-data": "a simulated connection counts no bytes; partitions by reset end it",
  "shape-reset": "a simulated connection ends in one way only, which partitions by reset show",
  "shape-slow-close":
    "a simulated connection ends on both sides at once; a node that is killed is missed by its silence alone",
  clock: "a simulated node has ticks and no clock to set; each world draws their drift from its seed",
  "packet-loss": "a simulated connection is what TCP makes of packets; lost and late ones show as latency and stalls",
  packets: "a simulated connection is what TCP makes of packets; lost and late ones show as latency and stalls",
  "memory-limit": "a simulated node has no memory of its own to run out of; kills show one that the kernel ended",
  "cpu-quota": "a simulated node takes no CPU time; pauses show one that stands still",
  "disk-full": "a simulated disk has no size; hunts let writes fail by themselves",
  "disk-read-only": "a simulated disk has no mounts; hunts let writes fail by themselves",
  "disk-slow": "a schedule cannot ask for it; hunts draw slow disks by themselves",
  truncate: "a simulated disk holds batches and no files that could be cut; torn tails are its own doing",
};

const linkCapabilities: readonly CapabilityName[] = [
  "cut-reset",
  "cut-drop",
  "cut-stall",
  "shape-latency",
  "shape-bandwidth",
];

export function simulationCapabilities(system: SystemUnderTest): Capabilities {
  const capability = (name: CapabilityName) => {
    const reason =
      system.peerAddressing === "shared" && linkCapabilities.includes(name)
        ? `${system.name} gives all nodes one address for a peer, so directed links cannot be told apart`
        : name === "roll-back"
          ? noRollBack(system.name)
          : (refusals[name] ?? null);
    return reason === null ? ({ able: true } as const) : ({ able: false, reason } as const);
  };
  const all = Object.fromEntries(capabilityNames.map((name) => [name, capability(name)])) as Capabilities;
  return { ...all, ...clientCapabilities(system) };
}

/** What a cluster does with time while it waits, and how long it waits. */
export interface SimulatedClusterOptions {
  readonly system: SystemUnderTest;
  readonly world: World;
}

const bootLimitNs = 60e9;

export class SimulatedCluster implements Cluster {
  readonly kind = "simulation";
  readonly nodes: readonly NodeName[];
  readonly capabilities: Capabilities;
  readonly #system: SystemUnderTest;
  readonly #world: World;
  #tornDown = false;

  constructor({ system, world }: SimulatedClusterOptions) {
    this.nodes = world.names;
    this.capabilities = simulationCapabilities(system);
    this.#system = system;
    this.#world = world;
  }

  async boot(signal: AbortSignal): Promise<BootReport> {
    signal.throwIfAborted();
    const world = this.#world;
    const { nodes, replication } = world.options;
    const refusal = this.#system.refuses(nodes, replication);
    if (refusal !== null) throw new ClusterError(refusal);
    const beganNs = world.queue.nowNs;
    for (const name of this.nodes) world.start(name);
    while (!world.nodes.every((node) => node.node?.status().ready === true)) {
      const dead = world.nodes.find((node) => !node.alive);
      if (dead !== undefined) throw new ClusterError(`${dead.name} ended while it booted`, null, world.log(dead.name));
      if (world.queue.nowNs - beganNs > bootLimitNs)
        throw new ClusterError(`not every node was ready after ${bootLimitNs / 1e9} simulated seconds`);
      world.runUntil(world.queue.nowNs + 1e6);
      if (!world.queue.step()) throw new ClusterError("the nodes wait for nothing and are not ready");
    }
    return { bootMs: (world.queue.nowNs - beganNs) / 1e6, details: { simulation: `seed ${world.options.seed}` } };
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#world.onEvent(listener);
  }

  clientAddress(node: NodeName): Address {
    return { host: "simulation", port: this.nodes.indexOf(node) + 1 };
  }

  adminAddress(node: NodeName): Address {
    return { host: "simulation", port: this.nodes.indexOf(node) + 1001 };
  }

  async status(name: NodeName): Promise<NodeStatus> {
    const node = this.#world.nodeNamed(name);
    if (node.node === null || node.state !== "running") throw new Error(`${name} does not answer: ${node.state}`);
    return node.node.status();
  }

  async start(node: NodeName): Promise<void> {
    const { state } = this.#world.nodeNamed(node);
    if (state === "running" || state === "paused") throw new ClusterError(`${node} runs already`);
    this.#world.start(node);
  }

  async kill(node: NodeName): Promise<void> {
    this.#demand(node, ["running", "paused"], "killed");
    this.#world.stop(node, "SIGKILL");
  }

  async terminate(node: NodeName): Promise<void> {
    this.#demand(node, ["running"], "terminated");
    this.#world.stop(node, "SIGTERM");
  }

  async wipe(node: NodeName): Promise<void> {
    this.#demand(node, ["exited"], "wiped");
    this.#world.wipeDisk(node);
  }

  async damageDisk(node: NodeName, how: "bit-flip" | "truncate" | "latent-error", bits: number): Promise<void> {
    this.#demand(node, ["exited"], "damaged");
    if (how === "truncate") this.#able(how);
    if (how === "latent-error") this.#world.breakSector(node);
    else if (this.#world.flipBits(node, bits) === null)
      throw new ClusterError(`${node}: nothing is on the disk that could change and be found`);
  }

  async pause(node: NodeName): Promise<void> {
    this.#demand(node, ["running"], "paused");
    this.#world.pause(node);
  }

  async resume(node: NodeName): Promise<void> {
    this.#demand(node, ["paused"], "resumed");
    this.#world.resume(node);
  }

  async observeProcess(node: NodeName): Promise<ProcessObservation> {
    return this.#world.observeProcess(node);
  }

  async cut(links: readonly DirectedLink[], mode: CutMode): Promise<void> {
    this.#able(`cut-${mode}`);
    const cutAlready = links.filter((link) => this.#world.link(link).cut !== null).map(linkName);
    if (cutAlready.length > 0) throw new ClusterError(`${cutAlready.join(", ")}: cut already`);
    for (const link of links) this.#world.cut(link, mode);
  }

  async heal(links: readonly DirectedLink[]): Promise<void> {
    for (const link of links) this.#world.heal(link);
  }

  async shape(links: readonly DirectedLink[], shape: LinkShape): Promise<void> {
    if (shape.bandwidthKbPerS !== undefined) this.#able("shape-bandwidth");
    if (shape.latencyMs !== undefined) this.#able("shape-latency");
    if (shape.slicing !== undefined) this.#able("shape-slicing");
    if (shape.limitBytes !== undefined) this.#able("shape-limit-data");
    if (shape.resetAfterMs !== undefined) this.#able("shape-reset");
    if (shape.closeAfterMs !== undefined) this.#able("shape-slow-close");
    for (const link of links) this.#world.shape(link, shape);
  }

  async observeLinks(): Promise<readonly LinkObservation[]> {
    return this.#world.observeLinks();
  }

  async attempt(link: DirectedLink): Promise<"accepted" | "refused"> {
    return this.#world.link(link).cut === "reset" ? "refused" : "accepted";
  }

  async disableAllLinks(): Promise<void> {
    for (const { from, to } of this.#world.network.links) {
      const link = { from: this.#world.node(from).name, to: this.#world.node(to).name };
      if (this.#world.link(link).cut !== null) this.#world.heal(link);
      this.#world.cut(link, "reset");
    }
  }

  async healEverything(): Promise<void> {
    for (const { from, to } of this.#world.network.links)
      this.#world.heal({ from: this.#world.node(from).name, to: this.#world.node(to).name });
    for (const name of this.nodes) {
      const { state } = this.#world.nodeNamed(name);
      if (state === "paused") this.#world.resume(name);
      else if (state === "exited") this.#world.start(name);
    }
  }

  async teardown(): Promise<TeardownReport> {
    if (!this.#tornDown) {
      this.#tornDown = true;
      for (const node of this.#world.nodes) if (node.alive) this.#world.stop(node.name, "SIGKILL");
    }
    return { teardownMs: 0, leftBehind: [] };
  }

  #demand(node: NodeName, states: readonly ProcessObservation["state"][], what: string): void {
    const { state } = this.#world.nodeNamed(node);
    if (!states.includes(state)) throw new ClusterError(`${node} is ${state} and cannot be ${what}`);
  }

  #able(name: CapabilityName): void {
    const capability = this.capabilities[name];
    if (!capability.able) throw new ClusterError(capability.reason);
  }
}

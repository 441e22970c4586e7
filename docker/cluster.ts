// The Docker cluster: one container a node, each in a network of its own that only Toxiproxy shares.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type Docker from "dockerode";
import {
  ClusterError,
  currentOwner,
  cutFile,
  flipBits,
  tellOfDamaged,
  findFaketime,
  NodeClock,
  type Address,
  type BootReport,
  type Capabilities,
  type CapabilityName,
  type ClockTrouble,
  type Cluster,
  type ClusterEvent,
  type CutMode,
  type DirectedLink,
  type DiskSpace,
  type Inspection,
  type Launch,
  type LinkObservation,
  type LinkShape,
  type NodeName,
  type PacketCounts,
  type NodeStatus,
  type ProcessObservation,
  type TeardownReport,
  type WriteProbe,
  withLimit,
} from "../cluster/index.js";
import { builtinCounters, kernelCounters, LinkMesh, type HealReport, type ProxyRole } from "../toxiproxy/index.js";
import { connectEngine, engineTimeoutMs, messageOf, readEngine, type EngineFacts } from "./engine.js";
import { EngineEvents, type ContainerEvent } from "./events.js";
import { Images, unlessImageGone, type ToxiproxyImage } from "./images.js";
import { imageLabelsOf, type RunIdentity } from "./labels.js";
import { linkListen, linkTarget, nodeLayout } from "./layout.js";
import { PacketRules } from "./packet-rules.js";
import { LimitedDisks } from "./limited-disks.js";
import { defaultNodeLimits, describeLimits, type ContainerLimits } from "./limits.js";
import { clockInside, containerOptions, planLaunches } from "./node-plan.js";
import { capabilitiesOf, refuseUnfit, type DockerClusterOptions } from "./options.js";
import { createNetworks, type Networks } from "./networks.js";
import { NodeContainer } from "./node-container.js";
import { ProxyContainer } from "./proxy-container.js";
import { removeCluster } from "./remove.js";

const readyPollMs = 25;
/** A node that has not answered by then is asked anew: its first connections may lead nowhere while it starts. */
const readyAnswerMs = 1_000;

export function createDockerCluster(options: DockerClusterOptions): Cluster {
  return new DockerCluster(options);
}

/** What exists once Toxiproxy runs. */
interface Running {
  readonly networks: Networks;
  readonly proxy: ProxyContainer;
  readonly mesh: LinkMesh<NodeName>;
}

class DockerCluster implements Cluster {
  readonly kind = "docker";
  readonly nodes: readonly NodeName[];
  readonly capabilities: Capabilities;
  readonly #options: DockerClusterOptions;
  readonly #directory: string;
  readonly #identity: RunIdentity;
  readonly #listeners: ((event: ClusterEvent) => void)[] = [];
  readonly #containers = new Map<NodeName, NodeContainer>();
  readonly #limits: ContainerLimits;
  /** Nodes whose disks were damaged: that one ends at its start is what it should do. */
  readonly #damaged = new Set<NodeName>();
  #docker: Docker | null = null;
  #events: EngineEvents | null = null;
  #proxy: ProxyContainer | null = null;
  #disks: LimitedDisks | null = null;
  #packets: PacketRules | null = null;
  #running: Running | null = null;
  /** Nodes whose own image cannot make a connection attempt. */
  #attemptsFromProxy = false;
  #stage: "new" | "booting" | "running" | "torn-down" = "new";

  constructor(options: DockerClusterOptions) {
    this.#options = options;
    this.nodes = options.nodes;
    this.#directory = resolve(options.directory);
    this.#identity = { runId: options.runId, cluster: randomBytes(3).toString("hex"), owner: currentOwner() };
    this.#limits = { ...defaultNodeLimits, ...options.nodeLimits };
    this.capabilities = capabilitiesOf(options);
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#listeners.push(listener);
  }

  async boot(signal: AbortSignal): Promise<BootReport> {
    if (this.#stage !== "new") throw new ClusterError("a Docker cluster is booted once");
    const began = performance.now();
    this.#stage = "booting";
    try {
      const details = await this.#boot(signal);
      this.#stage = "running";
      return { bootMs: performance.now() - began, details };
    } catch (error) {
      await this.teardown();
      if (error instanceof ClusterError) throw error;
      if (signal.aborted) throw new ClusterError("the boot was interrupted");
      throw new ClusterError(messageOf(error));
    }
  }

  async #boot(signal: AbortSignal): Promise<Record<string, string>> {
    refuseUnfit(this.#options);
    const docker = this.#options.engine ?? connectEngine();
    const engine = await readEngine(docker, signal);
    this.#docker = docker;
    for (const node of this.nodes) mkdirSync(join(this.#directory, "nodes", node), { recursive: true });
    const images = new Images(docker, engine, imageLabelsOf(this.#identity), this.#options.baseImage ?? null, signal);
    const events = new EngineEvents(
      docker,
      this.#identity.cluster,
      (event) => void this.#take(event),
      (detail) => this.#emit({ type: "error", detail }),
    );
    this.#events = events;
    const findProxyImage = () => images.toxiproxy(this.#options.toxiproxy ?? { kind: "auto" });
    const [networks, foundImage] = await allOrFirstError([
      createNetworks(docker, this.#identity, this.nodes, { pool: this.#options.addressPool, signal }),
      findProxyImage(),
      events.open(),
    ]);
    const proxy = new ProxyContainer({
      docker,
      engine,
      identity: this.#identity,
      toolsImage: () => images.hostBase(),
      networks,
      directory: this.#directory,
      trouble: (detail) => this.#emit({ type: "error", detail }),
    });
    this.#proxy = proxy;
    const launches = planLaunches(this.#options, networks.layout);
    if (this.#options.limitedDisks === true) {
      const image = () => images.hostBase();
      this.#disks = new LimitedDisks({ docker, engine, identity: this.#identity, nodes: this.nodes, image });
      await this.#disks.create();
    }
    const startProxy = async () => {
      let tries = 0;
      const image = await unlessImageGone(async () => {
        const found = tries++ === 0 ? foundImage : await findProxyImage();
        await proxy.create(found);
        return found;
      });
      await proxy.start(signal);
      return image;
    };
    const [nodeImages, proxyImage] = await allOrFirstError([
      this.#createNodes(docker, engine, images, networks, launches),
      startProxy(),
    ]);
    signal.throwIfAborted();
    const mesh = await this.#weave(networks, proxy, proxyImage);
    if (this.#options.packetRules === true) {
      const { layout } = networks;
      const given = { docker, engine, identity: this.#identity, layout, images, proxy: proxy.container() };
      this.#packets = new PacketRules(given);
      await this.#packets.start();
    }
    this.#running = { networks, proxy, mesh };
    await allOrFirstError([...this.#containers.values()].map((container) => container.start()));
    await this.#waitUntilReady(signal);
    await this.#options.system.setUp?.(new Map(this.nodes.map((node) => [node, this.clientAddress(node)])), signal);
    return {
      engine: `Docker ${engine.version} (API ${engine.apiVersion})`,
      proxy: proxyImage.description,
      proxy_api: proxy.api,
      node_image: [...new Set(nodeImages)].join(", "),
      base_image: this.#options.baseImage ?? `this machine's Node.js ${process.version}`,
      node_limits: describeLimits(this.#limits, engine),
      addresses: `${networks.layout.front.subnet} and ${this.nodes.length} internal networks after it`,
      link_attempts: this.#attemptsFromProxy
        ? "made in Toxiproxy's network namespace, as the nodes' image has no Node.js"
        : "made in the dialling node's network namespace",
    };
  }

  async #createNodes(
    docker: Docker,
    engine: EngineFacts,
    images: Images,
    networks: Networks,
    launches: ReadonlyMap<NodeName, Launch>,
  ): Promise<readonly string[]> {
    const built = new Map<string, Promise<string>>();
    const imageOf = ({ program }: Launch, anew: boolean): Promise<string> => {
      const key = JSON.stringify(program);
      const image = (anew ? undefined : built.get(key)) ?? this.#imageOf(images, program);
      built.set(key, image);
      return image;
    };
    return allOrFirstError(
      [...launches].map(async ([node, launch]) => {
        if (launch.program.kind === "image") this.#attemptsFromProxy = true;
        const { stopSignal } = this.#options.system;
        const identity = this.#identity;
        const clock = this.#clockFor(node);
        const disk = this.#disks?.volumeOf(node) ?? null;
        if (clock !== null && launch.program.kind === "image")
          throw new ClusterError(
            `${this.#options.system.name} is a ready image, into which this machine's libfaketime may not fit`,
            "leave the faults of clocks out",
          );
        const plan = { node, launch, stopSignal, identity, networks, limits: this.#limits, engine, clock, disk };
        const container = new NodeContainer({
          docker,
          node,
          launch,
          create: (image) => containerOptions(plan, image),
          logPath: join(this.#directory, "nodes", node, "log.txt"),
          crashPatterns: this.#options.system.crashPatterns,
          stopSignal,
          memoryMb: this.#limits.memoryMb,
          cpus: Math.min(this.#limits.cpus, engine.cpus),
          clock,
          emit: (event) => this.#emit(event),
        });
        this.#containers.set(node, container);
        let tries = 0;
        return unlessImageGone(async () => {
          const image = await imageOf(launch, tries++ > 0);
          await container.create(image);
          return image;
        });
      }),
    );
  }

  #clockFor(node: NodeName): NodeClock | null {
    const { fakeClocks = false, faketime = findFaketime() } = this.#options;
    if (!fakeClocks || faketime === null || !this.capabilities.clock.able) return null;
    const directory = join(this.#directory, "nodes", node, "clock");
    mkdirSync(directory, { recursive: true });
    // The container's user is another one.
    chmodSync(directory, 0o755);
    return new NodeClock(realpathSync(faketime), directory, clockInside);
  }

  async #imageOf(images: Images, program: Launch["program"]): Promise<string> {
    if (program.kind === "executable") throw new Error("refused before");
    if (program.kind === "node") return images.program(program);
    await images.pull(program.reference);
    return program.reference;
  }

  #weave({ layout }: Networks, proxy: ProxyContainer, image: ToxiproxyImage): Promise<LinkMesh<NodeName>> {
    const { client, peer, admin } = this.#options.system.ports;
    const tools = proxy.tools();
    const listen = (role: ProxyRole<NodeName>): Address => {
      if (role.kind === "link") return linkListen(layout, role.from, role.to);
      const { clientPort, adminPort } = nodeLayout(layout, role.node);
      return { host: layout.front.proxyAddress, port: role.kind === "client" ? clientPort : adminPort };
    };
    return LinkMesh.create<NodeName>({
      api: proxy.api,
      nodes: layout.nodes.map(({ name, nodeAddress: host }) => ({
        name,
        peer: { host, port: peer },
        client: { host, port: client },
        admin: { host, port: admin },
      })),
      counters: image.kind === "builtin" ? builtinCounters(proxy.api) : kernelCounters({ runSs: () => tools.ss() }),
      listen,
      attempt: (link, address) => this.#attempt(link, address),
    });
  }

  /** From inside the dialling node where it can be done, as a fault may lie on the way to Toxiproxy too. */
  async #attempt(link: DirectedLink, listen: Address): Promise<"accepted" | "refused"> {
    if (!this.#attemptsFromProxy) {
      const { host, port } = linkTarget(this.#runningOrThrow().networks.layout, link.to);
      const answer = await this.#container(link.from).dial(host, port);
      if (answer !== null) return answer;
      this.#emit({
        type: "notice",
        detail: `${link.from} cannot try a connection now; the attempt was made in Toxiproxy's network namespace`,
      });
    }
    return this.#proxyOrThrow().tools().dial(listen.host, listen.port);
  }

  async #waitUntilReady(signal: AbortSignal): Promise<void> {
    const { bootTimeoutMs } = this.#options.system.timing;
    const stop = new AbortController();
    try {
      await withLimit(signal, bootTimeoutMs, (limited) => {
        limited.addEventListener("abort", () => stop.abort(), { once: true });
        return Promise.all(
          [...this.#containers.values()].map((container) => this.#waitForNode(container, stop.signal)),
        );
      });
    } catch (error) {
      if (signal.aborted) throw new ClusterError("the boot was interrupted");
      throw error;
    } finally {
      // One node's failure ends the wait for the others.
      stop.abort();
    }
  }

  async #waitForNode(container: NodeContainer, until: AbortSignal): Promise<void> {
    const { node } = container;
    const hint = `its log is ${join(this.#directory, "nodes", node, "log.txt")}`;
    for (;;) {
      const ready = await withLimit(until, readyAnswerMs, (limited) => this.status(node, limited)).then(
        (status) => status.ready,
        () => false,
      );
      if (ready) return;
      const { state, exitCode, exitSignal } = await container.observe();
      if (state === "exited") {
        const how = exitSignal ?? `code ${exitCode}`;
        throw new ClusterError(`${node} ended while it booted (${how})`, hint, await container.logTail());
      }
      if (until.aborted) {
        const { bootTimeoutMs } = this.#options.system.timing;
        throw new ClusterError(`${node} was not ready within ${bootTimeoutMs} ms`, hint, await container.logTail());
      }
      await new Promise((resolve) => setTimeout(resolve, readyPollMs));
    }
  }

  clientAddress(node: NodeName): Address {
    return this.#proxyOrThrow().clientAddress(node);
  }

  adminAddress(node: NodeName): Address {
    return this.#proxyOrThrow().adminAddress(node);
  }

  status(node: NodeName, signal: AbortSignal): Promise<NodeStatus> {
    return withLimit(signal, engineTimeoutMs, (limited) =>
      this.#options.system.status(this.adminAddress(node), limited),
    );
  }

  start(node: NodeName): Promise<void> {
    return this.#container(node).start();
  }

  kill(node: NodeName): Promise<void> {
    return this.#container(node).kill();
  }

  terminate(node: NodeName): Promise<void> {
    return this.#container(node).terminate();
  }

  pause(node: NodeName): Promise<void> {
    return this.#container(node).pause();
  }

  resume(node: NodeName): Promise<void> {
    return this.#container(node).resume();
  }

  observeProcess(node: NodeName): Promise<ProcessObservation> {
    return this.#container(node).observe();
  }

  async cut(links: readonly DirectedLink[], mode: CutMode): Promise<void> {
    this.#demand(`cut-${mode}`);
    await this.#runningOrThrow().mesh.cut(links, mode);
  }

  async heal(links: readonly DirectedLink[]): Promise<void> {
    this.#tellOfRecreated(await this.#runningOrThrow().mesh.heal(links));
  }

  async shape(links: readonly DirectedLink[], shape: LinkShape): Promise<void> {
    if (shape.latencyMs !== undefined || shape.jitterMs !== undefined) this.#demand("shape-latency");
    if (shape.bandwidthKbPerS !== undefined) this.#demand("shape-bandwidth");
    if (shape.slicing !== undefined) this.#demand("shape-slicing");
    if (shape.limitBytes !== undefined) this.#demand("shape-limit-data");
    if (shape.resetAfterMs !== undefined) this.#demand("shape-reset");
    if (shape.closeAfterMs !== undefined) this.#demand("shape-slow-close");
    await this.#runningOrThrow().mesh.shape(links, shape);
  }

  observeLinks(): Promise<readonly LinkObservation[]> {
    return this.#runningOrThrow().mesh.observeLinks();
  }

  attempt(link: DirectedLink): Promise<"accepted" | "refused"> {
    return this.#runningOrThrow().mesh.attempt(link);
  }

  async disableAllLinks(): Promise<void> {
    await this.#runningOrThrow().mesh.disableAll();
  }

  async healEverything(): Promise<void> {
    if (this.#stage !== "running") throw new ClusterError("the cluster is not running");
    const healed = this.#runningOrThrow().mesh.healEverything();
    // Nodes come back even when Toxiproxy is gone, and the first trouble is told afterwards.
    await this.#packets?.healAll();
    const woken = [...this.#containers.values()].map((container) => container.restore());
    const results = await Promise.allSettled([healed, ...woken]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#tellOfRecreated(await healed);
  }

  async dropPackets(links: readonly DirectedLink[], percent: number | null): Promise<void> {
    await this.#packetsOrThrow().drop(links, percent);
  }

  observePackets(): Promise<readonly PacketCounts[]> {
    return this.#packetsOrThrow().counts();
  }

  async slowDisk(node: NodeName, bytesPerS: number | null): Promise<void> {
    this.#demand("disk-slow");
    await this.#container(node).slowDisk(bytesPerS);
  }

  probeWrites(node: NodeName, bytes: number): Promise<WriteProbe> {
    return this.#container(node).probeWrites(bytes);
  }

  async fillDisk(node: NodeName, full: boolean): Promise<void> {
    // A node may end on a full disk, and may end when it is started on one: it must not acknowledge what it cannot keep.
    this.#damaged.add(node);
    await this.#disksOrThrow().fill(node, full);
    if (!full) this.#damaged.delete(node);
  }

  observeDisk(node: NodeName): Promise<DiskSpace> {
    return this.#disksOrThrow().look(node);
  }

  async wipe(node: NodeName): Promise<void> {
    const { wipedNodeMayRejoin } = this.#options.system;
    // A container that is made anew would find the volume as it was.
    if (this.#disks !== null) throw new ClusterError("a disk of a limited size cannot be emptied in the same run");
    await this.#container(node).wipe();
    // One that may not come back may also end when it finds that out.
    if (!wipedNodeMayRejoin) this.#damaged.add(node);
  }

  async damageDisk(node: NodeName, how: "bit-flip" | "truncate" | "latent-error", bits: number): Promise<void> {
    this.#demand(how);
    const { system, runId } = this.#options;
    const container = this.#container(node);
    const files = await container.readDisk();
    const ranges = system.durableRanges?.(files) ?? [];
    const stream = `${runId} ${node}`;
    const damaged = how === "truncate" ? cutFile(files, ranges, stream) : flipBits(files, ranges, bits, stream);
    // From the first byte on: what a write that fails leaves behind is damage as well.
    this.#damaged.add(node);
    await container.writeDamage(damaged);
  }

  limitMemory(node: NodeName, how: "until-killed" | null): Promise<void> {
    return this.#container(node).limitMemory(how);
  }

  limitCpu(node: NodeName, cores: number | null): Promise<void> {
    return this.#container(node).limitCpu(cores);
  }

  readonly inspection: Inspection = {
    attachLine: (node) => this.#container(node).attachLine(),
    copyData: async (node, directory) => {
      mkdirSync(directory, { recursive: true });
      await this.#container(node).collect(["."], directory);
    },
  };

  async setClock(node: NodeName, trouble: ClockTrouble | null): Promise<void> {
    this.#demand("clock");
    await this.#container(node).setClock(trouble);
  }

  async teardown(): Promise<TeardownReport> {
    const began = performance.now();
    const wasRunning = this.#stage === "running";
    this.#stage = "torn-down";
    for (const container of this.#containers.values()) container.expectEnd();
    this.#events?.close();
    let leftBehind: readonly string[] = [];
    if (this.#docker !== null) {
      const removed = this.#running?.mesh.remove();
      leftBehind = await removeCluster(this.#docker, this.#identity.cluster, async () => {
        if (wasRunning) await this.#collect();
      });
      await removed;
    }
    this.#proxy?.close();
    for (const container of this.#containers.values()) container.close();
    return { teardownMs: performance.now() - began, leftBehind };
  }

  async #collect(): Promise<void> {
    const { filesToCollect } = this.#options.system;
    await Promise.all(
      [...this.#containers.values()].map(async (container) => {
        const directory = join(this.#directory, "nodes", container.node, "data");
        try {
          await container.collect(filesToCollect, directory);
        } catch (error) {
          this.#emit({ type: "error", detail: `files of ${container.node} were not kept: ${messageOf(error)}` });
        }
      }),
    );
  }

  async #take(event: ContainerEvent): Promise<void> {
    if (this.#stage === "torn-down") return;
    if ((event.role === "toxiproxy" || event.role === "sampler") && event.action === "die") {
      const what = event.role === "toxiproxy" ? "Toxiproxy" : "the sidecar that counts Toxiproxy's bytes";
      const tail = (await this.#proxy?.logTail()) ?? [];
      const detail = [`${what} ended with code ${event.exitCode}`, ...tail.slice(-5)].join("\n");
      this.#emit({ type: "proxy-died", detail });
    }
    // A node that is killed now would lose its disk, which no fault asked for.
    if (event.role === "disks" && event.action === "die")
      this.#emit({
        type: "proxy-died",
        detail: `the container that holds the disks ended with code ${event.exitCode}`,
      });
    for (const container of this.#containers.values()) if (container.node === event.node) await container.take(event);
  }

  #emit(event: ClusterEvent): void {
    const told = tellOfDamaged(event, this.#damaged);
    for (const listener of this.#listeners) listener(told);
  }

  #tellOfRecreated(report: HealReport): void {
    for (const { proxy, reason } of report.recreated)
      this.#emit({ type: "notice", detail: `the proxy ${proxy} had to be made again: ${reason}` });
  }

  #demand(name: CapabilityName): void {
    const capability = this.capabilities[name];
    if (!capability.able) throw new ClusterError(`the Docker cluster cannot do ${name}: ${capability.reason}`);
  }

  #container(node: NodeName): NodeContainer {
    const found = this.#containers.get(node);
    if (found === undefined)
      throw new ClusterError(
        this.nodes.includes(node) ? "the cluster has not been booted" : `the cluster has no node ${node}`,
      );
    return found;
  }

  #runningOrThrow(): Running {
    if (this.#running === null) throw new ClusterError("the cluster has not been booted");
    return this.#running;
  }

  #packetsOrThrow(): PacketRules {
    if (this.#packets === null) throw new ClusterError("the cluster was made without rules for packets");
    return this.#packets;
  }

  #disksOrThrow(): LimitedDisks {
    if (this.#disks === null) throw new ClusterError("the cluster was made without disks of a limited size");
    return this.#disks;
  }

  #proxyOrThrow(): ProxyContainer {
    if (this.#proxy === null) throw new ClusterError("the cluster has not been booted");
    return this.#proxy;
  }
}

/** Waits for all, so that nothing is still being made when the caller cleans up, then throws the first error. */
async function allOrFirstError<const T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return Promise.all(promises) as Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }>;
}

// The local cluster: one operating-system process a node, on 127.0.0.1 only, every link and client behind a proxy.
import { cp, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  ClusterError,
  findFaketime,
  installFaketime,
  NodeClock,
  type Address,
  type BootReport,
  type Capabilities,
  type Capability,
  type CapabilityName,
  type ClockTrouble,
  type Cluster,
  type ClusterEvent,
  type ClusterOptions,
  type CutMode,
  type DirectedLink,
  type Inspection,
  type LinkObservation,
  type LinkShape,
  type NodeName,
  type NodeStatus,
  type ProcessObservation,
  type TeardownReport,
  cutFile,
  clientCapabilities,
  noRollBack,
  flipBits,
  tellOfDamaged,
  withLimit,
} from "../cluster/index.js";
import {
  builtinCounters,
  kernelCounters,
  LinkMesh,
  runSsLocally,
  startProxyServer,
  type HealReport,
  type ProxyRole,
  type RunningProxyServer,
} from "../toxiproxy/index.js";
import { planPorts, type PortPlan } from "./addresses.js";
import { readFiles, writeDamage } from "./disk.js";
import { NodeProcess } from "./node-process.js";
import { RunRegistration } from "./registry.js";

/** Which proxy stands between the nodes. `"PATH"`: the `toxiproxy-server` found there. */
export type LocalProxyChoice = "builtin" | { readonly toxiproxyServer: string };

export interface LocalClusterOptions extends ClusterOptions {
  readonly proxy?: LocalProxyChoice;
  /** The library for faults of clocks; null: none. Default: the one that is installed. */
  readonly faketime?: string | null;
}

/** No method waits longer for anything but boot. */
const callLimitMs = 10_000;
const readyPollMs = 20;

export function createLocalCluster(options: LocalClusterOptions): Cluster {
  return new LocalCluster(options);
}

class LocalCluster implements Cluster {
  readonly kind = "local";
  readonly nodes: readonly NodeName[];
  readonly capabilities: Capabilities;
  readonly #options: LocalClusterOptions;
  readonly #directory: string;
  readonly #listeners: ((event: ClusterEvent) => void)[] = [];
  readonly #processes = new Map<NodeName, NodeProcess>();
  /** Nodes whose disks were damaged: that one ends at its start is what it should do. */
  readonly #damaged = new Set<NodeName>();
  readonly #killAtExit = (): void => this.#killNow();
  #ports: PortPlan | null = null;
  #registration: RunRegistration | null = null;
  #proxyServer: RunningProxyServer | null = null;
  #mesh: LinkMesh<NodeName> | null = null;
  #stage: "new" | "booting" | "running" | "torn-down" = "new";

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.nodes = options.nodes;
    this.#directory = resolve(options.directory);
    this.capabilities = capabilitiesOf(options);
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#listeners.push(listener);
  }

  async boot(signal: AbortSignal): Promise<BootReport> {
    if (this.#stage !== "new") throw new ClusterError("a local cluster is booted once");
    const began = performance.now();
    this.#stage = "booting";
    try {
      refuseUnfit(this.#options);
      await this.#prepare();
      const server = await this.#startProxies();
      for (const process of this.#processes.values()) {
        signal.throwIfAborted();
        if (this.#isTornDown()) throw new ClusterError("the cluster was torn down while it booted");
        await process.start();
      }
      await this.#waitUntilReady(signal);
      await this.#options.system.setUp?.(new Map(this.nodes.map((node) => [node, this.clientAddress(node)])), signal);
      this.#stage = "running";
      const bootMs = performance.now() - began;
      return { bootMs, details: { proxy: server.description, proxy_api: server.api, node: process.version } };
    } catch (error) {
      await this.teardown();
      if (error instanceof ClusterError) throw error;
      if (signal.aborted) throw new ClusterError("the boot was interrupted");
      throw new ClusterError(error instanceof Error ? error.message : String(error));
    }
  }

  clientAddress(node: NodeName): Address {
    return this.#meshOrThrow().clientAddress(node);
  }

  adminAddress(node: NodeName): Address {
    return this.#portsOrThrow().listen(node).admin;
  }

  status(node: NodeName, signal: AbortSignal): Promise<NodeStatus> {
    return withLimit(signal, callLimitMs, (limited) => this.#options.system.status(this.adminAddress(node), limited));
  }

  async start(node: NodeName): Promise<void> {
    this.#mustRun();
    await this.#process(node).start();
  }

  async kill(node: NodeName): Promise<void> {
    this.#process(node).end("SIGKILL");
  }

  async terminate(node: NodeName): Promise<void> {
    this.#process(node).end(this.#options.system.stopSignal);
  }

  async pause(node: NodeName): Promise<void> {
    this.#process(node).pause();
  }

  async resume(node: NodeName): Promise<void> {
    this.#process(node).resume();
  }

  observeProcess(node: NodeName): Promise<ProcessObservation> {
    return this.#process(node).observe();
  }

  async cut(links: readonly DirectedLink[], mode: CutMode): Promise<void> {
    this.#demand(`cut-${mode}`);
    await this.#meshOrThrow().cut(links, mode);
  }

  async heal(links: readonly DirectedLink[]): Promise<void> {
    this.#tellOfRecreated(await this.#meshOrThrow().heal(links));
  }

  async shape(links: readonly DirectedLink[], shape: LinkShape): Promise<void> {
    if (shape.latencyMs !== undefined || shape.jitterMs !== undefined) this.#demand("shape-latency");
    if (shape.bandwidthKbPerS !== undefined) this.#demand("shape-bandwidth");
    if (shape.slicing !== undefined) this.#demand("shape-slicing");
    if (shape.limitBytes !== undefined) this.#demand("shape-limit-data");
    if (shape.resetAfterMs !== undefined) this.#demand("shape-reset");
    if (shape.closeAfterMs !== undefined) this.#demand("shape-slow-close");
    await this.#meshOrThrow().shape(links, shape);
  }

  observeLinks(): Promise<readonly LinkObservation[]> {
    return this.#meshOrThrow().observeLinks();
  }

  attempt(link: DirectedLink): Promise<"accepted" | "refused"> {
    return this.#meshOrThrow().attempt(link);
  }

  async disableAllLinks(): Promise<void> {
    await this.#meshOrThrow().disableAll();
  }

  async healEverything(): Promise<void> {
    this.#mustRun();
    const healed = this.#meshOrThrow().healEverything();
    // Nodes come back even when the proxy server is gone, and the first trouble is told afterwards.
    const woken = [...this.#processes.values()].map((process) => process.restore());
    const results = await Promise.allSettled([healed, ...woken]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#tellOfRecreated(await healed);
  }

  async wipe(node: NodeName): Promise<void> {
    const { wipedNodeMayRejoin } = this.#options.system;
    await this.#process(node).wipe();
    // One that may not come back may also end when it finds that out.
    if (!wipedNodeMayRejoin) this.#damaged.add(node);
  }

  async damageDisk(node: NodeName, how: "bit-flip" | "truncate" | "latent-error", bits: number): Promise<void> {
    this.#demand(how);
    const { system, runId } = this.#options;
    const process = this.#process(node);
    if ((await process.observe()).state !== "exited") throw new ClusterError(`${node} must be stopped to be damaged`);
    const files = await readFiles(process.dataDirectory);
    const ranges = system.durableRanges?.(files) ?? [];
    const stream = `${runId} ${node}`;
    const damaged = how === "truncate" ? cutFile(files, ranges, stream) : flipBits(files, ranges, bits, stream);
    // From the first byte on: what a write that fails leaves behind is damage as well.
    this.#damaged.add(node);
    await writeDamage(process.dataDirectory, damaged);
  }

  readonly inspection: Inspection = {
    attachLine: async (node) => {
      const { pid, dataDirectory } = this.#process(node);
      return `process ${pid}, data ${dataDirectory}  (gdb -p ${pid}; ls -l /proc/${pid}/fd; kill -CONT ${pid} lets it run)`;
    },
    copyData: (node, directory) => cp(this.#process(node).dataDirectory, directory, { recursive: true }),
  };

  async setClock(node: NodeName, trouble: ClockTrouble | null): Promise<void> {
    this.#demand("clock");
    await this.#process(node).setClock(trouble);
  }

  async teardown(): Promise<TeardownReport> {
    const began = performance.now();
    this.#stage = "torn-down";
    await Promise.all([...this.#processes.values()].map((process) => process.destroy()));
    // The nodes are gone, so nobody misses the proxies: the server takes them along.
    const proxyServer = this.#proxyServer;
    this.#proxyServer = null;
    await proxyServer?.stop();
    await this.#mesh?.remove();
    const leftBehind = this.#registration?.survivors().map(({ what, pid }) => `${what}, process ${pid}`) ?? [];
    process.removeListener("exit", this.#killAtExit);
    if (leftBehind.length === 0) {
      this.#registration?.close();
      this.#registration = null;
      this.#ports?.release();
    }
    return { teardownMs: performance.now() - began, leftBehind };
  }

  async #prepare(): Promise<void> {
    const { system, runId, nodes, replication } = this.#options;
    await Promise.all(nodes.map((node) => mkdir(join(this.#directory, "nodes", node), { recursive: true })));
    this.#registration = new RunRegistration(runId, this.#directory);
    process.on("exit", this.#killAtExit);
    this.#ports = await planPorts(nodes);
    for (const node of nodes) {
      const directory = join(this.#directory, "nodes", node);
      const launch = system.launch({
        node,
        nodes,
        listen: this.#ports.listen(node),
        peers: this.#ports.peersOf(node),
        dataDirectory: join(directory, "data"),
        replication,
        clusterId: runId,
      });
      if (launch.program.kind === "image")
        throw new ClusterError(
          `${system.name} is a container image, which the local cluster cannot run`,
          "run it with --on docker",
        );
      const process = new NodeProcess({
        node,
        launch,
        directory,
        crashPatterns: system.crashPatterns,
        registration: this.#registration,
        clock: this.#clockFor(directory),
        emit: (event) => this.#emit(event),
      });
      this.#processes.set(node, process);
    }
  }

  #clockFor(directory: string): NodeClock | null {
    const { fakeClocks = false, faketime = findFaketime() } = this.#options;
    return fakeClocks && faketime !== null ? new NodeClock(faketime, directory) : null;
  }

  async #startProxies(): Promise<RunningProxyServer> {
    const ports = this.#portsOrThrow();
    const registration = this.#registration;
    if (registration === null) throw new Error("the run is not registered");
    const { proxy = "builtin" } = this.#options;
    const choice =
      proxy === "builtin"
        ? ({ kind: "builtin" } as const)
        : proxy.toxiproxyServer === "PATH"
          ? ({ kind: "external" } as const)
          : ({ kind: "external", path: proxy.toxiproxyServer } as const);
    const server = await startProxyServer(choice, {
      host: "127.0.0.1",
      port: ports.proxyApi,
      environment: registration.mark,
      onDeath: (detail) => this.#emit({ type: "proxy-died", detail }),
    });
    this.#proxyServer = server;
    registration.add("proxy server", server.pid);
    const listen = (role: ProxyRole<NodeName>): Address => ports.proxy(role);
    const counters = server.kind === "builtin" ? builtinCounters(server.api) : kernelCounters({ runSs: runSsLocally });
    const nodes = this.nodes.map((name) => {
      const { client, peer } = ports.listen(name);
      return { name, client, peer };
    });
    this.#mesh = await LinkMesh.create({ api: server.api, nodes, counters, listen });
    return server;
  }

  async #waitUntilReady(signal: AbortSignal): Promise<void> {
    const { bootTimeoutMs } = this.#options.system.timing;
    const stop = new AbortController();
    try {
      await withLimit(signal, bootTimeoutMs, (limited) => {
        limited.addEventListener("abort", () => stop.abort(), { once: true });
        return Promise.all([...this.#processes.values()].map((process) => this.#waitForNode(process, stop.signal)));
      });
    } catch (error) {
      if (signal.aborted) throw new ClusterError("the boot was interrupted");
      throw error;
    } finally {
      // One node's failure ends the wait for the others.
      stop.abort();
    }
  }

  async #waitForNode(process: NodeProcess, until: AbortSignal): Promise<void> {
    for (;;) {
      const observation = await process.observe();
      if (observation.state === "exited") {
        const end = await process.ending();
        throw new ClusterError(
          `${process.node} ended while it booted (${end})`,
          `its log is ${process.logPath}`,
          await process.logTail(),
        );
      }
      const ready = await this.status(process.node, until).then(
        (status) => status.ready,
        () => false,
      );
      if (ready) return;
      if (until.aborted) {
        const { bootTimeoutMs } = this.#options.system.timing;
        const hint = `its log is ${process.logPath}`;
        throw new ClusterError(
          `${process.node} was not ready within ${bootTimeoutMs} ms`,
          hint,
          await process.logTail(),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, readyPollMs));
    }
  }

  /** For the last moment of this process, when nothing can be awaited any more. */
  #killNow(): void {
    for (const child of this.#registration?.survivors() ?? []) process.kill(child.pid, "SIGKILL");
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
    if (!capability.able) throw new ClusterError(`the local cluster cannot do ${name}: ${capability.reason}`);
  }

  #isTornDown(): boolean {
    return this.#stage === "torn-down";
  }

  #mustRun(): void {
    if (this.#stage !== "running") throw new ClusterError("the cluster is not running");
  }

  #process(node: NodeName): NodeProcess {
    const found = this.#processes.get(node);
    if (found === undefined) throw new ClusterError(`the cluster has no node ${node}`);
    return found;
  }

  #meshOrThrow(): LinkMesh<NodeName> {
    if (this.#mesh === null) throw new ClusterError("the cluster has not been booted");
    return this.#mesh;
  }

  #portsOrThrow(): PortPlan {
    if (this.#ports === null) throw new ClusterError("the cluster has not been booted");
    return this.#ports;
  }
}

function refuseUnfit({ system, nodes, replication, runId }: LocalClusterOptions): void {
  if (process.platform !== "linux")
    throw new ClusterError("the local cluster reads /proc, which only Linux has", "run with --on docker or simulation");
  if (!/^[a-z0-9-]{1,100}$/.test(runId))
    throw new ClusterError(`"${runId}" is no run id: lower-case letters, digits, "-"`);
  if (new Set(nodes).size !== nodes.length) throw new ClusterError("two nodes have one name");
  const refusal = system.refuses(nodes.length, replication);
  if (refusal !== null) throw new ClusterError(refusal);
}

function capabilitiesOf({ system, faketime = findFaketime() }: LocalClusterOptions): Capabilities {
  const able: Capability = { able: true };
  const no = (reason: string): Capability => ({ able: false, reason });
  const links =
    system.peerAddressing === "per-observer"
      ? able
      : no(
          `${system.name} addresses a peer in one way from every node, and on loopback only separate ports tell the links apart`,
        );
  return {
    kill: able,
    terminate: able,
    pause: able,
    "cut-reset": links,
    "cut-drop": links,
    "cut-stall": links,
    "shape-latency": links,
    "shape-bandwidth": links,
    "shape-slicing": links,
    "shape-limit-data": links,
    "shape-reset": links,
    "shape-slow-close": links,
    "wipe-disk":
      system.wipedNodeMayRejoin || system.refusesWipedNodes === true
        ? able
        : no(`a node of ${system.name} may not come back with an empty disk, and nothing says that it is refused then`),
    "bit-flip":
      system.durableRanges === undefined
        ? no(`${system.name} does not say which bytes on its disk were durable`)
        : able,
    truncate:
      system.durableRanges !== undefined && system.noticesTruncation === true
        ? able
        : no(`${system.name} does not say that it notices a file that has lost its end`),
    "latent-error": no("only the simulation has sectors that cannot be read"),
    clock: faketime === null ? no(installFaketime) : able,
    packets: no("processes on loopback share one network, whose packets are everybody's"),
    "packet-loss": no("processes on loopback share one network, whose packets are everybody's"),
    "memory-limit": no("a process on loopback is in no control group of its own, by which memory could be limited"),
    "cpu-quota": no("a process on loopback is in no control group of its own, by which CPU time could be limited"),
    "disk-full": no(
      "processes on loopback share the machine's disk, and a limited one for each has to be mounted by root",
    ),
    "disk-read-only": no(
      "processes on loopback share the machine's disk, and one for each that could be read-only has to be mounted by root",
    ),
    "disk-slow": no("a process on loopback is in no control group of its own, by which its disk could be slowed"),
    "roll-back": no(noRollBack(system.name)),
    ...clientCapabilities(system),
  };
}

// Toxiproxy's container: created on the network that leads to the host, then joined to every node's network before its start,
// under the names of the other nodes. Beside it, where its own image has no tools, a sidecar in the same network namespace.
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { ClusterError, withLimit, type Address, type NodeName } from "../cluster/index.js";
import { ask, type EngineFacts } from "./engine.js";
import { containerUser } from "./host-files.js";
import type { ToxiproxyImage } from "./images.js";
import { labelsOf, type RunIdentity } from "./labels.js";
import { apiPort, nodeLayout, type NodeLayout } from "./layout.js";
import { hostConfig, proxyLimits } from "./limits.js";
import { ContainerLog } from "./log.js";
import type { Networks } from "./networks.js";
import { NamespaceTools } from "./tools.js";

const apiPollMs = 20;
const apiReadyMs = 10_000;
/** Samples come several times a second, so this never runs out while the cluster lives. */
const toolsIdleMs = 600_000;
const loopback = "127.0.0.1";

export interface ProxyContainerOptions {
  readonly docker: Docker;
  readonly engine: EngineFacts;
  readonly identity: RunIdentity;
  /** Image with Node.js and `ss`, for the sidecar. */
  readonly toolsImage: () => Promise<string>;
  readonly networks: Networks;
  readonly directory: string;
  readonly trouble: (detail: string) => void;
}

export class ProxyContainer {
  readonly #options: ProxyContainerOptions;
  readonly #log: ContainerLog;
  #container: Docker.Container | null = null;
  #hasTools = false;
  #tools: NamespaceTools | null = null;
  #ports: ReadonlyMap<number, number> = new Map();

  constructor(options: ProxyContainerOptions) {
    this.#options = options;
    this.#log = new ContainerLog(join(options.directory, "toxiproxy.log"), {
      crashPatterns: [],
      panic: () => undefined,
      trouble: options.trouble,
    });
  }

  /** Everything but the start. */
  async create(image: ToxiproxyImage): Promise<void> {
    const { docker, engine, identity, networks } = this.#options;
    const { front, nodes } = networks.layout;
    const published = [apiPort, ...nodes.flatMap((node) => [node.clientPort, node.adminPort])];
    const { entrypoint, args } = image.command(front.proxyAddress, apiPort);
    const container = await ask("create Toxiproxy's container", (abortSignal) =>
      docker.createContainer({
        name: `minos-${identity.runId}-${identity.cluster}-toxiproxy`,
        Image: image.reference,
        Entrypoint: [...entrypoint],
        Cmd: [...args],
        User: `${containerUser}:${containerUser}`,
        Labels: labelsOf(identity, "toxiproxy"),
        ExposedPorts: Object.fromEntries(published.map((port) => [`${port}/tcp`, {}])),
        HostConfig: {
          ...hostConfig(proxyLimits, engine),
          NetworkMode: networks.front,
          PortBindings: Object.fromEntries(
            published.map((port) => [`${port}/tcp`, [{ HostIp: loopback, HostPort: "" }]]),
          ),
        },
        NetworkingConfig: {
          EndpointsConfig: { [networks.front]: { IPAMConfig: { IPv4Address: front.proxyAddress } } },
        },
        abortSignal,
      }),
    );
    this.#container = container;
    this.#hasTools = image.hasTools;
    await Promise.all(nodes.map((node) => this.#join(container, node, nodes)));
  }

  async #join(container: Docker.Container, node: NodeLayout, nodes: readonly NodeLayout[]): Promise<void> {
    const { docker, networks } = this.#options;
    const network = networks.ofNode.get(node.name);
    if (network === undefined) throw new Error(`${node.name} has no network`);
    const others = nodes.filter((other) => other.name !== node.name).map((other) => other.name);
    await ask(`connect Toxiproxy to ${network}`, () =>
      docker.getNetwork(network).connect({
        Container: container.id,
        EndpointConfig: { IPAMConfig: { IPv4Address: node.proxyAddress }, Aliases: others },
      }),
    );
  }

  /** Resolves when the API answers. */
  async start(signal: AbortSignal): Promise<void> {
    const { docker } = this.#options;
    const container = this.container();
    const output = await ask("read Toxiproxy's output", () =>
      container.attach({ stream: true, stdout: true, stderr: true }),
    );
    this.#log.attach(docker, output as unknown as Readable);
    await ask("start Toxiproxy", (abortSignal) => container.start({ abortSignal }));
    const { NetworkSettings } = await ask("inspect Toxiproxy", (abortSignal) => container.inspect({ abortSignal }));
    this.#ports = publishedPorts(NetworkSettings.Ports);
    this.#tools = new NamespaceTools(
      docker,
      this.#hasTools ? container : await this.#startSidecar(container),
      toolsIdleMs,
    );
    await this.#waitForApi(signal);
  }

  /** Shares Toxiproxy's network namespace and nothing else. */
  async #startSidecar(container: Docker.Container): Promise<Docker.Container> {
    const { docker, engine, identity, toolsImage } = this.#options;
    const image = await toolsImage();
    const sidecar = await ask("create the sidecar that counts bytes", (abortSignal) =>
      docker.createContainer({
        name: `minos-${identity.runId}-${identity.cluster}-sampler`,
        Image: image,
        Cmd: ["node", "-e", "setInterval(() => {}, 1e9)"],
        User: `${containerUser}:${containerUser}`,
        Labels: labelsOf(identity, "sampler"),
        HostConfig: {
          ...hostConfig({ memoryMb: 512, pids: 64, cpus: 1 }, engine),
          NetworkMode: `container:${container.id}`,
        },
        abortSignal,
      }),
    );
    await ask("start the sidecar that counts bytes", (abortSignal) => sidecar.start({ abortSignal }));
    return sidecar;
  }

  async #waitForApi(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + apiReadyMs;
    for (;;) {
      signal.throwIfAborted();
      const answered = await withLimit(signal, 1_000, async (limited) => {
        const response = await fetch(`${this.api}/version`, { signal: limited });
        await response.text();
        return response.ok;
      }).catch(() => false);
      if (answered) return;
      const { State } = await ask("inspect Toxiproxy", (abortSignal) => this.container().inspect({ abortSignal }));
      if (!State.Running || performance.now() > deadline) {
        const how = State.Running ? `did not answer within ${apiReadyMs} ms` : `ended with code ${State.ExitCode}`;
        throw new ClusterError(
          `Toxiproxy ${how}`,
          "its log is toxiproxy.log in the run's directory",
          await this.logTail(),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, apiPollMs));
    }
  }

  get api(): string {
    const { host, port } = this.published(apiPort);
    return `http://${host}:${port}`;
  }

  /** Where a port of Toxiproxy is reached from the host. */
  published(port: number): Address {
    const hostPort = this.#ports.get(port);
    if (hostPort === undefined) throw new ClusterError(`port ${port} of Toxiproxy is not published`);
    return { host: loopback, port: hostPort };
  }

  clientAddress(node: NodeName): Address {
    return this.published(nodeLayout(this.#options.networks.layout, node).clientPort);
  }

  adminAddress(node: NodeName): Address {
    return this.published(nodeLayout(this.#options.networks.layout, node).adminPort);
  }

  tools(): NamespaceTools {
    if (this.#tools === null) throw new ClusterError("Toxiproxy has not been started");
    return this.#tools;
  }

  container(): Docker.Container {
    if (this.#container === null) throw new ClusterError("Toxiproxy has no container yet");
    return this.#container;
  }

  logTail(): Promise<readonly string[]> {
    return this.#log.tail();
  }

  close(): void {
    this.#tools?.close();
    this.#log.close();
  }
}

/** Host ports by container port. Whatever is not bound to loopback alone is an error: nobody else may reach a node. */
export function publishedPorts(
  ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>,
): ReadonlyMap<number, number> {
  const result = new Map<number, number>();
  for (const [name, bindings] of Object.entries(ports)) {
    for (const { HostIp, HostPort } of bindings ?? []) {
      if (HostIp !== loopback)
        throw new ClusterError(`the engine published ${name} on ${HostIp}, not on ${loopback} alone`);
      result.set(Number.parseInt(name, 10), Number(HostPort));
    }
  }
  return result;
}

// A cluster of real node processes on loopback without proxies, for benchmarks and for tests of the store itself.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodeNames } from "../cluster/index.js";
import { eventually } from "./eventually.js";
import type { Address, NodeContext, NodeName, NodeStatus, SystemUnderTest } from "../cluster/index.js";

interface Ports {
  readonly client: Address;
  readonly peer: Address;
  readonly admin: Address;
}

export class DirectCluster {
  readonly system: SystemUnderTest;
  readonly nodes: readonly NodeName[];
  readonly directory: string;
  /** Flags for Node.js itself, e.g. `--cpu-prof`. */
  nodeFlags: readonly string[] = [];
  readonly #replication: number;
  readonly #ports: ReadonlyMap<NodeName, Ports>;
  readonly #processes = new Map<NodeName, ChildProcess>();
  readonly #output = new Map<NodeName, string>();

  private constructor(
    system: SystemUnderTest,
    nodes: readonly NodeName[],
    replication: number,
    directory: string,
    ports: ReadonlyMap<NodeName, Ports>,
  ) {
    this.system = system;
    this.nodes = nodes;
    this.#replication = replication;
    this.directory = directory;
    this.#ports = ports;
  }

  static async create(system: SystemUnderTest, count: number, replication: number): Promise<DirectCluster> {
    const nodes = nodeNames(count);
    const free = await freePorts(count * 3);
    const address = (index: number): Address => ({ host: "127.0.0.1", port: free[index] ?? 0 });
    const ports = new Map(
      nodes.map((node, index): [NodeName, Ports] => [
        node,
        { client: address(index * 3), peer: address(index * 3 + 1), admin: address(index * 3 + 2) },
      ]),
    );
    const directory = await fs.mkdtemp(join(tmpdir(), "minos-direct-"));
    return new DirectCluster(system, nodes, replication, directory, ports);
  }

  address(node: NodeName): Address {
    return this.#portsOf(node).client;
  }

  admin(node: NodeName): Address {
    return this.#portsOf(node).admin;
  }

  data(node: NodeName): string {
    return join(this.directory, node);
  }

  pid(node: NodeName): number | undefined {
    return this.#processes.get(node)?.pid;
  }

  /** All that the node wrote to standard error. */
  output(node: NodeName): string {
    return this.#output.get(node) ?? "";
  }

  start(node: NodeName): void {
    const context: NodeContext = {
      node,
      nodes: this.nodes,
      listen: this.#portsOf(node),
      peers: new Map(
        [...this.#ports].filter(([peer]) => peer !== node).map(([peer, { peer: address }]) => [peer, address]),
      ),
      dataDirectory: this.data(node),
      replication: this.#replication,
      clusterId: "direct",
    };
    const launch = this.system.launch(context);
    if (launch.program.kind !== "node") throw new Error(`${this.system.name} is no Node.js program`);
    const entry = join(launch.program.directory, launch.program.entry);
    const child = spawn(process.execPath, [...this.nodeFlags, entry, ...launch.args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => this.#output.set(node, this.output(node) + text));
    this.#processes.set(node, child);
  }

  async boot(): Promise<void> {
    for (const node of this.nodes) this.start(node);
    await Promise.all(this.nodes.map((node) => this.ready(node)));
  }

  async status(node: NodeName): Promise<NodeStatus> {
    return this.system.status(this.admin(node), AbortSignal.timeout(2_000));
  }

  async metrics(node: NodeName): Promise<ReadonlyMap<string, number>> {
    const { host, port } = this.admin(node);
    const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(lines.map((line): [string, number] => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])]));
  }

  /** Ready and with a leader that a majority of its group can have agreed on. */
  async ready(node: NodeName): Promise<NodeStatus> {
    return eventually(`${node} is ready`, async () => {
      const status = await this.status(node).catch(() => null);
      if (status === null && this.#processes.get(node)?.exitCode !== null)
        throw new Error(`${node} ended:\n${this.output(node)}`);
      return status?.ready === true && status.groups.every((group) => group.leader !== null) ? status : null;
    });
  }

  /** Ends the process with this signal and waits until it is gone; returns how it ended. */
  async end(node: NodeName, signal: "SIGKILL" | "SIGTERM"): Promise<{ code: number | null; signal: string | null }> {
    const child = this.#processes.get(node);
    if (child === undefined) throw new Error(`${node} was never started`);
    child.kill(signal);
    return this.ended(node);
  }

  async ended(node: NodeName): Promise<{ code: number | null; signal: string | null }> {
    const child = this.#processes.get(node);
    if (child === undefined) throw new Error(`${node} was never started`);
    return eventually(`${node} has ended`, async () =>
      child.exitCode === null && child.signalCode === null ? null : { code: child.exitCode, signal: child.signalCode },
    );
  }

  async teardown(): Promise<void> {
    for (const child of this.#processes.values()) if (child.exitCode === null) child.kill("SIGKILL");
    await Promise.all([...this.#processes.keys()].map((node) => this.ended(node)));
    await fs.rm(this.directory, { recursive: true, force: true });
  }

  #portsOf(node: NodeName): Ports {
    const ports = this.#ports.get(node);
    if (ports === undefined) throw new Error(`there is no node ${node}`);
    return ports;
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = net.createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

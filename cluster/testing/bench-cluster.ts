// A booted cluster with the questions that the conformance suite asks it, so that each test reads as what it claims.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  linkName,
  nodeNames,
  type Client,
  type ClientReply,
  type Cluster,
  type ClusterEvent,
  type ClusterOptions,
  type DirectedLink,
  type JsonValue,
  type LinkObservation,
  type NodeName,
  type ProcessObservation,
  type SystemUnderTest,
} from "../index.js";
import { elapse, until } from "./until.js";

export type CreateCluster = (options: ClusterOptions) => Cluster | Promise<Cluster>;

export type ExitEvent = Extract<ClusterEvent, { readonly type: "exited" }>;

const operationTimeoutMs = 1_000;

export class BenchCluster {
  readonly events: ClusterEvent[] = [];

  private constructor(
    readonly cluster: Cluster,
    readonly options: ClusterOptions,
  ) {
    cluster.onEvent((event) => this.events.push(event));
  }

  /** Not booted; in a directory of its own. */
  static async create(
    create: CreateCluster,
    system: SystemUnderTest,
    size: { readonly nodes: number; readonly replication: number },
  ): Promise<BenchCluster> {
    const options: ClusterOptions = {
      system,
      nodes: nodeNames(size.nodes),
      replication: size.replication,
      runId: `conformance-${randomUUID().slice(0, 8)}`,
      directory: await mkdtemp(join(tmpdir(), "minos-conformance-")),
    };
    return new BenchCluster(await create(options), options);
  }

  async removeDirectory(): Promise<void> {
    await rm(this.options.directory, { recursive: true, force: true });
  }

  get links(): readonly DirectedLink[] {
    const { nodes } = this.cluster;
    return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
  }

  async observe(link: DirectedLink): Promise<LinkObservation> {
    const found = (await this.cluster.observeLinks()).find((seen) => linkName(seen.link) === linkName(link));
    if (found === undefined) throw new Error(`no observation of ${linkName(link)}`);
    return found;
  }

  /** Delivered bytes of every link by name. */
  async delivered(): Promise<ReadonlyMap<string, number>> {
    return new Map((await this.cluster.observeLinks()).map((seen) => [linkName(seen.link), seen.deliveredBytes]));
  }

  /** Waits until every link delivers bytes it had not delivered at the call. */
  async untilFlowing(links: readonly DirectedLink[] = this.links): Promise<void> {
    const before = await this.delivered();
    await until(`bytes on ${links.map(linkName).join(", ")}`, async () => {
      const now = await this.delivered();
      const still = links.filter((link) => (now.get(linkName(link)) ?? 0) <= (before.get(linkName(link)) ?? 0));
      if (still.length > 0) throw new Error(`none yet on ${still.map(linkName).join(", ")}`);
      return true;
    });
  }

  /** Bytes that a link was offered and delivered within `ms`. */
  async flow(link: DirectedLink, ms: number): Promise<{ readonly offered: number; readonly delivered: number }> {
    const before = await this.observe(link);
    await elapse(ms);
    const after = await this.observe(link);
    return {
      offered: after.offeredBytes - before.offeredBytes,
      delivered: after.deliveredBytes - before.deliveredBytes,
    };
  }

  async untilReady(nodes: readonly NodeName[] = this.cluster.nodes): Promise<void> {
    const { bootTimeoutMs } = this.options.system.timing;
    await Promise.all(
      nodes.map((node) =>
        until(
          `${node} is ready`,
          async () => (await this.cluster.status(node, AbortSignal.timeout(operationTimeoutMs))).ready,
          { withinMs: bootTimeoutMs },
        ),
      ),
    );
  }

  untilState(node: NodeName, state: ProcessObservation["state"]): Promise<ProcessObservation> {
    return until(`${node} is ${state}`, async () => {
      const observation = await this.cluster.observeProcess(node);
      if (observation.state !== state) throw new Error(`it is ${observation.state}`);
      return observation;
    });
  }

  /** The first exit of this node among the events from `since` on. */
  untilExitEvent(node: NodeName, since: number): Promise<ExitEvent> {
    return until(`the exit of ${node} is reported`, () =>
      this.events.slice(since).find((event): event is ExitEvent => event.type === "exited" && event.node === node),
    );
  }

  /** One operation over a connection of its own. */
  async operate(node: NodeName, functionName: string, key: JsonValue, input: JsonValue): Promise<ClientReply> {
    const signal = AbortSignal.timeout(operationTimeoutMs * 2);
    const client: Client = await this.options.system.connect(this.cluster.clientAddress(node), signal);
    const hooks = { called: () => undefined, returned: () => undefined };
    try {
      return await client.invoke({ function: functionName, key, input, timeoutMs: operationTimeoutMs }, hooks);
    } finally {
      client.close();
    }
  }

  /** Repeats an operation until it is answered; for operations that may be repeated. */
  operateUntilOk(node: NodeName, functionName: string, key: JsonValue, input: JsonValue): Promise<ClientReply> {
    return until(
      `${functionName} on ${node}`,
      async () => {
        const reply = await this.operate(node, functionName, key, input);
        if (reply.outcome !== "ok") throw new Error(`${reply.outcome}: ${reply.error}`);
        return reply;
      },
      { withinMs: 20_000 },
    );
  }
}

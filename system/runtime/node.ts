// One node of the store: data directory, log, core, links, client port and admin port put together.
import { createCore } from "../core/index.js";
import { nodeId } from "../core/interface.js";
import type { CoreConfiguration, NodeId, PartitionTable, StorageOperation } from "../core/interface.js";
import type { NodeName, NodeStatus } from "../../cluster/index.js";
import { AdminServer } from "./admin-server.js";
import { ClientServer } from "./client-server.js";
import { openDataDirectory } from "./data-directory.js";
import { Engine } from "./engine.js";
import { groupStatus } from "./group-status.js";
import { InboundLinks } from "./inbound-links.js";
import type { NodeOptions } from "./options.js";
import { OutboundLink } from "./outbound-link.js";
import { encodeOperations, replay } from "./replay.js";
import { limits, tickMs, timing } from "./timing.js";
import type { WriteAheadLog } from "./wal.js";

export interface NodeListener {
  log(event: string, detail?: Readonly<Record<string, unknown>>): void;
  /** The node cannot go on; the process must end at once. */
  fatal(error: Error): void;
}

export class StoreNode {
  readonly #options: NodeOptions;
  readonly #listener: NodeListener;
  readonly #configuration: CoreConfiguration;
  readonly #log: WriteAheadLog;
  readonly #engine: Engine;
  readonly #clients: ClientServer;
  readonly #inbound: InboundLinks;
  readonly #outbound = new Map<NodeId, OutboundLink>();
  readonly #admin: AdminServer;
  #table: PartitionTable | null;
  #expelled = false;
  #ticker: NodeJS.Timeout | null = null;

  /** Opens the data directory and recovers. Throws when the directory cannot be trusted or belongs to another node. */
  constructor(options: NodeOptions, listener: NodeListener) {
    this.#options = options;
    this.#listener = listener;
    const configuration = `${options.nodes.join(",")}/${options.replication}`;
    const owner = { cluster: options.cluster, configuration, node: options.node };
    const { identity, incarnation, opened } = openDataDirectory(options.data, owner);
    const state = replay(opened.payloads);
    this.#log = opened.log;
    this.#table = state.table;
    const nodes = options.nodes.map((_, index) => nodeId(index + 1));
    const self = nodeId(options.nodes.indexOf(options.node) + 1);
    const { cluster: clusterId, replication } = options;
    this.#configuration = { node: self, nodes, replication, clusterId, identity, incarnation, timing, limits };
    this.#expelled = this.#isExpelled();
    listener.log("recovered", {
      incarnation,
      identity,
      entries: state.log.length,
      decided: state.decided,
      torn_tail_cut: opened.cut,
    });

    this.#engine = this.#makeEngine();
    this.#log.listen({ durable: (write) => this.#engine.persisted(write), failed: (error) => listener.fatal(error) });
    this.#clients = new ClientServer({
      request: (connection, request) => this.#engine.request(connection, request),
    });
    this.#inbound = this.#makeInbound(configuration);
    for (const peer of nodes) if (peer !== self) this.#outbound.set(peer, this.#makeOutbound(peer, configuration));
    this.#admin = new AdminServer({
      status: () => this.status(),
      metrics: () => this.metrics(),
      core: this.#engine.core,
    });
    this.#engine.push({ type: "restored", state });
  }

  /** Listens and dials. Rejects when a port is taken. */
  async start(): Promise<void> {
    const { listenPeer, listenClient, listenAdmin } = this.#options;
    await Promise.all([
      this.#inbound.listen(listenPeer),
      this.#clients.listen(listenClient),
      this.#admin.listen(listenAdmin),
    ]);
    for (const link of this.#outbound.values()) link.start();
    this.#ticker = setInterval(() => this.#engine.push({ type: "tick" }), tickMs);
  }

  stop(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#engine.stop();
    this.#clients.stop();
    this.#inbound.stop();
    for (const link of this.#outbound.values()) link.stop();
    this.#admin.stop();
    this.#log.close();
  }

  status(): NodeStatus {
    const core = this.#engine.core.status();
    const name = (id: NodeId): NodeName => this.#nameOf(id) as NodeName;
    const group = groupStatus(core, this.#configuration.node, this.#engine.durablePromise, name);
    return {
      node: this.#options.node as NodeName,
      ready: core.ready && !this.#expelled,
      incarnation: this.#configuration.incarnation,
      groups: group === null ? [] : [group],
      suspected: core.suspected.map(name),
      extra: {
        identity: this.#configuration.identity,
        expelled: this.#expelled,
        pid: process.pid,
        log_length: core.logLength,
        state_hash: core.stateHash,
        sessions: core.sessions,
        keys: core.keys,
      },
    };
  }

  metrics(): Readonly<Record<string, number>> {
    const core = this.#engine.core.status();
    const links = [...this.#outbound.values()].map((link) => link.counters);
    const sum = (field: keyof (typeof links)[number]): number => links.reduce((total, each) => total + each[field], 0);
    const memory = process.memoryUsage();
    const processor = process.cpuUsage();
    const counters = Object.fromEntries(
      Object.entries(core.counters).map(([name, value]) => [`${name.replace(/[^a-zA-Z0-9]/g, "_")}_total`, value]),
    );
    return {
      ready: core.ready && !this.#expelled ? 1 : 0,
      is_leader: core.leader === this.#configuration.node ? 1 : 0,
      incarnation: this.#configuration.incarnation,
      ballot_number: core.ballot.number,
      decided_index: core.decided,
      log_length: core.logLength,
      sessions: core.sessions,
      keys: core.keys,
      suspected_peers: core.suspected.length,
      client_connections: this.#clients.connections,
      outbound_links_up: [...this.#outbound.values()].filter((link) => link.up).length,
      log_batches_total: this.#log.counters.batches,
      log_fdatasyncs_total: this.#log.counters.fdatasyncs,
      log_bytes_total: this.#log.counters.bytes,
      peer_connections_total: sum("connections"),
      peer_frames_total: sum("frames"),
      peer_messages_total: sum("messages"),
      peer_bytes_total: sum("bytes"),
      peer_messages_dropped_total: sum("dropped"),
      peer_queue_overflows_total: sum("overflows"),
      processor_microseconds_total: processor.user + processor.system,
      memory_resident_bytes: memory.rss,
      memory_heap_used_bytes: memory.heapUsed,
      ...counters,
    };
  }

  #makeEngine(): Engine {
    return new Engine(createCore(this.#configuration), {
      send: (peer, messages) => this.#outbound.get(peer)?.send(messages),
      answer: (answers) => this.#clients.answer(answers),
      logBusy: () => this.#log.busy,
      commit: (write, operations) => this.#log.commit(write, encodeOperations(operations)),
      inspect: (operation) => this.#inspect(operation),
      atEndOfTurn: (work) => {
        setImmediate(() => {
          try {
            work();
          } catch (error) {
            this.#listener.fatal(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    });
  }

  #makeInbound(configuration: string): InboundLinks {
    const { node: self, nodes, clusterId: cluster, incarnation } = this.#configuration;
    return new InboundLinks(
      { cluster, configuration, self, nodes, incarnation },
      {
        identityOf: (node) => this.#table?.identities.get(node) ?? null,
        link: (peer, up) => this.#engine.push({ type: up ? "link-up" : "link-down", peer, direction: "in" }),
        messages: (peer, messages) => {
          if (!this.#expelled) this.#engine.messages(peer, messages);
        },
        log: (event, detail) => this.#listener.log(event, detail),
      },
    );
  }

  #makeOutbound(peer: NodeId, configuration: string): OutboundLink {
    const name = this.#nameOf(peer);
    const address = this.#options.peers.get(name);
    if (address === undefined) throw new Error(`there is no address for ${name}`);
    const { node, clusterId: cluster, identity, incarnation } = this.#configuration;
    return new OutboundLink(
      address,
      { cluster, configuration, node, identity, incarnation },
      {
        link: (up) => this.#engine.push({ type: up ? "link-up" : "link-down", peer, direction: "out" }),
        log: (event, detail) => this.#listener.log(event, { peer: name, ...detail }),
      },
    );
  }

  /** Watches for the partition table, from which on identities are checked. */
  #inspect(operation: StorageOperation): boolean {
    if (operation.type !== "table") return true;
    this.#table = operation.table;
    this.#expelled = this.#isExpelled();
    if (this.#expelled) {
      // The cluster knows this node under another identity: its disk was wiped, and with it promises that it may have given.
      this.#listener.log("expelled", { identity: this.#configuration.identity });
      this.#engine.stop();
      for (const link of this.#outbound.values()) link.stop();
      return false;
    }
    this.#inbound.identitiesKnown();
    this.#listener.log("table", { groups: operation.table.groups });
    return true;
  }

  #isExpelled(): boolean {
    const { node, identity } = this.#configuration;
    const recorded = this.#table?.identities.get(node);
    return recorded !== undefined && recorded !== identity;
  }

  #nameOf(id: NodeId): string {
    return this.#options.nodes[id - 1] ?? `#${id}`;
  }
}

// A world: several cores on simulated disks and a simulated network, with clients and an oracle that judges every turn.
import {
  createCore,
  nodeId,
  type CoreConfiguration,
  type CoreStatus,
  type GroupId,
  type NodeId,
} from "../core/index.js";
import { Agenda } from "./agenda.js";
import { SimulatedClient, type Frontend } from "./clients.js";
import { SimulatedDisk } from "./disk.js";
import { SimulatedNetwork } from "./network.js";
import { Oracle } from "./oracle.js";
import { Random } from "./random.js";
import { SimulatedNode, type MakeCore } from "./simulated-node.js";

/** Longest usual delay of a message, of an fsync, and of an event before its turn, in ticks. Now and then it is four times that. */
export interface Pace {
  readonly delayMax: number;
  readonly fsyncMax: number;
  readonly turnDelayMax: number;
}

/** At which everything is far faster than a heartbeat. */
export const calmPace: Pace = { delayMax: 0.5, fsyncMax: 0.5, turnDelayMax: 0.2 };

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly replication: number;
  /** In ticks; see CoreConfiguration. */
  readonly timing: CoreConfiguration["timing"];
  readonly sessions: number;
  readonly clients: number;
  /** After how many ticks a client asks again. */
  readonly clientTimeout: number;
  readonly pace: Pace;
  readonly makeCore?: MakeCore;
}

export class World {
  readonly agenda = new Agenda();
  readonly random: Random;
  readonly oracle: Oracle;
  readonly network: SimulatedNetwork;
  readonly nodes: readonly SimulatedNode[];
  readonly clients: readonly SimulatedClient[];
  readonly options: WorldOptions;
  readonly ids: readonly NodeId[];
  /** Changed in mid-run by `setPace`. */
  readonly #pace: { -readonly [Name in keyof Pace]: Pace[Name] };
  readonly #byId = new Map<NodeId, SimulatedNode>();

  constructor(options: WorldOptions) {
    this.options = options;
    const random = new Random(options.seed);
    this.random = random;
    this.#pace = { ...options.pace };
    this.oracle = new Oracle(options.sessions);
    this.ids = Array.from({ length: options.nodes }, (_, index) => nodeId(index + 1));
    this.network = new SimulatedNetwork(
      this.agenda,
      random,
      {
        incarnation: (id) => {
          const node = this.node(id);
          return node.core === null ? null : node.incarnation;
        },
        linkChanged: (id, peer, direction, up) =>
          this.node(id).post({ type: up ? "link-up" : "link-down", peer, direction }),
        deliver: (to, from, message) => this.node(to).post({ type: "message", from, message }),
      },
      this.#pace,
    );
    this.nodes = this.ids.map((id) => this.#makeNode(id));
    for (const node of this.nodes) this.#byId.set(node.id, node);
    this.network.connectAll(this.ids);
    const groups = options.nodes / options.replication;
    const frontend: Frontend = {
      request: (client, to, request) => this.node(to).post({ type: "request", connection: client.connection, request }),
    };
    this.clients = Array.from(
      { length: options.clients },
      (_, index) =>
        new SimulatedClient(index, this.ids, groups, this.agenda, random, this.oracle, frontend, options.clientTimeout),
    );
  }

  node(id: NodeId): SimulatedNode {
    const node = this.#byId.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  start(): void {
    for (const node of this.nodes) this.startNode(node);
    for (const client of this.clients) client.start();
  }

  setPace(pace: Pace): void {
    Object.assign(this.#pace, pace);
  }

  startNode(node: SimulatedNode): void {
    if (node.incarnation > 0) this.oracle.restarted(node);
    node.start();
    this.network.started(node.id);
  }

  crashNode(node: SimulatedNode): void {
    node.crash();
    this.network.stopped(node.id);
  }

  status(id: NodeId): CoreStatus | null {
    return this.node(id).core?.status() ?? null;
  }

  /** The leader in the accept phase with the greatest ballot of a group, if any. */
  leaderOf(group: GroupId): NodeId | null {
    let leader: { id: NodeId; number: number } | null = null;
    for (const node of this.nodes) {
      const status = node.core?.status();
      if (status?.group !== group || status.role !== "leader" || status.phase !== "accept") continue;
      if (leader === null || status.ballot.number > leader.number)
        leader = { id: node.id, number: status.ballot.number };
    }
    return leader?.id ?? null;
  }

  /** Runs until the condition holds; false when it did not within so many ticks. */
  runUntil(condition: () => boolean, ticksMax: number): boolean {
    const end = this.agenda.now + ticksMax;
    while (!condition()) {
      if (this.agenda.now >= end) return false;
      this.agenda.runUntil(this.agenda.now + 0.5);
    }
    return true;
  }

  #makeNode(id: NodeId): SimulatedNode {
    const { replication, timing, sessions, makeCore } = this.options;
    const { random, agenda, oracle } = this;
    const configuration: CoreConfiguration = {
      node: id,
      nodes: this.ids,
      replication,
      clusterId: "world",
      identity: `disk-${id}`,
      incarnation: 1,
      timing,
      limits: { pendingOperations: 1000, hops: 3, sessions },
    };
    const disk = new SimulatedDisk(
      agenda,
      random,
      () => (random.chance(0.1) ? 4 : 1) * random.next() * this.#pace.fsyncMax,
    );
    return new SimulatedNode(
      configuration,
      disk,
      agenda,
      random,
      this.#pace,
      {
        send: (from, to, message) => this.network.send(from, to, message),
        reply: (reply) => this.clients[reply.connection]?.onResponse(reply.response),
        turned: (node, core, effects) => oracle.turned(node, core, effects),
        released: (node, message) => oracle.released(node, message),
      },
      makeCore ?? createCore,
    );
  }
}

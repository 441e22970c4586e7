// One core alone with a test: the test plays its peers, its disk and its clients by hand, message by message.
import {
  bottomBallot,
  createCore,
  nodeId,
  type Ballot,
  type ClientRequest,
  type Command,
  type Core,
  type CoreConfiguration,
  type CoreEffects,
  type CoreEvent,
  type CoreStatus,
  type DurableState,
  type KvOperation,
  type PartitionTable,
  type PeerMessage,
} from "../core/index.js";

export const timing = { heartbeat: 10, resend: 5, detector: 20, detectorStep: 5 };
export const limits = { pendingOperations: 100, hops: 3, sessions: 100 };

export function ballot(number: number, node: number): Ballot {
  return { number, priority: 0, node: nodeId(node) };
}

/** A command that tells itself apart: PUT k := number, request `number` of session 0. */
export function put(number: number): Command {
  const operation: KvOperation = { function: "put", key: "k", value: number };
  const waiter = { origin: nodeId(1), incarnation: 1, connection: 1, id: number };
  return { type: "operation", session: 0, number, acknowledgedBelow: 1, operation, waiter };
}

export function puts(...numbers: readonly number[]): Command[] {
  return numbers.map(put);
}

export const openSession: Command = {
  type: "open-session",
  waiter: { origin: nodeId(1), incarnation: 1, connection: 1, id: 0 },
};

export function tableOf(count: number, replication: number): PartitionTable {
  const ids = Array.from({ length: count }, (_, index) => nodeId(index + 1));
  const groups = Array.from({ length: count / replication }, (_, group) =>
    ids.slice(group * replication, (group + 1) * replication),
  );
  return { clusterId: "test", replication, groups, identities: new Map(ids.map((id) => [id, `disk-${id}`])) };
}

export interface LoneOptions {
  readonly node: number;
  readonly nodes?: number;
  readonly replication?: number;
  readonly state?: Partial<DurableState>;
  readonly limits?: Partial<CoreConfiguration["limits"]>;
  readonly incarnation?: number;
}

export class LoneCore {
  readonly core: Core;
  readonly configuration: CoreConfiguration;
  /** Of the event before; of several, all of them together. */
  sent: { readonly to: number; readonly message: PeerMessage; readonly guarded: boolean; readonly after: number }[] =
    [];
  writes: NonNullable<CoreEffects["persist"]>[] = [];
  replies: CoreEffects["replies"][number][] = [];
  #lastWrite = 0;

  constructor(options: LoneOptions) {
    const { node, nodes = 3, replication = nodes, incarnation = 1 } = options;
    this.configuration = {
      node: nodeId(node),
      nodes: Array.from({ length: nodes }, (_, index) => nodeId(index + 1)),
      replication,
      clusterId: "test",
      identity: `disk-${node}`,
      incarnation,
      timing,
      limits: { ...limits, ...options.limits },
    };
    this.core = createCore(this.configuration);
    const state: DurableState = {
      table: tableOf(nodes, replication),
      promised: bottomBallot,
      accepted: bottomBallot,
      log: [],
      decided: 0,
      ...options.state,
    };
    this.handle({ type: "restored", state });
  }

  get status(): CoreStatus {
    return this.core.status();
  }

  handle(...events: readonly CoreEvent[]): this {
    const effects = this.core.handleBatch(events);
    this.sent = [];
    this.writes = [];
    this.replies = [];
    this.#collect(effects);
    return this;
  }

  receive(from: number, ...messages: readonly PeerMessage[]): this {
    return this.handle(...messages.map((message) => ({ type: "message", from: nodeId(from), message }) as const));
  }

  /** Each tick is a turn of its own. */
  tick(count: number): this {
    this.sent = [];
    this.writes = [];
    this.replies = [];
    for (let tick = 0; tick < count; tick += 1) this.#collect(this.core.handle({ type: "tick" }));
    return this;
  }

  /** Everything written so far is durable. */
  persist(): this {
    return this.handle({ type: "persisted", write: this.#lastWrite });
  }

  request(request: ClientRequest, connection = 1): this {
    return this.handle({ type: "request", connection, request });
  }

  linkUp(peer: number, direction: "in" | "out"): this {
    return this.handle({ type: "link-up", peer: nodeId(peer), direction });
  }

  /** Elects this core: nobody around it is happy. */
  takeOver(): this {
    const { node, nodes } = this.configuration;
    const round = this.#round();
    for (const peer of nodes)
      if (peer !== node)
        this.receive(peer, {
          type: "HeartbeatResp",
          round,
          ballot: ballot(0, peer),
          leader: bottomBallot,
          happy: false,
        });
    for (let tick = 0; tick < timing.heartbeat && this.status.role !== "leader"; tick += 1) this.tick(1);
    if (this.status.role !== "leader") throw new Error("the core did not take over");
    return this;
  }

  /** Messages of one type, of the event before. */
  messages<Type extends PeerMessage["type"]>(type: Type): (Extract<PeerMessage, { type: Type }> & { to: number })[] {
    return this.sent.flatMap(({ to, message }) =>
      message.type === type ? [{ ...(message as Extract<PeerMessage, { type: Type }>), to }] : [],
    );
  }

  /** The election's running round: the core ticks until it asks. */
  #round(): number {
    for (let tick = 0; tick <= timing.heartbeat; tick += 1) {
      const [request] = this.messages("HeartbeatReq");
      if (request !== undefined) return request.round;
      this.tick(1);
    }
    throw new Error("the core asked nobody for a heartbeat");
  }

  #collect(effects: CoreEffects): void {
    for (const { to, message } of effects.sendNow) this.sent.push({ to, message, guarded: false, after: 0 });
    for (const { to, message, after } of effects.sendAfterPersist)
      this.sent.push({ to, message, guarded: true, after });
    if (effects.persist !== null) {
      this.writes.push(effects.persist);
      this.#lastWrite = effects.persist.write;
    }
    this.replies.push(...effects.replies);
  }
}

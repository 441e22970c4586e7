// The clients of a world: each thread's client core on a connection to the node that it is pinned to. No fault touches these ways
// but a node's death, as on a real cluster.
import type {
  ClientReply,
  ClientRequest,
  DeterministicClient,
  DeterministicClientEffect,
  DeterministicClientEvent,
  DeterministicSystem,
  RequestRepeat,
} from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { SimulatedNode } from "./node.js";
import type { EventQueue } from "./queue.js";
import type { WorldSettings } from "./settings.js";
import type { Trace } from "./trace.js";

export interface InvocationHooks {
  called(): void;
  returned(): void;
  done(reply: ClientReply): void;
  /** A copy of a request went out, or a request was answered a further time; also after `done`. */
  repeated?(what: "sent" | "answered"): void;
}

/** One connection between a client and a process. */
interface Connection {
  readonly id: number;
  readonly client: SimulatedClient;
  readonly incarnation: number;
  lastToNodeNs: number;
  lastToClientNs: number;
}

export class ClientConnections {
  readonly queue: EventQueue;
  readonly settings: WorldSettings;
  readonly random: Random;
  readonly trace: Trace | null;
  readonly #nodes: readonly SimulatedNode[];
  readonly #open = new Map<number, { readonly connection: Connection; readonly node: SimulatedNode }>();
  #ids = 0;

  constructor(
    nodes: readonly SimulatedNode[],
    queue: EventQueue,
    random: Random,
    settings: WorldSettings,
    trace: Trace | null = null,
  ) {
    this.trace = trace;
    this.#nodes = nodes;
    this.queue = queue;
    this.random = random;
    this.settings = settings;
  }

  node(at: number): SimulatedNode {
    const node = this.#nodes[at];
    if (node === undefined) throw new Error(`there is no node ${at}`);
    return node;
  }

  open(client: SimulatedClient, node: SimulatedNode): Connection {
    this.#ids += 1;
    const { incarnation } = node;
    const connection = { id: this.#ids, client, incarnation, lastToNodeNs: 0, lastToClientNs: 0 };
    this.#open.set(connection.id, { connection, node });
    return connection;
  }

  close(connection: Connection): void {
    this.#open.delete(connection.id);
  }

  /** A node answers: the answer is under way, if anybody still listens. */
  answer(connectionId: number, response: unknown): void {
    const open = this.#open.get(connectionId);
    if (open === undefined) return;
    const { connection, node } = open;
    const { thread } = connection.client;
    this.trace?.client(this.queue.nowNs, "answer", thread, node, connectionId, response);
    connection.lastToClientNs = Math.max(connection.lastToClientNs, this.queue.nowNs + this.delayNs());
    this.queue.at(connection.lastToClientNs, () => {
      this.trace?.client(this.queue.nowNs, "answered", thread, node, connectionId, response);
      connection.client.onResponse(connection, response);
    });
  }

  request(connection: Connection, node: SimulatedNode, request: unknown): void {
    const { thread } = connection.client;
    this.trace?.client(this.queue.nowNs, "ask", thread, node, connection.id, request);
    connection.lastToNodeNs = Math.max(connection.lastToNodeNs, this.queue.nowNs + this.delayNs());
    this.queue.at(connection.lastToNodeNs, () => {
      if (node.incarnation !== connection.incarnation) return;
      node.whenRunning(() => {
        this.trace?.client(this.queue.nowNs, "asked", thread, node, connection.id, request);
        node.post({ type: "request", connection: connection.id, request });
      });
    });
  }

  /** A process is gone: its clients learn of it a moment later. */
  nodeStopped(node: SimulatedNode): void {
    for (const { connection, node: other } of this.#open.values()) {
      if (other !== node) continue;
      this.#open.delete(connection.id);
      this.queue.after(this.delayNs(), () => connection.client.onDisconnected(connection, "connection ended"));
    }
  }

  delayNs(): number {
    return this.settings.clientLatencyNs * (0.5 + this.random.unit());
  }
}

/** A request of which copies are sent. */
interface Copied {
  readonly hooks: InvocationHooks;
  answers: number;
}

/** Requests whose further answers are waited for, at most. */
const mostCopied = 64;

export class SimulatedClient {
  readonly #connections: ClientConnections;
  readonly #node: SimulatedNode;
  readonly #core: DeterministicClient;
  readonly #system: DeterministicSystem;
  #connection: Connection | null = null;
  /** Grows with each connection asked for, so that an answer to an earlier attempt is told apart. */
  #dials = 0;
  #hooks: InvocationHooks | null = null;
  #wakeNs = Number.POSITIVE_INFINITY;
  #timerNs = Number.POSITIVE_INFINITY;
  #closed = false;
  #repeat: RequestRepeat | null = null;
  /** Answers so far to requests that were copied, by what tells a request and its answer apart; the latest ones. */
  readonly #copied = new Map<string, Copied>();

  constructor(
    system: DeterministicSystem,
    connections: ClientConnections,
    node: SimulatedNode,
    readonly thread = 0,
  ) {
    this.#system = system;
    this.#core = system.createClient();
    this.#connections = connections;
    this.#node = node;
  }

  invoke(
    invocation: ClientRequest,
    timeoutMs: number,
    hooks: InvocationHooks,
    repeat: RequestRepeat | null = null,
  ): void {
    if (this.#hooks !== null) throw new Error("an operation is open: a client does one at a time");
    this.#hooks = hooks;
    this.#repeat = repeat;
    this.#handle({ type: "invoke", invocation, timeoutMs });
  }

  close(): void {
    if (this.#closed) return;
    this.#handle({ type: "close" });
    this.#closed = true;
    this.#hangUp();
  }

  onResponse(connection: Connection, response: unknown): void {
    if (this.#connection === connection) this.#countAnswer(response);
    if (this.#connection === connection) this.#handle({ type: "response", response });
  }

  onDisconnected(connection: Connection, error: string): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#handle({ type: "disconnected", error });
  }

  #handle(event: DeterministicClientEvent): void {
    if (this.#closed) return;
    const effects = this.#core.handle(event, this.#connections.queue.nowNs / 1e6);
    for (const effect of effects) this.#carryOut(effect, event.type === "response");
  }

  #carryOut(effect: DeterministicClientEffect, answered: boolean): void {
    switch (effect.type) {
      case "connect":
        this.#dial();
        return;
      case "disconnect":
        this.#hangUp();
        return;
      case "send":
        if (effect.call) this.#hooks?.called();
        if (this.#connection === null) return;
        this.#connections.request(this.#connection, this.#node, effect.request);
        if (this.#repeat !== null) this.#copy(this.#connection, effect.request, this.#repeat);
        return;
      case "wake":
        // At least a nanosecond on: a time that rounding puts just before its due must not be planned for ever.
        this.#wake(Math.max(Math.ceil(effect.atMs * 1e6), this.#connections.queue.nowNs + 1));
        return;
      case "complete": {
        const hooks = this.#hooks;
        this.#hooks = null;
        this.#wakeNs = Number.POSITIVE_INFINITY;
        if (answered) hooks?.returned();
        hooks?.done(effect.reply);
      }
    }
  }

  /** As a fault asks for, on the same connection; where the system says which requests may be sent twice. */
  #copy(connection: Connection, request: unknown, { copies, everyMs, untilAnswered }: RequestRepeat): void {
    const id = this.#system.repeatableRequest?.(request) ?? null;
    const hooks = this.#hooks;
    if (id === null || hooks === null) return;
    const copied: Copied = { hooks, answers: 0 };
    this.#copied.set(id, copied);
    const [oldest] = this.#copied.keys();
    if (this.#copied.size > mostCopied && oldest !== undefined) this.#copied.delete(oldest);
    const again = (left: number): void => {
      if (left === 0) return;
      this.#connections.queue.after(Math.max(1, Math.round(everyMs * 1e6)), () => {
        const over = untilAnswered && (copied.answers > 0 || this.#hooks !== hooks);
        if (this.#connection !== connection || this.#closed || over) return;
        hooks.repeated?.("sent");
        this.#connections.request(connection, this.#node, request);
        again(left - 1);
      });
    };
    again(copies);
  }

  #countAnswer(response: unknown): void {
    const id = this.#system.repeatedAnswer?.(response) ?? null;
    const copied = id === null ? undefined : this.#copied.get(id);
    if (copied === undefined) return;
    copied.answers += 1;
    if (copied.answers > 1) copied.hooks.repeated?.("answered");
  }

  #dial(): void {
    this.#dials += 1;
    const dial = this.#dials;
    const connections = this.#connections;
    connections.queue.after(connections.delayNs() * 2, () => {
      if (dial !== this.#dials || this.#closed) return;
      if (!this.#node.alive) this.#handle({ type: "disconnected", error: "connection refused" });
      else {
        this.#connection = connections.open(this, this.#node);
        this.#handle({ type: "connected" });
      }
    });
  }

  #hangUp(): void {
    this.#dials += 1;
    if (this.#connection !== null) this.#connections.close(this.#connection);
    this.#connection = null;
  }

  /** One timer at a time is planned; where it comes too early it is planned again. */
  #wake(atNs: number): void {
    this.#wakeNs = atNs;
    if (this.#timerNs <= atNs) return;
    this.#timerNs = atNs;
    this.#connections.queue.at(atNs, () => {
      if (this.#timerNs !== atNs) return;
      this.#timerNs = Number.POSITIVE_INFINITY;
      if (this.#wakeNs <= this.#connections.queue.nowNs) {
        this.#wakeNs = Number.POSITIVE_INFINITY;
        this.#handle({ type: "timer" });
      } else if (this.#wakeNs !== Number.POSITIVE_INFINITY) this.#wake(this.#wakeNs);
    });
  }
}

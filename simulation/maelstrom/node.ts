// A node of a deterministic system as a Maelstrom node of the `lin-kv` workload, without input or output: lines go in with the
// time, lines come out. Clients of Maelstrom speak to the system's own client here, which speaks to the node beside it.
//
// Maelstrom kills no processes, so a write is durable as soon as it is made; a process that is started anew is another node to
// its peers, since its identity is drawn anew, and they refuse it.
import type {
  ClientReply,
  ClientRequest,
  DeterministicClient,
  DeterministicClientEvent,
  DeterministicNode,
  DeterministicSystem,
  NodeInput,
  NodeName,
} from "../../cluster/index.js";
import type { JsonValue } from "../../history/index.js";
import { OrderedLinks, type LinkMessage } from "./ordered-links.js";
import { errorCodes, parseMessage, type ErrorName, type MaelstromBody, type MaelstromMessage } from "./protocol.js";

export interface MaelstromOptions {
  readonly system: DeterministicSystem;
  /** Of this process; drawn at its start. */
  readonly identity: string;
  /** Nodes of a group; all nodes by default. */
  readonly replication?: number;
  /** How long an operation is tried before Maelstrom is told that its outcome is unknown. Default 10 s. */
  readonly operationTimeoutMs?: number;
}

/** Between nodes. */
const linkType = "minos";
/** A write follows a write at most so often within one turn; more would be a loop. */
const writesMax = 1_000;

/** One connection of the system's client to the node beside it, and what it does now. */
interface Caller {
  readonly connection: number;
  readonly client: DeterministicClient;
  /** Whom the open operation is to be answered to. */
  asked: MaelstromMessage | null;
  wakeAtMs: number;
}

/** After `init`: what the node is made of. */
interface Member {
  readonly self: string;
  readonly names: readonly string[];
  readonly node: DeterministicNode;
  readonly links: OrderedLinks;
}

export class MaelstromNode {
  readonly #options: MaelstromOptions;
  #member: Member | null = null;
  #inputs: NodeInput[] = [];
  #out: MaelstromMessage[] = [];
  #messageIds = 0;
  #connections = 0;
  readonly #callers = new Map<number, Caller>();
  readonly #idle: Caller[] = [];
  #nowMs = 0;

  constructor(options: MaelstromOptions) {
    this.#options = options;
  }

  /** Lines that arrived together; gives the lines to print. Throws when the node panics or a line is no message. */
  receive(lines: readonly string[], nowMs: number): readonly string[] {
    this.#nowMs = nowMs;
    for (const line of lines) if (line.trim() !== "") this.#take(parseMessage(line));
    return this.#turn();
  }

  /** To be called every `system.tickMs`. */
  tick(nowMs: number): readonly string[] {
    this.#nowMs = nowMs;
    if (this.#member === null) return [];
    this.#member.links.tick(nowMs);
    for (const caller of this.#callers.values())
      if (caller.wakeAtMs <= nowMs) {
        caller.wakeAtMs = Number.POSITIVE_INFINITY;
        this.#tell(caller, { type: "timer" });
      }
    this.#inputs.push({ type: "tick" });
    return this.#turn();
  }

  #take(message: MaelstromMessage): void {
    const { body } = message;
    const member = this.#member;
    if (body.type === "init") return this.#init(message);
    if (member === null) return this.#refuse(message, "temporarily-unavailable", "init comes first");
    if (body.type === linkType) {
      const peer = member.names.indexOf(message.src) + 1;
      if (peer > 0) member.links.receive(peer, body["link"] as unknown as LinkMessage, this.#nowMs);
      return;
    }
    const request = requestOf(body);
    if (request === null) return this.#refuse(message, "not-supported", `there is no operation ${body.type}`);
    this.#invoke(message, request);
  }

  #init(message: MaelstromMessage): void {
    const { node_id: self, node_ids: names } = message.body;
    if (this.#member !== null) return this.#refuse(message, "malformed-request", "a node is initialised once");
    if (typeof self !== "string" || !Array.isArray(names) || !names.includes(self))
      return this.#refuse(message, "malformed-request", "init names the node and all nodes");
    const nodes = names.map(String);
    const { system, identity, replication = nodes.length } = this.#options;
    const at = nodes.indexOf(self) + 1;
    const node = system.createNode(
      {
        node: at,
        nodes: nodes.map((name) => name as NodeName),
        replication,
        clusterId: "maelstrom",
        identity,
        incarnation: 1,
      },
      system.emptyDisk(),
    );
    const peers = nodes.map((_, place) => place + 1).filter((place) => place !== at);
    const links = new OrderedLinks(peers, {
      send: (peer, link) => {
        const dest = nodes[peer - 1];
        if (dest === undefined) throw new Error(`there is no peer ${peer}`);
        this.#out.push({ src: self, dest, body: { type: linkType, link } });
      },
      deliver: (from, text) => this.#inputs.push({ type: "messages", from, messages: decode(system, text) }),
      link: (peer, direction, up) => this.#inputs.push({ type: "link", peer, direction, up }),
    });
    this.#member = { self, names: nodes, node, links };
    links.open(this.#nowMs);
    this.#reply(message, { type: "init_ok" });
  }

  #invoke(asked: MaelstromMessage, invocation: ClientRequest): void {
    const caller = this.#idle.pop() ?? this.#newCaller();
    caller.asked = asked;
    this.#tell(caller, { type: "invoke", invocation, timeoutMs: this.#options.operationTimeoutMs ?? 10_000 });
  }

  #newCaller(): Caller {
    this.#connections += 1;
    const client = this.#options.system.createClient();
    const caller: Caller = {
      connection: this.#connections,
      client,
      asked: null,
      wakeAtMs: Number.POSITIVE_INFINITY,
    };
    this.#callers.set(caller.connection, caller);
    return caller;
  }

  #tell(caller: Caller, event: DeterministicClientEvent): void {
    for (const effect of caller.client.handle(event, this.#nowMs)) {
      switch (effect.type) {
        case "connect":
          // The node is in this process: there is nothing to wait for.
          this.#tell(caller, { type: "connected" });
          break;
        case "send":
          this.#inputs.push({ type: "request", connection: caller.connection, request: effect.request });
          break;
        case "wake":
          caller.wakeAtMs = effect.atMs;
          break;
        case "complete":
          this.#complete(caller, effect.reply);
          break;
        case "disconnect":
          break;
      }
    }
  }

  #complete(caller: Caller, reply: ClientReply): void {
    const { asked } = caller;
    caller.asked = null;
    // After an unknown outcome its session is of no more use: the late answer would be taken for another's.
    if (reply.outcome === "info") this.#callers.delete(caller.connection);
    else this.#idle.push(caller);
    if (asked === null) throw new Error("an operation completes that nobody asked for");
    const { error } = reply;
    if (reply.outcome === "info") this.#refuse(asked, "timeout", error ?? "no answer in time");
    else if (reply.outcome === "fail") this.#refuse(asked, "temporarily-unavailable", error ?? "refused");
    else this.#answer(asked, reply.output);
  }

  #answer(asked: MaelstromMessage, output: JsonValue): void {
    const { type, key } = asked.body;
    const missing = `there is no key ${JSON.stringify(key)}`;
    if (type === "read") {
      // Nobody writes null, so what reads as null was never written.
      if (output === null) this.#refuse(asked, "key-does-not-exist", missing);
      else this.#reply(asked, { type: "read_ok", value: output });
      return;
    }
    if (type === "write") return this.#reply(asked, { type: "write_ok" });
    const { status, observed } = output as { readonly status?: unknown; readonly observed?: JsonValue };
    if (status === "ok") this.#reply(asked, { type: "cas_ok" });
    else if (status === "not-found") this.#refuse(asked, "key-does-not-exist", missing);
    else this.#refuse(asked, "precondition-failed", `the value is ${JSON.stringify(observed)}`);
  }

  #reply({ src, body }: MaelstromMessage, answer: MaelstromBody): void {
    this.#messageIds += 1;
    const ids = { msg_id: this.#messageIds, ...(body.msg_id === undefined ? {} : { in_reply_to: body.msg_id }) };
    this.#out.push({ src: this.#member?.self ?? "", dest: src, body: { ...answer, ...ids } });
  }

  #refuse(message: MaelstromMessage, name: ErrorName, text: string): void {
    this.#reply(message, { type: "error", code: errorCodes[name], text: `${name}: ${text}` });
  }

  /** Lets the node take what has come in, and its own writes and answers, until nothing is left. */
  #turn(): readonly string[] {
    const member = this.#member;
    for (let writes = 0; this.#inputs.length > 0; writes += 1) {
      if (member === null) throw new Error("something has come in for a node that is not there yet");
      if (writes > writesMax) throw new Error(`more than ${writesMax} writes in one turn`);
      const inputs = this.#inputs;
      this.#inputs = [];
      const { sends, write, answers } = member.node.turn(inputs);
      for (const { to, messages } of sends) member.links.send(to, encode(this.#options.system, messages), this.#nowMs);
      if (write !== null) this.#inputs.push({ type: "persisted", write: write.number });
      for (const { connection, response } of answers) {
        const caller = this.#callers.get(connection);
        if (caller !== undefined) this.#tell(caller, { type: "response", response });
      }
    }
    const out = this.#out;
    this.#out = [];
    return out.map((message) => JSON.stringify(message));
  }
}

/** What the system is asked, of a request of `lin-kv`; null for anything else. */
function requestOf({ type, key = null, value = null, from = null, to = null }: MaelstromBody): ClientRequest | null {
  switch (type) {
    case "read":
      return { function: "get", key, input: null };
    case "write":
      return { function: "put", key, input: value };
    case "cas":
      return { function: "cas", key, input: { expected: from, new: to } };
    default:
      return null;
  }
}

function encode({ encode: own }: DeterministicSystem, messages: readonly unknown[]): string {
  return own === undefined ? JSON.stringify(messages) : own(messages);
}

function decode({ decode: own }: DeterministicSystem, text: string): readonly unknown[] {
  return own === undefined ? (JSON.parse(text) as readonly unknown[]) : own(text);
}

// Several cores whose every step a test decides: which message arrives, which is lost, which disk is done. All that happens is written
// down as readable lines, which the golden transcripts compare exactly. Heartbeats are delivered but not written down.
import {
  createCore,
  formatBallot,
  nodeId,
  type ClientRequest,
  type Command,
  type Core,
  type CoreConfiguration,
  type CoreEffects,
  type CoreEvent,
  type NodeId,
  type PeerMessage,
  type StorageOperation,
} from "../core/index.js";
import { applyOperations, emptyState } from "./disk.js";
import { limits, tableOf, timing } from "./lone-core.js";
import type { MakeCore } from "./simulated-node.js";

const SILENT = new Set<PeerMessage["type"]>(["HeartbeatReq", "HeartbeatResp", "HeartbeatRequest", "HeartbeatReply"]);

interface Actor {
  readonly configuration: CoreConfiguration;
  core: Core | null;
  incarnation: number;
  state: ReturnType<typeof emptyState>;
  writes: NonNullable<CoreEffects["persist"]>[];
  guarded: CoreEffects["sendAfterPersist"][number][];
}

/** Who looks on: every turn, every message and every answer, as they happen. */
export interface StageWatcher {
  turned(id: number, core: Core): void;
  /** It is on its way now, and no crash of its sender takes it back. */
  posted(from: number, to: number, message: PeerMessage): void;
  answered(id: number, connection: number, response: CoreEffects["replies"][number]["response"]): void;
  /** The core threw, which ends its process. */
  failed(id: number, error: Error): void;
}

export class Stage {
  readonly lines: string[] = [];
  readonly #actors = new Map<NodeId, Actor>();
  readonly #links = new Map<string, PeerMessage[]>();
  /** Links that `settle` and elections leave alone: held ones keep what is posted, cut ones lose it. */
  readonly #closed = new Map<string, "held" | "cut">();
  readonly #makeCore: MakeCore;
  readonly #watcher: StageWatcher | null;

  constructor(count: number, makeCore: MakeCore = createCore, watcher: StageWatcher | null = null) {
    this.#makeCore = makeCore;
    this.#watcher = watcher;
    const table = tableOf(count, count);
    for (const node of table.groups[0] ?? []) {
      const configuration: CoreConfiguration = {
        node,
        nodes: table.groups[0] ?? [],
        replication: count,
        clusterId: "test",
        identity: `disk-${node}`,
        incarnation: 1,
        timing,
        limits,
      };
      const state = { ...emptyState(), table };
      this.#actors.set(node, { configuration, core: null, incarnation: 0, state, writes: [], guarded: [] });
    }
    for (const node of this.#actors.keys()) this.start(node);
    this.lines.length = 0;
  }

  note(text: string): void {
    this.lines.push("", `# ${text}`);
  }

  start(id: number): void {
    const actor = this.#actor(id);
    actor.incarnation += 1;
    actor.core = this.#makeCore({ ...actor.configuration, incarnation: actor.incarnation });
    this.lines.push(`n${id} starts`);
    this.#handle(id, { type: "restored", state: { ...actor.state, log: [...actor.state.log] } });
  }

  /** The process is gone, with what was not durable and what it had not been sent. */
  crash(id: number): void {
    const actor = this.#actor(id);
    actor.core = null;
    actor.writes = [];
    actor.guarded = [];
    for (const [name, queue] of this.#links) if (name.startsWith(`${id}>`) || name.endsWith(`>${id}`)) queue.length = 0;
    this.lines.push(`n${id} crashes`);
  }

  tick(id: number, count = 1): void {
    this.lines.push(`n${id} ticks ${count}`);
    for (let tick = 0; tick < count; tick += 1) this.#handle(id, { type: "tick" });
  }

  request(id: number, request: ClientRequest, connection = 1): void {
    this.lines.push(`n${id} is asked ${describeRequest(request)}`);
    this.#handle(id, { type: "request", connection, request });
  }

  /** What is posted on the link stays there until it is delivered by name or the link is opened. */
  hold(from: number, to: number): void {
    this.#closed.set(`${from}>${to}`, "held");
  }

  /** What is under way on the link is lost, and all that is posted on it until it is opened. */
  cut(from: number, to: number): void {
    this.lose(from, to);
    this.#closed.set(`${from}>${to}`, "cut");
  }

  open(from: number, to: number): void {
    this.#closed.delete(`${from}>${to}`);
  }

  isCut(from: number, to: number): boolean {
    return this.#closed.get(`${from}>${to}`) === "cut";
  }

  isUp(id: number): boolean {
    return this.#actor(id).core !== null;
  }

  get ids(): readonly number[] {
    return [...this.#actors.keys()];
  }

  core(id: number): Core | null {
    return this.#actor(id).core;
  }

  linkUp(id: number, peer: number, direction: "in" | "out"): void {
    this.lines.push(`n${id} has a new connection ${direction === "in" ? "from" : "to"} n${peer}`);
    this.#handle(id, { type: "link-up", peer: nodeId(peer), direction });
  }

  /** Everything the node has written is durable. */
  persist(id: number): void {
    const actor = this.#actor(id);
    const last = actor.writes[actor.writes.length - 1];
    if (last === undefined) return;
    for (const write of actor.writes) applyOperations(actor.state, write.operations);
    actor.writes = [];
    this.lines.push(`n${id} has write ${last.write} on disk`);
    for (const { to, message } of actor.guarded) this.#post(id, to, message);
    actor.guarded = [];
    this.#handle(id, { type: "persisted", write: last.write });
  }

  /** What is under way on one link arrives, or the first `count` messages of it. */
  deliver(from: number, to: number, count = Number.POSITIVE_INFINITY): void {
    const queue = this.#queue(from, to);
    for (const message of queue.splice(0, Math.min(count, queue.length))) {
      if (!SILENT.has(message.type)) this.lines.push(`n${to} gets from n${from}: ${describeMessage(message)}`);
      this.#handle(to, { type: "message", from: nodeId(from), message });
    }
  }

  /** What is under way on one link is lost. */
  lose(from: number, to: number): void {
    for (const message of this.#queue(from, to).splice(0))
      if (!SILENT.has(message.type)) this.lines.push(`lost from n${from} to n${to}: ${describeMessage(message)}`);
  }

  /** Everything arrives and every disk is done, until nothing is left. */
  settle(): void {
    for (let round = 0; round < 100; round += 1) {
      const before = this.lines.length;
      let open = false;
      for (const id of this.#actors.keys()) {
        this.persist(id);
        for (const to of this.#actors.keys()) {
          if (this.#closed.has(`${id}>${to}`)) continue;
          open ||= this.#queue(id, to).length > 0;
          if (this.#actor(to).core !== null) this.deliver(id, to);
          else this.#queue(id, to).length = 0;
        }
      }
      if (!open && this.lines.length === before) return;
    }
    throw new Error("the stage does not come to rest");
  }

  /** Heartbeat periods in which time passes for this node only, until it takes over. */
  elect(id: number): void {
    this.settle();
    for (let tick = 0; tick <= timing.heartbeat * 4; tick += 1) {
      if (this.#actor(id).core?.status().role === "leader") return;
      this.#handle(id, { type: "tick" });
      if (this.#actor(id).core?.status().role === "leader") return;
      for (const other of this.#actors.keys()) {
        this.#carryHeartbeats(id, other);
        this.#carryHeartbeats(other, id);
      }
    }
    throw new Error(`n${id} did not take over`);
  }

  /** Heartbeats under way between these nodes arrive, those in answer to them too; everything else stays where it is. */
  carryHeartbeats(among: readonly number[]): void {
    for (let way = 0; way < 2; way += 1)
      for (const from of among) for (const to of among) if (from !== to) this.#carryHeartbeats(from, to);
  }

  status(id: number): ReturnType<Core["status"]> {
    const { core } = this.#actor(id);
    if (core === null) throw new Error(`n${id} is down`);
    return core.status();
  }

  text(): string {
    return `${this.lines.join("\n").trim()}\n`;
  }

  #carryHeartbeats(from: number, to: number): void {
    if (this.#closed.has(`${from}>${to}`)) return;
    const queue = this.#queue(from, to);
    const kept = queue.filter((message) => !SILENT.has(message.type));
    const carried = queue.filter((message) => SILENT.has(message.type));
    queue.splice(0, queue.length, ...kept);
    for (const message of carried) this.#handle(to, { type: "message", from: nodeId(from), message });
  }

  #handle(id: number, event: CoreEvent): void {
    const actor = this.#actor(id);
    if (actor.core === null) return;
    const effects = this.#turn(id, actor.core, event);
    if (effects === null) return;
    for (const { to, message } of effects.sendNow) {
      this.#write(id, to, message, "sends");
      this.#post(id, to, message);
    }
    if (effects.persist !== null) {
      actor.writes.push(effects.persist);
      const operations = effects.persist.operations.map(describeOperation).join(", ");
      this.lines.push(`  n${id} writes ${effects.persist.write}: ${operations}`);
    }
    for (const send of effects.sendAfterPersist) {
      const waits = actor.writes.some(({ write }) => write <= send.after);
      this.#write(id, send.to, send.message, waits ? `after write ${send.after} sends` : "sends");
      if (waits) actor.guarded.push(send);
      else this.#post(id, send.to, send.message);
    }
    for (const { connection, response } of effects.replies) {
      this.lines.push(`  n${id} answers its client ${JSON.stringify(response)}`);
      this.#watcher?.answered(id, connection, response);
    }
  }

  #turn(id: number, core: Core, event: CoreEvent): CoreEffects | null {
    if (this.#watcher === null) return core.handle(event);
    try {
      const effects = core.handle(event);
      this.#watcher.turned(id, core);
      return effects;
    } catch (error) {
      this.#watcher.failed(id, error as Error);
      this.crash(id);
      return null;
    }
  }

  #write(id: number, to: number, message: PeerMessage, verb: string): void {
    if (!SILENT.has(message.type)) this.lines.push(`  n${id} ${verb} to n${to}: ${describeMessage(message)}`);
  }

  #post(from: number, to: number, message: PeerMessage): void {
    this.#watcher?.posted(from, to, message);
    if (!this.isCut(from, to)) this.#queue(from, to).push(message);
  }

  #queue(from: number, to: number): PeerMessage[] {
    const name = `${from}>${to}`;
    const queue = this.#links.get(name) ?? [];
    this.#links.set(name, queue);
    return queue;
  }

  #actor(id: number): Actor {
    const actor = this.#actors.get(nodeId(id));
    if (actor === undefined) throw new Error(`no node ${id} on this stage`);
    return actor;
  }
}

function describeCommand(command: Command): string {
  if (command.type !== "operation") return command.type;
  const { session, number, operation } = command;
  return `${session}.${number} ${describeOperationOf(operation)}`;
}

function describeOperationOf(operation: Extract<Command, { type: "operation" }>["operation"]): string {
  if (operation.function === "get") return `get ${operation.key}`;
  if (operation.function === "put") return `put ${operation.key} ${String(operation.value)}`;
  return `cas ${operation.key} ${String(operation.expected)} ${String(operation.new)}`;
}

function describeRequest(request: ClientRequest): string {
  if (request.type !== "operation") return request.type;
  return `${request.session}.${request.number} ${describeOperationOf(request.operation)}`;
}

function describeCommands(commands: readonly Command[]): string {
  return `[${commands.map(describeCommand).join(", ")}]`;
}

function describeOperation(operation: StorageOperation): string {
  switch (operation.type) {
    case "table":
      return "table";
    case "promised":
    case "accepted":
      return `${operation.type} ${formatBallot(operation.ballot)}`;
    case "truncate":
    case "decided":
      return `${operation.type} ${operation.length}`;
    case "append":
      return `append at ${operation.index} ${describeCommands(operation.commands)}`;
  }
}

function describeMessage(message: PeerMessage): string {
  switch (message.type) {
    case "Prepare": {
      const { accepted, length, decided } = message;
      return `Prepare ${formatBallot(message.ballot)}, accepted ${formatBallot(accepted)}, length ${length}, decided ${decided}`;
    }
    case "Promise": {
      const { accepted, length, decided, base, suffix } = message;
      const log = suffix.length === 0 ? "" : `, from ${base} ${describeCommands(suffix)}`;
      return `Promise ${formatBallot(message.ballot)}, accepted ${formatBallot(accepted)}, length ${length}, decided ${decided}${log}`;
    }
    case "AcceptSync": {
      const { session, base, suffix, decided } = message;
      return `AcceptSync ${formatBallot(message.ballot)} ${session}/0, from ${base} ${describeCommands(suffix)}, decided ${decided}`;
    }
    case "Accept":
      return `Accept ${formatBallot(message.ballot)} ${message.session}/${message.counter} ${describeCommands(message.commands)}`;
    case "Decide":
      return `Decide ${formatBallot(message.ballot)} ${message.session}/${message.counter} ${message.decided}`;
    case "Accepted":
      return `Accepted ${formatBallot(message.ballot)} ${message.length}`;
    case "NotAccepted":
      return `NotAccepted ${formatBallot(message.ballot)}`;
    case "Route":
      return `Route ${message.requests.map(({ request, hops }) => `${describeRequest(request)} (hop ${hops})`).join(", ")}`;
    case "RoutedReply":
      return `RoutedReply ${message.answers.map(({ response }) => JSON.stringify(response)).join(", ")}`;
    default:
      return message.type;
  }
}

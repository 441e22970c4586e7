// What happened in a world, event by event (`cluster/trace.ts` says what an event is): messages, client requests, writes, changes of what
// nodes believe, and what was done to nodes and links. A run without a trace pays nothing for it. Bounded: the latest events are kept.
import type {
  DeterministicSystem,
  NodeOutput,
  SendFate,
  TracedCommand,
  TracedMessage,
  TracedState,
  TraceEvent,
  TraceHeader,
} from "../cluster/index.js";
import type { SimulatedNode } from "./node.js";

const eventsMax = 100_000;

/** A link at the moment of sending, as far as it tells what becomes of a message. */
interface SendingLink {
  readonly connection: unknown;
  readonly cut: string | null;
}

interface Sent {
  readonly id: number;
  readonly message: TracedMessage;
}

const sameState = (one: TracedState, other: TracedState): boolean =>
  one.role === other.role &&
  one.phase === other.phase &&
  one.promised === other.promised &&
  one.length === other.length &&
  one.decided === other.decided &&
  one.leader === other.leader;

export class Trace {
  readonly #system: DeterministicSystem;
  #events: TraceEvent[] = [];
  #originNs = 0;
  #dropped = 0;
  #ids = 0;
  /** By the array that travels, and whom it goes to. */
  readonly #underWay = new WeakMap<readonly unknown[], Map<string, readonly Sent[]>>();
  readonly #states = new Map<string, TracedState>();
  /** The write of each node whose fsync has not returned. */
  readonly #writing = new Map<string, number>();

  constructor(system: DeterministicSystem) {
    this.#system = system;
  }

  /** Times count from here on. */
  begin(originNs: number): void {
    this.#originNs = originNs;
  }

  get header(): TraceHeader {
    return { format: "minos-trace", version: 1, dropped: this.#dropped };
  }

  /** In order of time, counted from `begin`. */
  events(): readonly TraceEvent[] {
    return this.#events.map((event) => ({ ...event, time_ns: Math.round(event.time_ns - this.#originNs) }));
  }

  /** One JSON object a line, the header first. */
  text(): string {
    return [this.header, ...this.events()].map((line) => `${JSON.stringify(line)}\n`).join("");
  }

  sent(timeNs: number, node: string, to: string, messages: readonly unknown[], link: SendingLink): void {
    const fate = fateOf(link);
    const sent = messages.map((message): Sent => ({ id: (this.#ids += 1), message: this.#tell(message) }));
    const receivers = this.#underWay.get(messages) ?? new Map<string, readonly Sent[]>();
    this.#underWay.set(messages, receivers.set(to, sent));
    for (const { id, message } of sent) this.#add({ time_ns: timeNs, node, what: "send", id, to, fate, message });
  }

  received(timeNs: number, from: string, node: string, messages: readonly unknown[]): void {
    for (const { id, message } of this.#underWay.get(messages)?.get(node) ?? []) {
      const { kind, topic, text } = message;
      this.#add({ time_ns: timeNs, node, what: "receive", id, from, message: { kind, topic, text } });
    }
  }

  /** After each turn, before anything of it leaves. */
  turned(timeNs: number, { name, node }: SimulatedNode, { write }: NodeOutput): void {
    const state = node?.traceState?.() ?? null;
    const before = this.#states.get(name);
    if (state !== null && (before === undefined || !sameState(before, state))) {
      this.#states.set(name, state);
      this.#add({ time_ns: timeNs, node: name, what: "state", state });
    }
    if (write === null) return;
    this.#writing.set(name, write.number);
    const changes = this.#system.tell?.changes(write.batch) ?? [{ type: "other" as const, text: told(write.batch) }];
    this.#add({ time_ns: timeNs, node: name, what: "write", write: write.number, changes });
  }

  durable(timeNs: number, node: string, write: number): void {
    this.#writing.delete(node);
    this.#add({ time_ns: timeNs, node, what: "durable", write });
  }

  client(
    timeNs: number,
    what: "ask" | "asked" | "answer" | "answered",
    thread: number,
    { name, incarnation }: SimulatedNode,
    connection: number,
    content: unknown,
  ): void {
    const at = { node: name, incarnation, connection };
    const { tell } = this.#system;
    const plain: TracedCommand = { id: null, request: null, key: null, text: told(content) };
    const asking = what === "ask" || what === "asked";
    const command = tell === undefined ? plain : asking ? tell.request(content, at) : tell.answer(content, at);
    if (command !== null) this.#add({ time_ns: timeNs, node: name, what, thread, command });
  }

  started(timeNs: number, node: string, incarnation: number): void {
    this.#states.delete(node);
    this.#writing.delete(node);
    this.#add({ time_ns: timeNs, node, what: "start", text: `start ${incarnation}` });
  }

  /** `outcome`: what became of the write under way. */
  crashed(timeNs: number, node: string, text: string, outcome: "nothing under way" | "kept" | "torn" | "lost"): void {
    const write = this.#writing.get(node);
    this.#writing.delete(node);
    const batch = write === undefined || outcome === "nothing under way" ? {} : { write, batch: outcome };
    this.#add({ time_ns: timeNs, node, what: "crash", text, ...batch });
  }

  fault(
    timeNs: number,
    what: "pause" | "resume" | "cut" | "heal" | "shape" | "disk",
    node: string,
    text: string,
    to?: string,
  ): void {
    this.#add({ time_ns: timeNs, node, what, text, ...(to === undefined ? {} : { to }) });
  }

  violation(timeNs: number, invariant: string, text: string, node: string | null): void {
    this.#add({ time_ns: timeNs, node, what: "violation", invariant, text });
  }

  #tell(message: unknown): TracedMessage {
    return this.#system.tell?.message(message) ?? { kind: "message", topic: "messages", text: told(message) };
  }

  #add(event: TraceEvent): void {
    this.#events.push(event);
    if (this.#events.length <= eventsMax) return;
    this.#dropped += eventsMax / 2;
    this.#events = this.#events.slice(eventsMax / 2);
  }
}

function fateOf({ connection, cut }: SendingLink): SendFate {
  if (connection === null) return "no connection";
  if (cut === "stall") return "held by a cut";
  return cut === null ? "sent" : "discarded by a cut";
}

const toldMax = 400;

const told = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, toldMax);

// Hand-written traces for tests: three nodes, one group, and the few events that a rule needs, written as they would be recorded.
import type { TracedCommand, TracedChange, TraceDocument, TraceEvent } from "../../cluster/index.js";

/** Milliseconds, so that a test reads like its story. */
const ms = 1_000_000;

export const command = (text: string, request: string, id = `n1/1/1/${request}`): TracedCommand => ({
  id,
  request,
  key: text.split(" ")[1] ?? null,
  text,
});

export class TraceWriter {
  readonly events: TraceEvent[] = [];
  #ids = 0;
  #writes = 0;

  add(event: TraceEvent): this {
    this.events.push(event);
    return this;
  }

  state(
    at: number,
    node: string,
    role: "leader" | "follower",
    promised: string,
    length: number,
    decided: number,
  ): this {
    const state = { group: 0, role, phase: "accept", promised, length, decided, leader: null };
    return this.add({ time_ns: at * ms, node, what: "state", state });
  }

  /** Written and durable at once. */
  disk(at: number, node: string, ...changes: readonly TracedChange[]): this {
    const write = (this.#writes += 1);
    this.add({ time_ns: at * ms, node, what: "write", write, changes });
    return this.add({ time_ns: at * ms, node, what: "durable", write });
  }

  append(at: number, node: string, index: number, ...commands: readonly TracedCommand[]): this {
    return this.disk(at, node, { type: "append", index, count: commands.length, commands });
  }

  /** Sent at `at`, and received at `until` unless that is null. */
  message(
    at: number,
    until: number | null,
    from: string,
    to: string,
    kind: string,
    ballot: string,
    more: { readonly commands?: readonly TracedCommand[]; readonly accepted?: number; readonly held?: boolean } = {},
  ): this {
    const id = (this.#ids += 1);
    const { commands, accepted, held = false } = more;
    const carried = commands === undefined ? {} : { commands, count: commands.length };
    const message = {
      kind,
      topic: "agreement",
      text: `${kind} ${ballot}`,
      ballot,
      ...carried,
      ...(accepted === undefined ? {} : { accepted }),
    };
    this.add({ time_ns: at * ms, node: from, what: "send", id, to, fate: held ? "held by a cut" : "sent", message });
    return until === null
      ? this
      : this.add({
          time_ns: until * ms,
          node: to,
          what: "receive",
          id,
          from,
          message: { kind, topic: "agreement", text: message.text },
        });
  }

  asks(at: number, thread: number, node: string, asked: TracedCommand): this {
    return this.add({ time_ns: at * ms, node, what: "ask", thread, command: asked }).add({
      time_ns: (at + 0.1) * ms,
      node,
      what: "asked",
      thread,
      command: asked,
    });
  }

  answers(at: number, thread: number, node: string, asked: TracedCommand, text: string): this {
    const answer = { id: asked.id, request: null, key: null, text };
    return this.add({ time_ns: at * ms, node, what: "answer", thread, command: answer }).add({
      time_ns: (at + 0.1) * ms,
      node,
      what: "answered",
      thread,
      command: answer,
    });
  }

  /** In order of time, as a recorder writes. */
  get document(): TraceDocument {
    const events = this.events.toSorted((a, b) => a.time_ns - b.time_ns);
    return { header: { format: "minos-trace", version: 1, dropped: 0 }, events };
  }
}

export const membership: ReadonlyMap<string, readonly string[]> = new Map(
  ["n1", "n2", "n3"].map((node) => [node, ["n1", "n2", "n3"]]),
);

/** A cut holds back what n1 sends to n2 as leader of 1.n1; n3 leads 2.n3 meanwhile; then it arrives. `obeys`: n2 takes it. */
export function lateAccept(obeys: boolean): TraceDocument {
  const old = command("put a = 1", "1/1");
  const writer = new TraceWriter()
    .state(0, "n1", "leader", "1.n1", 0, 0)
    .state(0, "n2", "follower", "1.n1", 0, 0)
    .state(0, "n3", "follower", "1.n1", 0, 0)
    .append(10, "n1", 0, old)
    .message(10, 60, "n1", "n2", "Accept", "1.n1", { commands: [old], held: true })
    .message(20, 21, "n3", "n2", "Prepare", "2.n3")
    .state(21, "n2", "follower", "2.n3", 0, 0)
    .state(22, "n3", "leader", "2.n3", 0, 0);
  if (!obeys) return writer.document;
  return writer.append(60, "n2", 0, old).document;
}

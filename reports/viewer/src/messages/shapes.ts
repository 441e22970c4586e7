// What the diagram draws, from the events of a trace: messages with both of their ends, the stretches of each node's life, and the marks
// on its lane. Pure: times and lanes, no pixels.
import type { TraceEvent, TracedState } from "../../../../cluster/index.js";
import type { Diagram } from "../../../trace/diagram.js";
import { changesText } from "../../../trace/text.js";

export interface DrawnMessage {
  readonly id: number;
  readonly from: string;
  readonly to: string;
  readonly sentNs: number;
  /** Null: it never arrived, as far as the trace goes. */
  readonly receivedNs: number | null;
  readonly kind: string;
  readonly topic: string;
  readonly text: string;
  readonly fate: string;
  /** Sent earlier than another that arrived before it. */
  readonly overtaken: boolean;
  /** Place in the story, from 1; null: only around it. */
  readonly step: number | null;
}

/** A stretch of a node's life, until its next one. */
export interface LaneStretch {
  readonly node: string;
  readonly fromNs: number;
  readonly toNs: number;
  readonly look: "down" | "paused" | "follower" | "candidate" | "leader" | "unknown";
  readonly ballot: string;
}

export interface DrawnWrite {
  readonly node: string;
  readonly fromNs: number;
  /** Null: its fsync never returned. */
  readonly toNs: number | null;
  /** Lost or torn in a crash, or still under way at the end. */
  readonly end: "durable" | "kept" | "lost" | "torn" | "under way";
  readonly text: string;
}

/** Something of one moment on a lane. */
export interface DrawnMark {
  readonly node: string;
  readonly timeNs: number;
  readonly what: "promised" | "decided" | "crash" | "start" | "wrong";
  readonly label: string;
  readonly text: string;
}

/** A client's request or answer between its lane and its node's. */
export interface DrawnRequest {
  readonly thread: number;
  readonly node: string;
  readonly way: "to node" | "to client";
  readonly sentNs: number;
  readonly receivedNs: number | null;
  readonly text: string;
}

export interface Shapes {
  readonly messages: readonly DrawnMessage[];
  readonly stretches: readonly LaneStretch[];
  readonly writes: readonly DrawnWrite[];
  readonly marks: readonly DrawnMark[];
  readonly requests: readonly DrawnRequest[];
}

export function shapesOf({ events, story, nodes }: Diagram): Shapes {
  const steps = new Map<number, number>();
  for (const [at, { messages }] of (story?.steps ?? []).entries())
    for (const id of messages) if (!steps.has(id)) steps.set(id, at + 1);
  const threads = new Set(story?.threads ?? []);
  return {
    messages: messagesOf(events, steps),
    stretches: nodes.flatMap((node) => stretchesOf(node, events)),
    writes: nodes.flatMap((node) => writesOf(node, events)),
    marks: nodes.flatMap((node) => marksOf(node, events)),
    requests: requestsOf(events, threads),
  };
}

function messagesOf(events: readonly TraceEvent[], steps: ReadonlyMap<number, number>): readonly DrawnMessage[] {
  const arrivals = new Map<number, number>();
  for (const event of events) if (event.what === "receive") arrivals.set(event.id, event.time_ns);
  /** By link: when the latest arrival so far of any message sent later, going backwards. */
  const soonest = new Map<string, number>();
  const drawn: DrawnMessage[] = [];
  for (const event of events.toReversed()) {
    if (event.what !== "send" || event.node === null) continue;
    const { id, node: from, to, time_ns: sentNs, fate, message } = event;
    const receivedNs = arrivals.get(id) ?? null;
    const link = `${from} ${to}`;
    const later = soonest.get(link) ?? Number.POSITIVE_INFINITY;
    if (receivedNs !== null) soonest.set(link, Math.min(later, receivedNs));
    const { kind, topic, text } = message;
    const overtaken = receivedNs !== null && receivedNs > later;
    drawn.push({ id, from, to, sentNs, receivedNs, kind, topic, text, fate, overtaken, step: steps.get(id) ?? null });
  }
  return drawn.toReversed();
}

function lookOf(state: TracedState | null): LaneStretch["look"] {
  if (state === null) return "unknown";
  if (state.role !== "leader") return "follower";
  return state.phase === "accept" ? "leader" : "candidate";
}

function stretchesOf(node: string, events: readonly TraceEvent[]): readonly LaneStretch[] {
  const endNs = events.at(-1)?.time_ns ?? 0;
  const stretches: { node: string; fromNs: number; toNs: number; look: LaneStretch["look"]; ballot: string }[] = [];
  let state: TracedState | null = null;
  const begin = (fromNs: number, look: LaneStretch["look"], ballot: string): void => {
    const last = stretches.at(-1);
    if (last?.look === look && last.ballot === ballot) return;
    if (last !== undefined) last.toNs = fromNs;
    stretches.push({ node, fromNs, toNs: endNs, look, ballot });
  };
  begin(events[0]?.time_ns ?? 0, "unknown", "");
  for (const event of events) {
    if (event.node !== node) continue;
    if (event.what === "state") {
      ({ state } = event);
      begin(event.time_ns, lookOf(state), state.promised);
    } else if (event.what === "crash") begin(event.time_ns, "down", "");
    else if (event.what === "pause") begin(event.time_ns, "paused", state?.promised ?? "");
    else if (event.what === "resume") begin(event.time_ns, lookOf(state), state?.promised ?? "");
    else if (event.what === "start") begin(event.time_ns, "unknown", "");
  }
  return stretches;
}

type WriteEvent = Extract<TraceEvent, { readonly what: "write" }>;

function writesOf(node: string, events: readonly TraceEvent[]): readonly DrawnWrite[] {
  const drawn: DrawnWrite[] = [];
  let open: WriteEvent | null = null;
  const close = (toNs: number | null, end: DrawnWrite["end"]): void => {
    if (open !== null) drawn.push({ node, fromNs: open.time_ns, toNs, end, text: changesText(open.changes) });
    open = null;
  };
  for (const event of events) {
    if (event.node !== node) continue;
    if (event.what === "write") {
      close(null, "under way");
      open = event;
    } else if (event.what === "durable") close(event.time_ns, "durable");
    else if (event.what === "crash") close(event.time_ns, event.batch ?? "lost");
  }
  close(null, "under way");
  return drawn;
}

function marksOf(node: string, events: readonly TraceEvent[]): readonly DrawnMark[] {
  const marks: DrawnMark[] = [];
  let promised = "";
  let decided = 0;
  for (const event of events) {
    if (event.node !== node) continue;
    const { time_ns: timeNs } = event;
    if (event.what === "crash") {
      const lost = event.batch === undefined ? "" : `; its write under way was ${event.batch}`;
      marks.push({ node, timeNs, what: "crash", label: "✕", text: `${node} ends (${event.text})${lost}` });
    } else if (event.what === "start") {
      marks.push({ node, timeNs, what: "start", label: "▸", text: `${node} starts` });
      promised = "";
    } else if (event.what === "violation") {
      marks.push({ node, timeNs, what: "wrong", label: "!", text: event.text });
    } else if (event.what === "state") {
      const { state } = event;
      if (state.promised !== promised) {
        ({ promised } = state);
        marks.push({ node, timeNs, what: "promised", label: promised, text: `${node} promises ballot ${promised}` });
      }
      if (state.decided > decided) {
        const text = `${node} has decided ${state.decided} entries; its log is ${state.length} long`;
        marks.push({ node, timeNs, what: "decided", label: `✓${state.decided}`, text });
      }
      ({ decided } = state);
    }
  }
  return marks;
}

function requestsOf(events: readonly TraceEvent[], threads: ReadonlySet<number>): readonly DrawnRequest[] {
  const drawn: DrawnRequest[] = [];
  const open = new Map<
    string,
    { node: string; sentNs: number; text: string; thread: number; way: DrawnRequest["way"] }
  >();
  const asked = new Set(
    events.flatMap((event) => (event.what === "ask" && event.command.request !== null ? [event.command.id] : [])),
  );
  for (const event of events) {
    if (event.what !== "ask" && event.what !== "asked" && event.what !== "answer" && event.what !== "answered")
      continue;
    if (event.node === null || !threads.has(event.thread) || event.command.id === null) continue;
    if (!asked.has(event.command.id)) continue;
    const way = event.what === "ask" || event.what === "asked" ? "to node" : "to client";
    const name = `${way} ${event.command.id}`;
    const { node, thread } = event;
    if (event.what === "ask" || event.what === "answer")
      open.set(name, { node, thread, way, sentNs: event.time_ns, text: event.command.text });
    else {
      const sent = open.get(name);
      open.delete(name);
      if (sent !== undefined) drawn.push({ ...sent, receivedNs: event.time_ns });
    }
  }
  return [...drawn, ...[...open.values()].map((sent) => ({ ...sent, receivedNs: null }))];
}

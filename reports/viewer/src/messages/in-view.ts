// Which of a diagram's shapes are drawn for a stretch of time and a choice of kinds: the story always, of the rest as much as can be told
// apart. Pure.
import type { Step } from "../../../trace/steps.js";
import type { Diagram } from "../../../trace/diagram.js";
import { duration } from "../format.js";
import { sentenceHeight } from "./axis.js";
import { markKey, messageKey, requestKey, writeKey, type Item } from "./picture.js";
import type { DrawnMark, DrawnMessage, DrawnRequest, DrawnWrite, LaneStretch, Shapes } from "./shapes.js";

export type Topic = "agreement" | "requests" | "election" | "liveness" | "disk";

export const topics: readonly { readonly topic: Topic; readonly title: string }[] = [
  { topic: "agreement", title: "agreement" },
  { topic: "disk", title: "disk writes" },
  { topic: "requests", title: "forwarded requests" },
  { topic: "election", title: "election" },
  { topic: "liveness", title: "heartbeats" },
];

/** More lines than this are a smear. */
const messagesMax = 260;
const marksMax = 400;
const requestsMax = 16;

export interface InView {
  readonly shown: ReadonlySet<Topic>;
  readonly messages: readonly DrawnMessage[];
  readonly requests: readonly DrawnRequest[];
  readonly stretches: readonly LaneStretch[];
  readonly writes: readonly DrawnWrite[];
  readonly marks: readonly DrawnMark[];
  readonly steps: readonly { readonly step: Step; readonly number: number }[];
  /** By number of a step: how far its sentence is moved down for those of the same moment above it. */
  readonly shift: ReadonlyMap<number, number>;
  /** Of everything drawn, in order. */
  readonly times: readonly number[];
  /** Messages in this stretch that are not drawn. */
  readonly leftOut: number;
}

const sentenceWidth = 350;

export function inView(
  diagram: Diagram,
  shapes: Shapes,
  shown: ReadonlySet<Topic>,
  fromNs: number,
  toNs: number,
): InView {
  const within = (ns: number | null): boolean => ns !== null && ns >= fromNs && ns <= toNs;
  const steps = (diagram.story?.steps ?? []).flatMap((step, at) =>
    within(step.timeNs) ? [{ step, number: at + 1 }] : [],
  );
  const candidates = shapes.messages.filter(
    ({ sentNs, receivedNs, topic, step }) =>
      (within(sentNs) || within(receivedNs)) && (step !== null || shown.has(topicOf(topic))),
  );
  const messages = strongest(
    candidates,
    steps.map(({ step }) => step.timeNs),
  );
  const writes = shown.has("disk")
    ? shapes.writes.filter(({ fromNs: from, toNs: to }) => from <= toNs && (to ?? from) >= fromNs).slice(0, marksMax)
    : [];
  const marks = shapes.marks.filter(({ timeNs }) => within(timeNs)).slice(0, marksMax);
  const requests = nearest(
    shapes.requests.filter(({ sentNs, receivedNs }) => within(sentNs) || within(receivedNs)),
    steps.map(({ step }) => step.timeNs),
    requestsMax,
  );
  const times = [
    ...messages.flatMap(({ sentNs, receivedNs }) => [sentNs, receivedNs]),
    ...marks.map(({ timeNs }) => timeNs),
    ...writes.flatMap(({ fromNs: from, toNs: to }) => [from, to]),
  ].filter((ns): ns is number => ns !== null && within(ns));
  return {
    shown,
    messages,
    requests,
    stretches: shapes.stretches,
    writes,
    marks,
    steps,
    shift: shiftsOf(steps),
    times: [...new Set(times)].sort((a, b) => a - b),
    leftOut: candidates.length - messages.length,
  };
}

/** A system's own topics are shown with those of agreement. */
function topicOf(topic: string): Topic {
  return topics.find((one) => one.topic === topic)?.topic ?? "agreement";
}

/** Those of the story, and those nearest in time to it. */
function strongest(messages: readonly DrawnMessage[], timesNs: readonly number[]): readonly DrawnMessage[] {
  const told = messages.filter(({ step }) => step !== null);
  const others = messages.filter(({ step }) => step === null);
  const kept = new Set([...told, ...nearest(others, timesNs, messagesMax - told.length)]);
  return messages.filter((message) => kept.has(message));
}

/** So many of what travels, nearest to these moments. */
function nearest<Travels extends { readonly sentNs: number; readonly receivedNs: number | null }>(
  all: readonly Travels[],
  timesNs: readonly number[],
  most: number,
): readonly Travels[] {
  if (all.length <= most) return all;
  const distance = ({ sentNs, receivedNs }: Travels): number =>
    Math.min(
      ...timesNs.map((ns) => Math.min(Math.abs(sentNs - ns), Math.abs((receivedNs ?? sentNs) - ns))),
      Number.MAX_SAFE_INTEGER,
    );
  const kept = new Set(
    all
      .map((one) => ({ one, away: distance(one) }))
      .toSorted((a, b) => a.away - b.away)
      .slice(0, Math.max(0, most))
      .map(({ one }) => one),
  );
  return all.filter((one) => kept.has(one));
}

function shiftsOf(steps: InView["steps"]): ReadonlyMap<number, number> {
  const shifts = new Map<number, number>();
  let lastNs = Number.NaN;
  let shift = 0;
  for (const { step, number } of steps) {
    if (step.timeNs !== lastNs) shift = 0;
    shifts.set(number, shift);
    lastNs = step.timeNs;
    shift += sentenceHeight(step.text, sentenceWidth);
  }
  return shifts;
}

/** Everything that can be pointed at, in order of time. */
export function itemsOf(view: InView): readonly Item[] {
  const items: Item[] = [
    ...view.messages.map((message) => ({
      key: messageKey(message),
      timeNs: message.sentNs,
      title: `${message.from} → ${message.to}, ${fateText(message)}`,
      text: message.text,
    })),
    ...view.requests.map((request) => ({
      key: requestKey(request),
      timeNs: request.sentNs,
      title:
        request.way === "to node"
          ? `client ${request.thread} → ${request.node}`
          : `${request.node} → client ${request.thread}`,
      text: request.text,
    })),
    ...view.writes.map((write) => ({
      key: writeKey(write),
      timeNs: write.fromNs,
      title: `${write.node} writes, ${write.end === "durable" && write.toNs !== null ? `durable after ${duration(write.toNs - write.fromNs)}` : write.end}`,
      text: write.text,
    })),
    ...view.marks.map((mark) => ({ key: markKey(mark), timeNs: mark.timeNs, title: mark.node, text: mark.text })),
  ];
  return items.toSorted((a, b) => a.timeNs - b.timeNs);
}

function fateText({ sentNs, receivedNs, fate, overtaken }: DrawnMessage): string {
  if (receivedNs === null) return fate === "sent" ? "never arrived" : `never arrived (${fate})`;
  const took = `arrived after ${duration(receivedNs - sentNs)}`;
  return `${took}${fate === "sent" ? "" : ` (${fate})`}${overtaken ? ", overtaken by a later one" : ""}`;
}

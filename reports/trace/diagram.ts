// What of a run's trace travels into its report: the story, and the events around it, as many as there is room for.
import type { TraceDocument, TraceEvent } from "../../cluster/index.js";
import type { Violation } from "../../checker/index.js";
import type { Pair } from "../columns.js";
import type { FaultRecord, GroupRecord } from "../payload.js";
import { findBreaches } from "./breaches.js";
import { tellStory, type Story } from "./story.js";

/** Events that a report carries, and of them at most so many messages that only tell that nodes live. */
const eventsMax = 12_000;
const chatterMax = 3_000;
/** Where nothing went wrong, a look at how it worked is enough. */
const eventsMaxOfValid = 3_000;

export interface Diagram {
  readonly nodes: readonly string[];
  readonly events: readonly TraceEvent[];
  readonly story: Story | null;
  /** What is looked at first. */
  readonly fromNs: number;
  readonly toNs: number;
  /** Events of the trace that are not here. */
  readonly leftOut: number;
}

export interface DiagramInput {
  readonly trace: TraceDocument;
  readonly violations: readonly Violation[];
  readonly operations: readonly Pair[];
  readonly faults: readonly FaultRecord[];
  readonly groups: readonly GroupRecord[];
}

/** Messages that nodes exchange all the time. */
export function isChatter(event: TraceEvent): boolean {
  if (event.what !== "send" && event.what !== "receive") return false;
  return event.message.topic === "liveness" || event.message.topic === "election";
}

export function drawTrace(input: DiagramInput): Diagram | null {
  const { trace, groups, violations } = input;
  const { events } = trace;
  if (events.length === 0) return null;
  const members = new Map(
    groups.flatMap(({ nodes }) => nodes.map(({ node }) => [node, nodes.map((one) => one.node)] as const)),
  );
  const breaches = violations.length === 0 ? [] : findBreaches(events, members);
  const story = tellStory({ ...input, events, breaches, groups: members });
  const { fromNs, toNs } = story ?? usualWindow(input);
  const kept = select(events, fromNs, toNs, violations.length === 0 ? eventsMaxOfValid : eventsMax);
  const nodes = [...new Set(events.flatMap(({ node }) => (node === null ? [] : [node])))];
  return {
    nodes: nodes.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })),
    events: kept,
    story,
    fromNs,
    toNs,
    leftOut: trace.header.dropped + events.length - kept.length,
  };
}

/** Around the first fault, or else the first operations. */
function usualWindow({ faults, operations }: DiagramInput): { readonly fromNs: number; readonly toNs: number } {
  const at = faults.find(({ state }) => state === "confirmed")?.confirmedOnNs ?? operations[0]?.call.time ?? 0;
  return { fromNs: at - 10e6, toNs: at + 50e6 };
}

/** Those nearest to the window, in order; chatter only as far as there is room left. */
export function select(
  events: readonly TraceEvent[],
  fromNs: number,
  toNs: number,
  most: number,
): readonly TraceEvent[] {
  const distance = ({ time_ns: ns }: TraceEvent): number => (ns < fromNs ? fromNs - ns : ns > toNs ? ns - toNs : 0);
  const nearest = (from: readonly TraceEvent[], count: number): readonly TraceEvent[] =>
    from.length <= count ? from : from.toSorted((a, b) => distance(a) - distance(b)).slice(0, count);
  const telling = nearest(
    events.filter((event) => !isChatter(event)),
    most,
  );
  const chatter = nearest(events.filter(isChatter), Math.min(chatterMax, most - telling.length));
  const kept = new Set([...telling, ...chatter]);
  return events.filter((event) => kept.has(event));
}

// Which events of a trace are wanted: by time, node and key, and whether heartbeats are among them. Pure.
import type { TraceEvent } from "../../cluster/index.js";
import { isChatter } from "./diagram.js";

export interface TraceFilter {
  readonly fromNs?: number;
  readonly toNs?: number;
  /** Empty: all. */
  readonly nodes?: readonly string[];
  /** Only what carries a command on this key, and what was done to nodes and links. */
  readonly key?: string;
  /** Heartbeats of failure detector and election too. */
  readonly all?: boolean;
}

export function filterTrace(events: readonly TraceEvent[], filter: TraceFilter): readonly TraceEvent[] {
  const { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY, nodes = [], key, all = false } = filter;
  const concerns = key === undefined ? () => true : concernsKey(events, key);
  return events.filter(
    (event) =>
      event.time_ns >= fromNs &&
      event.time_ns <= toNs &&
      (all || !isChatter(event)) &&
      (nodes.length === 0 || nodesOf(event).some((node) => nodes.includes(node))) &&
      concerns(event),
  );
}

function nodesOf(event: TraceEvent): readonly string[] {
  const { node } = event;
  const own = node === null ? [] : [node];
  if (event.what === "send") return [...own, event.to];
  if (event.what === "receive") return [...own, event.from];
  if ("to" in event && event.to !== undefined) return [...own, event.to];
  return own;
}

/** Answers and arrivals do not name the key: they are known by what they answer, and by what was sent. */
function concernsKey(events: readonly TraceEvent[], key: string): (event: TraceEvent) => boolean {
  const attempts = new Set<string>();
  const messages = new Set<number>();
  const writes = new Set<string>();
  const isOn = (command: { readonly id: string | null; readonly key: unknown }): boolean =>
    command.key === key || (command.id !== null && attempts.has(command.id));
  for (const event of events) {
    if (event.what === "ask" && event.command.key === key && event.command.id !== null) attempts.add(event.command.id);
    if (event.what === "send" && event.message.commands?.some(isOn) === true) messages.add(event.id);
    if (
      event.what === "write" &&
      event.changes.some((change) => change.type === "append" && change.commands.some(isOn))
    )
      writes.add(`${event.node ?? ""} ${event.write}`);
  }
  return (event) => {
    switch (event.what) {
      case "send":
      case "receive":
        return messages.has(event.id);
      case "write":
      case "durable":
        return writes.has(`${event.node ?? ""} ${event.write}`);
      case "ask":
      case "asked":
      case "answer":
      case "answered":
        return isOn(event.command);
      case "state":
        return false;
      default:
        return true;
    }
  };
}

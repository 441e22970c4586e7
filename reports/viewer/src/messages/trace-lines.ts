// A trace as lines of text for the page: time, node, what happened.
import type { TraceEvent } from "../../../../cluster/index.js";
import type { Topic } from "./in-view.js";
import { traceText } from "../../../trace/text.js";

export function linesOf(
  events: readonly TraceEvent[],
  shown: ReadonlySet<Topic>,
  fromNs: number,
  toNs: number,
  most: number,
): readonly string[] {
  const lines: string[] = [];
  for (const event of events) {
    if (event.time_ns < fromNs || event.time_ns > toNs) continue;
    if ((event.what === "send" || event.what === "receive") && hidden(event.message.topic, shown)) continue;
    if ((event.what === "write" || event.what === "durable") && !shown.has("disk")) continue;
    lines.push(traceText(event));
    if (lines.length === most) break;
  }
  return lines;
}

function hidden(topic: string, shown: ReadonlySet<Topic>): boolean {
  const known: readonly string[] = ["agreement", "requests", "election", "liveness"] satisfies Topic[];
  return known.includes(topic) && !shown.has(topic as Topic);
}

// One event of a trace as one line of text: time in ms, the node, what happened. Aligned, so that an eye can run down a column.
import type { TracedChange, TraceEvent } from "../../cluster/index.js";

export function changeText(change: TracedChange): string {
  switch (change.type) {
    case "promised":
      return `promised ${change.ballot}`;
    case "accepted":
      return `accepted under ${change.ballot}`;
    case "truncate":
      return `drops all from entry ${change.length + 1} on`;
    case "decided":
      return `decided ${change.length}`;
    case "append": {
      const texts = change.commands.map(({ text }) => text);
      const shown = texts.slice(0, 4).join("; ");
      const many = change.count > 4 ? `${shown}; and ${change.count - 4} more` : shown;
      return `${change.count > 1 ? `entries ${change.index + 1} to ${change.index + change.count}` : `entry ${change.index + 1}`}: ${many}`;
    }
    case "other":
      return change.text;
  }
}

export const changesText = (changes: readonly TracedChange[]): string => changes.map(changeText).join(" · ");

/** What happened, without time and node. */
export function eventText(event: TraceEvent): string {
  switch (event.what) {
    case "send":
      return `→ ${event.to}  ${event.message.text}${event.fate === "sent" ? "" : `  [${event.fate}]`}`;
    case "receive":
      return `← ${event.from}  ${event.message.text}`;
    case "ask":
      return `client ${event.thread} asks  ${event.command.text}`;
    case "asked":
      return `← client ${event.thread}  ${event.command.text}`;
    case "answer":
      return `→ client ${event.thread}  ${event.command.text}`;
    case "answered":
      return `client ${event.thread} is told  ${event.command.text}`;
    case "write":
      return `write ${event.write}  ${changesText(event.changes)}`;
    case "durable":
      return `write ${event.write} is durable`;
    case "state": {
      const { role, phase, promised, length, decided, leader } = event.state;
      return `is ${role} ${phase}, promised ${promised}, log ${length}, decided ${decided}, leader ${leader ?? "nobody"}`;
    }
    case "crash": {
      const lost = event.batch === undefined ? "" : `; write ${event.write ?? "?"} under way: ${event.batch}`;
      return `*** crash: ${event.text}${lost}`;
    }
    case "violation":
      return `*** VIOLATION ${event.text} (${event.invariant})`;
    case "cut":
    case "heal":
    case "shape":
      return `*** ${event.what} → ${event.to ?? "?"} ${event.text}`.trimEnd();
    case "disk":
      return `*** disk: ${event.text}`;
    default:
      return `*** ${event.text}`;
  }
}

/** `   865.356565  n2   ← n5  Accept 1.n5 …`. */
export function traceText(event: TraceEvent): string {
  const time = (event.time_ns / 1e6).toFixed(6).padStart(13);
  return `${time}  ${(event.node ?? "").padEnd(4)} ${eventText(event)}`;
}

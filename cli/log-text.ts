// An entry of merged logs as a line for people: seconds on the runner's clock, the node, what it wrote; events are marked by `**`.
import type { LogEntry } from "../campaign/index.js";
import type { Terminal } from "./terminal.js";

const nodeColumns = 4;

export function logText(entry: LogEntry, colors: Terminal["colors"]): string {
  const seconds = (entry.timeNs / 1e9).toFixed(3).padStart(9);
  if (entry.kind === "line") {
    const mark = entry.clock === "runner" ? "~" : " ";
    return `${seconds}${mark} ${colors.cyan(entry.node.padEnd(nodeColumns))} ${entry.text}`;
  }
  return colors.yellow(`${seconds}  ${"**".padEnd(nodeColumns)} ${eventText(entry.event)}`);
}

function eventText(event: Extract<LogEntry, { kind: "event" }>["event"]): string {
  switch (event.type) {
    case "fault":
      return `fault ${event.fault}: ${event.kind} ${event.targets.join(", ")}: ${event.stage}`;
    case "node":
      return `${event.node} ${event.what}${event.expected ? "" : ", unasked"} ${JSON.stringify(event.detail)}`;
    case "runner":
      return `runner: ${event.what} ${JSON.stringify(event.detail)}`;
    case "ok":
    case "fail":
    case "info": {
      const error = event.error === undefined ? "" : `: ${event.error}`;
      return `client ${event.process}: ${event.function} ${JSON.stringify(event.key)} ${event.type}${error}`;
    }
  }
}

// Crashes: an exit that the nemesis did not ask for, or a line in a node's log that means a panic.
import type { HistoryEvent, JsonValue } from "../../history/index.js";
import { seconds } from "../explain/sentence.js";
import { fieldOf } from "../values.js";
import type { CheckerResult, Violation } from "../verdict.js";

export function checkCrashes(events: readonly HistoryEvent[]): CheckerResult {
  const violations: Violation[] = [];
  for (const event of events) {
    if (event.type !== "node" || event.expected) continue;
    if (event.what !== "exited" && event.what !== "panic") continue;
    const sentence =
      event.what === "exited"
        ? `Node ${event.node} exited at ${seconds(event.time)}${howOf(event.detail)}, and nobody had asked it to.`
        : `Node ${event.node} panicked at ${seconds(event.time)}${lineOf(event.detail)}.`;
    violations.push({
      class: "crash",
      checker: "crash",
      sentence,
      key: null,
      operations: [],
      timeNs: event.time,
      fingerprint: `crash/crash/${event.what}`,
    });
  }
  return { checker: "crash", valid: violations.length === 0, violations, unknown: [] };
}

function howOf(detail: JsonValue): string {
  const signal = fieldOf(detail, "signal");
  if (typeof signal === "string") return ` by ${signal}`;
  const code = fieldOf(detail, "code");
  return typeof code === "number" ? ` with code ${code}` : "";
}

function lineOf(detail: JsonValue): string {
  const line = fieldOf(detail, "line") ?? detail;
  return typeof line === "string" ? `: ${line.slice(0, 200)}` : "";
}

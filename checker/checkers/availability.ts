// Availability: once every fault is healed, each group answers within the bound.
import type { HistoryEvent, JsonValue, Operation, TimeNs } from "../../history/index.js";
import { seconds } from "../explain/sentence.js";
import type { JudgeGroup } from "../judge-input.js";
import type { CheckerResult, UnknownReason, Violation } from "../verdict.js";

export interface AvailabilityInput {
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly groups: readonly JudgeGroup[];
  readonly groupOfKey: (key: JsonValue) => number;
  readonly boundMs: number;
}

/** When the quiet phase began: everything was healed. Null when the run did not get there. */
export function quietSince(events: readonly HistoryEvent[]): TimeNs | null {
  for (const event of events) if (event.type === "phase" && event.phase === "quiet") return event.time;
  return null;
}

export function checkAvailability(input: AvailabilityInput): CheckerResult {
  const { events, operations, groups, groupOfKey, boundMs } = input;
  const since = quietSince(events);
  if (since === null) return unjudged("the run never reached its quiet phase");
  const last = events.at(-1);
  const end = last !== undefined && last.type !== "header" ? last.time : since;
  const deadline = since + boundMs * 1e6;
  const violations: Violation[] = [];
  const unknown: UnknownReason[] = [];
  const served: { group: number; after_ms: number | null }[] = [];
  for (const { group } of groups) {
    const own = operations.filter(({ key, callNs }) => callNs >= since && groupOfKey(key) === group);
    const answered = own.flatMap(({ outcome, returnNs }) => (outcome === "ok" && returnNs !== null ? [returnNs] : []));
    const first = answered.length === 0 ? null : answered.reduce((least, time) => Math.min(least, time), Infinity);
    served.push({ group, after_ms: first === null ? null : Math.round((first - since) / 1e6) });
    if (first !== null && first <= deadline) continue;
    if (first === null && (own.length === 0 || end < deadline)) {
      const sentence =
        own.length === 0
          ? `nobody asked group ${group} for anything in the quiet phase`
          : `group ${group} served nothing in the quiet phase, but that ended before the bound of ${boundMs} ms`;
      unknown.push({ code: "vacuous", sentence });
      continue;
    }
    const how = first === null ? `served nothing` : `served nothing until ${seconds(first)}`;
    violations.push({
      class: "unavailable",
      checker: "availability",
      sentence: `Group ${group} ${how}, though every fault was healed by ${seconds(since)} and the bound is ${boundMs} ms (${own.length} operations tried).`,
      key: null,
      operations: own.slice(0, 20).map(({ index }) => index),
      timeNs: deadline,
      fingerprint: "unavailable/availability/group",
    });
  }
  const valid = violations.length > 0 ? false : unknown.length > 0 ? "unknown" : true;
  return { checker: "availability", valid, violations, unknown, details: { quiet_since_ns: since, served } };
}

function unjudged(sentence: string): CheckerResult {
  return { checker: "availability", valid: "unknown", violations: [], unknown: [{ code: "vacuous", sentence }] };
}

// Availability: once every fault is healed, each group answers within the bound. Beside it, as facts: the longest time in which
// nobody was answered, and how long after the end of each fault somebody was.
import type { HistoryEvent, JsonValue, Operation, TimeNs } from "../../history/index.js";
import type { FaultSpan } from "../faults.js";
import { seconds } from "../explain/sentence.js";
import type { JudgeGroup } from "../judge-input.js";
import type { CheckerResult, UnknownReason, Violation } from "../verdict.js";

export interface AvailabilityInput {
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly groups: readonly JudgeGroup[];
  readonly groupOfKey: (key: JsonValue) => number;
  readonly boundMs: number;
  readonly faults?: readonly FaultSpan[];
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
  return {
    checker: "availability",
    valid,
    violations,
    unknown,
    details: { quiet_since_ns: since, served, ...gapsOf(input) },
  };
}

/** The longest gap without an answer, of each group and of all, and the way back after each fault. */
function gapsOf({ operations, groups, groupOfKey, faults = [] }: AvailabilityInput): Record<string, JsonValue> {
  const all = answersOf(operations);
  return {
    longest_gap: longestGap(operations, all),
    longest_gap_of_groups: groups.map(({ group }) => {
      const own = operations.filter(({ key }) => groupOfKey(key) === group);
      return { group, ...longestGap(own, answersOf(own)) };
    }),
    recoveries: faults.flatMap(({ fault, kind, confirmedOff }) => {
      if (confirmedOff === null) return [];
      const next = all.find((time) => time >= confirmedOff);
      const after = next === undefined ? null : milliseconds(next - confirmedOff);
      return [{ fault, kind, healed_ns: confirmedOff, answered_after_ms: after }];
    }),
  };
}

/** When answers came, in order. */
function answersOf(operations: readonly Operation[]): readonly TimeNs[] {
  const times = operations.flatMap(({ outcome, returnNs }) =>
    outcome === "ok" && returnNs !== null ? [returnNs] : [],
  );
  return times.sort((left, right) => left - right);
}

/** Counted from the first call on, and only up to the last answer: what comes after is a matter of the bound. */
function longestGap(
  operations: readonly Operation[],
  answers: readonly TimeNs[],
): { readonly gap_ms: number; readonly from_ns: TimeNs | null } {
  let last = operations.reduce((least, { callNs }) => Math.min(least, callNs), Infinity);
  let gap = 0;
  let from: TimeNs | null = null;
  for (const time of answers) {
    if (time - last > gap) {
      gap = time - last;
      from = last;
    }
    last = time;
  }
  return { gap_ms: milliseconds(gap), from_ns: from };
}

function milliseconds(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e6);
}

function unjudged(sentence: string): CheckerResult {
  return { checker: "availability", valid: "unknown", violations: [], unknown: [{ code: "vacuous", sentence }] };
}

// What a campaign struck, and how much its silence is worth. A pair is a fault of one kind at one role while an operation of one kind was
// under way; possible are all faults that the schedules held, with every function of their workload.
import { operationsOf, type HistoryEvent, type JsonValue } from "../history/index.js";

export interface Coverage {
  readonly seen: readonly string[];
  readonly possible: readonly string[];
}

function fieldOf(value: JsonValue, name: string): JsonValue {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  return (value as { readonly [field: string]: JsonValue })[name] ?? null;
}

/** Whom a fault is aimed at: `leader`, `follower`, …; for partitions their shape. */
function roleOf(spec: JsonValue): string {
  const by = fieldOf(fieldOf(spec, "target"), "by");
  const shape = fieldOf(spec, "shape");
  return typeof by === "string" ? by : typeof shape === "string" ? shape : "unknown";
}

/** Seen where the fault was confirmed and the operation was open when it was asked for. Duplicate names are told once, in order. */
export function coverageOf(events: readonly HistoryEvent[], functions: readonly string[]): Coverage {
  const [seen, possible] = [new Set<string>(), new Set<string>()];
  const confirmed = new Set(
    events.flatMap((event) => (event.type === "fault" && event.stage === "confirmed-on" ? [event.fault] : [])),
  );
  const open = operationsOf(events).map((operation) => {
    const end = operation.returnEvent === null ? undefined : events[operation.returnEvent];
    const untilNs = end === undefined || end.type === "header" ? Number.POSITIVE_INFINITY : end.time;
    return { name: operation.function, fromNs: operation.callNs, untilNs };
  });
  for (const event of events) {
    if (event.type !== "fault" || event.stage !== "requested") continue;
    const fault = `${event.kind} of ${roleOf(event.spec)}`;
    for (const name of functions) possible.add(`${fault} amid ${name}`);
    if (!confirmed.has(event.fault)) continue;
    for (const { name, fromNs, untilNs } of open)
      if (fromNs <= event.time && event.time <= untilNs) seen.add(`${fault} amid ${name}`);
  }
  return { seen: [...seen].sort(), possible: [...possible].sort() };
}

export interface CampaignCoverage {
  readonly seen: number;
  readonly possible: number;
  readonly never_seen: readonly string[];
}

export function sumCoverage(runs: readonly Coverage[]): CampaignCoverage {
  const seen = new Set(runs.flatMap((run) => run.seen));
  const possible = new Set(runs.flatMap((run) => [...run.possible, ...run.seen]));
  return { seen: seen.size, possible: possible.size, never_seen: [...possible].filter((pair) => !seen.has(pair)) };
}

/**
 * With this confidence the share of runs that show a violation is below the bound, when none of `runs` did: otherwise so many silent
 * runs would have had a probability of 5 %. Null without runs.
 */
export function violationBound(runs: number): number | null {
  return runs === 0 ? null : 1 - 0.05 ** (1 / runs);
}

/** For a terminal. `valid`: runs that ended valid; only these are silent. `violations`: with one there is no bound to tell. */
export function coverageLines(coverage: CampaignCoverage, valid: number, violations: number): readonly string[] {
  const { seen, possible, never_seen: never } = coverage;
  const some = never.slice(0, 5).join("; ");
  const rest = never.length > 5 ? `; and ${never.length - 5} more` : "";
  const bound = violationBound(valid);
  return [
    `pairs    ${seen} of ${possible} of fault kind, target role and operation in flight${never.length === 0 ? "" : `; never: ${some}${rest}`}`,
    ...(bound === null || violations > 0
      ? []
      : [
          `bound    ${valid} valid runs and no violation: at 95 % fewer than ${Number((bound * 100).toPrecision(3))} % of such runs show one`,
        ]),
  ];
}

// The faults of a run as intervals. The widest interval of a fault excuses (from request to confirmed healed); the narrowest is
// evidence (from confirmed on to the request to heal).
import type { FaultEvent, HistoryEvent, JsonValue, TimeNs } from "../history/index.js";
import { fieldOf } from "./values.js";

export interface FaultSpan {
  readonly fault: number;
  readonly kind: string;
  readonly targets: readonly string[];
  /** Faults of one series are one disturbance, which comes and goes. */
  readonly series: string | null;
  readonly requested: TimeNs | null;
  readonly confirmedOn: TimeNs | null;
  readonly healRequested: TimeNs | null;
  readonly confirmedOff: TimeNs | null;
  /** The stage `void` or `unconfirmed` was recorded, and why. */
  readonly trouble: { readonly stage: "void" | "unconfirmed"; readonly why: string } | null;
  /** Of links that were cut, summed over the evidence; null where there is none. */
  readonly offeredBytes: number | null;
  readonly deliveredBytes: number | null;
  /** Of each direction of a link that was cut: what showed it. None for other faults. */
  readonly cuts: readonly Cut[];
}

export interface Cut {
  readonly link: string;
  /** Null where attempts were looked at and not bytes. */
  readonly offeredBytes: number | null;
  readonly deliveredBytes: number | null;
  readonly isRefused: boolean;
}

export function faultSpans(events: readonly HistoryEvent[]): readonly FaultSpan[] {
  const byFault = new Map<number, FaultEvent[]>();
  for (const event of events) {
    if (event.type !== "fault") continue;
    const known = byFault.get(event.fault);
    if (known === undefined) byFault.set(event.fault, [event]);
    else known.push(event);
  }
  return [...byFault].map(([fault, stages]) => spanOf(fault, stages)).sort((left, right) => left.fault - right.fault);
}

function spanOf(fault: number, stages: readonly FaultEvent[]): FaultSpan {
  const time = (stage: FaultEvent["stage"]) => stages.find((event) => event.stage === stage)?.time ?? null;
  const bad = stages.find(({ stage }) => stage === "void" || stage === "unconfirmed");
  const on = stages.find(({ stage }) => stage === "confirmed-on");
  return {
    fault,
    kind: stages[0]?.kind ?? "unknown",
    targets: on?.targets ?? stages[0]?.targets ?? [],
    series: seriesOf(stages[0]),
    requested: time("requested"),
    confirmedOn: time("confirmed-on"),
    healRequested: time("heal-requested"),
    confirmedOff: time("confirmed-off"),
    trouble:
      bad === undefined || (bad.stage !== "void" && bad.stage !== "unconfirmed")
        ? null
        : { stage: bad.stage, why: JSON.stringify(bad.evidence).slice(0, 200) },
    offeredBytes: sumOf(on?.evidence ?? null, "offered_bytes"),
    deliveredBytes: sumOf(on?.evidence ?? null, "delivered_bytes"),
    cuts: on?.kind === "partition" ? on.targets.map((link) => cutOf(link, fieldOf(on.evidence, link) ?? null)) : [],
  };
}

function seriesOf(stage: FaultEvent | undefined): string | null {
  const series = fieldOf(stage?.spec ?? null, "series");
  return typeof series === "string" ? series : null;
}

/**
 * Faults that belong together: of one series, or at the same nodes while another is on. What happens to a group in a moment or two
 * of it cannot be asked of each by itself.
 */
export function disturbances(faults: readonly FaultSpan[]): readonly (readonly FaultSpan[])[] {
  let groups: (readonly FaultSpan[])[] = [];
  for (const fault of faults) {
    const [mine, others] = [[fault], [] as (readonly FaultSpan[])[]];
    for (const group of groups) {
      if (group.some((other) => belongTogether(fault, other))) mine.push(...group);
      else others.push(group);
    }
    groups = [...others, mine];
  }
  return groups;
}

function belongTogether(one: FaultSpan, other: FaultSpan): boolean {
  if (one.series !== null && one.series === other.series) return true;
  const ends = (span: FaultSpan): number => span.healRequested ?? Number.POSITIVE_INFINITY;
  const [began, otherBegan] = [one.requested ?? one.confirmedOn, other.requested ?? other.confirmedOn];
  if (began === null || otherBegan === null || began > ends(other) || otherBegan > ends(one)) return false;
  const nodes = new Set(other.targets.flatMap((target) => target.split(">")));
  return one.targets.some((target) => target.split(">").some((node) => nodes.has(node)));
}

function cutOf(link: string, evidence: JsonValue): Cut {
  const bytes = (name: string): number | null => {
    const value = fieldOf(evidence, name);
    return typeof value === "number" ? value : null;
  };
  return {
    link,
    offeredBytes: bytes("offered_bytes"),
    deliveredBytes: bytes("delivered_bytes"),
    isRefused: fieldOf(evidence, "attempt") === "refused",
  };
}

/** A cut shows by bytes that went in and did not come out, or by an attempt to connect that was refused. */
export function isProved({ offeredBytes, deliveredBytes, isRefused }: Cut): boolean {
  return isRefused || (offeredBytes !== null && offeredBytes > 0 && deliveredBytes === 0);
}

/** The evidence holds one record for each link, or is one itself. */
function sumOf(evidence: JsonValue, name: string): number | null {
  const own = fieldOf(evidence, name);
  if (typeof own === "number") return own;
  if (evidence === null || typeof evidence !== "object" || Array.isArray(evidence)) return null;
  const parts = Object.values(evidence).flatMap((part: JsonValue) => {
    const value = fieldOf(part, name);
    return typeof value === "number" ? [value] : [];
  });
  return parts.length === 0 ? null : parts.reduce((sum, value) => sum + value, 0);
}

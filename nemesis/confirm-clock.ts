// Confirmation of a clock fault by the clock inside the node: how far its time of day has moved against its own monotonic clock,
// which no fault touches. The runner's clock plays no part.
import type { ClockTrouble, NodeName } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";
import type { Sight, Watcher } from "./watcher.js";
import type { Looks, Sample } from "./observe.js";

/** The two clocks are not read at one moment, and the machine's own time may be slewed meanwhile. */
const toleranceMs = 20;
/** Over how long a drift is measured, and how far it may be from what was asked for: its steps, and the readings' own width. */
const driftMs = 500;
const driftShare = 0.25;
const driftEdgeMs = 5;

interface Reading {
  readonly monotonicMs: number;
  /** Time of day less monotonic clock. */
  readonly aheadMs: number;
}

function readingOf(sample: Sample, node: NodeName): Reading | null {
  const clock = sample.clocks?.get(node);
  return clock === undefined ? null : { monotonicMs: clock.monotonicMs, aheadMs: clock.wallMs - clock.monotonicMs };
}

const near = (value: number, wanted: number): boolean => Math.abs(value - wanted) <= toleranceMs;

/** `see` gets how far the node's time of day has moved since before the fault. Who has convinced it once is asked no more. */
function watchEach(
  nodes: readonly NodeName[],
  before: Sample,
  ready: readonly NodeName[],
  see: (node: NodeName, movedMs: number, is: Reading, sample: Sample) => Sight,
): Watcher {
  const done = new Map<NodeName, Sight>();
  const seeNode = (node: NodeName, sample: Sample): Sight => {
    const [was, is] = [readingOf(before, node), readingOf(sample, node)];
    if (was === null || is === null) return { confirmed: false, evidence: "the node does not tell what time it has" };
    return see(node, is.aheadMs - was.aheadMs, is, sample);
  };
  const looks: Looks = { processes: [], ready, links: false, clocks: nodes, attempts: [] };
  return {
    looks: () => looks,
    see: (sample) => {
      for (const node of nodes) if (done.get(node)?.confirmed !== true) done.set(node, seeNode(node, sample));
      return {
        confirmed: [...done.values()].every(({ confirmed }) => confirmed),
        evidence: Object.fromEntries([...done].map(([node, { evidence }]) => [node, evidence])),
      };
    },
  };
}

function seeDrift(msPerS: number): (node: NodeName, movedMs: number, is: Reading) => Sight {
  const first = new Map<NodeName, Reading>();
  return (node, _moved, is) => {
    const was = first.get(node) ?? is;
    const overMs = is.monotonicMs - was.monotonicMs;
    const gainedMs = is.aheadMs - was.aheadMs;
    const wantedMs = (msPerS * overMs) / 1000;
    const right = Math.abs(gainedMs - wantedMs) <= driftShare * Math.abs(wantedMs) + driftEdgeMs;
    // The first reading may be from before the drift began, or a step may have come late: measured anew from here.
    if (!first.has(node) || (overMs >= driftMs && !right)) first.set(node, is);
    const evidence = { gained_ms: round(gainedMs), over_ms: round(overMs), wanted_ms_per_s: msPerS };
    return { confirmed: overMs >= driftMs && right && Math.abs(gainedMs) > driftEdgeMs, evidence };
  };
}

function seeStrobe(offsetMs: number): (node: NodeName, movedMs: number) => Sight {
  const turns = new Map<NodeName, ("ahead" | "right")[]>();
  return (node, movedMs) => {
    const seen = turns.get(node) ?? [];
    turns.set(node, seen);
    const now = near(movedMs, offsetMs) ? "ahead" : near(movedMs, 0) ? "right" : null;
    if (now !== null && seen.at(-1) !== now) seen.push(now);
    const first = seen.indexOf("ahead");
    const confirmed = first >= 0 && seen.length >= first + 3;
    return { confirmed, evidence: { turns: [...seen], moved_ms: round(movedMs) } };
  };
}

const round = (ms: number): JsonValue => Math.round(ms * 10) / 10;

/** On: the time of day inside each node is as wrong as was asked for. */
export function watchClock(nodes: readonly NodeName[], trouble: ClockTrouble, before: Sample): Watcher {
  switch (trouble.how) {
    case "jump":
      return watchEach(nodes, before, [], (_node, movedMs) => ({
        confirmed: near(movedMs, trouble.offsetMs),
        evidence: { moved_ms: round(movedMs), wanted_ms: trouble.offsetMs },
      }));
    case "drift":
      return watchEach(nodes, before, [], seeDrift(trouble.msPerS));
    case "strobe":
      return watchEach(nodes, before, [], seeStrobe(trouble.offsetMs));
  }
}

/** Off: the time of day has moved as far as the monotonic clock since before the fault, three readings in a row, and the node is ready. */
export function watchClockRight(nodes: readonly NodeName[], before: Sample): Watcher {
  const rightFor = new Map<NodeName, number>();
  return watchEach(nodes, before, nodes, (node, movedMs, _is, sample) => {
    const readings = near(movedMs, 0) ? (rightFor.get(node) ?? 0) + 1 : 0;
    rightFor.set(node, readings);
    const ready = sample.ready.get(node) ?? false;
    return { confirmed: readings >= 3 && ready, evidence: { moved_ms: round(movedMs), ready } };
  });
}

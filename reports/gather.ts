// From events and samples to the records that the page draws: faults with their four times, phases, who led which group, and the
// marks on the time axis. Pure; every list has a limit, and what was left out is said in the list itself.
import type { FaultEvent, HistoryEvent, TimeNs } from "../history/index.js";
import type { ReportStatusSample } from "./nodes.js";
import type { FaultRecord, GroupRecord, LeaderRecord, MarkRecord, PhaseRecord } from "./payload.js";

const marksLimit = 2000;
const recordsLimit = 20_000;

/** The latest moment that the run knows of. */
export function endOf(events: readonly HistoryEvent[]): TimeNs {
  let end = 0;
  for (const event of events) if (event.type !== "header") end = Math.max(end, event.time);
  return end;
}

function stateOf(events: readonly FaultEvent[]): FaultRecord["state"] {
  const stages = new Set(events.map((event) => event.stage));
  if (stages.has("void")) return "void";
  if (stages.has("unconfirmed") || !stages.has("confirmed-on")) return "unconfirmed";
  return stages.has("confirmed-off") ? "confirmed" : "still on";
}

export function gatherFaults(events: readonly HistoryEvent[]): readonly FaultRecord[] {
  const byFault = new Map<number, FaultEvent[]>();
  for (const event of events) {
    if (event.type !== "fault") continue;
    const own = byFault.get(event.fault);
    if (own === undefined) byFault.set(event.fault, [event]);
    else own.push(event);
  }
  const records = [...byFault].map(([fault, own]): FaultRecord => {
    const time = (stage: FaultEvent["stage"]): TimeNs | null =>
      own.find((event) => event.stage === stage)?.time ?? null;
    const last = own.at(-1);
    return {
      fault,
      kind: last?.kind ?? "",
      spec: last?.spec ?? null,
      targets: [...new Set(own.flatMap((event) => event.targets))],
      requestedNs: time("requested") ?? own[0]?.time ?? null,
      confirmedOnNs: time("confirmed-on"),
      healRequestedNs: time("heal-requested"),
      confirmedOffNs: time("confirmed-off"),
      state: stateOf(own),
      evidence: own.map((event) => ({ stage: event.stage, timeNs: event.time, evidence: event.evidence })),
    };
  });
  return records.sort((a, b) => (a.requestedNs ?? 0) - (b.requestedNs ?? 0) || a.fault - b.fault);
}

export function gatherPhases(events: readonly HistoryEvent[], endNs: TimeNs): readonly PhaseRecord[] {
  const starts = events.filter((event) => event.type === "phase");
  return starts.flatMap((start, index) =>
    start.phase === "end" ? [] : [{ phase: start.phase, fromNs: start.time, toNs: starts[index + 1]?.time ?? endNs }],
  );
}

export function gatherMarks(events: readonly HistoryEvent[]): readonly MarkRecord[] {
  const marks: MarkRecord[] = [];
  for (const event of events) {
    if (event.type !== "node" && event.type !== "runner") continue;
    if (marks.length === marksLimit) {
      marks.push({
        timeNs: event.time,
        node: null,
        what: "note",
        expected: true,
        detail: `more than ${marksLimit} marks: the rest are in history.jsonl`,
      });
      break;
    }
    const ofNode = event.type === "node";
    marks.push({
      timeNs: event.time,
      node: ofNode ? event.node : null,
      what: event.what,
      expected: ofNode ? event.expected : event.what === "note",
      detail: event.detail,
    });
  }
  return marks;
}

/** Only changes are kept: a node that says the same for a minute is one record. */
export function gatherGroups(samples: readonly ReportStatusSample[]): readonly GroupRecord[] {
  const groups = new Map<number, Map<string, LeaderRecord[]>>();
  const groupsOf = new Map<string, Set<number>>();
  const add = (group: number, node: string, record: LeaderRecord): void => {
    let lanes = groups.get(group);
    if (lanes === undefined) groups.set(group, (lanes = new Map()));
    let records = lanes.get(node);
    if (records === undefined) lanes.set(node, (records = []));
    const last = records.at(-1);
    const same = last?.role === record.role && last.leader === record.leader && last.ballot === record.ballot;
    if (!same && records.length < recordsLimit) records.push(record);
  };
  for (const { time_ns: timeNs, node, status } of samples.toSorted((a, b) => a.time_ns - b.time_ns)) {
    if (status === null) {
      for (const group of groupsOf.get(node) ?? [])
        add(group, node, { timeNs, role: "silent", leader: null, ballot: "" });
      continue;
    }
    for (const { group, leader, ballot, members } of status.groups) {
      if (!members.some((member) => member === node)) continue;
      const own = groupsOf.get(node) ?? new Set();
      groupsOf.set(node, own.add(group));
      add(group, node, { timeNs, role: leader === node ? "leader" : "follower", leader, ballot });
    }
  }
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([group, lanes]) => ({
      group,
      nodes: [...lanes]
        .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
        .map(([node, records]) => ({ node, records })),
    }));
}

// Shows that fault events become records with their four times and a state, that a node's samples become its changes only, and that
// phases end where the next begins.
import { expect, test } from "vitest";
import type { FaultEvent, FaultStage, HistoryEvent } from "../history/index.js";
import { nodeNames } from "../cluster/index.js";
import { gatherFaults, gatherGroups, gatherPhases } from "./gather.js";
import type { ReportStatusSample } from "./nodes.js";

function stage(fault: number, name: FaultStage, time: number, targets: readonly string[] = ["n1"]): FaultEvent {
  return {
    type: "fault",
    time,
    fault,
    stage: name,
    kind: "kill",
    spec: { kind: "kill" },
    targets,
    evidence: { at: time },
  };
}

test("a fault has four times, its evidence and a state", () => {
  const [record] = gatherFaults([
    stage(0, "requested", 1, []),
    stage(0, "confirmed-on", 2),
    stage(0, "heal-requested", 3),
    stage(0, "confirmed-off", 4),
  ]);
  expect(record).toMatchObject({
    requestedNs: 1,
    confirmedOnNs: 2,
    healRequestedNs: 3,
    confirmedOffNs: 4,
    state: "confirmed",
    targets: ["n1"],
  });
  expect(record?.evidence.map((entry) => entry.stage)).toEqual([
    "requested",
    "confirmed-on",
    "heal-requested",
    "confirmed-off",
  ]);
});

test("a fault that was never seen, never ended or never carried out is told from a confirmed one", () => {
  const records = gatherFaults([
    stage(0, "requested", 1),
    stage(0, "unconfirmed", 2),
    stage(1, "requested", 3),
    stage(1, "void", 4),
    stage(2, "requested", 5),
    stage(2, "confirmed-on", 6),
    stage(3, "requested", 7),
  ]);
  expect(records.map((record) => record.state)).toEqual(["unconfirmed", "void", "still on", "unconfirmed"]);
});

test("phases end where the next begins, the last at the end of the run", () => {
  const events: readonly HistoryEvent[] = [
    { type: "phase", time: 0, phase: "load" },
    { type: "phase", time: 10, phase: "quiet" },
  ];
  expect(gatherPhases(events, 15)).toEqual([
    { phase: "load", fromNs: 0, toNs: 10 },
    { phase: "quiet", fromNs: 10, toNs: 15 },
  ]);
});

test("samples become changes: who said it led, who followed, who was silent", () => {
  const [n1, n2] = nodeNames(2);
  if (n1 === undefined || n2 === undefined) throw new Error("two nodes were asked for");
  const sample = (time_ns: number, node: typeof n1, leader: typeof n1 | null): ReportStatusSample => ({
    time_ns,
    node,
    status: {
      node,
      ready: true,
      incarnation: 1,
      suspected: [],
      groups: [
        { group: 0, members: [n1, n2], leader, ballot: `1.${leader}`, phase: "accept", decidedIndex: 0, logHash: "" },
      ],
    },
  });
  const silent = (time_ns: number, node: typeof n1): ReportStatusSample => ({ time_ns, node, status: null });
  const groups = gatherGroups([
    sample(3, n1, n1),
    sample(1, n1, n1),
    sample(2, n2, n1),
    silent(4, n1),
    sample(5, n2, n2),
    silent(6, n1),
  ]);
  expect(groups).toEqual([
    {
      group: 0,
      nodes: [
        {
          node: "n1",
          records: [
            { timeNs: 1, role: "leader", leader: "n1", ballot: "1.n1" },
            { timeNs: 4, role: "silent", leader: null, ballot: "" },
          ],
        },
        {
          node: "n2",
          records: [
            { timeNs: 2, role: "follower", leader: "n1", ballot: "1.n1" },
            { timeNs: 5, role: "leader", leader: "n2", ballot: "1.n2" },
          ],
        },
      ],
    },
  ]);
});

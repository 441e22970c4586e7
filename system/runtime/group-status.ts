// What a node tells of its group. What a crash may still take back is told to nobody, not even on the admin port: a promise before it is
// durable, and a leadership that rests on it.
import type { GroupStatus, NodeName } from "../../cluster/index.js";
import { compareBallots } from "../core/ballot.js";
import type { Ballot, CoreStatus, NodeId } from "../core/interface.js";

/** Null before the node belongs to a group. */
export function groupStatus(
  core: CoreStatus,
  self: NodeId,
  durablePromise: Ballot,
  nameOf: (node: NodeId) => NodeName,
): GroupStatus | null {
  if (core.group === null) return null;
  const ahead = compareBallots(core.ballot, durablePromise) > 0;
  const ballot = ahead ? durablePromise : core.ballot;
  return {
    group: core.group,
    members: core.members.map(nameOf),
    leader: core.leader === null || (ahead && core.leader === self) ? null : nameOf(core.leader),
    ballot: `${ballot.number}.${ballot.priority}.${ballot.node === 0 ? "none" : nameOf(ballot.node)}`,
    phase: `${core.role} ${core.phase}`,
    decidedIndex: core.decided,
    logHash: core.logHash,
  };
}

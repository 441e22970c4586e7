// What a fault can be aimed at, at one moment: the cluster as seen from outside, as a plain value.
import {
  linkName,
  type DirectedLink,
  type GroupLayout,
  type NodeName,
  type NodeStatus,
  type ProcessObservation,
} from "../cluster/index.js";

export interface ClusterView {
  readonly nodes: readonly NodeName[];
  readonly groups: readonly GroupLayout[];
  /** The leader that a group's members agree on; absent or null where they do not. */
  readonly leaders: ReadonlyMap<number, NodeName | null>;
  readonly processes: ReadonlyMap<NodeName, ProcessObservation["state"]>;
  /** Links ("n1>n2") that a fault that is on now cuts or shapes. */
  readonly busyLinks: ReadonlySet<string>;
  /** Nodes whose disks were damaged and which are not ready now: they may be refused for good. */
  readonly lost?: ReadonlySet<NodeName>;
}

/** Every link between two different nodes of the list. */
export function linksAmong(nodes: readonly NodeName[]): readonly DirectedLink[] {
  return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
}

/** Every link between a node of `left` and one of `right`, both ways, each once. */
export function linksBetween(left: readonly NodeName[], right: readonly NodeName[]): readonly DirectedLink[] {
  const both = left.flatMap((one) =>
    right
      .filter((other) => other !== one)
      .flatMap((other) => [
        { from: one, to: other },
        { from: other, to: one },
      ]),
  );
  const seen = new Set<string>();
  return both.filter((link) => {
    const name = linkName(link);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

/**
 * The leader that more than half of a group's members name in their latest status. A minority that still believes in a
 * deposed leader is outvoted; with no majority for anybody there is no leader to aim at.
 */
export function agreedLeader(statuses: Iterable<NodeStatus>, layout: GroupLayout): NodeName | null {
  const votes = new Map<NodeName, number>();
  for (const status of statuses) {
    if (!layout.members.includes(status.node)) continue;
    const leader = status.groups.find((group) => group.group === layout.group)?.leader;
    if (leader !== null && leader !== undefined) votes.set(leader, (votes.get(leader) ?? 0) + 1);
  }
  for (const [leader, count] of votes) if (count * 2 > layout.members.length) return leader;
  return null;
}

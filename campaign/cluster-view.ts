// What the run believes of the cluster at this moment: its groups and who leads them, from the nodes' own status as the
// sampler brings it. Only fresh answers count: whom a fault is aimed at must be true now.
import type { GroupLayout, NodeName, NodeStatus } from "../cluster/index.js";

interface Seen {
  readonly status: NodeStatus;
  readonly atMs: number;
}

/** A status older than this says nothing about now: its node is down, paused or busy. */
const staleAfterMs = 1000;

export class ClusterView {
  readonly #latest = new Map<NodeName, Seen>();
  #groups: readonly GroupLayout[] = [];

  /** Takes one sample; null: the node did not answer. */
  update(node: NodeName, status: NodeStatus | null, atMs: number): void {
    if (status === null) this.#latest.delete(node);
    else this.#latest.set(node, { status, atMs });
    for (const { group, members } of status?.groups ?? []) {
      if (members.length === 0 || this.#groups.some((known) => known.group === group)) continue;
      this.#groups = [...this.#groups, { group, members }].toSorted((a, b) => a.group - b.group);
    }
  }

  get groups(): readonly GroupLayout[] {
    return this.#groups;
  }

  /** The leader that a majority of the group's members name, by statuses that are fresh; null when none has one. */
  leaderOf(group: number, nowMs: number): NodeName | null {
    const members = this.#groups.find((layout) => layout.group === group)?.members ?? [];
    const votes = new Map<NodeName, number>();
    for (const member of members) {
      const seen = this.#latest.get(member);
      if (seen === undefined || nowMs - seen.atMs > staleAfterMs) continue;
      const leader = seen.status.groups.find((entry) => entry.group === group)?.leader ?? null;
      if (leader !== null) votes.set(leader, (votes.get(leader) ?? 0) + 1);
    }
    return [...votes].find(([, count]) => count * 2 > members.length)?.[0] ?? null;
  }
}

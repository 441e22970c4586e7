// Whom a target means at the moment when its fault starts.
import type { GroupLayout, NodeName } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { Target } from "./fault.js";
import type { ClusterView } from "./view.js";

/** `transient`: may be different in a moment (no leader yet), so that waiting a little is worth it. */
export type Resolved<T> =
  | { readonly type: "found"; readonly value: T }
  | { readonly type: "void"; readonly reason: string; readonly transient: boolean };

const found = <T>(value: T): Resolved<T> => ({ type: "found", value });
const nobody = (reason: string, transient: boolean): Resolved<never> => ({ type: "void", reason, transient });

/** Fewest members that form a quorum of a group. */
export const quorumSize = (members: number): number => Math.floor(members / 2) + 1;

export function resolveGroup(group: number | "random", view: ClusterView, random: Random): Resolved<GroupLayout> {
  if (view.groups.length === 0) return nobody("no group is known yet", true);
  if (group === "random") return found(random.pick(view.groups));
  const layout = view.groups.find((candidate) => candidate.group === group);
  return layout === undefined ? nobody(`there is no group ${group}`, true) : found(layout);
}

export function resolveLeader(layout: GroupLayout, view: ClusterView): Resolved<NodeName> {
  const leader = view.leaders.get(layout.group) ?? null;
  return leader === null
    ? nobody(`group ${layout.group} has no leader that its members agree on`, true)
    : found(leader);
}

function resolveInGroup(
  target: Extract<Target, { readonly group: unknown }>,
  view: ClusterView,
  random: Random,
): Resolved<readonly NodeName[]> {
  const group = resolveGroup(target.group, view, random);
  if (group.type === "void") return group;
  const { members } = group.value;
  if (target.by === "minority") {
    const size = members.length - quorumSize(members.length);
    return size === 0
      ? nobody(`group ${group.value.group} has ${members.length} member(s): no minority to take`, false)
      : found(random.shuffle(members).slice(0, size));
  }
  if (target.by === "majority") return found(random.shuffle(members).slice(0, quorumSize(members.length)));
  if (target.by === "ring-neighbours") {
    if (members.length < 2) return nobody(`group ${group.value.group} has no two neighbours`, false);
    const place = random.integer(0, members.length - 1);
    return found(members.filter((_, index) => index === place || index === (place + 1) % members.length));
  }
  const leader = resolveLeader(group.value, view);
  if (leader.type === "void") return leader;
  if (target.by === "leader") return found([leader.value]);
  const followers = members.filter((member) => member !== leader.value);
  if (followers.length === 0) return nobody(`group ${group.value.group} has no follower`, false);
  return found(target.by === "followers" ? followers : [random.pick(followers)]);
}

/** The nodes that a target means now, in the cluster's order. */
export function resolveTarget(target: Target, view: ClusterView, random: Random): Resolved<readonly NodeName[]> {
  const inOrder = (nodes: readonly NodeName[]): readonly NodeName[] =>
    view.nodes.filter((node) => nodes.includes(node));
  switch (target.by) {
    case "name": {
      const unknown = target.nodes.filter((name) => !view.nodes.some((node) => node === name));
      if (unknown.length > 0) return nobody(`there is no node ${unknown.join(", ")}`, false);
      return found(view.nodes.filter((node) => target.nodes.includes(node)));
    }
    case "random":
      if (target.count > view.nodes.length)
        return nobody(`${target.count} nodes asked for, ${view.nodes.length} there`, false);
      return found(inOrder(random.shuffle(view.nodes).slice(0, target.count)));
    case "all":
      return found(view.nodes);
    case "leader":
    case "follower":
    case "followers":
    case "ring-neighbours":
    case "minority":
    case "majority": {
      const resolved = resolveInGroup(target, view, random);
      return resolved.type === "void" ? resolved : found(inOrder(resolved.value));
    }
  }
}

// Which nodes form which group, and which group serves a key.
import type { CoreConfiguration, GroupId, NodeId, PartitionTable } from "./interface.js";

/** A sentence that says why a cluster of this size cannot be partitioned, or null. */
export function refusePartition(nodes: number, replication: number): string | null {
  if (!Number.isInteger(replication) || replication < 1)
    return `a replication degree of ${replication} is no positive integer`;
  if (nodes < 1) return "a cluster needs at least one node";
  if (nodes % replication !== 0)
    return `${nodes} nodes cannot be split into groups of exactly ${replication}: give a multiple of ${replication}`;
  return null;
}

/** Groups of exactly `replication` nodes, in the order of their ids; every node is in one. */
export function assignGroups(nodes: readonly NodeId[], replication: number): readonly (readonly NodeId[])[] {
  const refusal = refusePartition(nodes.length, replication);
  if (refusal !== null) throw new Error(refusal);
  const ordered = [...nodes].sort((left, right) => left - right);
  const groups: NodeId[][] = [];
  for (let start = 0; start < ordered.length; start += replication)
    groups.push(ordered.slice(start, start + replication));
  return groups;
}

/**
 * The group of a key: FNV-1a over its UTF-16 units with a final avalanche, as an unsigned number. The course took the remainder of
 * a signed hash, which is negative for half of the keys and named a group that does not exist.
 */
export function groupOfKey(key: string, groups: number): GroupId {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % groups;
}

export function groupOfNode(table: PartitionTable, node: NodeId): GroupId {
  const group = table.groups.findIndex((members) => members.includes(node));
  if (group < 0) throw new Error(`node ${node} is in no group of the partition table`);
  return group;
}

export function equalTables(left: PartitionTable, right: PartitionTable): boolean {
  return (
    left.clusterId === right.clusterId &&
    left.replication === right.replication &&
    JSON.stringify(left.groups) === JSON.stringify(right.groups) &&
    left.identities.size === right.identities.size &&
    [...left.identities].every(([node, identity]) => right.identities.get(node) === identity)
  );
}

/** Why this node cannot live by that table, or null. */
export function refuseTable(table: PartitionTable, configuration: CoreConfiguration): string | null {
  if (table.clusterId !== configuration.clusterId) return "it is another cluster's";
  const groups = assignGroups(configuration.nodes, configuration.replication);
  if (table.replication !== configuration.replication || JSON.stringify(table.groups) !== JSON.stringify(groups))
    return "it was made for another configuration";
  // A wiped disk draws a new identity: what this node once promised and accepted is gone, so it may not take part again.
  if (table.identities.get(configuration.node) !== configuration.identity)
    return "it records another identity for this node";
  return null;
}

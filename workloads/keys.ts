// Keys, evenly spread over the groups that serve them: a hash alone may leave a group with nothing to do.
import type { GroupLayout, JsonValue } from "../cluster/index.js";

/** Names tried before giving up: a system that never sends a key to one of its groups has a fault of its own. */
const maxCandidates = 100_000;

/**
 * The first `count` of `k0`, `k1`, … such that no group has more than one key more than another. Throws when a group
 * serves none of the names tried.
 */
export function spreadKeys(
  count: number,
  groups: readonly GroupLayout[],
  groupOfKey: (key: JsonValue) => number,
): readonly string[] {
  const room = new Map<number, number>();
  const share = Math.ceil(count / Math.max(1, groups.length));
  for (const { group } of groups) room.set(group, share);
  const keys: string[] = [];
  for (let candidate = 0; candidate < maxCandidates && keys.length < count; candidate += 1) {
    const key = `k${candidate}`;
    const group = groupOfKey(key);
    const left = groups.length === 0 ? 1 : (room.get(group) ?? 0);
    if (left === 0) continue;
    // With a remainder only so many groups may have one key more.
    const fuller = [...room.values()].filter((value) => value === 0).length;
    const remainder = count % Math.max(1, groups.length);
    if (groups.length > 0 && remainder > 0 && left === 1 && fuller >= remainder) continue;
    room.set(group, left - 1);
    keys.push(key);
  }
  if (keys.length < count) throw new Error(`${count} keys cannot be spread evenly over ${groups.length} groups`);
  return keys;
}

// The log on which a group agreed, made from what its nodes say, and the part of it that concerns one key.
import type { JsonValue } from "../history/index.js";
import type { JudgeGroup, LoggedCommand, NodeDecisions } from "./judge-input.js";
import { canonical, grouped } from "./values.js";

export interface DecidedLogs {
  /** The commands on a key in the order of its group's log; null when that log is not known whole. */
  onKey(key: JsonValue): readonly LoggedCommand[] | null;
}

/**
 * The logs that can serve as evidence: those of groups of which every member gave its log, with commands, and a majority agrees.
 * Then whatever any member has answered from its log is in it, or the members contradict one another.
 */
export function decidedLogs(
  decisions: readonly NodeDecisions[],
  groups: readonly JudgeGroup[],
  groupOfKey: (key: JsonValue) => number,
): DecidedLogs {
  const byGroup = new Map<number, ReadonlyMap<string, readonly LoggedCommand[]>>();
  for (const { group, members } of groups) {
    const own = decisions.filter((one) => one.group === group && members.includes(one.node));
    const log = own.length === members.length ? agreedLog(own) : null;
    if (log !== null)
      byGroup.set(
        group,
        grouped(log, ({ key }) => keyText(key)),
      );
  }
  return {
    onKey: (key) => {
      const keys = byGroup.get(groupOfKey(key));
      return keys === undefined ? null : (keys.get(keyText(key)) ?? []);
    },
  };
}

/** The log that agrees with the most members; the longest of those. Null without a majority, or where commands are not told. */
function agreedLog(members: readonly NodeDecisions[]): readonly LoggedCommand[] | null {
  const ranked = members
    .map((one) => ({ one, friends: members.filter((other) => agree(one, other)).length }))
    .sort((left, right) => right.friends - left.friends || right.one.decisions.length - left.one.decisions.length);
  const [best] = ranked;
  if (best === undefined || best.friends * 2 <= members.length) return null;
  const commands: LoggedCommand[] = [];
  for (const { command } of best.one.decisions) {
    if (command === undefined) return null;
    if (command !== null) commands.push(command);
  }
  return commands;
}

/** Equal hashes at the last index that both have: the hash is over everything before it. */
function agree({ decisions: one }: NodeDecisions, { decisions: other }: NodeDecisions): boolean {
  const at = Math.min(one.length, other.length) - 1;
  return at < 0 || one[at]?.hash === other[at]?.hash;
}

/** A system may keep keys as texts: 5 and "5" are one key to it. */
function keyText(key: JsonValue): string {
  return typeof key === "string" ? key : canonical(key);
}

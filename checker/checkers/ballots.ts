// Ballots, from the status that nodes give of themselves: under one ballot at most one node of a group leads, and a node's ballot,
// which is its promise, never falls, restarts included. Where a ballot's text does not begin with a number, a node must at least never
// come back to one that it has left.
import { seconds } from "../explain/sentence.js";
import type { StatusSample } from "../judge-input.js";
import type { CheckerResult, Violation } from "../verdict.js";

interface Reign {
  readonly node: string;
  readonly timeNs: number;
}

interface Promised {
  ballot: string;
  readonly left: Set<string>;
}

/** Samples in order of time. One violation a group of each kind. */
export function checkBallots(statuses: readonly StatusSample[]): CheckerResult {
  const leaders = new Map<string, Reign>();
  const promises = new Map<string, Promised>();
  const violations = new Map<string, Violation>();
  let samples = 0;
  const found = (group: number, what: string, timeNs: number, sentence: string): void => {
    const name = `${what} ${group}`;
    if (!violations.has(name)) violations.set(name, violationOf(what, timeNs, sentence));
  };
  for (const { timeNs, node, groups } of statuses)
    for (const { group, leader, ballot } of groups) {
      // Who knows of no leader may not have joined its group yet.
      if (ballot === undefined || leader === null) continue;
      samples += 1;
      const back = promise(promises, `${group} ${node}`, ballot);
      if (back !== null)
        found(
          group,
          "ballot fell",
          timeNs,
          `In group ${group}, node ${node} went from ballot ${back} to ${ballot} (seen at ${seconds(timeNs)}): it broke its promise.`,
        );
      // Only a node's word on itself joins a leader and a ballot: what it hears of others comes later than what it promises.
      if (leader !== node) continue;
      const reign = leaders.get(`${group} ${ballot}`);
      if (reign === undefined) leaders.set(`${group} ${ballot}`, { node, timeNs });
      else if (reign.node !== node)
        found(
          group,
          "two leaders",
          timeNs,
          `In group ${group}, nodes ${reign.node} (at ${seconds(reign.timeNs)}) and ${node} (at ${seconds(timeNs)}) both led under ballot ${ballot}.`,
        );
    }
  const all = [...violations.values()];
  return {
    checker: "ballots",
    valid: all.length === 0,
    violations: all,
    unknown: [],
    details: { samples, reigns: leaders.size },
  };
}

/** Takes in what a node promised; the ballot that it must not have come from, or null. */
function promise(promises: Map<string, Promised>, who: string, ballot: string): string | null {
  const known = promises.get(who);
  if (known === undefined) {
    promises.set(who, { ballot, left: new Set() });
    return null;
  }
  if (known.ballot === ballot) return null;
  const before = known.ballot;
  known.left.add(before);
  known.ballot = ballot;
  const [was, is] = [before, ballot].map((text) => /^\d+/.exec(text)?.[0]);
  const fell = was !== undefined && is !== undefined && Number(is) < Number(was);
  return fell || known.left.has(ballot) ? before : null;
}

function violationOf(what: string, timeNs: number, sentence: string): Violation {
  return {
    class: "replica divergence",
    checker: "ballots",
    sentence,
    key: null,
    operations: [],
    timeNs,
    fingerprint: `replica divergence/ballots/${what}`,
  };
}

// Agreement: replicas of one group that decided equally much decided the same.
import { seconds } from "../explain/sentence.js";
import type { NodeDecisions, StatusSample } from "../judge-input.js";
import type { CheckerResult, Violation } from "../verdict.js";

interface Seen {
  readonly node: string;
  readonly hash: string;
  readonly timeNs: number | null;
}

/** Equal index ⇒ equal hash, over whole logs and over every status sampled in the run. One violation a group. */
export function checkAgreement(decisions: readonly NodeDecisions[], statuses: readonly StatusSample[]): CheckerResult {
  const groups = new Map<number, Map<number, Seen>>();
  const first = new Map<number, { readonly index: number; readonly one: Seen; readonly other: Seen }>();
  let compared = 0;
  const look = (group: number, index: number, seen: Seen): void => {
    const known = groups.get(group) ?? new Map<number, Seen>();
    groups.set(group, known);
    const other = known.get(index);
    if (other === undefined) {
      known.set(index, seen);
      return;
    }
    if (other.node !== seen.node) compared += 1;
    const worst = first.get(group);
    if (other.hash !== seen.hash && (worst === undefined || index < worst.index))
      first.set(group, { index, one: other, other: seen });
  };
  for (const { timeNs, node, groups: of } of statuses)
    for (const { group, decidedIndex, logHash } of of) look(group, decidedIndex, { node, hash: logHash, timeNs });
  for (const { node, group, decisions: log } of decisions)
    for (const { index, hash } of log) look(group, index, { node, hash, timeNs: null });
  const violations = [...first].map(([group, { index, one, other }]): Violation => {
    const when = [one.timeNs, other.timeNs].filter((time) => time !== null);
    const timeNs = when.length === 0 ? null : Math.max(...when);
    const at = timeNs === null ? "" : ` (seen at ${seconds(timeNs)})`;
    const who =
      one.node === other.node
        ? `node ${one.node} itself gave two`
        : `nodes ${one.node} and ${other.node} have different`;
    return {
      class: "replica divergence",
      checker: "agreement",
      sentence: `In group ${group}, ${who} logs of the first ${index} decisions: ${one.hash} and ${other.hash}${at}.`,
      key: null,
      operations: [],
      timeNs,
      fingerprint: "replica divergence/agreement/log",
    };
  });
  return {
    checker: "agreement",
    valid: violations.length === 0,
    violations,
    unknown: [],
    details: { compared },
  };
}

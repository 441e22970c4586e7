// Acknowledged ⇒ decided: a write that a client was told of stands in the log of its group, where the system tells that log.
import type { Operation } from "../../history/index.js";
import type { DecidedLogs } from "../decided-logs.js";
import { answer } from "../explain/sentence.js";
import { missingWrites, toldUntilNs, type MissingWrites } from "../explain/testimony.js";
import { splitByKey } from "../keys.js";
import type { CheckerResult, Violation } from "../verdict.js";

const namedAtMost = 20;

/**
 * One violation a key. Keys whose log is not known whole say nothing; `details` counts both. What was acknowledged after all that a
 * key's log is known to hold is not asked for.
 */
export function checkAcknowledged(operations: readonly Operation[], logs: DecidedLogs): CheckerResult {
  const violations: Violation[] = [];
  let compared = 0;
  let unknown = 0;
  for (const { key, operations: own } of splitByKey(operations)) {
    const log = logs.onKey(key);
    if (log === null) {
      unknown += 1;
      continue;
    }
    compared += 1;
    // First those that are surely missing: all of their equals are.
    const certain = (one: MissingWrites): number => (one.lacking === one.among.length ? 0 : 1);
    const missing = missingWrites(log, own, toldUntilNs(log, own)).toSorted(
      (one, other) => certain(one) - certain(other),
    );
    if (missing.length === 0) continue;
    const candidates = missing.flatMap(({ among }) => among);
    const lacking = missing.reduce((sum, one) => sum + one.lacking, 0);
    const [first] = candidates;
    const writes = lacking === 1 ? "an acknowledged write" : `${lacking} acknowledged writes`;
    const which =
      candidates.length === lacking ? "the first of them" : `among ${candidates.length}, the first of which`;
    violations.push({
      class: "lost write",
      checker: "acknowledged",
      sentence: `The log that the group decided lacks ${writes} of key ${JSON.stringify(key)}; ${which}: ${first === undefined ? "" : answer(first)}.`,
      key,
      operations: candidates.slice(0, namedAtMost).map(({ index }) => index),
      evidence: "decided-log",
      timeNs: first?.returnNs ?? null,
      fingerprint: "lost write/acknowledged/missing",
    });
  }
  return {
    checker: "acknowledged",
    valid: violations.length === 0,
    violations,
    unknown: [],
    details: { compared, unknown },
  };
}

// What kind of wrong is it? docs/violations.md defines the classes; this is the same in code.
//
// The classes are about what the system did, while a history shows only answers, so some cases could be two things. The rules
// prefer what the operations that the system itself puts in order say (writes and comparisons) over what reads say: reads alone
// out of line are stale; writes out of line lost something or brought something back.
import type { Operation } from "../../history/index.js";
import type { RegisterOperation } from "../register/normalise.js";
import type { ViolationClass } from "../verdict.js";
import { fieldOf } from "../values.js";

export interface Evidence {
  /** All operations of the key, failed ones too. */
  readonly operations: readonly Operation[];
  /** Normalised from `operations`, to which its positions refer. */
  readonly normal: readonly RegisterOperation[];
  /** The operation whose answer made the history inconsistent. */
  readonly culprit: RegisterOperation;
  /** Positions in `operations`. */
  readonly core: readonly number[];
  /** Texts of values by number. */
  readonly values: readonly string[];
  /** Text of the value that an operation writes or would have written, or null. */
  readonly wouldWrite: (operation: Operation) => string | null;
  /** Attempts that the client made, where known. */
  readonly attemptsOf: (operation: Operation) => number | null;
  /** When leaders changed, where that is known. */
  readonly leaderChangesNs: readonly number[];
}

export interface Classified {
  readonly class: ViolationClass;
  /** The value in question, by number. */
  readonly value: number;
  /** What the culprit contradicts, or whose effect it saw; a position in `operations`. */
  readonly against: number | null;
  /** The operation that had written the value (or said that it did not), position in `operations`; for sentences. */
  readonly writer: Operation | null;
}

export function observedBy(operation: RegisterOperation): number | null {
  if (operation.kind === "read") return operation.value;
  return operation.kind === "cas" ? operation.expected : null;
}

export function isWrite({ kind }: RegisterOperation): boolean {
  return kind === "write" || kind === "cas";
}

export function classify(evidence: Evidence): Classified {
  const { culprit, normal, operations } = evidence;
  const value = observedBy(culprit);
  const against = replacementBefore(evidence);
  if (value === null) return { class: "stale read", value: culprit.value, against, writer: null };
  const writers = normal.filter((one) => isWrite(one) && one.value === value);
  const begun = writers.filter(({ call }) => call <= culprit.return);
  if (!canComeAbout(evidence, value, false)) return unexplained(evidence, value);
  const fork = forkOf(evidence);
  if (fork !== null) return { class: "forked CAS", value, against: fork.position, writer: null };
  const latest = begun.sort((left, right) => right.call - left.call)[0];
  const writer = latest === undefined ? null : (operations[latest.position] ?? null);
  const found = (name: ViolationClass): Classified => ({ class: name, value, against, writer });
  if (sawItself(evidence, value)) return found("resurrected write");
  if (!isWrite(culprit) && !staysBack(evidence, value)) return found("stale read");
  const repeated = repeatable(evidence, value, writer);
  return repeated === null ? found("lost write") : { ...found("resurrected write"), writer: repeated };
}

/** An attempt that comes late comes soon after its operation's end, or not at all. */
const lateAttemptNs = 1_000_000_000;
/** Around a change of leader a write must have begun this shortly before, for its repetition to be the likelier story. */
const shortlyBeforeNs = 800_000_000;
/** A change of leader explains what was lost from so long before a wrong answer to so long after it. */
const changeBeforeNs = 1_500_000_000;
const changeAfterNs = 500_000_000;

/**
 * The operation whose repetition brought the value back, or null where it is likelier that what had replaced it was lost. Writes get
 * lost when a leader changes, and are repeated at any time; so near a change only a write that had just begun is suspected.
 */
function repeatable(evidence: Evidence, value: number, writer: Operation | null): Operation | null {
  const { culprit, leaderChangesNs, attemptsOf } = evidence;
  const mayRepeat = (one: Operation): boolean => one.outcome === "info" || (attemptsOf(one) ?? 1) > 1;
  const changed = leaderChangesNs.some(
    (time) => time >= culprit.call - changeBeforeNs && time <= culprit.return + changeAfterNs,
  );
  const suspect = writer?.outcome === "info" ? writer : (repeatedOf(evidence, value) ?? writer);
  if (suspect === null || !mayRepeat(suspect)) return null;
  return changed && culprit.call - suspect.callNs > shortlyBeforeNs ? null : suspect;
}

/**
 * Whoever sent a write of the value more than once and had not long been answered when the value was seen again: where values are
 * written often, it need not be the latest writer. A cas that at last was told "mismatch" may have taken effect by an earlier attempt.
 */
function repeatedOf(
  { operations, values, wouldWrite, attemptsOf, culprit }: Evidence,
  value: number,
): Operation | null {
  const candidates = operations.filter(
    (one) =>
      wouldWrite(one) === values[value] &&
      (attemptsOf(one) ?? 1) > 1 &&
      one.outcome === "ok" &&
      one.callNs <= culprit.return &&
      (one.returnNs ?? 0) >= culprit.call - lateAttemptNs,
  );
  return candidates.at(-1) ?? null;
}

/** Could the value have been there at all, by any operations begun in time, in any order? */
function canComeAbout({ normal, culprit }: Evidence, value: number, byItself: boolean): boolean {
  const begun = normal.filter(
    (one) => isWrite(one) && one.call <= culprit.return && (byItself || one.position !== culprit.position),
  );
  const reachable = new Set([0]);
  for (let size = 0; size !== reachable.size;) {
    size = reachable.size;
    for (const one of begun)
      if (one.kind === "write" || reachable.has(one.expected) || (byItself && one.position === culprit.position))
        reachable.add(one.value);
  }
  return reachable.has(value);
}

/** Nobody else who may have written the value had begun to. */
function unexplained(evidence: Evidence, value: number): Classified {
  const { culprit, operations, values, wouldWrite, attemptsOf } = evidence;
  const text = values[value];
  const author = operations[culprit.position];
  const base = { value, against: null };
  if (author !== undefined && (wouldWrite(author) === text || canComeAbout(evidence, value, true)))
    return { ...base, class: "resurrected write", writer: author };
  const denied = operations.find((one) => wouldWrite(one) === text && saysItDidNot(one));
  if (denied === undefined) return { ...base, class: "value from nowhere", writer: null };
  // It was sent more than once: the answer was that of a later attempt, the effect that of an earlier one.
  const repeated = denied.outcome === "ok" && (attemptsOf(denied) ?? 1) > 1;
  return { ...base, class: repeated ? "resurrected write" : "read of a failed write", writer: denied };
}

function saysItDidNot({ outcome, output }: Operation): boolean {
  const status = fieldOf(output, "status");
  return outcome === "fail" || (status !== undefined && status !== "ok");
}

/** The other of two successful cas from one value, neither acknowledged before the other began. */
function forkOf({ culprit, normal, operations, core }: Evidence): RegisterOperation | null {
  if (culprit.kind !== "cas" || operations[culprit.position]?.function !== "cas") return null;
  const rival = normal.find(
    (one) =>
      one.required &&
      one.position !== culprit.position &&
      one.expected === culprit.expected &&
      operations[one.position]?.function === "cas" &&
      core.includes(one.position) &&
      one.call <= culprit.return &&
      culprit.call <= one.return,
  );
  return rival ?? null;
}

/** The latest acknowledged write of the core that ended before the culprit began and wrote another value. */
function replacementBefore({ culprit, normal, core }: Evidence): number | null {
  const value = observedBy(culprit);
  const candidates = normal.filter(
    (one) =>
      isWrite(one) &&
      one.required &&
      core.includes(one.position) &&
      one.position !== culprit.position &&
      one.value !== value,
  );
  candidates.sort((left, right) => right.return - left.return);
  const before = candidates.find(({ return: end }) => end < culprit.call);
  return (before ?? candidates[0])?.position ?? null;
}

/** A write that was seen by somebody whose own effect it saw: it took effect before and after. */
function sawItself({ culprit, normal, core }: Evidence, value: number): boolean {
  if (culprit.kind !== "cas") return false;
  const writers = (written: number) => normal.filter((one) => isWrite(one) && one.value === written);
  // What is called after its return cannot have been seen by it, but by those that it saw.
  const seen = writers(value).filter(({ call }) => call <= culprit.return);
  if (seen.length !== 1 || writers(culprit.value).length !== 1) return false;
  // Follow the cas that each operation's value came from, back from what the culprit saw.
  let at = value;
  for (const _ of core) {
    const source = normal.find((one) => one.kind === "cas" && one.required && one.value === at);
    if (source === undefined) return false;
    at = source.expected;
    if (at === culprit.value) return true;
  }
  return false;
}

/**
 * After the culprit's read, is the old value what the others see too? Then it is the state, and not the read, that is old. A write
 * or comparison that tells what it saw decides; else all reads through other nodes must agree. What comes after a newer write of
 * the value seen says nothing.
 */
function staysBack({ culprit, normal, operations }: Evidence, value: number): boolean {
  const node = operations[culprit.position]?.node ?? null;
  const later = normal
    .filter((one) => one.position !== culprit.position && one.required && one.call >= culprit.call)
    .sort((left, right) => left.call - right.call);
  let sawOld = false;
  for (const one of later) {
    const seen = observedBy(one);
    const through = operations[one.position];
    if (seen === null || through === undefined) continue;
    const fresh = normal.some(
      (write) => isWrite(write) && write.value === seen && write.call >= culprit.call && write.call <= one.return,
    );
    if (fresh) break;
    if (through.function !== "get") return seen === value;
    if (node !== null && through.node === node) continue;
    if (seen !== value) return false;
    sawOld = true;
  }
  return sawOld;
}

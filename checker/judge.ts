// Composes every checker into one verdict: false > unknown > true.
import { MalformedHistory, operationsOf, type HistoryEvent, type Operation } from "../history/index.js";
import { CertificateMismatch } from "./certificate.js";
import { blindSpots } from "./cannot-see.js";
import { checkAcknowledged } from "./checkers/acknowledged.js";
import { checkAgreement } from "./checkers/agreement.js";
import { checkAvailability } from "./checkers/availability.js";
import { checkBallots } from "./checkers/ballots.js";
import { checkCounter } from "./checkers/counter.js";
import { checkCrashes } from "./checkers/crash.js";
import { checkFailedButSeen } from "./checkers/failed-but-seen.js";
import { checkMonotonic } from "./checkers/monotonic.js";
import { checkSet } from "./checkers/set.js";
import { checkStats } from "./checkers/stats.js";
import { decidedLogs, type DecidedLogs } from "./decided-logs.js";
import { measureCorruptions, type Stretch } from "./corruptions.js";
import { faultSpans, type FaultSpan } from "./faults.js";
import type { JudgeInput } from "./judge-input.js";
import { checkLinearizability, resolveModel, type LinearizabilityResult } from "./linearizability.js";
import { isStarved } from "./runner-lag.js";
import { measureTeeth, weaknesses } from "./teeth.js";
import { vacuities } from "./vacuity.js";
import { canonical, fieldOf } from "./values.js";
import {
  composeValidity,
  type CheckerResult,
  type TeethMeasure,
  type UnknownReason,
  type Validity,
  type Verdict,
  type Violation,
  type ViolationClass,
} from "./verdict.js";

/**
 * Judges a run or a recorded history. A checker that throws makes the verdict unknown with the reason; only CertificateMismatch is
 * thrown on, for then no verdict can be relied on.
 */
export function judge(given: JudgeInput): Verdict {
  const input = withoutRefused(given);
  let operations: readonly Operation[];
  try {
    operations = operationsOf(input.events);
  } catch (error) {
    return unjudgeable(input, error);
  }
  const faults = faultSpans(input.events);
  let teeth: readonly TeethMeasure[] = [];
  let linearizability: LinearizabilityResult | null = null;
  // What a run that ended early did not get to is no news: the reason why it ended stands for all of it.
  const early = input.endedByViolation === true || troubleOf(input).length > 0;
  const logs = logsOf(input);
  const checkers = [
    carefully(
      "linearizability",
      () =>
        (linearizability = checkLinearizability(operations, input.model, {
          initial: input.initial,
          attemptsOf: (operation) => attemptsOf(input.events, operation),
          leaderChangesNs: input.events.flatMap((event) =>
            event.type === "node" && event.what === "leader-change" ? [event.time] : [],
          ),
          ...(logs === null ? {} : { logOnKey: (key) => logs.onKey(key) }),
          ...(input.budget === undefined ? {} : { budget: input.budget }),
          ...(input.engine === undefined ? {} : { engine: input.engine }),
          ...(input.watch === undefined ? {} : { watch: input.watch }),
        })),
    ),
    ...checkersOfModel(input, operations, linearizability),
    carefully("crash", () => checkCrashes(input.events)),
    ...(input.mode === "run" ? runCheckers(input, operations, faults, logs) : []),
    carefully("stats", () => checkStats(operations, input.events)),
    carefully("teeth", () => {
      teeth = [...teethOf(input, operations, faults), ...corruptionsOf(input, operations, faults, linearizability)];
      return doubtsOnly("teeth", early ? [] : weaknesses(teeth));
    }),
    carefully("vacuity", () => doubtsOnly("vacuity", doubtsOf(input, operations, faults))),
  ].map((checker) => (isStarved(teeth) ? withoutHaste(checker) : checker));
  const valid = composeValidity(checkers.map((checker) => checker.valid));
  const violations = mostTellingFirst(withoutRepeats(checkers.flatMap((checker) => checker.violations)));
  const unknown = checkers.flatMap((checker) => checker.unknown);
  return {
    version: 1,
    valid,
    summary: summarise(valid, violations, unknown, operations, faults),
    violations,
    unknown,
    warnings: [...(input.warnings ?? []), ...warningsOf(input.events), ...unverified(violations)],
    checkers,
    teeth,
    cannotSee: [...blindSpots(input.mode, faults), ...(input.cannotSee ?? [])],
    counts: countsOf(operations),
  };
}

/** On a machine that had no time for its own runner, a group that took too long is no bug of the group. */
function withoutHaste(checker: CheckerResult): CheckerResult {
  if (checker.checker !== "availability" || checker.violations.length === 0) return checker;
  const unknown = checker.violations.map(({ sentence }) => ({
    code: "starved" as const,
    sentence: `the machine had too little time to blame a group for taking long: ${sentence}`,
  }));
  return { ...checker, valid: "unknown", violations: [], unknown: [...checker.unknown, ...unknown] };
}

/** A node that is refused for good, as it must be after damage to its disk, owes nothing: no service, no reads, no log. */
function withoutRefused(input: JudgeInput): JudgeInput {
  const refused = new Set(
    input.events.flatMap((event) => (event.type === "node" && event.what === "refused" ? [event.node] : [])),
  );
  if (refused.size === 0) return input;
  const { nodes, groups } = input;
  const left = (names: readonly string[]): readonly string[] => names.filter((name) => !refused.has(name));
  return {
    ...input,
    ...(nodes === undefined ? {} : { nodes: left(nodes) }),
    ...(groups === undefined
      ? {}
      : { groups: groups.map(({ group, members }) => ({ group, members: left(members) })) }),
  };
}

function logsOf({ decisions, groups, groupOfKey }: JudgeInput): DecidedLogs | null {
  if (decisions === undefined || groups === undefined || groupOfKey === undefined) return null;
  return decidedLogs(decisions, groups, groupOfKey);
}

/** Models whose writes name the value that a read then shows. */
const showsWritten: readonly string[] = ["register", "cas-register", "kv", "queue", "unordered-queue"];

/** What can be said of a model's histories without a search, however long and hard they are. */
function checkersOfModel(
  { model, initial }: JudgeInput,
  operations: readonly Operation[],
  result: LinearizabilityResult | null,
): readonly CheckerResult[] {
  // Operations that the model refuses mean something else than these checkers would read into them.
  if (result === null || result.unknown.some(({ code }) => code === "malformed")) return [];
  const name = typeof model === "string" ? model : model.name;
  if (showsWritten.includes(name)) return [carefully("failed-but-seen", () => checkFailedButSeen(operations, initial))];
  if (name !== "set" && name !== "counter") return [];
  return [
    name === "set"
      ? carefully("set", () => checkSet(operations, initial))
      : carefully("counter", () => checkCounter(operations, initial)),
    carefully("monotonic", () => checkMonotonic(operations)),
  ];
}

/** What the linearizability checker says of a key with its proof need not be said again without. */
function withoutRepeats(violations: readonly Violation[]): readonly Violation[] {
  const said = new Set(
    violations.flatMap(({ checker, class: name, key }) =>
      checker === "linearizability" ? [`${name} ${canonical(key)}`] : [],
    ),
  );
  return violations.filter(
    ({ checker, class: name, key }) => checker !== "failed-but-seen" || !said.has(`${name} ${canonical(key)}`),
  );
}

function runCheckers(
  input: JudgeInput,
  operations: readonly Operation[],
  faults: readonly FaultSpan[],
  logs: DecidedLogs | null,
): readonly CheckerResult[] {
  const { groups, groupOfKey, recoveryBoundMs, decisions, statuses, events } = input;
  const results: CheckerResult[] = [];
  // A run cut short has no quiet phase to judge: its unknown is the interruption.
  const whole = endsProperly(input) && troubleOf(input).length === 0;
  if (groups !== undefined && groupOfKey !== undefined && recoveryBoundMs !== undefined && whole)
    results.push(
      carefully("availability", () =>
        checkAvailability({ events, operations, groups, groupOfKey, boundMs: recoveryBoundMs, faults }),
      ),
    );
  if (decisions !== undefined || statuses !== undefined)
    results.push(carefully("agreement", () => checkAgreement(decisions ?? [], statuses ?? [])));
  if (statuses !== undefined) results.push(carefully("ballots", () => checkBallots(statuses)));
  if (logs !== null) results.push(carefully("acknowledged", () => checkAcknowledged(operations, logs)));
  return results;
}

function carefully(checker: string, check: () => CheckerResult): CheckerResult {
  try {
    return check();
  } catch (error) {
    if (error instanceof CertificateMismatch) throw error;
    const sentence = `the ${checker} checker threw: ${error instanceof Error ? error.message : String(error)}`;
    return { checker, valid: "unknown", violations: [], unknown: [{ code: "checker-threw", sentence }] };
  }
}

function doubtsOnly(checker: string, unknown: readonly UnknownReason[]): CheckerResult {
  return { checker, valid: unknown.length === 0 ? true : "unknown", violations: [], unknown };
}

function teethOf(
  input: JudgeInput,
  operations: readonly Operation[],
  faults: readonly FaultSpan[],
): readonly TeethMeasure[] {
  const { mode, events, floors = {}, floorsNotAsked = {}, nodes = [] } = input;
  return measureTeeth({ mode, events, operations, faults, floors, floorsNotAsked, nodes });
}

/** Where something is wrong already, nothing more needs to be shown. */
function corruptionsOf(
  { model, initial, corruptions = {}, floors = {}, floorsNotAsked, nearFaultNs }: JudgeInput,
  operations: readonly Operation[],
  faults: readonly FaultSpan[],
  result: LinearizabilityResult | null,
): readonly TeethMeasure[] {
  if (result?.valid !== true) return [];
  const { seed = 1, count } = corruptions;
  const { keys } = result;
  const { exposing_reads_near_faults: leastNear } = floors;
  return measureCorruptions({
    operations,
    model: resolveModel(model),
    initial,
    keys,
    seed,
    ...(count === undefined ? {} : { count }),
    ...(floors.exposing_read_share === undefined ? {} : { exposingReadShare: floors.exposing_read_share }),
    ...(nearFaultNs === undefined ? {} : { nearFaults: stretchesOf(faults, nearFaultNs) }),
    ...(leastNear === undefined ? {} : { exposingReadsNearFaults: leastNear }),
    ...(floorsNotAsked === undefined ? {} : { floorsNotAsked }),
  });
}

/** From when a fault was seen to act until so long after it was seen to end; one that never ended, to the end of the run. */
function stretchesOf(faults: readonly FaultSpan[], afterNs: number): readonly Stretch[] {
  return faults.flatMap(({ confirmedOn, confirmedOff }) =>
    confirmedOn === null ? [] : [{ fromNs: confirmedOn, untilNs: (confirmedOff ?? Infinity) + afterNs }],
  );
}

function doubtsOf(
  input: JudgeInput,
  operations: readonly Operation[],
  faults: readonly FaultSpan[],
): readonly UnknownReason[] {
  if (!operations.some(({ outcome }) => outcome === "ok"))
    return [
      ...troubleOf(input),
      { code: "nothing-to-judge", sentence: "no operation was answered: there is nothing to judge" },
    ];
  if (input.mode === "history") return troubleOf(input);
  const { events, expectedFaults = 0, nodes = [], keys = [], finalReads = true } = input;
  const trouble = troubleOf(input);
  if (trouble.length > 0) return trouble;
  if (input.endedByViolation === true)
    return [{ code: "interrupted", sentence: "the load was ended when a violation was seen" }];
  return vacuities({ events, operations, faults, expectedFaults, nodes, keys, finalReads });
}

/** What kept the run from being a whole one. */
function troubleOf(input: JudgeInput): readonly UnknownReason[] {
  const reasons: UnknownReason[] = [];
  const { interrupted = null } = input;
  if (interrupted !== null) reasons.push({ code: "interrupted", sentence: `the run was cut short: ${interrupted}` });
  for (const event of input.events) {
    if (event.type !== "runner") continue;
    if (event.what === "interrupted" && interrupted === null)
      reasons.push({ code: "interrupted", sentence: `the run was cut short: ${JSON.stringify(event.detail)}` });
    if (event.what === "proxy-died")
      reasons.push({ code: "infrastructure", sentence: `the proxy died in mid-run: ${JSON.stringify(event.detail)}` });
  }
  if (input.mode === "run" && !endsProperly(input) && reasons.length === 0)
    reasons.push({ code: "interrupted", sentence: "the history ends in mid-run" });
  return reasons;
}

function endsProperly({ events }: JudgeInput): boolean {
  return events.some((event) => event.type === "phase" && event.phase === "end");
}

function attemptsOf(events: readonly HistoryEvent[], { returnEvent }: Operation): number | null {
  const event = returnEvent === null ? undefined : events[returnEvent];
  return event !== undefined && "attempts" in event ? (event.attempts ?? null) : null;
}

function warningsOf(events: readonly HistoryEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === "node" && event.what === "refused") {
      const reason = fieldOf(event.detail, "reason");
      return [
        `${event.node} is left out of what is asked of the nodes in the end: ${typeof reason === "string" ? reason : "it was refused for good"}`,
      ];
    }
    if (event.type !== "runner" || (event.what !== "cluster-error" && event.what !== "dropped-arrivals")) return [];
    const dropped = event.what === "dropped-arrivals" ? fieldOf(event.detail, "count") : undefined;
    if (dropped !== undefined)
      return [
        `${JSON.stringify(dropped)} arrivals found every client busy and were dropped: load that was owed and not given`,
      ];
    return [`cluster error at ${(event.time / 1e9).toFixed(3)} s: ${JSON.stringify(event.detail)}`];
  });
}

/** Of classes that equally many keys show, the one that says most of the system's state comes first. */
const mostSpecificFirst: readonly string[] = [
  "value from nowhere",
  "read of a failed write",
  "lost write",
  "resurrected write",
  "forked CAS",
  "stale read",
];

/** What the system's own log tells weighs more than any number of keys: what was lost or repeated makes reads look stale too. */
const weightOfLogs: Partial<Record<ViolationClass, number>> = {
  "lost write": 3_000_000,
  "resurrected write": 2_000_000,
  "stale read": 1_000_000,
};

/**
 * One bug shows on many keys, and on one of them chance may make it look like another; so the class that most keys agree on comes
 * first, unless the log tells. Stable otherwise.
 */
function mostTellingFirst(violations: readonly Violation[]): readonly Violation[] {
  const counts = new Map<string, number>();
  for (const { class: name } of violations) counts.set(name, (counts.get(name) ?? 0) + 1);
  const weight = ({ class: name, evidence }: Violation): number =>
    (evidence === undefined ? 0 : (weightOfLogs[name] ?? 0)) +
    (counts.get(name) ?? 0) -
    mostSpecificFirst.indexOf(name) / mostSpecificFirst.length;
  return violations.toSorted((one, other) => weight(other) - weight(one));
}

function unverified(violations: readonly Violation[]): string[] {
  return violations.flatMap(({ certificate, key }) =>
    certificate === undefined || certificate.verified
      ? []
      : [`the core of the violation on key ${JSON.stringify(key)} is too large for the verifier to re-check`],
  );
}

function summarise(
  valid: Validity,
  violations: readonly Violation[],
  unknown: readonly UnknownReason[],
  operations: readonly Operation[],
  faults: readonly FaultSpan[],
): string {
  const [violation] = violations;
  if (valid === false && violation !== undefined) {
    const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
    return `Violation${more}: ${violation.class}. ${violation.sentence}`;
  }
  const [reason] = unknown;
  if (valid === "unknown" && reason !== undefined) {
    const more = unknown.length > 1 ? ` (and ${unknown.length - 1} more reasons)` : "";
    return `Unknown${more}: ${reason.code}: ${reason.sentence}.`;
  }
  const keys = new Set(operations.map(({ key }) => JSON.stringify(key))).size;
  const confirmed = faults.filter(({ confirmedOn }) => confirmedOn !== null).length;
  const under = confirmed === 0 ? "" : ` under ${confirmed} faults`;
  return `Valid: ${operations.length} operations on ${keys} ${keys === 1 ? "key" : "keys"}${under} are consistent.`;
}

function countsOf(operations: readonly Operation[]): Verdict["counts"] {
  const counts = { operations: operations.length, ok: 0, fail: 0, info: 0 };
  for (const { outcome } of operations) counts[outcome] += 1;
  return counts;
}

/** What is no history cannot be judged. */
function unjudgeable(input: JudgeInput, error: unknown): Verdict {
  const sentence = error instanceof Error ? error.message : String(error);
  const code = error instanceof MalformedHistory ? "malformed" : "checker-threw";
  const unknown: readonly UnknownReason[] = [{ code, sentence }];
  return {
    version: 1,
    valid: "unknown",
    summary: `Unknown: ${code}: ${sentence}.`,
    violations: [],
    unknown,
    warnings: [...(input.warnings ?? [])],
    checkers: [],
    teeth: [],
    cannotSee: blindSpots(input.mode, []),
    counts: { operations: 0, ok: 0, fail: 0, info: 0 },
  };
}

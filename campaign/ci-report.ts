// What minos ci says to a person: a few lines that say all. `ci-files.ts` says the same as JUnit XML and SARIF, `ci-github.ts` to GitHub.
import type { HistoryEvent, JsonValue } from "../history/index.js";
import { combineExitCodes, exitCodes, type ExitCode } from "./exit-code.js";
import type { Plan } from "./plan.js";
import type { RegressionOutcome, RegressionResult } from "./regression-run.js";

/** A violation with the place of its replay file, which the caller writes. */
export interface CiResult extends RegressionResult {
  /** Null: there was no violation. */
  readonly replayFile: string | null;
  /** Of the violating run; null where there is none. */
  readonly reportFile: string | null;
}

/**
 * One line without control characters, so that what a system answered cannot end a line and begin another: GitHub reads commands from
 * lines, and a terminal obeys escapes.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** What was not begun was not looked at: unknown, as is what lost its teeth. */
export function exitCodeOfCi(results: readonly RegressionResult[]): ExitCode {
  return combineExitCodes(results.map(({ outcome }) => codeOf(outcome)));
}

function codeOf({ kind }: RegressionOutcome): ExitCode {
  switch (kind) {
    case "held":
      return exitCodes.valid;
    case "violated":
      return exitCodes.violation;
    case "crashed":
      return exitCodes.crash;
    case "lost its teeth":
    case "undecided":
    case "skipped":
      return exitCodes.unknown;
  }
}

export function whyOf(outcome: RegressionOutcome): string {
  switch (outcome.kind) {
    case "held":
      return `held; ${outcome.knownBad} is still convicted`;
    case "violated":
      return outcome.violation.sentence;
    case "lost its teeth":
    case "undecided":
      return `unknown: ${outcome.kind}: ${outcome.why}`;
    case "skipped":
    case "crashed":
      return `${outcome.kind}: ${outcome.why}`;
  }
}

const worstFirst = ["violated", "crashed", "lost its teeth", "undecided", "skipped", "held"] as const;

export const inOrder = (results: readonly CiResult[]): readonly CiResult[] =>
  results.toSorted((one, other) => worstFirst.indexOf(one.outcome.kind) - worstFirst.indexOf(other.outcome.kind));

/** The first five say all; each regression that did not hold follows. */
export function ciLines(results: readonly CiResult[]): readonly string[] {
  return linesOf(results).map(oneLineKeepingIndent);
}

const oneLineKeepingIndent = (line: string): string => (line.startsWith("  ") ? `  ${oneLine(line)}` : oneLine(line));

function linesOf(results: readonly CiResult[]): readonly string[] {
  const [worst] = inOrder(results);
  const of = (kind: RegressionOutcome["kind"]): number => results.filter(({ outcome }) => outcome.kind === kind).length;
  const words = worstFirst.flatMap((kind) => (of(kind) === 0 ? [] : [`${of(kind)} ${kind}`]));
  const count = `ran      ${results.length - of("skipped")} of ${results.length} regressions: ${words.join(", ")}`;
  if (worst === undefined || worst.outcome.kind === "held") return [...greenLines(results, count)];
  const { name, title } = worst.regression;
  const rest = inOrder(results).filter((result) => result !== worst && result.outcome.kind !== "held");
  const more = rest.map(({ regression, outcome }) => `  ${regression.name}: ${whyOf(outcome)}`);
  if (worst.outcome.kind !== "violated")
    return [
      `${worst.outcome.kind === "crashed" ? "CRASH" : "UNKNOWN"}  ${name}: ${title}`,
      whyOf(worst.outcome),
      count,
      "meaning  nothing is known to be wrong with the system, and nothing shows that it is right",
      `again    minos ci --only ${name}`,
      ...more,
    ];
  return [...redLines(worst, worst.outcome, title), count, ...more];
}

function redLines(
  { regression, replayFile, reportFile }: CiResult,
  { violation, good }: Extract<RegressionOutcome, { kind: "violated" }>,
  title: string,
): readonly string[] {
  const { plan, verdict } = good;
  const size = `${verdict.counts.operations} operations on ${plan.nodes} nodes, ${good.run.faults} faults`;
  return [
    `VIOLATION  ${violation.class} (${violation.fingerprint}) in ${regression.name}${title.includes(violation.sentence.slice(0, 60)) ? "" : `: ${title}`}`,
    violation.sentence,
    `fault    ${faultInForce(violation.timeNs, good.run.events) ?? directedFaults(plan)}; the schedule: ${size}`,
    `replay   minos replay ${replayFile ?? ""}`,
    `report   ${reportFile ?? "none could be written; the replay gives one"}`,
  ];
}

/** What was on when it became certain, or what had been just before; null when the schedule held nothing until then. */
export function faultInForce(timeNs: number | null, events: readonly HistoryEvent[]): string | null {
  const on = new Map<number, string>();
  let last: string | null = null;
  for (const event of events) {
    if (event.type !== "fault" || (timeNs !== null && event.time > timeNs)) continue;
    const words = `${event.kind} of ${event.targets.join(", ")}`;
    if (event.stage === "confirmed-on") on.set(event.fault, (last = words));
    else if (event.stage === "confirmed-off") on.delete(event.fault);
  }
  if (on.size > 0) return `in force ${[...on.values()].join("; ")}`;
  return last === null ? null : `none in force any more, last ${last}`;
}

/** What strikes at an event of the protocol, or plays a scene, stands in no schedule. */
function directedFaults({ nemesis }: Plan): string {
  const told = (["triggers", "scenes"] as const).flatMap((name) => {
    const list = nemesis.options[name];
    return Array.isArray(list) ? (list as readonly JsonValue[]).map((one) => directedWord(name, one)) : [];
  });
  return told.length === 0 ? "none is needed" : told.join("; ");
}

function directedWord(from: "triggers" | "scenes", value: JsonValue): string {
  const { do: act, on, what, scene } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const known = (word: unknown): string => (typeof word === "string" ? word : "an event");
  return from === "scenes" ? `the scene ${known(scene)}` : `${known(act)} when ${known(on)} is ${known(what)}`;
}

function greenLines(results: readonly CiResult[], count: string): readonly string[] {
  const reached = results.reduce((sum, { regression }) => sum + Object.keys(regression.events).length, 0);
  const clean = results.filter(({ regression }) => regression.expect === "no violation").length;
  const seconds = (results.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000).toFixed(1);
  const small = "showed no violation in schedules too small for a verdict of their own";
  const asked =
    clean === results.length
      ? `all ${small}`
      : `${results.length - clean} are valid${clean === 0 ? "" : `, ${clean} ${small}`}`;
  return [
    // Not "valid": that word is kept for runs that could have seen everything a verdict asks for.
    `HELD     ${results.length} regressions in ${seconds} s`,
    count,
    `teeth    ${results.length} known-bad builds convicted, ${reached} events reached by both builds`,
    "bound    these schedules only, in simulation: minos hunt and minos campaign look for what is not yet known",
    `asked    ${asked}`,
  ];
}

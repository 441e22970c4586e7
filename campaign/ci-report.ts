// What minos ci says: a few lines that say all, and the same as JUnit XML, SARIF and GitHub's annotations.
import { combineExitCodes, exitCodes, type ExitCode } from "./exit-code.js";
import type { RegressionOutcome, RegressionResult } from "./regression-run.js";

/** A violation with the place of its replay file, which the caller writes. */
export interface CiResult extends RegressionResult {
  /** Null: there was no violation. */
  readonly replayFile: string | null;
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

const inOrder = (results: readonly CiResult[]): readonly CiResult[] =>
  results.toSorted((one, other) => worstFirst.indexOf(one.outcome.kind) - worstFirst.indexOf(other.outcome.kind));

/** The first five say all; each regression that did not hold follows. */
export function ciLines(results: readonly CiResult[]): readonly string[] {
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
  const { violation, good } = worst.outcome;
  const { plan, verdict } = good;
  const faults = [...new Set(plan.nemesis.faults.map(({ kind }) => kind))].join(", ");
  const size = `${verdict.counts.operations} operations on ${plan.nodes} nodes, ${good.run.faults} faults`;
  return [
    `VIOLATION  ${violation.class} (${violation.fingerprint}) in ${name}: ${title}`,
    violation.sentence,
    `faults   ${faults === "" ? "those that wait for an event of the protocol" : faults}; ${size}`,
    count,
    `replay   minos replay ${worst.replayFile ?? ""}`,
    ...more,
  ];
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

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeXml(text: string): string {
  // Control characters may not stand in XML at all.
  const allowed = Array.from(text, (one) => (one >= " " || one === "\n" ? one : " ")).join("");
  return allowed.replaceAll(/[&<>"]/g, (one) => entities[one] ?? one);
}

/** A violation is a failure; what is unknown or crashed is an error. */
export function junitOf(results: readonly CiResult[]): string {
  const cases = results.map(({ regression, outcome, tookMs, replayFile }) => {
    const text = escapeXml(replayFile === null ? whyOf(outcome) : `${whyOf(outcome)}\nminos replay ${replayFile}`);
    const type = escapeXml(outcome.kind === "violated" ? outcome.violation.class : outcome.kind);
    const element = outcome.kind === "violated" ? "failure" : "error";
    const inner =
      outcome.kind === "held"
        ? ""
        : outcome.kind === "skipped"
          ? `<skipped message="${text}"/>`
          : `<${element} type="${type}" message="${escapeXml(whyOf(outcome))}">${text}</${element}>`;
    const time = (tookMs / 1000).toFixed(3);
    return `    <testcase classname="minos.regressions" name="${regression.name}" time="${time}">${inner}</testcase>`;
  });
  const of = (kinds: readonly RegressionOutcome["kind"][]): number =>
    results.filter(({ outcome }) => kinds.includes(outcome.kind)).length;
  const errors = of(["crashed", "lost its teeth", "undecided"]);
  const counts = `tests="${results.length}" failures="${of(["violated"])}" errors="${errors}" skipped="${of(["skipped"])}"`;
  const suite = [`  <testsuite name="minos ci" ${counts}>`, ...cases, "  </testsuite>"];
  return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suite, "</testsuites>", ""].join("\n");
}

/** Version 2.1.0; a result for each regression that did not hold. `toUri` gives a regression's file relative to the repository. */
export function sarifOf(results: readonly CiResult[], version: string, toUri: (path: string) => string): unknown {
  const failed = results.filter(({ outcome }) => outcome.kind !== "held");
  const ruleOf = ({ outcome }: CiResult): string =>
    outcome.kind === "violated" ? outcome.violation.class : outcome.kind;
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "minos", version, rules: [...new Set(failed.map(ruleOf))].map((id) => ({ id })) } },
        results: failed.map((result) => ({
          ruleId: ruleOf(result),
          level: ["violated", "crashed"].includes(result.outcome.kind) ? "error" : "warning",
          message: { text: `${result.regression.name}: ${whyOf(result.outcome)}` },
          locations: [
            { physicalLocation: { artifactLocation: { uri: toUri(`${result.regression.folder}/regression.json`) } } },
          ],
          ...(result.outcome.kind === "violated"
            ? {
                partialFingerprints: {
                  "minos/v1": `${result.regression.name}/${result.outcome.violation.fingerprint}`,
                },
              }
            : {}),
        })),
      },
    ],
  };
}

const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string): string => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Workflow commands that GitHub shows beside the files. */
export function annotationsOf(results: readonly CiResult[], toUri: (path: string) => string): readonly string[] {
  return inOrder(results).flatMap(({ regression, outcome, replayFile }) => {
    if (outcome.kind === "held") return [];
    const level = outcome.kind === "violated" || outcome.kind === "crashed" ? "error" : "warning";
    const title = outcome.kind === "violated" ? outcome.violation.class : outcome.kind;
    const file = escapeProperty(toUri(`${regression.folder}/regression.json`));
    const replay = replayFile === null ? "" : `\nminos replay ${replayFile}`;
    const text = escapeData(`${whyOf(outcome)}${replay}`);
    return [`::${level} file=${file},title=${escapeProperty(`${regression.name}: ${title}`)}::${text}`];
  });
}

/** Markdown for `$GITHUB_STEP_SUMMARY`. */
export function jobSummaryOf(results: readonly CiResult[]): string {
  return ["### minos ci", "", "```text", ...ciLines(results), "```", ""].join("\n");
}

// What minos ci writes for machines: JUnit XML and SARIF 2.1.0. Whatever a system answered may stand in a sentence: nothing of it is markup.
import { whyOf, type CiResult } from "./ci-report.js";
import type { RegressionOutcome } from "./regression-run.js";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

function escapeXml(text: string): string {
  // Control characters, halves of pairs and non-characters may not stand in XML at all, not even escaped.
  const allowed = text.replaceAll(/[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, " ");
  return allowed.replaceAll(/[&<>"\n]/g, (one) => entities[one] ?? one);
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
    return `    <testcase classname="minos.regressions" name="${escapeXml(regression.name)}" time="${time}">${inner}</testcase>`;
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
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(toUri(`${result.regression.folder}/regression.json`)) },
              },
            },
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

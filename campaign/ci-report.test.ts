// Shows that what a system answers, or a title says, cannot break out of any form of output of minos ci: lines, XML, SARIF, GitHub's commands
// and Markdown; and that the fault told is the one in force when the violation became certain.
import { expect, test } from "vitest";
import type { FaultEvent, HistoryEvent } from "../history/index.js";
import { junitOf, sarifOf } from "./ci-files.js";
import { annotationsOf, jobSummaryOf } from "./ci-github.js";
import { ciLines, faultInForce, type CiResult } from "./ci-report.js";
import { readRegressions } from "./regressions.js";

const hostile = 'a]]>\n::error::<b>"&\u0000\u001b[31m\ufffe\ud800`````\n## x %0A';

function result(why: string): CiResult {
  const [regression] = readRegressions("regressions");
  if (regression === undefined) throw new Error("no regression");
  const outcome = { kind: "lost its teeth", why } as const;
  return { regression: { ...regression, title: why }, outcome, tookMs: 1, replayFile: null, reportFile: null };
}

test("hostile text stays on its line: it begins no command, no heading, no escape", () => {
  const lines = ciLines([result(hostile)]);
  expect(lines).toHaveLength(5);
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}|^::/u);
  const summary = jobSummaryOf([result(hostile)]).split("\n");
  const fences = summary.flatMap((line, at) => (/^`{6,}(?:text)?$/.test(line) ? [at] : []));
  expect(fences).toHaveLength(2);
  expect(summary.slice((fences[1] ?? 0) + 1).filter((line) => line.startsWith("#"))).toEqual([]);
});

test("hostile text is one annotation on one line", () => {
  const annotations = annotationsOf([result(hostile)], (path) => path);
  expect(annotations).toHaveLength(1);
  expect(annotations[0]).not.toMatch(/[\n\r]/);
  expect(annotations[0]).toContain("%0A::error::");
  expect(annotations[0]).toContain("%250A");
});

test("hostile text is text in XML, without characters that XML has no place for", () => {
  const xml = junitOf([result(hostile)]);
  expect(xml).not.toMatch(/[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/);
  expect(xml).not.toContain("<b>");
  expect(xml).toContain("a]]&gt;&#10;::error::&lt;b&gt;&quot;&amp;");
  expect(xml.match(/<error /g)).toHaveLength(1);
});

test("SARIF names files as URIs", () => {
  const sarif = JSON.stringify(sarifOf([result(hostile)], "0", () => "a b/ü.json"));
  expect(sarif).toContain('"uri":"a%20b/%C3%BC.json"');
});

test("the fault told is what was in force, else the last before it", () => {
  const fault = (time: number, index: number, stage: FaultEvent["stage"], kind: string): HistoryEvent => ({
    type: "fault",
    time,
    fault: index,
    stage,
    kind,
    spec: null,
    targets: ["n1"],
    evidence: null,
  });
  const events = [
    fault(1, 0, "confirmed-on", "kill"),
    fault(3, 1, "confirmed-on", "cut"),
    fault(5, 0, "confirmed-off", "kill"),
    fault(9, 1, "confirmed-off", "cut"),
  ];
  expect(faultInForce(4, events)).toBe("in force kill of n1; cut of n1");
  expect(faultInForce(6, events)).toBe("in force cut of n1");
  expect(faultInForce(20, events)).toBe("none in force any more, last cut of n1");
  expect(faultInForce(0, events)).toBeNull();
});

// Shows that a run's data cannot become markup, whatever it says, that a report is written whole, and that histories which are cut
// off, empty or malformed still make one. The viewer is a stub here: the real one is opened in report.browser.test.ts.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { HistoryEvent } from "../history/index.js";
import { fillViewer, type ReportInput } from "./build.js";
import { decodeOperations } from "./decode-operations.js";
import { bytesOfLetters } from "./letters.js";
import { unpackSections } from "./pack-sections.js";
import type { Payload } from "./payload.js";
import { sampleRun } from "./testing/sample-run.js";

const shell = "<html><head><title>stub</title></head><body><script>const a = '</body>'.length;</script></body></html>";
const hostile = "</script><img src=x onerror=\"alert('broken')\"><!-- $& $1 ${x}";

let directory: string | null = null;
afterEach(() => {
  if (directory !== null) rmSync(directory, { recursive: true });
  directory = null;
});

function payloadOf(html: string): { readonly payload: Payload; readonly sections: readonly Uint8Array[] } {
  const [, data = ""] = /<script type="application\/octet-stream" id="minos-data">([^<]*)<\/script>/.exec(html) ?? [];
  const [json = new Uint8Array(), , ...sections] = unpackSections(bytesOfLetters(data));
  return { payload: JSON.parse(new TextDecoder().decode(json)) as Payload, sections };
}

/** The hostile text in every place that a run's words can come from. */
function hostileRun(): ReportInput {
  const run = sampleRun({ outcome: "stale read", loadSeconds: 12, hostileValue: hostile });
  const [violation] = run.verdict.violations;
  if (violation === undefined) throw new Error("the sample has no violation");
  return {
    ...run,
    plan: { ...run.plan, name: hostile },
    rerun: hostile,
    environment: { [hostile]: hostile },
    logs: [{ node: hostile, title: hostile, lines: [hostile] }],
    events: run.events.map((event): HistoryEvent => {
      if (event.type === "fail") return { ...event, error: hostile };
      if (event.type === "fault") return { ...event, evidence: { [hostile]: hostile } };
      return event.type === "invoke" || event.type === "ok" || event.type === "info"
        ? { ...event, key: hostile }
        : event;
    }),
    verdict: {
      ...run.verdict,
      summary: hostile,
      violations: [{ ...violation, sentence: hostile, key: hostile }],
      cannotSee: [hostile],
      warnings: [hostile],
    },
  };
}

test("no word of a run is markup in the report: only escaped text and letters", () => {
  const html = fillViewer(shell, hostileRun());
  expect(html).not.toContain("<img");
  expect(html).not.toContain('onerror="');
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html.match(/<!--/g)).toBeNull();
  expect(html).toContain(
    "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;broken&#39;)&quot;&gt;&lt;!-- $&amp; $1 ${x}",
  );
  const { payload } = payloadOf(html);
  expect(payload.rerun).toBe(hostile);
  expect(payload.verdict.violations[0]?.sentence).toBe(hostile);
});

test("the data stands before the end of the body, and the viewer's own text is untouched", () => {
  const html = fillViewer(shell, sampleRun({ outcome: "valid", loadSeconds: 12 }));
  expect(html).toContain("<script>const a = '</body>'.length;</script>");
  expect(html.endsWith("</script>\n</body></html>")).toBe(true);
  expect(html).toContain("<title>valid · register-default · Minos</title>");
});

test("a title says the class of the violation", () => {
  const html = fillViewer(shell, sampleRun({ outcome: "stale read", loadSeconds: 12 }));
  expect(html).toContain("<title>violation: stale read · register-default · Minos</title>");
});

test("the exact times of a violation's operations travel beside the rounded columns", () => {
  const run = sampleRun({ outcome: "stale read", loadSeconds: 12 });
  const { payload, sections } = payloadOf(fillViewer(shell, run));
  const operations = decodeOperations(sections, payload.operations);
  expect(payload.exact.map(({ operation }) => operation)).toEqual(run.verdict.violations[0]?.operations);
  for (const { operation, callNs } of payload.exact) {
    expect(run.events.some((event) => event.type === "invoke" && event.time === callNs)).toBe(true);
    expect(operations.callNs[operation]).toBe(Math.floor(callNs / 1000) * 1000);
  }
});

test("a history without any operation, one cut off and one malformed make a report", () => {
  const run = sampleRun({ outcome: "unknown", loadSeconds: 12 });
  const withEvents = (events: readonly HistoryEvent[]) => payloadOf(fillViewer(shell, { ...run, events })).payload;
  expect(withEvents([]).operations.count).toBe(0);
  const cutOff = run.events.slice(0, 500);
  expect(withEvents(cutOff).operations.count).toBe(cutOff.filter((event) => event.type === "invoke").length);
  const malformed = run.events
    .slice(0, 40)
    .map((event) => (event.type === "invoke" ? { ...event, time: Number.NaN, process: -1.5, thread: -3 } : event));
  expect(withEvents(malformed).operations.count).toBe(malformed.filter((event) => event.type === "invoke").length);
});

test("a file appears whole: no partial file stays behind", async () => {
  directory = mkdtempSync(join(tmpdir(), "minos-report-"));
  const { writeFileWhole } = await import("./build.js");
  writeFileWhole(join(directory, "deep", "report.html"), "text");
  expect(readFileSync(join(directory, "deep", "report.html"), "utf8")).toBe("text");
  expect(readdirSync(join(directory, "deep"))).toEqual(["report.html"]);
});

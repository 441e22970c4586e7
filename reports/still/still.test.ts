// Shows that a still is a whole and harmless picture of each kind of run: made-up runs are drawn, and the SVG is read as the XML that it
// must be (every element ends, no value is markup, no character that XML forbids) and for the words that a reader needs.
import { expect, test } from "vitest";
import type { ReportInput } from "../build.js";
import { sampleRun } from "../testing/sample-run.js";
import { fitted, textWidth, wrapped } from "./shapes.js";
import { drawStill } from "./still.js";

/** Fails unless every element that begins ends in its turn; gives the names of all. */
function elementsOf(svg: string): readonly string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, end, name = "", rest = ""] of svg.matchAll(/<(\/?)([A-Za-z]+)((?:[^<>"]|"[^"<]*")*)>/g)) {
    if (end === "/") expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (!rest.endsWith("/")) open.push(name);
    }
  }
  expect(open).toEqual([]);
  expect(svg.replaceAll(/<(\/?)([A-Za-z]+)((?:[^<>"]|"[^"<]*")*)>/g, "")).not.toMatch(
    /[<>]|&(?!(amp|lt|gt|quot|#39);)/,
  );
  return names;
}

const words = (svg: string): string =>
  svg
    .replaceAll(/<title>.*?<\/title>|<desc>.*?<\/desc>|<style>.*?<\/style>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");

test("a violation is drawn with its class, its sentence, its operations, the faults and the command", () => {
  const run = sampleRun({ outcome: "stale read" });
  const { svg } = drawStill(run);
  elementsOf(svg);
  const said = words(svg);
  expect(said).toContain("Violation: stale read");
  expect(said).toContain(run.verdict.violations[0]?.sentence ?? "a sentence");
  expect(said).toContain("Operations on key");
  expect(svg.match(/<circle [^>]*r="11"/g)).toHaveLength(3);
  expect(said).toContain("8 of 8 faults confirmed");
  expect(said).toContain(run.rerun);
  expect(said).toContain("planted bug M14");
});

test("a valid run has no counterexample, an unknown one tells why", () => {
  const valid = words(drawStill(sampleRun({ outcome: "valid", loadSeconds: 12 })).svg);
  expect(valid).toContain("Valid");
  expect(valid).not.toContain("no single order");
  const run = sampleRun({ outcome: "unknown", loadSeconds: 12 });
  const unknown = words(drawStill(run).svg);
  expect(unknown).toContain("Unknown: vacuous, weak, budget");
  for (const { code } of run.verdict.unknown) expect(unknown).toContain(`${code}:`);
  expect(unknown).toContain("unconfirmed: halves, drop");
});

test("a hostile value, sentence, name and command stay text, and what XML forbids is replaced", () => {
  const hostile = '</script><img onerror="alert(1)" src=x>\u0000\uD800]]>&amp;';
  const run = sampleRun({ outcome: "stale read", hostileValue: hostile, loadSeconds: 12 });
  const names = elementsOf(drawStill(run).svg);
  const input: ReportInput = {
    ...run,
    plan: { ...run.plan, name: hostile },
    rerun: `${run.rerun} ${hostile}`,
    verdict: {
      ...run.verdict,
      violations: run.verdict.violations.map((one) => ({ ...one, sentence: hostile, key: hostile })),
    },
  };
  const { svg } = drawStill(input);
  expect(new Set(elementsOf(svg))).toEqual(new Set(names));
  expect(svg).not.toMatch(/[\0\uFFFE\uFFFF]|\p{Cs}/u);
});

test("a run without operations, and one that was cut off with all of them open, are drawn too", () => {
  const run = sampleRun({ outcome: "unknown", loadSeconds: 12 });
  const none = { ...run, events: run.events.filter(({ type }) => type === "header" || type === "phase") };
  expect(words(drawStill(none).svg)).toContain("No operation was recorded.");
  const open = { ...run, events: run.events.filter(({ type }) => type === "header" || type === "invoke") };
  elementsOf(drawStill(open).svg);
});

test("a hundred times the operations make no larger picture", () => {
  const small = drawStill(sampleRun({ outcome: "valid", loadSeconds: 12, ratePerSecond: 100 }));
  const large = drawStill(sampleRun({ outcome: "valid", loadSeconds: 12, ratePerSecond: 10_000 }));
  expect(large.height).toBe(small.height);
  expect(large.svg.length).toBeLessThan(120_000);
});

test("lines keep to their width, however long a word is", () => {
  const size = 18;
  for (const value of ["word ".repeat(400), "x".repeat(90_000), "😀".repeat(900), ""]) {
    expect(textWidth(fitted(value, 300, { size }), { size })).toBeLessThanOrEqual(300);
    const lines = wrapped(value, 300, { size }, 3);
    expect(lines.length).toBeLessThanOrEqual(3);
    for (const line of lines) expect(textWidth(line, { size })).toBeLessThanOrEqual(300);
  }
});

// Shows which part of a node's log stands in the report, and with which times: files are written as the log keeper writes them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { logFile, logTimesFile } from "../cluster/index.js";
import { logExcerpt } from "./log-excerpts.js";

const zeroMs = Date.parse("2025-01-14T03:12:07.000Z");
let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "minos-excerpt-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A line every 100 ms from −1 s on; every third has no time of its own. */
function write(count: number): void {
  let endByte = 0;
  const lines: string[] = [];
  const marks: string[] = [];
  for (let at = 0; at < count; at++) {
    const ms = zeroMs - 1000 + at * 100;
    const line = at % 3 === 0 ? `line ${at} é` : `${new Date(ms).toISOString()} line ${at}`;
    endByte += Buffer.byteLength(line) + 1;
    lines.push(`${line}\n`);
    marks.push(`[${endByte},${ms - 10},${ms + 5}]\n`);
  }
  writeFileSync(join(folder, logFile), lines.join(""));
  writeFileSync(join(folder, logTimesFile), marks.join(""));
}

test("around the cause, 40 lines before it and 20 after it, each with its time", () => {
  write(200);
  const excerpt = logExcerpt({ folder, node: "n1", zeroMs, causeNs: 9.05e9 });
  expect(excerpt?.title).toBe("60 lines around the cause of n1's log");
  expect(excerpt?.lines).toHaveLength(60);
  const at = excerpt?.lines.findIndex((line) => line.endsWith("line 101")) ?? -1;
  expect(at).toBe(40);
  expect(excerpt?.timesNs?.[at]).toBe(9.1e9);
  // Without a time of its own: the moment in which it was seen.
  expect(excerpt?.timesNs?.[at + 1]).toBe(9.205e9);
});

test("without a cause, or with one after the end, the last lines; without a common clock no times", () => {
  write(200);
  expect(logExcerpt({ folder, node: "n1", zeroMs, causeNs: null })?.lines.at(-1)).toContain("line 199");
  expect(logExcerpt({ folder, node: "n1", zeroMs, causeNs: 99e9 })?.lines.at(-1)).toContain("line 199");
  const clockless = logExcerpt({ folder, node: "n1", zeroMs: null, causeNs: 1e9 });
  expect(clockless?.title).toBe("last 60 lines of n1's log");
  expect(clockless?.timesNs).toBeUndefined();
});

test("a node without a log, or with an empty one, has no excerpt", () => {
  expect(logExcerpt({ folder, node: "n1", zeroMs, causeNs: null })).toBeNull();
  writeFileSync(join(folder, logFile), "\n");
  expect(logExcerpt({ folder, node: "n1", zeroMs, causeNs: null })).toBeNull();
});

// Shows that nodes' logs come out as one in order of the runner's clock: a line's own time counts only where it agrees with when the runner saw the
// line, a window loses and invents no line, and of a long log only what the window needs is read.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LogMark } from "../cluster/index.js";
import { mergedLogs, operationTime, ownTimeMs, type LogEntry, type LogQuery } from "./node-logs.js";
import { readLines } from "./read-lines.js";
import { runDirectoryAt, type RunDirectory } from "./store.js";

const zeroMs = Date.parse("2026-01-01T00:00:00.000Z");
const everything: LogQuery = {
  nodes: ["n1", "n2"],
  fromNs: -Infinity,
  toNs: Infinity,
  grep: null,
  events: true,
  errors: false,
};
let directory: RunDirectory;

beforeEach(() => {
  directory = runDirectoryAt(mkdtempSync(join(tmpdir(), "minos-logs-")));
  writeFileSync(directory.environmentFile, JSON.stringify({ clock_zero_unix_ms: zeroMs }));
  writeFileSync(directory.historyFile, "");
});
afterEach(() => rmSync(directory.path, { recursive: true, force: true }));

/** A node's log as pieces: the runner looked at these moments, in ms of its clock, and saw what is new. */
function writeNode(node: string, pieces: readonly { readonly seenMs: number; readonly text: string }[]): void {
  mkdirSync(join(directory.path, "nodes", node), { recursive: true });
  let endByte = 0;
  let sinceMs = zeroMs - 10_000;
  const marks = pieces.map(({ seenMs, text }): LogMark => {
    endByte += Buffer.byteLength(text);
    const mark: LogMark = [endByte, sinceMs, zeroMs + seenMs];
    sinceMs = zeroMs + seenMs;
    return mark;
  });
  writeFileSync(join(directory.path, "nodes", node, "log.txt"), pieces.map(({ text }) => text).join(""));
  const lines = marks.map((mark) => `${JSON.stringify(mark)}\n`);
  writeFileSync(join(directory.path, "nodes", node, "log-times.jsonl"), lines.join(""));
}

const stamp = (ms: number): string => new Date(zeroMs + ms).toISOString();

async function read(query: Partial<LogQuery> = {}): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of mergedLogs(directory, { ...everything, ...query })) entries.push(entry);
  return entries;
}

const told = (entries: readonly LogEntry[]): readonly string[] =>
  entries.map((entry) =>
    entry.kind === "line"
      ? `${entry.timeNs / 1e6} ${entry.node} ${entry.clock} ${entry.text.replace(/^\S+Z /, "")}`
      : `${entry.timeNs / 1e6} ${entry.event.type}`,
  );

test("lines of two nodes are told in order of their own times where these agree with the runner's", async () => {
  writeNode("n1", [{ seenMs: 100, text: `${stamp(10)} a\n${stamp(30)} c\n` }]);
  writeNode("n2", [{ seenMs: 90, text: `${stamp(20)} b\n${stamp(40)} d\n` }]);
  expect(told(await read())).toEqual(["10 n1 node a", "20 n2 node b", "30 n1 node c", "40 n2 node d"]);
});

test("under a clock that was turned, and without a time, a line counts when the runner saw it", async () => {
  writeNode("n1", [
    { seenMs: 100, text: `${stamp(10)} true\n` },
    { seenMs: 200, text: `${stamp(-60_000)} an hour behind\n` },
    { seenMs: 300, text: `${stamp(90_000)} ahead\nno time\n` },
  ]);
  writeNode("n2", [{ seenMs: 250, text: "between\n" }]);
  expect(told(await read())).toEqual([
    "10 n1 node true",
    "200 n1 runner an hour behind",
    "250 n2 runner between",
    "300 n1 runner ahead",
    "300 n1 runner no time",
  ]);
});

test("a line keeps its place in its own log though its time is before the one above", async () => {
  writeNode("n1", [{ seenMs: 100, text: `${stamp(50)} first\n${stamp(20)} second\n` }]);
  expect(told(await read())).toEqual(["50 n1 node first", "50 n1 node second"]);
});

test("a line in several pieces is whole, and comes when its end was seen", async () => {
  writeNode("n1", [
    { seenMs: 100, text: "one\ntw" },
    { seenMs: 200, text: "o thr" },
    { seenMs: 300, text: "ee\nlast, not ended" },
  ]);
  expect(told(await read())).toEqual(["100 n1 runner one", "300 n1 runner two three", "300 n1 runner last, not ended"]);
  expect(told(await read({ fromNs: 250e6 }))).toEqual(["300 n1 runner two three", "300 n1 runner last, not ended"]);
});

test("every window tells exactly the lines of the whole that lie in it", async () => {
  const pieces = Array.from({ length: 60 }, (_, at) => ({
    seenMs: at * 100,
    text: Array.from({ length: at % 4 }, (_line, line) =>
      line % 2 === 0 ? `${stamp(at * 100 - 60 + line)} line ${at}.${line}\n` : `line ${at}.${line}\n`,
    ).join(""),
  }));
  writeNode("n1", pieces);
  writeNode("n2", pieces.slice(20));
  const all = await read();
  expect(all.length).toBeGreaterThan(100);
  for (let fromMs = -200; fromMs < 6200; fromMs += 170) {
    const window = { fromNs: fromMs * 1e6, toNs: (fromMs + 900) * 1e6 };
    const inside = all.filter(({ timeNs }) => timeNs >= window.fromNs && timeNs <= window.toNs);
    expect(told(await read(window))).toEqual(told(inside));
  }
});

test("what came after the runner's last look is not lost", async () => {
  writeNode("n1", [{ seenMs: 100, text: "seen\n" }]);
  writeFileSync(join(directory.path, "nodes", "n1", "log.txt"), `seen\n${stamp(400)} later\nlast\n`);
  expect(told(await read())).toEqual(["100 n1 runner seen", "400 n1 node later", "400 n1 runner last"]);
});

test("faults stand among the lines, errors of clients where asked for, neither where not", async () => {
  writeNode("n1", [{ seenMs: 10, text: "a\n" }]);
  const fault = { fault: 0, stage: "requested", kind: "kill", spec: {}, targets: ["n1"], evidence: null };
  const error = { process: 1, function: "put", key: "k", output: null, error: "timeout" };
  writeFileSync(
    directory.historyFile,
    [
      { type: "header" },
      { type: "fault", time: 5e6, ...fault },
      { type: "info", time: 20e6, ...error },
      { type: "node", time: 30e6, node: "n3", what: "exited", expected: true, detail: null },
    ]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(""),
  );
  expect(told(await read())).toEqual(["5 fault", "10 n1 runner a"]);
  expect(told(await read({ errors: true, events: false }))).toEqual(["10 n1 runner a", "20 info"]);
  expect(told(await read({ grep: /b/ }))).toEqual(["5 fault"]);
});

test("an operation is found by its index, ended by an answer of its own process", async () => {
  const call = { thread: 0, node: null, function: "get", key: "k", input: null };
  writeFileSync(
    directory.historyFile,
    [
      { type: "invoke", time: 1, process: 0, ...call },
      { type: "invoke", time: 2, process: 1, ...call },
      { type: "ok", time: 3, process: 0 },
      { type: "ok", time: 4, process: 1 },
    ]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(""),
  );
  expect(await operationTime(directory, 1)).toEqual({ callNs: 2, returnNs: 4 });
  expect(await operationTime(directory, 2)).toBeNull();
});

test("a run that does not say when its clock began is refused", async () => {
  writeFileSync(directory.environmentFile, JSON.stringify({ version: 1 }));
  await expect(read()).rejects.toThrow("does not say when its clock began");
});

test("a line gives itself a time only with its zone, near its beginning", () => {
  expect(ownTimeMs('{"time":"2026-01-01T00:00:01.500Z"}')).toBe(zeroMs + 1500);
  expect(ownTimeMs("2026-01-01 01:00:01,5+0100 started")).toBe(zeroMs + 1500);
  expect(ownTimeMs("2026-01-01T00:00:01 no zone")).toBeNull();
  expect(ownTimeMs(`${"x".repeat(200)}2026-01-01T00:00:01Z`)).toBeNull();
});

test("a line without end is cut, and the lines after it are told", async () => {
  const path = join(directory.path, "long.txt");
  writeFileSync(path, `${"x".repeat(300_000)}\nafter\n`);
  const lines: string[] = [];
  for await (const { text } of readLines(path, 0)) lines.push(text);
  expect(lines.map((line) => line.length)).toEqual([65_536, 5]);
});

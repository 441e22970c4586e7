// Shows what a campaign's one line says at each moment, with a clock made by hand, and which stream is whose when events go to standard output.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { besideEvents, CampaignLive, draw, openEvents, type EndWord } from "./campaign-live.js";
import { createTerminal, type Terminal } from "./terminal.js";

function campaignOf(all: number, more: { ended?: readonly EndWord[]; parallel?: number; timeLeftMs?: number } = {}) {
  const clock = { nowMs: 0 };
  const { ended = [], parallel = 1, timeLeftMs = null } = more;
  const start = { all, ended, parallel: () => parallel, timeLeftMs: () => timeLeftMs, now: () => clock.nowMs };
  return { clock, live: new CampaignLive(start) };
}

test("the line counts verdicts, tells what runs and for how long, and how much is left", () => {
  const { clock, live } = campaignOf(24);
  expect(live.line()).toBe("0/24");
  live.started("set none seed 1");
  clock.nowMs = 20_000;
  expect(live.line()).toBe("0/24  running: set none seed 1 (20 s)");
  live.ended("set none seed 1", "valid");
  live.started("set brutal seed 1");
  clock.nowMs = 30_400;
  expect(live.line()).toBe("1/24  1 valid  about 7 min 30 s left  running: set brutal seed 1 (10 s)");
  live.ended("set brutal seed 1", "VIOLATION");
  expect(live.line()).toMatch(/^2\/24 {2}1 valid 1 VIOLATION {2}about/);
});

test("runs of earlier sittings are counted, but what is left is reckoned from this one's", () => {
  const { clock, live } = campaignOf(4, { ended: ["valid", "valid"], parallel: 2 });
  expect(live.line()).toBe("2/4  2 valid");
  for (const title of ["a", "b"]) live.started(title);
  clock.nowMs = 10_000;
  live.ended("a", "unknown");
  // `b` goes on for as long as `a` took.
  expect(live.line()).toBe("3/4  2 valid 1 unknown  about 1 s left  running: b (10 s)");
});

test("a campaign is not said to go on for longer than its time", () => {
  const { clock, live } = campaignOf(100, { timeLeftMs: 5_000 });
  live.started("a");
  clock.nowMs = 10_000;
  live.ended("a", "valid");
  expect(live.line()).toBe("1/100  1 valid  about 15 s left");
});

test("of many runs under way three are named, and the canary is told apart", () => {
  const { live } = campaignOf(9);
  for (const title of ["a", "b", "c", "d", "e"]) live.started(title);
  expect(live.line()).toBe("0/9  running: a (1 s), b (1 s), c (1 s) and 2 more");
  for (const title of ["a", "b", "c", "d", "e"]) live.ended(title, "valid");
  live.canary();
  live.started("late-put");
  live.ended("late-put", "VIOLATION");
  expect(live.line()).toBe("5/9  5 valid  canary 1 told");
});

function spied(live: boolean): { terminal: Terminal; lines: string[] } {
  const lines: string[] = [];
  const note =
    (name: string) =>
    (text: unknown): void =>
      void lines.push(`${name} ${typeof text === "string" ? text : JSON.stringify(text)}`);
  const base = createTerminal(false, {});
  const [out, err, status] = [note("out"), note("err"), note("status")];
  return { lines, terminal: { ...base, live, out, err, status, document: note("document"), line: note("line") } };
}

test("a terminal's line is drawn anew each second; without one there is a plain line for each minute of silence", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { live } = campaignOf(3);
  const [seen, plain] = [spied(true), spied(false)];
  const drawings = [draw(live, seen.terminal), draw(live, plain.terminal)];
  vi.advanceTimersByTime(3_000);
  expect([seen.lines, plain.lines]).toEqual([["status 0/3", "status 0/3", "status 0/3"], []]);
  plain.lines.length = 0;
  vi.advanceTimersByTime(57_000);
  expect(plain.lines).toEqual(["err 0/3"]);
  vi.advanceTimersByTime(59_000);
  drawings[1]?.told();
  vi.advanceTimersByTime(59_000);
  expect(plain.lines.filter((line) => line.startsWith("err"))).toEqual(["err 0/3"]);
  for (const drawing of drawings) drawing.stop();
  expect(seen.lines.at(-1)).toBe("status ");
  const before = seen.lines.length;
  vi.advanceTimersByTime(5_000);
  expect(seen.lines).toHaveLength(before);
});

test("events are appended to a file, an object a line", () => {
  const folder = mkdtempSync(join(tmpdir(), "minos-events-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "events.ndjson");
  openEvents(file)({ type: "one" });
  openEvents(file)({ type: "two", text: "a\nb" });
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(["one", "two"]);
});

test("with events on standard output nothing else goes there", () => {
  const { terminal, lines } = spied(false);
  expect(besideEvents(terminal, "events.ndjson")).toBe(terminal);
  const beside = besideEvents(terminal, "-");
  beside.out("a result");
  beside.document({ whole: "summary" });
  beside.line(7);
  expect(lines).toEqual(["err a result"]);
  expect(() => besideEvents({ ...terminal, json: true }, "-")).toThrow("both want standard output");
});

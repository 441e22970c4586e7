// Shows that crash patterns are found in a growing log however its lines arrive, and that the tail is the end of the log.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogFollower, readTail, tailLines } from "./log-follower.js";

const untroubled = (detail: string) => expect.fail(detail);
let directory = "";
let log = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "minos-log-"));
  log = join(directory, "log.txt");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a line cut in two by two writes is seen once and whole, with a pattern that keeps state", async () => {
  const seen: string[] = [];
  const follower = new LogFollower(log, [/panic/g], (line) => seen.push(line), untroubled);
  await follower.catchUp();
  appendFileSync(log, "all well\npan");
  await follower.catchUp();
  expect(seen).toEqual([]);
  appendFileSync(log, "ic: one\npanic: two\npanic: three, not ended yet");
  await follower.catchUp();
  expect(seen).toEqual(["panic: one", "panic: two"]);
  await follower.stop();
  expect(seen).toEqual(["panic: one", "panic: two", "panic: three, not ended yet"]);
});

test("a flood of matches is reported at most twenty times", async () => {
  writeFileSync(log, "panic\n".repeat(100_000));
  let count = 0;
  await new LogFollower(log, [/panic/], () => (count += 1), untroubled).stop();
  expect(count).toBe(20);
});

test("the tail is the last lines, whole, and empty without a log", async () => {
  expect(await readTail(log)).toEqual([]);
  writeFileSync(log, "first\n\nlast\n");
  expect(await readTail(log)).toEqual(["first", "", "last"]);
  const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} ${"x".repeat(20)}`);
  writeFileSync(log, `${lines.join("\n")}\n`);
  expect(await readTail(log)).toEqual(lines.slice(-tailLines));
});

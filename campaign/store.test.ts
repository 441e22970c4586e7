// Shows that runs never share a directory, that `latest` follows the newest, and that files appear whole.
import { mkdtempSync, readFileSync, readlinkSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRunDirectory, timestampName, writeJson } from "./store.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "minos-store-"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("two runs that start in the same millisecond get two directories", () => {
  const date = new Date("2026-01-02T03:04:05.678Z");
  const first = createRunDirectory(root, "register", date);
  const second = createRunDirectory(root, "register", date);
  expect(first.path).not.toBe(second.path);
  expect(timestampName(date)).toBe("20260102T030405.678Z");
});

test("latest points at the newest run, relative to the store", () => {
  createRunDirectory(root, "register", new Date(0));
  const newest = createRunDirectory(root, "other", new Date(1000));
  expect(join(root, readlinkSync(join(root, "latest")))).toBe(newest.path);
});

test("a JSON file leaves no temporary file behind", () => {
  const run = createRunDirectory(root, "register", new Date(0));
  writeJson(run.planFile, { a: 1 });
  expect(readFileSync(run.planFile, "utf8")).toBe('{\n  "a": 1\n}\n');
  expect(readdirSync(run.path)).toEqual(["plan.json"]);
});

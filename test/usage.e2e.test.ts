// Shows that wrong words are refused before anything starts, with exit code 254 and a sentence that names the word, and that help is
// complete.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

describe("wrong words", () => {
  test.each([
    [["run", "--frobnicate"], "--frobnicate"],
    [["run", "--nodes", "many"], '--nodes: "many" is no whole number'],
    [["run", "--nodes", "7"], "7 nodes"],
    [["run", "--time-limit", "60"], '--time-limit: "60" is no duration'],
    [["run", "--on", "moon"], '--on: "moon" is none of auto, local, docker'],
    [["run", "--workload", "knitting"], 'no workload is called "knitting"'],
    [["run", "--nemesis", "earthquake"], '"earthquake" is neither a preset nor a kind of fault'],
    [["run", "--mutant", "M99"], 'no mutant is called "M99"'],
    [["run", "--plan", "missing.yaml"], "missing.yaml cannot be read"],
    [["run", "--concurrency", "2"], "--concurrency: 2 is less than the 6 nodes"],
    [["campaign", "--seeds", "5..1"], '--seeds: "5..1"'],
    [["campaign", "--parallel", "0"], '--parallel: "0"'],
    [["check"], "file"],
    [["check", "x", "--format", "xml"], '--format: "xml"'],
    [["kv", "get", "k", "--address", "nowhere"], '--address: "nowhere"'],
    [["conquer"], "conquer"],
  ])("minos %j → 254, naming it", async (words, sentence) => {
    const cwd = temporaryFolder();
    const ended = await minos(words, { cwd });
    expect(ended.err).toContain(sentence);
    expect(ended.code).toBe(254);
    expect(ended.out).toBe("");
    expect(existsSync(join(cwd, "store"))).toBe(false);
  });

  test("with --json the error is the document", async () => {
    const ended = await minos(["run", "--nodes", "many", "--json"], { cwd: temporaryFolder() });
    expect(documentOf(ended)).toMatchObject({ error: { code: "usage" } });
    expect(ended.code).toBe(254);
  });
});

describe("help", () => {
  test("minos --help names every command and the exit codes", async () => {
    const ended = await minos(["--help"], { cwd: temporaryFolder() });
    expect(ended.code).toBe(0);
    for (const command of [
      "run",
      "campaign",
      "check",
      "report",
      "doctor",
      "hunt",
      "replay",
      "trace",
      "kv",
      "maelstrom",
      "clean",
    ]) {
      expect(ended.out).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    }
    expect(ended.out).toContain("0 valid, 1 violation, 2 unknown, 254 bad usage, 255 crash");
  });

  test("minos alone shows the help and is no success", async () => {
    const ended = await minos([], { cwd: temporaryFolder() });
    expect(ended.code).toBe(254);
  });
});

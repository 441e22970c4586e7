// Shows what becomes of runs that were under way, or crashed, when a campaign is gone on with. A small program stands for `minos`: its
// `run` leaves what the test wants to be found, its `check` and `clean` answer as the real ones do.
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { campaignOf } from "./campaign-file.js";
import { CampaignRecord, headerOf } from "./campaign-record.js";
import { fixedParallel } from "./parallel.js";
import { performCampaign, runNameOf } from "./campaign-runs.js";
import type { RunDocument } from "./runs.js";

/** `calls` grows by a line a call. A history that holds `bad` is a violation. */
const program = `
const fs = require("node:fs"), path = require("node:path");
const [word, ...rest] = process.argv.slice(2);
fs.appendFileSync(path.join(__dirname, "calls"), word + (word === "run" ? " " + rest[rest.indexOf("--name") + 1] : "") + "\\n");
const say = (document, code) => { console.log(JSON.stringify(document)); process.exitCode = code; };
if (word === "clean") say({ removed: [], kept: [], failed: [] }, 0);
else if (word === "run") say({ valid: true, seed: 1, title: process.title, arguments: process.execArgv }, 0);
else {
  const bad = fs.readFileSync(path.join(rest[0], "history.jsonl"), "utf8").includes("bad");
  say({ files: [{ valid: !bad, summary: bad ? "stale read" : "fine" }] }, bad ? 1 : 0);
}
`;

/** A process that is gone: no number is given so high. */
const gonePid = 2 ** 30;
const crash = { exitCode: 255, document: null, durationMs: 5, stderrTail: "killed" } as const;

interface Campaign {
  readonly record: CampaignRecord;
  leave(place: number, file: string, text: string): void;
  /** `timeMs`: so much that it is up before all is done. */
  perform(timeMs?: number | null): Promise<readonly string[]>;
  calls(): readonly string[];
}

function campaignWith(runs: number): Campaign {
  const folder = mkdtempSync(join(tmpdir(), "minos-campaign-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "minos.cjs");
  writeFileSync(file, program);
  const header = headerOf(campaignOf({ matrix: { seeds: `1..${runs}` } }), {
    parallel: 1,
    shard: null,
    flags: [],
    words: {},
    build: null,
  });
  const record = CampaignRecord.create(folder, header, new Date(0));
  onTestFinished(() => record.close());
  return {
    record,
    leave(place, name, text) {
      const directory = join(record.directory, runNameOf(place), "20260101T000000.000Z");
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, name), text);
    },
    async perform(timeMs = null) {
      const notes: string[] = [];
      const note = (text: string): void => void notes.push(text);
      const signal = new AbortController().signal;
      const common = { record, program: file, signal, note, onResult: () => undefined };
      const stopped = await performCampaign({ ...common, parallel: fixedParallel(1), timeMs });
      expect(stopped).toBe(timeMs === null ? null : "the time is up");
      return notes;
    },
    calls: () => readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n"),
  };
}

const endOf = ({ record }: Campaign, place: number): readonly unknown[] => {
  const { last, final, attempts } = record.state(place);
  return [last?.exitCode, final, attempts];
};

test("a campaign that begins makes each run once and looks for nothing left behind", async () => {
  const campaign = campaignWith(2);
  expect(await campaign.perform()).toEqual([]);
  expect(campaign.calls()).toEqual(["run run-0001", "run run-0002"]);
});

test("a run that was killed after it recorded a violation is a violation, and is not made again", async () => {
  const campaign = campaignWith(3);
  for (const place of [0, 1, 2]) campaign.record.started(place, gonePid);
  const verdict: RunDocument = { valid: false, summary: "lost write" };
  campaign.leave(0, "history.jsonl", "bad");
  campaign.leave(1, "verdict.json", JSON.stringify(verdict));
  campaign.leave(2, "history.jsonl", "good");
  expect(await campaign.perform()).toEqual([
    "run 1 was under way: it had recorded a violation, which stands",
    "run 2 was under way: it had recorded a violation, which stands",
    "run 3 was under way: it is made again",
  ]);
  expect([0, 1, 2].map((place) => endOf(campaign, place))).toEqual([
    [1, true, 1],
    [1, true, 1],
    [0, true, 2],
  ]);
  expect(campaign.calls()).toEqual(["clean", "check", "check", "run run-0003"]);
});

test("a run whose process crashed is judged by the history that it left before it is made again", async () => {
  const campaign = campaignWith(2);
  for (const place of [0, 1]) {
    campaign.record.started(place, gonePid);
    campaign.record.ended(place, crash, false);
  }
  campaign.leave(0, "history.jsonl", "bad");
  await campaign.perform();
  expect([0, 1].map((place) => endOf(campaign, place))).toEqual([
    [1, true, 1],
    [0, true, 2],
  ]);
});

test("what ended before is removed even when no run was under way", async () => {
  const campaign = campaignWith(1);
  campaign.record.started(0, gonePid);
  campaign.record.ended(0, { ...crash, exitCode: 0, document: { valid: true } }, false);
  await campaign.perform();
  expect(campaign.calls()).toEqual(["clean"]);
});

test("runs are made by the same node and loader as the campaign", async () => {
  const before = process.execArgv;
  onTestFinished(() => void (process.execArgv = before));
  process.execArgv = ["--inspect=0", "--title=as the parent"];
  const campaign = campaignWith(1);
  await campaign.perform();
  expect(campaign.record.state(0).last?.document).toMatchObject({
    title: "as the parent",
    arguments: ["--title=as the parent"],
  });
});

test("the time that is allowed is that of all sittings together", async () => {
  const campaign = campaignWith(2);
  const hourMs = 3_600_000;
  const now = vi.spyOn(Date.prototype, "toISOString");
  // An earlier sitting, of an hour.
  now.mockReturnValueOnce("2026-01-01T00:00:00.000Z").mockReturnValueOnce("2026-01-01T01:00:00.000Z");
  campaign.record.sat(new Date(0));
  campaign.record.started(0, gonePid);
  now.mockRestore();
  expect(campaign.record.spentMs(new Date("2026-01-01T01:00:00.000Z"))).toBe(hourMs);
  await campaign.perform(hourMs);
  expect(campaign.calls()).toEqual(["clean"]);
  expect(campaign.record.spentMs(new Date())).toBeLessThan(2 * hourMs);
  await campaign.perform();
  expect([0, 1].map((place) => endOf(campaign, place))).toEqual([
    [0, true, 2],
    [0, true, 1],
  ]);
});

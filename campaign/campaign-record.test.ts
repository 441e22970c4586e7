// Shows that a campaign's record, read again after whatever ended the campaign, says what is left to be run: what stands stands, a
// violation above all, and what came to no verdict is made again.
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { campaignOf } from "./campaign-file.js";
import { CampaignRecord, headerOf, isFinal, type Ended, type Shard } from "./campaign-record.js";
import { exitCodes, type ExitCode } from "./exit-code.js";

const store = mkdtempSync(join(tmpdir(), "minos-campaign-record-"));
afterAll(() => rmSync(store, { recursive: true }));

const asked = campaignOf({ matrix: { workloads: ["register"], seeds: "1..5" } });

function create(shard: Shard | null = null): CampaignRecord {
  const header = headerOf(asked, { parallel: 1, shard, flags: [], words: {}, build: null });
  return CampaignRecord.create(store, header, new Date());
}

function ended(exitCode: ExitCode, code?: string): Ended {
  const unknown = code === undefined ? [] : [{ code, sentence: "" }];
  return { exitCode, document: { unknown }, durationMs: 5, stderrTail: "" };
}

test("a verdict stands, a violation even of a run that was interrupted; what came to none is made again", () => {
  const document = { valid: "unknown", unknown: [{ code: "starved", sentence: "" }] } as const;
  const starved = { exitCode: exitCodes.unknown, document };
  const finals = [
    isFinal(ended(exitCodes.valid), false),
    isFinal(ended(exitCodes.unknown, "vacuous"), false),
    isFinal(ended(exitCodes.violation), true),
    isFinal(ended(exitCodes.valid), true),
    isFinal(ended(exitCodes.unknown, "interrupted"), false),
    isFinal(ended(exitCodes.unknown, "infrastructure"), false),
    isFinal(starved, false),
    isFinal(ended(exitCodes.crash), false),
    isFinal(ended(exitCodes.usage), false),
  ];
  expect(finals).toEqual([true, true, true, false, false, false, false, false, false]);
});

test("what was recorded is there when the record is opened again, and a line that was cut off is not", () => {
  const record = create();
  record.started(0, 11);
  record.ended(0, ended(exitCodes.valid), false);
  record.started(1, 12);
  record.ended(1, ended(exitCodes.crash), false);
  record.started(1, 13);
  record.started(2, 14);
  record.close();
  appendFileSync(join(record.directory, "record.ndjson"), '{"type":"ended","cell":2,"exi');
  const again = CampaignRecord.open(store, "latest");
  expect(again.directory).toBe(record.directory);
  expect(again.places).toEqual([0, 1, 2, 3, 4]);
  expect(again.state(0)).toMatchObject({ attempts: 1, openPid: null, final: true });
  expect(again.state(1)).toMatchObject({ attempts: 2, openPid: 13, final: false, last: { exitCode: exitCodes.crash } });
  expect(again.state(2)).toEqual({ attempts: 1, openPid: 14, last: null, final: false });
  expect(again.state(3)).toEqual({ attempts: 0, openPid: null, last: null, final: false });
  again.ended(2, ended(exitCodes.valid), false);
  again.close();
  const lines = readFileSync(join(record.directory, "record.ndjson"), "utf8").trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { cell: number }).cell)).toEqual([0, 0, 1, 1, 1, 2, 2]);
});

test("nothing that comes later takes a violation back", () => {
  const record = create();
  record.ended(3, ended(exitCodes.violation), true);
  record.ended(3, ended(exitCodes.valid), false);
  expect(record.state(3)).toMatchObject({ final: true, last: { exitCode: exitCodes.violation } });
  record.close();
});

test("shards share the runs out: each run is in exactly one", () => {
  const shards = [1, 2, 3].map((index) => create({ index, of: 3 }));
  expect(shards.map(({ places }) => places)).toEqual([[0, 3], [1, 4], [2]]);
  for (const shard of shards) shard.close();
});

test("a folder that is no campaign is refused", () => {
  expect(() => CampaignRecord.open(store, join(store, "nowhere"))).toThrow("no campaign that can be resumed");
});

test("shards have one hash, whatever runs at a time; other flags or another build have another", () => {
  const rest = { parallel: 1, shard: null, flags: ["--rate", "5"], words: {}, build: "a" };
  const hashOf = (other: Partial<typeof rest>): string => headerOf(asked, { ...rest, ...other }).hash;
  const shard = headerOf(asked, { ...rest, parallel: 2, shard: { index: 1, of: 2 } });
  expect(shard.hash).toBe(hashOf({}));
  expect(new Set([hashOf({}), hashOf({ flags: ["--rate", "6"] }), hashOf({ build: "b" })]).size).toBe(3);
});

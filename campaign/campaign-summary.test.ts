// Shows that a campaign's summary never says more than its runs showed, and that the summaries of its shards make the summary of the whole.
import { describe, expect, test } from "vitest";
import { campaignOf } from "./campaign-file.js";
import { mergeSummaries, rowOf, summarise, type CampaignSummary } from "./campaign-summary.js";
import type { CellState } from "./campaign-record.js";
import { exitCodes, type ExitCode } from "./exit-code.js";

const asked = campaignOf({ matrix: { workloads: ["register"], seeds: "1..4" } });
const about = { name: asked.name, hash: asked.hash, runs: 4, canary: false };
const alone = { shard: null, stopped: null, canary: null };

function state(exitCode: ExitCode | null): CellState {
  if (exitCode === null) return { attempts: 0, openPid: null, last: null, final: false };
  const document = { coverage: { seen: [`pair ${exitCode}`], possible: ["pair 0", "pair 9"] } };
  return { attempts: 1, openPid: null, last: { exitCode, document, durationMs: 7, stderrTail: "" }, final: true };
}

const rowsOf = (codes: readonly (ExitCode | null)[], places = codes.map((_, at) => at)) =>
  places.map((place) => {
    const cell = asked.cells[place];
    if (cell === undefined) throw new Error("no such run");
    return rowOf(place, cell, state(codes[place] ?? null));
  });

describe("the verdict of all runs", () => {
  test.each([
    [[0, 0, 0, 0], true, exitCodes.valid],
    [[0, 0, 0, null], "unknown", exitCodes.unknown],
    [[0, 2, 0, 0], "unknown", exitCodes.unknown],
    [[0, 255, 0, 0], "unknown", exitCodes.crash],
    [[0, 255, 1, null], false, exitCodes.violation],
    [[null, null, null, null], "unknown", exitCodes.unknown],
  ] as const)("%j: %s", (codes, valid, exitCode) => {
    expect(summarise(about, rowsOf(codes), alone)).toMatchObject({ valid, exit_code: exitCode });
  });

  test("a canary that was asked for and is not there leaves it unknown", () => {
    expect(summarise({ ...about, canary: true }, rowsOf([0, 0, 0, 0]), alone).valid).toBe("unknown");
  });
});

test("counts, pairs and the bound are those of the runs that were made", () => {
  const { runs, not_run, counts, pairs, violation_rate_below } = summarise(about, rowsOf([0, 0, 2, null]), alone);
  expect({ runs, not_run, counts }).toEqual({ runs: 3, not_run: 1, counts: { valid: 2, unknown: 1 } });
  expect(pairs).toEqual({ seen: 2, possible: 3, never_seen: ["pair 9"] });
  expect(violation_rate_below).toBeCloseTo(1 - 0.05 ** 0.5, 12);
  expect(summarise(about, rowsOf([0, 0, 0, 1]), alone).violation_rate_below).toBeNull();
});

describe("shards", () => {
  const codes = [0, 2, 1, 0] as const;
  const shard = (index: number, of = 2, from = about): readonly [string, CampaignSummary] => {
    const places = [0, 1, 2, 3].filter((place) => place % of === index - 1);
    return [`${index}.json`, summarise(from, rowsOf(codes, places), { ...alone, shard: { index, of } })];
  };

  test("make the summary of the whole, in whatever order they come", () => {
    expect(mergeSummaries([shard(2), shard(1)])).toEqual(summarise(about, rowsOf(codes), alone));
  });

  test.each([
    ["one that is missing", [shard(1)], "missing: 2"],
    ["one that comes twice", [shard(1), shard(1)], "are both shard 1"],
    ["another campaign's", [shard(1), shard(2, 2, { ...about, hash: "x" })], "of another campaign"],
    ["another division's", [shard(1), shard(2, 3)], "one of 3 shards"],
    ["a whole campaign", [["all.json", summarise(about, rowsOf(codes), alone)] as const], "is no shard"],
    ["none", [], "nothing to merge"],
  ])("refuses %s", (_, shards, message) => {
    expect(() => mergeSummaries(shards)).toThrow(message);
  });
});

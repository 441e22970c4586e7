// Shows which campaign counts as the one before: the newest earlier one of the same name that came to a summary. Folders are made up.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { previousCampaign } from "./previous-campaign.js";

let store = "";
beforeEach(() => (store = mkdtempSync(join(tmpdir(), "minos-previous-"))));
afterEach(() => rmSync(store, { recursive: true }));

const campaign = { name: "nightly", hash: "", runs: 1, canary: false };

function folder(
  stamp: string,
  file: string | null,
  text = JSON.stringify({ version: 1, campaign, results: [] }),
): string {
  const path = join(store, stamp);
  mkdirSync(path);
  if (file !== null) writeFileSync(join(path, file), text);
  return path;
}

const before = (directory: string, shard: { readonly index: number; readonly of: number } | null = null) =>
  previousCampaign({ campaign, shard }, directory)?.stamp ?? null;

test("the newest earlier one that has a summary; none later, none that is torn or of another name", () => {
  folder("20250110T000000.000Z", "summary.json");
  folder("20250111T000000.000Z", "summary.json");
  folder("20250112T000000.000Z", "summary.json", '{"version":1,"campa');
  folder(
    "20250112T010000.000Z",
    "summary.json",
    JSON.stringify({ version: 1, campaign: { name: "other" }, results: [] }),
  );
  folder("20250113T000000.000Z", null);
  const own = folder("20250114T000000.000Z", "summary.json");
  folder("20250115T000000.000Z", "summary.json");
  folder("0-notes", "summary.json");
  expect(before(own)).toBe("20250111T000000.000Z");
  expect(before(join(store, "20250110T000000.000Z"))).toBeNull();
});

test("a part is compared with the same part, and what was merged elsewhere with nothing", () => {
  folder("20250110T000000.000Z", "summary-1-of-2.json");
  folder("20250111T000000.000Z", "summary-2-of-2.json");
  const own = folder("20250114T000000.000Z", null);
  expect(before(own, { index: 1, of: 2 })).toBe("20250110T000000.000Z");
  expect(before(own)).toBeNull();
  expect(before(folder("merged", "summary.json"))).toBeNull();
});

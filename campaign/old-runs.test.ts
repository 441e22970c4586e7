// Shows that of a store only runs and campaigns that are over, and began before the given time, are called old; and that links are not followed.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { oldRuns, removeRun, timeOfStamp } from "./old-runs.js";
import { timestampName } from "./store.js";

const store = mkdtempSync(join(tmpdir(), "minos-old-runs-"));
afterAll(() => rmSync(store, { recursive: true }));

const day = (date: number): Date => new Date(Date.UTC(2026, 10, date, 12));

function keep(folder: string, date: number, file: string | null, ending = ""): void {
  const path = join(store, folder, timestampName(day(date)) + ending);
  mkdirSync(path, { recursive: true });
  if (file !== null) writeFileSync(join(path, file), "12345");
}

test("a name tells when a run began, to the millisecond, and other names tell nothing", () => {
  const date = new Date(Date.UTC(2026, 10, 3, 4, 5, 6, 78));
  expect(timeOfStamp(timestampName(date))).toBe(date.getTime());
  expect(timeOfStamp(`${timestampName(date)}-2`)).toBe(date.getTime());
  for (const name of ["latest", "run-0001", "20261103", `${timestampName(date)}x`])
    expect(timeOfStamp(name)).toBeNull();
});

test("what is over and began before is old; what goes on, what is newer and what a link leads to is not", () => {
  keep("register", 1, "verdict.json");
  keep("register", 1, "verdict.json", "-2");
  keep("register", 2, null);
  keep("register", 9, "verdict.json");
  keep("campaigns/nightly", 3, "summary.json");
  keep("campaigns/nightly", 4, "campaign.json");
  mkdirSync(join(store, "notes"));
  symlinkSync(join("register", timestampName(day(1))), join(store, "latest"));
  const { old, unfinished } = oldRuns(store, day(8).getTime());
  const names = (paths: readonly string[]): readonly string[] => paths.map((path) => relative(store, path));
  expect(names(old.map(({ path }) => path))).toEqual([
    "register/20261101T120000.000Z",
    "register/20261101T120000.000Z-2",
    "campaigns/nightly/20261103T120000.000Z",
  ]);
  expect(old.map(({ bytes }) => bytes)).toEqual([5, 5, 5]);
  expect(names(unfinished)).toEqual(["register/20261102T120000.000Z", "campaigns/nightly/20261104T120000.000Z"]);
  for (const run of old) removeRun(run);
  expect(oldRuns(store, day(8).getTime()).old).toEqual([]);
  expect(existsSync(join(store, "register", timestampName(day(9))))).toBe(true);
});

test("a store that is not there has nothing old", () => {
  expect(oldRuns(join(store, "nowhere"), Date.now())).toEqual({ old: [], unfinished: [] });
});

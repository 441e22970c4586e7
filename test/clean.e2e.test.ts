// Shows that `minos clean --older` removes what is over and old, nothing else, nothing at all in a dry run, and says so; and that `latest` does not point at nothing.
import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

const hourMs = 3_600_000;
const stamp = (hoursAgo: number): string =>
  new Date(Date.now() - hoursAgo * hourMs).toISOString().replaceAll(/[-:]/g, "");

/** A store with runs that began so many hours ago; those of odd age have no verdict. */
function storeIn(cwd: string, ages: readonly number[]): readonly string[] {
  return ages.map((hours) => {
    const path = join(cwd, "store", "register", stamp(hours));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, hours % 2 === 0 ? "verdict.json" : "history.jsonl"), "12345");
    return path;
  });
}

test("what is over and older goes; what is younger or has no verdict stays", async () => {
  const cwd = temporaryFolder();
  const [old = "", unfinished = "", young = ""] = storeIn(cwd, [50, 49, 2]);
  symlinkSync(old, join(cwd, "store", "latest"));

  const dry = await minos(["clean", "--older", "2d", "--dry-run", "--json"], { cwd });
  expect(dry.code).toBe(0);
  expect(documentOf(dry)).toMatchObject({ removed: [], would_remove: [{ path: old, bytes: 5 }], kept: [unfinished] });
  expect(readdirSync(join(cwd, "store", "register"))).toHaveLength(3);

  const ended = await minos(["clean", "--older", "2d"], { cwd });
  expect(ended.code).toBe(0);
  expect(ended.out).toBe(`removed  ${old}  0.0 MB\n1 runs and campaigns, 0.0 MB\n`);
  expect(ended.err).toContain(`${unfinished}: it is not known to be over`);
  expect([old, unfinished, young].map((path) => existsSync(path))).toEqual([false, true, true]);
  expect(lstatSync(join(cwd, "store", "latest"), { throwIfNoEntry: false })).toBeUndefined();
});

test("an age without a unit, and a dry run of what cannot be told before, are refused", async () => {
  const cwd = temporaryFolder();
  const [path = ""] = storeIn(cwd, [50]);
  for (const words of [["--older", "2"], ["--dry-run"]])
    expect(await minos(["clean", ...words], { cwd })).toMatchObject({ code: 254, out: "" });
  expect(existsSync(path)).toBe(true);
});

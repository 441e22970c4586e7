// Shows that every planted bug still fits the store's sources in exactly one place and gives another build, that the sources in
// place stay as they are, and that a patch which no longer fits is an error and not a healthy system under a mutant's name.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSystem, hashSources } from "../system/index.js";
import { applyPatch, buildMutant, mutants, PatchError } from "./index.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-mutants-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([...mutants.values()])("$id: $title", (mutant) => {
  test("fits its source in exactly one place", () => {
    const source = readFileSync(join("system", mutant.patch.file), "utf8");
    expect(applyPatch(source, mutant.patch)).not.toBe(source);
  });

  test("builds apart from the shipped sources, which stay as they are", async () => {
    const before = await hashSources("system");
    const outDirectory = join(folder, mutant.id);
    const build = await buildMutant({
      mutant,
      sourceDirectory: "system",
      outDirectory,
      build: (from, to) => buildSystem({ sourceDirectory: from, outDirectory: to }),
    });
    expect(build.hash).not.toBe(before);
    expect(await hashSources("system")).toBe(before);
  });
});

test.each([
  [{ file: "a.ts", find: "missing", replace: "x" }, "does not hold the text"],
  [{ file: "a.ts", find: "two", replace: "x" }, "more than once"],
  [{ file: "a.ts", find: "one", replace: "one" }, "changes nothing"],
])("a patch that does not fit is an error: %j", (patch, message) => {
  expect(() => applyPatch("one two two", patch)).toThrow(PatchError);
  expect(() => applyPatch("one two two", patch)).toThrow(message);
});

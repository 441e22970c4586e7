// Shows that the catalog holds every bug of the list that can be planted, that each still fits the store's sources in exactly one
// place and gives another build, that the sources in place stay as they are, and that a patch which no longer fits is an error and
// not a healthy system under a mutant's name.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { knobs } from "../campaign/index.js";
import { hashSources } from "../system/index.js";
import { applyPatch, missingMutants, mutants, PatchError } from "./index.js";
import { buildOf } from "./testing/build-all.js";

const all = [...mutants.values()];
const idsOf = (kind: string): string[] => all.filter((mutant) => mutant.kind === kind).map(({ id }) => id);
const classes: readonly string[] = [
  "stale read",
  "lost write",
  "resurrected write",
  "forked CAS",
  "read of a failed write",
  "value from nowhere",
  "replica divergence",
  "crash",
  "unavailable",
];
const checkers: readonly string[] = ["linearizability", "acknowledged", "agreement", "availability", "crash"];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-mutants-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("every bug of the list is planted or listed with the feature it needs", () => {
  const must = "M01 M02 M03 M08 M09 M11 M13 M14 M15 M19 M20 M21 M22 M26 M30 M30+M31 M31 M33 M41 M47";
  expect(idsOf("must").join(" ")).toBe(must);
  expect(idsOf("should").join(" ")).toBe("M24 M48 M50");
  expect(idsOf("control").join(" ")).toBe("C1 C2");
  expect(missingMutants.map(({ id }) => id).join(" ")).toBe("M16 M18 M34 M38 M42");
});

test("each has an id that --mutant takes, and classes and checkers that verdicts know; a control has none", () => {
  const knob = knobs.find(({ name }) => name === "mutant");
  const pattern = knob !== undefined && "pattern" in knob ? knob.pattern : undefined;
  for (const mutant of all) {
    expect(mutant.id).toMatch(pattern ?? /^$/);
    expect(classes).toEqual(expect.arrayContaining([...mutant.classes]));
    expect(checkers).toEqual(expect.arrayContaining([...mutant.checkers]));
    expect(mutant.classes.length > 0, mutant.id).toBe(mutant.kind !== "control");
  }
});

describe.each(all)("$id: $title", (mutant) => {
  test("fits its source in exactly one place", () => {
    const source = readFileSync(join("system", mutant.patch.file), "utf8");
    expect(applyPatch(source, mutant.patch)).not.toBe(source);
  });

  test("builds apart from the shipped sources, which stay as they are", async () => {
    const before = await hashSources("system");
    const build = await buildOf(mutant, folder);
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

// Shows that the generated pages say what the registries say.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generatedDocs } from "./generated-docs.js";

test.each(Object.entries(generatedDocs))("%s is up to date (npx tsx tools/generated-docs.ts)", (path, make) => {
  expect(readFileSync(path, "utf8")).toBe(make());
});

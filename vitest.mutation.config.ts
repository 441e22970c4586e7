// What a mutant has to survive: the tests named by MUTATION_TESTS, joined by commas. tools/mutation.ts sets it.
import { defineConfig } from "vitest/config";

const include = (process.env["MUTATION_TESTS"] ?? "").split(",").filter(Boolean);

export default defineConfig({
  test: { include, exclude: ["**/*.local.test.ts", "**/node_modules/**"], testTimeout: 30_000 },
});

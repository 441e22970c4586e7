// The kinds of tests, told apart by file name. CONTRIBUTING.md says what each kind covers.
//   *.test.ts           unit       pure or nearly so, in parallel
//   *.property.test.ts  property   generated inputs; a failure prints seed and path
//   *.local.test.ts     local      real processes, sockets and disks on loopback, one file at a time
//   *.docker.test.ts    docker     a real Docker engine and the real Toxiproxy, one file at a time
//   *.browser.test.ts   browser    the report in headless Chromium
//   *.e2e.test.ts       e2e        the built `minos` command as a user runs it
import { defineConfig } from "vitest/config";

const ignored = ["node_modules/**", "dist/**", "store/**"];
const special = [
  "**/*.property.test.ts",
  "**/*.local.test.ts",
  "**/*.docker.test.ts",
  "**/*.browser.test.ts",
  "**/*.e2e.test.ts",
];

/** Tests of real processes share two cores and the loopback ports: one file at a time, generous time-outs. */
function realWorld(name: string, globalSetup: string[] = []) {
  return {
    test: {
      name,
      include: [`**/*.${name}.test.ts`],
      exclude: ignored,
      fileParallelism: false,
      globalSetup,
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["**/*.test.ts"], exclude: [...ignored, ...special], testTimeout: 20_000 } },
      { test: { name: "property", include: ["**/*.property.test.ts"], exclude: ignored, testTimeout: 120_000 } },
      realWorld("local"),
      realWorld("docker"),
      realWorld("browser"),
      realWorld("e2e", ["test/testing/build.ts"]),
    ],
  },
});

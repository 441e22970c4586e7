// Mutation testing of the checker with Stryker: what is changed in a place must make a test fail. Part by part, each against the
// tests that are meant for it, so that a mutant costs seconds: `npm run mutation`, or `npm run mutation -- verifier weaker`.
import { spawnSync } from "node:child_process";

interface Part {
  readonly mutate: string;
  readonly tests: string;
}

const parts: Readonly<Record<string, Part>> = {
  verifier: {
    mutate: "checker/verifier.ts,checker/verifier-core.ts",
    tests: "checker/verifier.test.ts,checker/verifier.property.test.ts",
  },
  weaker: { mutate: "checker/weaker/*.ts,!checker/weaker/*.test.ts", tests: "checker/weaker/*.test.ts" },
  explain: {
    mutate: "checker/explain/*.ts,!checker/explain/*.test.ts",
    tests: "checker/explain/*.test.ts,checker/violations.test.ts,checker/decided-logs.test.ts",
  },
  "no-search": {
    mutate: "checker/no-search/*.ts,!checker/no-search/*.test.ts",
    tests: "checker/corner-cases.test.ts,checker/linearizability.property.test.ts",
  },
  register: {
    mutate: "checker/register/*.ts,!checker/register/*.test.ts",
    tests: "checker/corner-cases.test.ts,checker/register/*.test.ts,checker/linearizability.property.test.ts",
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(`no part is called ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  process.exit(254);
}
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  const part = parts[name];
  if (part === undefined) continue;
  console.log(`\n${name}`);
  const { status } = spawnSync("npx", ["stryker", "run", "--mutate", part.mutate], {
    stdio: "inherit",
    env: { ...process.env, MUTATION_TESTS: part.tests },
  });
  if (status !== 0) process.exitCode = 1;
}

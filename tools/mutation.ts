// Mutation testing of the checker with Stryker: what is changed in a place must make a test fail. Part by part, each against the
// tests that are meant for it, so that a mutant costs a second or two: `npm run mutation`, or `npm run mutation -- verifier weaker`.
// Ends with a line for each part and one for all of them.
//
// The tests of a part are quick ones: where hundreds of mutants are tried on them (MUTATION_TESTS is set then), property tests look at
// fewer histories, by fixed seeds. Of live and corruptions a mutant that survives costs several seconds all the same.
//
// Left out, because what they do is worth nothing without real threads, which take longer to start than a mutant may cost:
// checker/parallel, checker/worker-file.ts and the two files of checker/live that talk to a worker; their tests are *.local.test.ts.
// checker/testing is the tests' own.
import { spawn } from "node:child_process";

interface Part {
  /** Files, folders without their tests, and exceptions with a `!`. */
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

/** Brute force in a second or two, in place of the fuzz tests that lie beside the engines. */
const engineTests = [
  "checker/corner-cases.test.ts",
  "checker/engines.property.test.ts",
  "checker/engines-work.test.ts",
];

const parts: Readonly<Record<string, Part>> = {
  verifier: {
    mutate: ["checker/verifier.ts", "checker/verifier-core.ts"],
    tests: ["checker/verifier.test.ts", "checker/verifier.property.test.ts"],
  },
  weaker: { mutate: ["checker/weaker/"], tests: ["checker/weaker/*.test.ts"] },
  checkers: { mutate: ["checker/checkers/"], tests: ["checker/checkers/*.test.ts"] },
  models: {
    mutate: ["checker/models/", "checker/define-model.ts", "checker/model.ts"],
    tests: ["checker/models/*.test.ts", "checker/check.test.ts"],
  },
  explain: {
    mutate: ["checker/explain/", "checker/decided-logs.ts", "checker/certificate.ts"],
    tests: ["checker/explain/*.test.ts", "checker/violations.test.ts", "checker/decided-logs.test.ts"],
  },
  pipeline: {
    mutate: [
      "checker/check.ts",
      "checker/linearizability.ts",
      "checker/keys.ts",
      "checker/one-key.ts",
      "checker/engine.ts",
      "checker/values.ts",
      "checker/verdict.ts",
      "checker/budget.ts",
      "checker/scratch.ts",
      "checker/sort-by-time.ts",
      "checker/decide.ts",
    ],
    tests: [
      "checker/check.test.ts",
      "checker/keys.test.ts",
      "checker/budget.test.ts",
      "checker/scratch.test.ts",
      "checker/decide.test.ts",
      "checker/corner-cases.test.ts",
      "checker/linearizability.test.ts",
      "checker/one-key.test.ts",
      "checker/values.test.ts",
      "checker/sort-by-time.test.ts",
    ],
  },
  judge: {
    mutate: [
      "checker/judge.ts",
      "checker/vacuity.ts",
      "checker/faults.ts",
      "checker/cannot-see.ts",
      "checker/teeth.ts",
    ],
    tests: [
      "checker/judge.test.ts",
      "checker/judge-composition.test.ts",
      "checker/teeth.test.ts",
      "checker/vacuity.test.ts",
    ],
  },
  corruptions: { mutate: ["checker/corruptions.ts"], tests: ["checker/corruptions.test.ts"] },
  "no-search": {
    mutate: ["checker/no-search/"],
    tests: [
      ...engineTests,
      "checker/no-search/no-search.test.ts",
      "checker/no-search/order.test.ts",
      "checker/no-search/nots.test.ts",
    ],
  },
  register: {
    mutate: ["checker/register/"],
    tests: [...engineTests, "checker/register/*.test.ts"],
  },
  "general-search": {
    mutate: ["checker/general-search/"],
    tests: [...engineTests, "checker/general-search/*.test.ts", "checker/models/*.test.ts"],
  },
  live: {
    mutate: [
      "checker/live/",
      "!checker/live/testing/*.ts",
      "!checker/live/watch-in-worker.ts",
      "!checker/live/live-worker.ts",
      "checker/incremental.ts",
    ],
    tests: ["checker/live/*.test.ts", "checker/incremental.property.test.ts"],
  },
};

interface Score {
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
  readonly notCovered: number;
}

/** What Stryker's table says of all files of a part; null where it did not come so far. */
function scoreIn(output: string): Score | null {
  const row = /^All files\s*\|([\d.\s|NaN/]+)$/m.exec(output)?.[1];
  if (row === undefined) return null;
  const [, , killed = 0, timedOut = 0, survived = 0, notCovered = 0] = row.split("|").map(Number);
  return { killed, timedOut, survived, notCovered };
}

function lineOf(name: string, { killed, timedOut, survived, notCovered }: Score): string {
  const caught = killed + timedOut;
  const all = caught + survived + notCovered;
  const share = all === 0 ? "none" : `${((100 * caught) / all).toFixed(1)} %`;
  return `${name.padEnd(12)} killed ${killed}, timed out ${timedOut}, survived ${survived}, no coverage ${notCovered}: ${caught} of ${all}, ${share}`;
}

/** Runs Stryker on a part, showing what it says. */
function measure({ mutate, tests }: Part): Promise<{ readonly status: number | null; readonly output: string }> {
  const files = mutate.flatMap((one) => (one.endsWith("/") ? [`${one}**/*.ts`, `!${one}**/*.test.ts`] : [one]));
  return new Promise((resolve, reject) => {
    const stryker = spawn("npx", ["stryker", "run", "--mutate", files.join(",")], {
      stdio: ["inherit", "pipe", "inherit"],
      env: { ...process.env, MUTATION_TESTS: tests.join(",") },
    });
    let output = "";
    stryker.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      process.stdout.write(text);
    });
    stryker.on("error", reject);
    stryker.on("close", (status) => {
      resolve({ status, output });
    });
  });
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(`no part is called ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  process.exit(254);
}
const lines: string[] = [];
const total = { killed: 0, timedOut: 0, survived: 0, notCovered: 0 };
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  const part = parts[name];
  if (part === undefined) continue;
  console.log(`\n${name}`);
  const { status, output } = await measure(part);
  const score = scoreIn(output);
  if (status !== 0 || score === null) process.exitCode = 1;
  lines.push(score === null ? `${name.padEnd(12)} not measured` : lineOf(name, score));
  if (score === null) continue;
  total.killed += score.killed;
  total.timedOut += score.timedOut;
  total.survived += score.survived;
  total.notCovered += score.notCovered;
}
console.log(`\n${[...lines, lineOf("all", total)].join("\n")}`);

// The test command of the README: lint, types, import rules, then every kind of test, one after the other, going on after a
// failure so that one run shows everything. Ends with `N passed, N failed, N skipped`; a step that is no test counts as one.
//   npm test                    everything
//   npm test -- unit property   only these kinds
// Exits non-zero when anything failed or when no test ran.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
}

const cache = ".cache";
const kinds = ["unit", "property", "local", "docker", "browser", "e2e"] as const;
const checks: readonly (readonly [string, readonly string[]])[] = [
  ["lint", ["npx", "oxlint", "--type-aware"]],
  ["format", ["npx", "oxfmt", "--check"]],
  ["types", ["npx", "tsc", "-p", "tsconfig.json"]],
  ["types of the viewer", ["npm", "run", "--silent", "typecheck:viewer"]],
  ["import rules", ["npx", "tsx", "tools/check-imports.ts"]],
];

function run(command: readonly string[]): boolean {
  const [program = "", ...parts] = command;
  return spawnSync(program, parts, { stdio: "inherit" }).status === 0;
}

function runCheck(title: string, command: readonly string[]): Counts {
  console.log(`\n── ${title}`);
  const passed = run(command);
  console.log(passed ? `${title}: ok` : `${title}: FAILED`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** A run whose report is missing has crashed: that is a failure, never silence. */
function runKind(kind: string): Counts {
  console.log(`\n── ${kind} tests`);
  const file = `${cache}/vitest-${kind}.json`;
  rmSync(file, { force: true });
  const ok = run([
    "npx",
    "vitest",
    "run",
    "--project",
    kind,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  } catch {
    console.log(`${kind}: no report was written`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const failed = report.numFailedTests === 0 && !ok ? 1 : report.numFailedTests;
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((word) => !(kinds as readonly string[]).includes(word));
if (unknown !== undefined) {
  console.error(`"${unknown}" is no kind of test; there are ${kinds.join(", ")}`);
  process.exit(254);
}
mkdirSync(cache, { recursive: true });
const rows: [string, Counts][] = [];
if (wanted.length === 0) for (const [title, command] of checks) rows.push([title, runCheck(title, command)]);
for (const kind of kinds) if (wanted.length === 0 || wanted.includes(kind)) rows.push([kind, runKind(kind)]);

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
console.log("");
for (const [title, counts] of rows) {
  console.log(`${title.padEnd(22)} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
const line = `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`;
writeFileSync(`${cache}/test-counts.txt`, `${line}\n`);
console.log(line);
if (total.failed > 0 || total.passed === 0) process.exitCode = 1;

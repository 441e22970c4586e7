// Shows that the GitHub Action does what it says: its own shell step is run as GitHub would run it, with its inputs, and with a command that
// plays every ending; the example workflows use only inputs that it has, and flags that the commands have.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { minos, temporaryFolder } from "./testing/minos.js";

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}
interface Workflow {
  readonly on: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly "runs-on": string; readonly "timeout-minutes": number; readonly steps: readonly Step[] }>
  >;
}

const action = parse(readFileSync("action.yml", "utf8")) as Action;
const workflows = readdirSync("examples/workflows").map((name) => ({
  name,
  file: parse(readFileSync(join("examples/workflows", name), "utf8")) as Workflow,
}));

/** Runs the action's one step with these inputs, the others at their defaults. */
function runAction(inputs: Readonly<Record<string, string>>, cwd: string) {
  const [step] = action.runs.steps;
  const environment: Record<string, string> = {};
  for (const [name, expression] of Object.entries(step?.env ?? {})) {
    const input = /^\$\{\{ inputs\.(\S+) \}\}$/.exec(expression)?.[1];
    const value = input === undefined ? null : (inputs[input] ?? action.inputs[input]?.default);
    environment[name] = value ?? (expression === "${{ github.action_path }}" ? resolve(".") : "");
  }
  const [output, summary] = [join(cwd, "output.txt"), join(cwd, "summary.md")];
  const { CI: _ci, ...inherited } = process.env;
  const github = { GITHUB_ACTIONS: "true", GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary };
  const ended = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? "exit 99"], {
    cwd,
    env: { ...inherited, NO_COLOR: "1", ...environment, ...github },
    encoding: "utf8",
  });
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
  return { code: ended.status, out: ended.stdout, err: ended.stderr, output: read(output), summary: read(summary) };
}

/** A command that ends with the code that the environment names for its first word. */
function endingAs(codes: Readonly<Record<string, number>>, cwd: string): string {
  const path = join(cwd, "fake-minos");
  const cases = Object.entries(codes).map(([word, code]) => `  ${word}) exit ${code} ;;`);
  writeFileSync(
    path,
    ["#!/bin/sh", 'echo "$@"', "echo '::error::from a system'", 'case "$1" in', ...cases, "esac"].join("\n"),
  );
  chmodSync(path, 0o755);
  return path;
}

test("its step runs regressions, a hunt and a real run, and says that all hold", () => {
  const cwd = temporaryFolder();
  const inputs = {
    regressions: resolve("regressions"),
    hunt: "--seeds 20 --seed 1 --time-limit 60s",
    run: "--on local --time-limit 8s --seed 1 --nodes 3",
    minos: `${process.execPath} ${resolve("dist/cli/main.js")}`,
  };
  const { code, out, err, output, summary } = runAction(inputs, cwd);
  expect(code, `${out}\n${err}`).toBe(0);
  expect(output).toContain("exit-code=0\n");
  expect(summary).toMatch(/HELD[^]*minos hunt: exit code 0[^]*minos run: exit code 0[^]*report/);
  for (const file of ["minos.junit.xml", "minos.sarif"]) expect(existsSync(join(cwd, "store", file))).toBe(true);
}, 300_000);

test.each([
  [{ ci: 0, hunt: 0, run: 0 }, 0],
  [{ ci: 2, hunt: 0, run: 0 }, 2],
  [{ ci: 255, hunt: 2, run: 0 }, 255],
  [{ ci: 255, hunt: 1, run: 254 }, 1],
  [{ ci: 0, hunt: 137, run: 2 }, 137],
])("of endings %j its exit code is %i, and each part was run", (codes, expected) => {
  const cwd = temporaryFolder();
  const { code, out, output } = runAction({ minos: endingAs(codes, cwd) }, cwd);
  expect([code, output.split("\n")[0]]).toEqual([expected, `exit-code=${expected}`]);
  expect(out.match(/^(?:ci|hunt|run) --/gm)).toHaveLength(3);
});

test("words are given on and never run, and what a system says begins no command of GitHub's", () => {
  const cwd = temporaryFolder();
  const inputs = { regressions: "", run: "", hunt: "--seed $(touch pwned) ; touch pwned", minos: endingAs({}, cwd) };
  const { code, out, summary } = runAction(inputs, cwd);
  expect(code).toBe(0);
  expect(existsSync(join(cwd, "pwned"))).toBe(false);
  expect(out).toContain("hunt --seed $(touch pwned) ; touch pwned --store store");
  expect(out).toMatch(/::stop-commands::(minos-\d+)\n[^]*::error::from a system\n::\1::/);
  expect(summary).toContain("    ::error::from a system");
});

test.each(workflows)(
  "$name: jobs have limits, steps one thing to do, the action only inputs that it has",
  ({ file }) => {
    const steps = Object.values(file.jobs).flatMap((job) => {
      expect([job["runs-on"], job["timeout-minutes"] > 0]).toEqual([expect.any(String), true]);
      return job.steps;
    });
    for (const step of steps) expect([step.uses, step.run].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { uses, with: given = {} } of steps)
      if (uses === "./node_modules/minos-suite")
        expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
  },
);

test("every flag that the action and the example workflows give is one that its command has", async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "store"), { recursive: true });
  const given: (readonly [string, string])[] = [
    ["hunt", action.inputs["hunt"]?.default ?? ""],
    ["run", action.inputs["run"]?.default ?? ""],
    ["ci", /\bci (--[^]*?)\n {2}note/.exec(readFileSync("action/run.sh", "utf8"))?.[1] ?? ""],
  ];
  for (const { file } of workflows)
    for (const step of Object.values(file.jobs).flatMap((job) => job.steps)) {
      for (const word of ["hunt", "run"] as const)
        if (typeof step.with?.[word] === "string") given.push([word, step.with[word]]);
      for (const [, word = "", flags = ""] of (step.run ?? "").matchAll(/minos (campaign|merge) (.*)/g))
        given.push([word, flags]);
    }
  expect(given.length).toBeGreaterThanOrEqual(7);
  for (const [word, flags] of given) {
    const help = (await minos([word, "--help"], { cwd })).out;
    const named = flags.match(/(?<=^|\s)--[a-z-]+/g) ?? [];
    expect(named.length, word).toBeGreaterThan(0);
    for (const flag of named) expect(help, `${word} ${flag}`).toContain(flag);
  }
}, 60_000);

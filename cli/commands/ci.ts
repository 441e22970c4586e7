// minos ci: runs the regressions, each on the build of now and on its known-bad build. minos ci add makes a regression of a replay file.
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import type { Command } from "commander";
import {
  addRegression,
  annotationsOf,
  ciLines,
  exitCodeOfCi,
  exitCodes,
  jobSummaryOf,
  junitOf,
  packageInfo,
  parseDuration,
  readRegressions,
  replayOf,
  rerunOfReplay,
  run,
  runRegressions,
  sarifOf,
  silentObserver,
  systemNamed,
  UsageError,
  whyOf,
  writeJson,
  type CiResult,
  type ExitCode,
  type Regression,
  type RegressionResult,
} from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { createTerminal, type Terminal } from "../terminal.js";

interface CiWords {
  readonly regressions: string;
  readonly only?: string;
  readonly budget?: string;
  readonly junit?: string;
  readonly sarif?: string;
  readonly store: string;
  readonly json?: boolean;
}

interface AddWords {
  readonly name?: string;
  readonly title?: string;
  readonly knownBad?: string;
}

export function registerCi(program: Command, session: Session): void {
  const ci = program
    .command("ci")
    .description("run the regressions: the system must come through, each known-bad build must be convicted")
    .option("--regressions <folder>", "where they are", "regressions")
    .option("--only <name>", "this one only")
    .option("--budget <duration>", "begin nothing that would not end within it; what is left out is told, and unknown")
    .option("--junit <file>", "write JUnit XML")
    .option("--sarif <file>", "write SARIF 2.1.0")
    .option("--store <folder>", "where replay files of violations are kept", "store")
    .option("--json", "print one JSON document on standard output")
    .action(async (words: CiWords) => {
      session.exitCode = await performCi(words, createTerminal(words.json === true));
    });
  ci.command("add")
    .description("make a regression of a replay file, once the system comes through it")
    .argument("<replay>", "the replay file of minos hunt, or the folder of a run that holds replay.json")
    .option("--name <name>", "its folder (default: the planted bug and the seed)")
    .option("--title <sentence>", "what went wrong (default: the replay's summary)")
    .option("--known-bad <id or patch>", "a build that has the bug (default: the replay's planted bug)")
    .action(async (path: string, words: AddWords) => {
      session.exitCode = await performAdd(path, { ...words, ...ci.opts<CiWords>() });
    });
}

async function performCi(words: CiWords, terminal: Terminal): Promise<ExitCode> {
  const budgetMs = words.budget === undefined ? null : parseDuration(words.budget, "--budget");
  const regressions = chosen(readRegressions(words.regressions), words.only);
  const results = await runRegressions({
    regressions,
    budgetMs,
    onResult: ({ regression, outcome, tookMs }) =>
      terminal.err(`${regression.name}: ${outcome.kind} (${(tookMs / 1000).toFixed(1)} s)`),
  });
  const told: CiResult[] = [];
  for (const result of results) told.push(await keepViolation(result, words.store, terminal));
  const exitCode = exitCodeOfCi(told);
  for (const line of ciLines(told)) terminal.out(line);
  terminal.document(documentOf(told, exitCode));
  writeFiles(told, words);
  tellGitHub(told, terminal);
  return exitCode;
}

function chosen(regressions: readonly Regression[], only: string | undefined): readonly Regression[] {
  if (only === undefined) return regressions;
  const found = regressions.filter(({ name }) => name === only);
  if (found.length === 0)
    throw new UsageError(
      `no regression is called "${only}"`,
      `there are ${regressions.map(({ name }) => name).join(", ")}`,
    );
  return found;
}

/** A violation's replay file, and the run kept with its report. */
async function keepViolation(result: RegressionResult, store: string, terminal: Terminal): Promise<CiResult> {
  if (result.outcome.kind !== "violated") return { ...result, replayFile: null, reportFile: null };
  const folder = join(store, "ci");
  mkdirSync(folder, { recursive: true });
  const replayFile = join(folder, `${result.regression.name}.replay.json`);
  const { plan } = result.outcome.good;
  writeJson(replayFile, replayOf(result.outcome.good));
  try {
    const { directory } = await run({
      plan,
      provenance: {},
      system: await systemNamed(plan.system)(plan.mutant),
      createCluster: () => {
        throw new Error("a regression needs no cluster");
      },
      storeRoot: store,
      observer: silentObserver,
      signal: new AbortController().signal,
      rerun: rerunOfReplay(replayFile),
    });
    return { ...result, replayFile, reportFile: relative(process.cwd(), directory.reportFile) };
  } catch (error) {
    // The violation stands without its picture.
    terminal.err(`no report: ${error instanceof Error ? error.message : String(error)}`);
    return { ...result, replayFile, reportFile: null };
  }
}

function documentOf(results: readonly CiResult[], exitCode: ExitCode): unknown {
  return {
    held: exitCode === exitCodes.valid ? true : exitCode === exitCodes.violation ? false : "unknown",
    exit_code: exitCode,
    lines: ciLines(results),
    regressions: results.map(({ regression, outcome, tookMs, replayFile, reportFile }) => ({
      name: regression.name,
      title: regression.title,
      known_bad: regression.known_bad,
      outcome: outcome.kind,
      why: whyOf(outcome),
      took_ms: Math.round(tookMs),
      replay: replayFile === null ? null : resolve(replayFile),
      report: reportFile === null ? null : resolve(reportFile),
      violation:
        outcome.kind === "violated"
          ? { class: outcome.violation.class, fingerprint: outcome.violation.fingerprint }
          : null,
    })),
  };
}

const toUri = (path: string): string => relative(process.cwd(), path).split(sep).join("/");

function writeFiles(results: readonly CiResult[], { junit, sarif }: CiWords): void {
  if (junit !== undefined) writeFileSync(junit, junitOf(results));
  if (sarif !== undefined) writeJson(sarif, sarifOf(results, packageInfo().version, toUri));
}

/** On standard error, where GitHub reads commands too: standard output may be a JSON document. */
function tellGitHub(results: readonly CiResult[], terminal: Terminal): void {
  const { GITHUB_ACTIONS: actions, GITHUB_STEP_SUMMARY: summary } = process.env;
  if (actions === "true") for (const line of annotationsOf(results, toUri)) terminal.err(line);
  if (summary !== undefined && summary !== "") appendFileSync(summary, jobSummaryOf(results));
}

async function performAdd(path: string, words: AddWords & CiWords): Promise<ExitCode> {
  const terminal = createTerminal(words.json === true);
  const inside = join(path, "replay.json");
  const file = existsSync(inside) ? inside : path;
  const made = await addRegression({
    root: words.regressions,
    replayFile: file,
    name: words.name ?? null,
    title: words.title ?? null,
    knownBad: words.knownBad ?? null,
  });
  const { folder, regression } = made;
  terminal.out(`${folder}: ${regression.title}`);
  terminal.out(`known bad ${regression.known_bad}: ${regression.classes.join(", ")}`);
  terminal.out(`has to reach ${Object.keys(regression.events).join("; ")}`);
  terminal.out(`run it   minos ci --only ${basename(folder)}`);
  terminal.document({ folder: resolve(folder), regression });
  return exitCodes.valid;
}

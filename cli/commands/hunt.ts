// minos hunt: seed after seed in simulation on all processors, until a violation or the time limit; makes what it found smaller and
// writes a replay file.
import { mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import {
  exitCodes,
  hunt,
  huntPlan,
  knobByName,
  parseDuration,
  parseKnob,
  replayOf,
  shrink,
  simulateAndJudge,
  systemNamed,
  UsageError,
  writeJson,
  type ExitCode,
  type HuntedRun,
  type HuntProgress,
  type HuntReport,
} from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { listenForInterrupt } from "../interrupt.js";
import { createTerminal, type Terminal } from "../terminal.js";

interface HuntWords {
  readonly seed?: string;
  readonly seeds?: string;
  readonly timeLimit: string;
  readonly runTime: string;
  readonly rate: string;
  readonly threads?: string;
  readonly mutant?: string;
  readonly system: string;
  readonly shrinkTime: string;
  readonly keepGoing?: boolean;
  readonly leastCompleted: string;
  readonly leastFaults: string;
  readonly store: string;
  readonly json?: boolean;
}

const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function registerHunt(program: Command, session: Session): void {
  program
    .command("hunt")
    .description(
      "search seeds in simulation on all processors until a violation or the time limit; write a replay file",
    )
    .option("--seed <n>", "the first seed (default: drawn, and printed)")
    .option("--seeds <n>", "end after so many seeds")
    .option("--time-limit <duration>", "end after this time", "60s")
    .option("--run-time <duration>", "simulated load of each seed", "10s")
    .option("--rate <n>", "mean arrivals a simulated second", "50")
    .option("--threads <n>", "threads (default: one a processor)")
    .option("--system <name>", "the system: store, or the path of a module that exports one of your own", "store")
    .option("--mutant <id>", "plant this bug in the system (see docs/mutants.md)")
    .option("--shrink-time <duration>", "time for making a violation smaller", "30s")
    .option("--keep-going", "go on after a violation, and make none smaller")
    .option("--least-completed <n>", "count a valid run as void if fewer operations were answered in it", "0")
    .option("--least-faults <n>", "count a valid run as void if fewer faults were confirmed in it", "0")
    .option("--store <folder>", "where replay files are kept", "store")
    .option("--json", "print one JSON document on standard output")
    .action(async (words: HuntWords) => {
      session.exitCode = await performHunt(words, createTerminal(words.json === true));
    });
}

function wholeNumber(text: string, what: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`${what}: "${text}" is no whole number from ${least} to ${most}`);
  return value;
}

async function performHunt(words: HuntWords, terminal: Terminal): Promise<ExitCode> {
  const largestSeed = 2 ** 32 - 1;
  const firstSeed =
    words.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber(words.seed, "--seed", 0, largestSeed);
  const mutantKnob = knobByName("mutant");
  const mutant =
    words.mutant === undefined || mutantKnob === undefined
      ? null
      : String(parseKnob(mutantKnob, words.mutant, "--mutant"));
  const seeds = words.seeds === undefined ? null : wholeNumber(words.seeds, "--seeds", 1, 1_000_000_000);
  const threads = words.threads === undefined ? cpus().length : wholeNumber(words.threads, "--threads", 1, 256);
  const ratePerS = wholeNumber(words.rate, "--rate", 1, 100_000);
  const timeLimitMs = parseDuration(words.runTime, "--run-time");
  const limitMs = parseDuration(words.timeLimit, "--time-limit");
  const shrinkMs = parseDuration(words.shrinkTime, "--shrink-time");
  const least = {
    completed: wholeNumber(words.leastCompleted, "--least-completed", 0, 1_000_000_000),
    faults: wholeNumber(words.leastFaults, "--least-faults", 0, 1_000_000),
  };
  // Built here once, so that a wrong word is told before any thread starts.
  const system = await systemNamed(words.system)(mutant);
  terminal.err(`hunting from seed ${firstSeed} on ${threads} threads${mutant === null ? "" : `, mutant ${mutant}`}`);
  const interrupt = listenForInterrupt(
    () => undefined,
    () => process.exit(exitCodes.crash),
  );
  let report: HuntReport;
  try {
    report = await hunt({
      system: words.system,
      mutant,
      timeLimitMs,
      ratePerS,
      firstSeed,
      seeds,
      limitMs,
      threads,
      keepGoing: words.keepGoing === true,
      least,
      signal: interrupt.signal,
      onResult: (result, progress) => {
        terminal.status(progressOf(progress));
        if (result.valid === "threw") terminal.err(`seed ${result.seed} crashed: ${result.summary}`);
        if (result.valid === false) terminal.err(`seed ${result.seed}: ${result.summary}`);
      },
    });
  } finally {
    interrupt.release();
    terminal.status("");
  }
  terminal.out(progressOf(report));
  for (const line of sizesOf(report)) terminal.out(line);
  const [found] = report.violated;
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error(`${system.name} cannot be simulated`);
  const base = { system, deterministic, mutant, timeLimitMs, ratePerS };
  const replay =
    found === undefined
      ? null
      : await keepReplay({ found, base, shrinkMs: words.keepGoing === true ? 0 : shrinkMs, words, terminal });
  terminal.document(documentOf(report, replay));
  if (report.violations > 0) return exitCodes.violation;
  if (report.threw > 0) return exitCodes.crash;
  return hasShownNothing(report) ? exitCodes.unknown : exitCodes.valid;
}

function hasShownNothing({ valid, void: voided }: HuntReport): boolean {
  return valid - voided === 0;
}

function progressOf(progress: HuntProgress): string {
  const {
    runs,
    unknown,
    void: voided,
    violations,
    threw,
    simulatedMs,
    elapsedMs,
    processorMs,
    states,
    chanceOfNews,
  } = progress;
  const parts = [
    `${count.format(runs)} runs`,
    `${(simulatedMs / 3_600_000).toFixed(2)} simulated hours`,
    `${count.format(simulatedMs / elapsedMs)} simulated s/s (${count.format(simulatedMs / processorMs)} a processor)`,
    `${count.format(states)} states`,
    `${(chanceOfNews * 100).toFixed(chanceOfNews < 0.1 ? 1 : 0)} % chance of a new one`,
    `${unknown} unknown`,
    `${violations} violations`,
  ];
  if (voided > 0) parts.push(`${voided} void`);
  if (threw > 0) parts.push(`${threw} crashed`);
  return parts.join("  ");
}

/** What the runs were like, in a line each. */
function sizesOf({ perRun }: HuntReport): readonly string[] {
  if (perRun === null) return [];
  const line = (name: string, { least, p10, median, p90, most }: typeof perRun.faults, unit: number): string =>
    `  ${name}: ${[least, p10, median, p90, most].map((number) => count.format(number / unit)).join(" / ")}`;
  return [
    "  in a run, least / p10 / median / p90 / most",
    line("operations", perRun.operations, 1),
    line("operations answered", perRun.completed, 1),
    line("confirmed faults", perRun.faults, 1),
    line("faults without a target", perRun.skippedFaults, 1),
    line("simulated seconds", perRun.simulatedMs, 1000),
  ];
}

interface KeepReplay {
  readonly found: HuntReport["violated"][number];
  readonly base: Parameters<typeof huntPlan>[1];
  readonly shrinkMs: number;
  readonly words: HuntWords;
  readonly terminal: Terminal;
}

async function keepReplay({ found, base, shrinkMs, words, terminal }: KeepReplay) {
  const { system, deterministic } = base;
  const plan = huntPlan(found.seed, base);
  const whole = await simulateAndJudge(plan, system, deterministic);
  let hunted: HuntedRun = whole;
  if (shrinkMs > 0) {
    const shrunk = await shrink({
      plan,
      system,
      deterministic,
      classes: found.classes,
      limitMs: shrinkMs,
      onProgress: ({ tried, faults, operations }) =>
        terminal.status(`shrinking: ${tried} tried, ${faults} faults, ${operations} operations`),
    });
    terminal.status("");
    if (shrunk !== null) {
      hunted = shrunk.hunted;
      terminal.out(
        `shrunk from ${whole.run.faults} faults and ${whole.verdict.counts.operations} operations to ` +
          `${hunted.run.faults} and ${hunted.verdict.counts.operations} in ${(shrunk.elapsedMs / 1000).toFixed(1)} s, ${shrunk.tried} tried`,
      );
    }
  }
  const folder = join(resolve(words.store), "hunt");
  mkdirSync(folder, { recursive: true });
  // A patch of one's own is named by its path.
  const bug = base.mutant === null ? "" : `-${basename(base.mutant, ".json")}`;
  const file = join(folder, `seed-${found.seed}${bug}.replay.json`);
  writeJson(file, replayOf(hunted));
  terminal.out(hunted.verdict.summary);
  terminal.out(`again    minos replay ${file}`);
  return { file, hunted, whole };
}

function documentOf(report: HuntReport, replay: Awaited<ReturnType<typeof keepReplay>> | null): unknown {
  const size = ({ run, verdict }: HuntedRun) => ({ faults: run.faults, operations: verdict.counts.operations });
  return {
    valid: report.violations > 0 ? false : hasShownNothing(report) ? "unknown" : true,
    first_seed: report.firstSeed,
    runs: report.runs,
    unknown: report.unknown,
    void: report.void,
    violations: report.violations,
    crashed: report.threw,
    operations: report.operations,
    faults: report.faults,
    simulated_ms: Math.round(report.simulatedMs),
    elapsed_ms: Math.round(report.elapsedMs),
    processor_ms: Math.round(report.processorMs),
    states: report.states,
    chance_of_news: report.chanceOfNews,
    per_run:
      report.perRun === null
        ? null
        : {
            operations: report.perRun.operations,
            completed: report.perRun.completed,
            faults: report.perRun.faults,
            skipped_faults: report.perRun.skippedFaults,
            simulated_ms: report.perRun.simulatedMs,
          },
    doubtful: report.doubtful.map(({ seed, summary }) => ({ seed, summary })),
    crashes: report.failed.map(({ seed, summary }) => ({ seed, summary })),
    found: report.violated.map(({ seed, classes, checkers, summary }) => ({ seed, classes, checkers, summary })),
    replay:
      replay === null
        ? null
        : {
            file: replay.file,
            summary: replay.hunted.verdict.summary,
            found: size(replay.whole),
            shrunk: size(replay.hunted),
          },
  };
}

// minos campaign: the default plan once, or a matrix of workloads × nemeses × mutants × seeds, with one summary.
import { join } from "node:path";
import { cpus } from "node:os";
import type { Command } from "commander";
import {
  canaryExitCodes,
  canaryLines,
  cellTitle,
  combineExitCodes,
  coverageLines,
  exitCodes,
  formatDuration,
  matrixOf,
  parseSeeds,
  prepareRun,
  runCanary,
  runCells,
  runDirectoryAt,
  sumCoverage,
  UsageError,
  violationBound,
  writeJson,
  type Cell,
  type CellResult,
} from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { listenForInterrupt } from "../interrupt.js";
import { addRunOptions, knobsFrom, requestFrom, settingsFrom, type RunWords } from "../knob-options.js";
import { runAndTell } from "../perform-run.js";
import { createTerminal, type Terminal } from "../terminal.js";

interface CampaignWords extends RunWords {
  readonly seeds?: string;
  readonly workloads?: string;
  readonly nemeses?: string;
  readonly mutants?: string;
  readonly parallel?: string;
}

export function registerCampaign(program: Command, session: Session): void {
  const command = program
    .command("campaign")
    .description("the default plan once, or a matrix of runs with one summary")
    .option("--plan <file>", "a plan file that every run starts from")
    .option("--seeds <list>", 'seeds, e.g. "1..100" or "3,7"')
    .option("--workloads <list>", "workloads, joined by commas")
    .option("--nemeses <list>", "nemesis presets or kinds, joined by commas")
    .option("--mutants <list>", "planted bugs, joined by commas")
    .option("--parallel <n>", "runs at a time (default: 1)");
  command.option("--canary", "let clients tell each of seven lies once, in runs of their own: all must be found");
  addRunOptions(command, ["canary"]).action(async ({ canary, ...words }: CampaignWords) => {
    const terminal = createTerminal(words.json === true);
    const parallel = parallelFrom(words.parallel);
    const cells = matrixOf({
      workloads: list(words.workloads),
      nemeses: list(words.nemeses),
      mutants: list(words.mutants),
      seeds: words.seeds === undefined ? [] : parseSeeds(words.seeds),
    });
    session.exitCode =
      cells.length === 1 && words.seeds === undefined && canary !== true
        ? await oneRun(words, cells[0], terminal)
        : await manyRuns(words, cells, { parallel, canary: canary === true }, terminal);
  });
}

const list = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split(",").filter(Boolean);

async function oneRun(
  words: CampaignWords,
  cell: Cell | undefined,
  terminal: Terminal,
): Promise<CellResult["exitCode"]> {
  const flags = {
    ...words,
    ...(cell?.workload == null ? {} : { workload: cell.workload }),
    ...(cell?.nemesis == null ? {} : { nemesis: cell.nemesis }),
    ...(cell?.mutant == null ? {} : { mutant: cell.mutant }),
  };
  const prepared = await prepareRun(requestFrom(flags), settingsFrom(words));
  const { plan } = prepared;
  terminal.err(
    `campaign "${plan.name}" on ${plan.on}: ${plan.nodes} nodes in groups of ${plan.replication}, ` +
      `${plan.time_limit_ms / 1000} s of ${plan.workload.name} under ${plan.nemesis.faults.length} faults, seed ${plan.seed}`,
  );
  return runAndTell(prepared, words.store, terminal);
}

const word = { 0: "valid", 1: "VIOLATION", 2: "unknown", 254: "bad usage", 255: "crash" } as const;

/** What one run gave, in a line. */
function line({ cell, exitCode, document, durationMs, stderrTail }: CellResult): string {
  const classes = [...new Set((document?.violations ?? []).map((violation) => violation.class))].join(", ");
  const reasons = (document?.unknown ?? []).map((reason) => `${reason.code}: ${reason.sentence}`).join("; ");
  const trouble = document?.error?.message ?? (document === null ? stderrTail.trim().split("\n").at(-1) : undefined);
  const { ok = 0, info = 0 } = document?.counts ?? {};
  const faults = document?.teeth?.find((measure) => measure.name === "confirmed faults")?.value;
  const what = [classes, reasons, trouble].filter(Boolean).join(" | ");
  return `${word[exitCode].padEnd(9)} ${cellTitle(cell)}  ${ok} ok, ${info} info${faults === undefined ? "" : `, ${faults} faults`}, ${formatDuration(durationMs)}${what === "" ? "" : `  ${what}`}`;
}

async function manyRuns(
  words: CampaignWords,
  cells: readonly Cell[],
  { parallel, canary }: { readonly parallel: number; readonly canary: boolean },
  terminal: Terminal,
): Promise<CellResult["exitCode"]> {
  // Refuse a plan that cannot run before the first of a hundred runs does.
  const prepared = await prepareRun(requestFrom(words), settingsFrom(words));
  const interrupt = listenForInterrupt(
    () => terminal.err("interrupted: runs under way end cleanly, nothing more is started"),
    () => process.exit(exitCodes.crash),
  );
  const startedMs = performance.now();
  terminal.err(`${cells.length} runs, ${parallel} at a time`);
  const options = {
    cells,
    parallel,
    program: process.argv[1] ?? "",
    flags: passedOn(words),
    signal: interrupt.signal,
    onResult: (result: CellResult, done: number) =>
      terminal.err(`${String(done).padStart(4)}/${cells.length} ${line(result)}`),
  };
  const results = await runCells(options);
  const lies = canary
    ? await runCanary({ ...options, onResult: (result) => terminal.err(`canary    ${line(result)}`) }, prepared)
    : null;
  interrupt.release();
  const counts = new Map<string, number>();
  for (const { exitCode } of results) counts.set(word[exitCode], (counts.get(word[exitCode]) ?? 0) + 1);
  const notRun = cells.length - results.length;
  const sum = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  terminal.out(
    `\n${results.length} runs in ${formatDuration(performance.now() - startedMs)}: ${sum}${notRun > 0 ? `, ${notRun} not run` : ""}`,
  );
  for (const result of results.filter((entry) => entry.exitCode !== exitCodes.valid)) {
    terminal.out(`  ${line(result)}${result.document?.report === undefined ? "" : `\n    ${result.document.report}`}`);
  }
  const coverage = sumCoverage(results.flatMap(({ document }) => document?.coverage ?? []));
  const ended = (code: CellResult["exitCode"]): number => results.filter(({ exitCode }) => exitCode === code).length;
  const [valid, violations] = [ended(exitCodes.valid), ended(exitCodes.violation)];
  for (const text of coverageLines(coverage, valid, violations)) terminal.out(text);
  for (const text of lies === null ? [] : canaryLines(lies)) terminal.out(text);
  const summary = {
    runs: results.length,
    not_run: notRun,
    counts: Object.fromEntries(counts),
    results: results.map(({ cell, exitCode, document, durationMs }) => ({
      ...cell,
      exit_code: exitCode,
      duration_ms: Math.round(durationMs),
      ...document,
    })),
    pairs: coverage,
    violation_rate_below: violations > 0 ? null : violationBound(valid),
    ...(lies === null ? {} : { canary: lies }),
  };
  const file = join(runDirectoryAt(words.store).path, "campaign.json");
  writeJson(file, summary);
  terminal.out(`summary  ${file}`);
  terminal.document(summary);
  const codes = [...results.map((result) => result.exitCode), ...(lies === null ? [] : canaryExitCodes(lies))];
  // What was not run was not seen to be valid.
  return combineExitCodes(notRun > 0 ? [...codes, exitCodes.unknown] : codes);
}

function parallelFrom(text: string | undefined): number {
  if (text === undefined) return 1;
  const most = Math.max(8, cpus().length * 2);
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > most) {
    throw new UsageError(`--parallel: "${text}" is not between 1 and ${most}`);
  }
  return Number(text);
}

/** The flags of this command that `minos run` understands too. */
function passedOn(words: CampaignWords): readonly string[] {
  const own = new Set([
    "seeds",
    "workloads",
    "nemeses",
    "mutants",
    "parallel",
    "json",
    "plan",
    "store",
    "toxiproxy",
    "baseImage",
  ]);
  knobsFrom(words);
  const flags = Object.entries(words).flatMap(([name, value]) =>
    own.has(name) || typeof value !== "string"
      ? []
      : [`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value],
  );
  return [
    ...flags,
    "--store",
    words.store,
    ...(words.plan === undefined ? [] : ["--plan", words.plan]),
    ...(words.toxiproxy === undefined ? [] : ["--toxiproxy", words.toxiproxy]),
    ...(words.baseImage === undefined ? [] : ["--base-image", words.baseImage]),
  ];
}

// minos clean: removes what interrupted runs left behind; runs whose owner lives are left alone. With --older: stored runs that are over.
import type { Command } from "commander";
import {
  exitCodes,
  oldRuns,
  parseDuration,
  removeDeadLinks,
  removeRun,
  UsageError,
  type ExitCode,
} from "../../campaign/index.js";
import type { CleanReport } from "../../cluster/index.js";
import { cleanLocal } from "../../local/index.js";
import type { Session } from "../cli.js";
import { createTerminal, type Terminal } from "../terminal.js";

export function registerClean(program: Command, session: Session): void {
  program
    .command("clean")
    .description(
      "remove processes, containers, networks and volumes of runs whose owner is dead, or stored runs that are old",
    )
    .option("--older <age>", "instead: remove stored runs and campaigns that began longer ago, e.g. 7d or 12h")
    .option("--store <folder>", "where runs are kept", "store")
    .option("--dry-run", "with --older: only tell what would be removed")
    .option("--json", "print one JSON document on standard output")
    .action(async (words: CleanWords) => {
      const terminal = createTerminal(words.json === true);
      if (words.older !== undefined) {
        session.exitCode = removeOld(words.older, words, terminal);
        return;
      }
      if (words.dryRun === true) throw new UsageError("--dry-run goes with --older");
      const report = merge([await cleanLocal(), await cleanContainers(terminal.err)]);
      for (const thing of report.removed) terminal.out(`removed  ${thing}`);
      for (const thing of report.kept) terminal.out(`kept     ${thing}`);
      for (const thing of report.failed) terminal.err(`failed   ${thing}`);
      if (report.removed.length + report.failed.length === 0) terminal.out("nothing to remove");
      terminal.document(report);
      session.exitCode = report.failed.length > 0 ? exitCodes.crash : exitCodes.valid;
    });
}

interface CleanWords {
  readonly older?: string;
  readonly store: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

function removeOld(age: string, { store, dryRun }: CleanWords, terminal: Terminal): ExitCode {
  const { old, unfinished } = oldRuns(store, Date.now() - ageOf(age));
  const done = dryRun === true ? "would go" : "removed ";
  for (const run of old) {
    if (dryRun !== true) removeRun(run);
    terminal.out(`${done} ${run.path}  ${megabytes(run.bytes)}`);
  }
  if (dryRun !== true) removeDeadLinks(store);
  for (const path of unfinished) terminal.err(`kept     ${path}: it is not known to be over`);
  const bytes = old.reduce((sum, run) => sum + run.bytes, 0);
  terminal.out(
    `${old.length} runs and campaigns, ${megabytes(bytes)}${dryRun === true ? ", nothing was removed" : ""}`,
  );
  terminal.document({
    removed: dryRun === true ? [] : old,
    would_remove: dryRun === true ? old : [],
    kept: unfinished,
    bytes,
  });
  return exitCodes.valid;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Milliseconds. Days, too, of which other durations know nothing. */
function ageOf(text: string): number {
  const days = /^(\d+(?:\.\d+)?)d$/.exec(text)?.[1];
  return days === undefined ? parseDuration(text, "--older") : Number(days) * 86_400_000;
}

/** Where no engine answers there can be no containers of ours within reach: said, and no failure. */
async function cleanContainers(say: (text: string) => void): Promise<CleanReport> {
  const { cleanDocker, probeDocker } = await import("../../docker/index.js");
  const probe = await probeDocker();
  if (!probe.engine.works) {
    say("no Docker engine answers; containers were not looked for");
    return { removed: [], kept: [], failed: [] };
  }
  return cleanDocker();
}

function merge(reports: readonly CleanReport[]): CleanReport {
  return {
    removed: reports.flatMap((report) => report.removed),
    kept: reports.flatMap((report) => report.kept),
    failed: reports.flatMap((report) => report.failed),
  };
}

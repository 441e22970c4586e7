// minos merge: the summaries of a campaign's shards, made into the one that the campaign would have had.
import { mkdirSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { mergeSummaries, UsageError, type CampaignSummary } from "../../campaign/index.js";
import { tellSummary } from "../campaign-text.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

export function registerMerge(program: Command, session: Session): void {
  program
    .command("merge")
    .description("put the summaries of a campaign's shards together")
    .argument("<files...>", "summary-i-of-n.json of each shard")
    .option("--out <folder>", "where the summary is written", ".")
    .option("--json", "print one JSON document on standard output")
    .action((files: readonly string[], words: { readonly out: string; readonly json?: boolean }) => {
      const summary = mergeSummaries(files.map((file) => [file, readSummary(file)] as const));
      const tookMs = summary.results.reduce((sum, { duration_ms: durationMs }) => sum + durationMs, 0);
      mkdirSync(words.out, { recursive: true });
      tellSummary(summary, words.out, tookMs, createTerminal(words.json === true));
      session.exitCode = summary.exit_code;
    });
}

function readSummary(file: string): CampaignSummary {
  let value: Partial<CampaignSummary> | null;
  try {
    value = JSON.parse(readFileSync(file, "utf8")) as Partial<CampaignSummary> | null;
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (value?.version !== 1 || value.campaign === undefined || !Array.isArray(value.results))
    throw new UsageError(`${file} is no summary of a campaign`);
  return value as CampaignSummary;
}

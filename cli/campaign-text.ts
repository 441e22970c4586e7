// The summary of a campaign, printed and written: shared by `minos campaign` and `minos merge`.
import { writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import {
  canaryLines,
  canaryRows,
  coverageLines,
  exitCodes,
  formatDuration,
  previousCampaign,
  wordOf,
  writeJson,
  type CampaignSummary,
  type RunDocument,
  type SummaryRow,
} from "../campaign/index.js";
import { campaignPage, type CampaignPageRun, type PreviousCampaign } from "../reports/index.js";
import type { Terminal } from "./terminal.js";

/** Writes `summary.json` and `summary.html` into the folder and says what is in them. */
export function tellSummary(summary: CampaignSummary, directory: string, tookMs: number, terminal: Terminal): void {
  const { results, shard } = summary;
  const sentence = sentenceOf(summary);
  terminal.out(`\n${sentence}, in ${formatDuration(tookMs)}`);
  for (const row of results) {
    if (row.exit_code === null || row.exit_code === exitCodes.valid) continue;
    terminal.out(`  ${wordOf[row.exit_code].padEnd(9)} run ${row.run} ${row.title}  ${reasonOf(row)}`);
    if (row.report !== undefined) terminal.out(`    ${row.report}`);
  }
  const lines = linesOf(summary);
  for (const line of lines) terminal.out(line);
  const name = shard === null ? "summary" : `summary-${shard.index}-of-${shard.of}`;
  writeJson(join(directory, `${name}.json`), summary);
  const page = campaignPage({
    name: summary.campaign.name,
    valid: summary.valid,
    headline: `${sentence}.${summary.stopped === null ? "" : ` It was stopped: ${summary.stopped}.`}`,
    runs: results.map((row) => pageRun(row, directory)),
    lines: coverageOf(summary),
    canary: summary.canary === null ? null : canaryRows(summary.canary),
    previous: previousOf(summary, directory),
  });
  writeFileSync(join(directory, `${name}.html`), page);
  terminal.out(`summary  ${resolve(directory, `${name}.html`)}`);
  terminal.document(summary);
}

function sentenceOf({ runs, counts, starved, not_run: notRun }: CampaignSummary): string {
  const sum = Object.entries(counts).map(
    ([name, count]) => `${count} ${name}${name === "unknown" && starved > 0 ? ` (${starved} starved)` : ""}`,
  );
  return `${runs} runs: ${[...sum, ...(notRun > 0 ? [`${notRun} not run`] : [])].join(", ")}`;
}

function coverageOf({ counts, pairs }: CampaignSummary): readonly string[] {
  return coverageLines(pairs, counts[wordOf[0]] ?? 0, counts[wordOf[1]] ?? 0);
}

function linesOf(summary: CampaignSummary): readonly string[] {
  const { canary } = summary;
  return [...coverageOf(summary), ...(canary === null ? [] : canaryLines(canary))];
}

function previousOf(summary: CampaignSummary, directory: string): PreviousCampaign | null {
  const before = previousCampaign(summary, directory);
  if (before === null) return null;
  const { canary, results } = before.summary;
  return {
    link: before.page === null ? null : relative(resolve(directory), before.page).split("\\").join("/"),
    stamp: before.stamp,
    runs: results.map((row) => pageRun(row, directory)),
    canary: canary === null ? null : { caught: canary.caught, of: canary.of },
  };
}

/** Why a run is not valid, as far as it said so. */
function reasonOf(row: SummaryRow): string {
  const { message } = (row["error"] ?? {}) as { readonly message?: string };
  return row.summary ?? message ?? "its process printed no document";
}

function pageRun(row: SummaryRow, directory: string): CampaignPageRun {
  const { run, title, workload, nemesis, on, mutant, exit_code: code, attempts, duration_ms: durationMs } = row;
  const teeth = (row["teeth"] ?? []) as readonly { readonly name: string; readonly value: number }[];
  const state = code === null ? "not run" : wordOf[code];
  const where = [workload ?? "default", ...(mutant === null ? [] : [mutant]), ...(on === null ? [] : [`on ${on}`])];
  return {
    run,
    title,
    row: where.join(" "),
    column: nemesis ?? "default",
    state,
    seed: row.seed,
    mutant,
    violations: violationsOf(row),
    unknownShare: unknownShare(row),
    detail: state === "valid" || state === "not run" ? "" : reasonOf(row),
    attempts,
    answered: (row["counts"] as { readonly ok?: number } | undefined)?.ok ?? null,
    faults: teeth.find(({ name }) => name === "confirmed faults")?.value ?? null,
    durationMs,
    link: row.report === undefined ? null : relative(resolve(directory), row.report).split("\\").join("/"),
  };
}

function violationsOf(row: SummaryRow): CampaignPageRun["violations"] {
  const violations = (row.violations ?? []) as readonly Partial<CampaignPageRun["violations"][number]>[];
  return violations.map(({ class: name = "violation", fingerprint = name, sentence = "" }) => ({
    class: name,
    fingerprint,
    sentence,
  }));
}

function unknownShare({ counts }: SummaryRow): number | null {
  const { ok = 0, fail = 0, info = 0 } = (counts ?? {}) as Partial<NonNullable<RunDocument["counts"]>>;
  const all = ok + fail + info;
  return all === 0 ? null : (fail + info) / all;
}

// What a campaign came to, from its record or from the summaries of its shards: the same document either way, whether the campaign was
// interrupted or not.
import type { CampaignHeader, CellState, Shard } from "./campaign-record.js";
import { canaryExitCode } from "./canary-campaign.js";
import type { CanarySummary } from "./canary.js";
import { sumCoverage, violationBound, type CampaignCoverage, type Coverage } from "./coverage.js";
import { combineExitCodes, exitCodes, UsageError, type ExitCode } from "./exit-code.js";
import { cellTitle, type Cell } from "./matrix.js";
import { isStarved } from "./parallel.js";
import type { RunDocument } from "./runs.js";

/** Beside these all that the run's own document says. */
export interface SummaryRow extends Pick<
  RunDocument,
  "valid" | "summary" | "report" | "violations" | "unknown" | "teeth"
> {
  /** Place in the campaign, from 1. */
  readonly run: number;
  readonly title: string;
  readonly workload: string | null;
  readonly nemesis: string | null;
  readonly mutant: string | null;
  readonly seed: number | null;
  readonly on: string | null;
  /** Null: not run. */
  readonly exit_code: ExitCode | null;
  /** More than one: earlier ones came to no verdict. */
  readonly attempts: number;
  readonly duration_ms: number;
  readonly coverage?: Coverage;
  readonly [more: string]: unknown;
}

export interface CampaignSummary {
  readonly version: 1;
  readonly campaign: { readonly name: string; readonly hash: string; readonly runs: number; readonly canary: boolean };
  readonly shard: Shard | null;
  readonly valid: boolean | "unknown";
  readonly exit_code: ExitCode;
  readonly stopped: string | null;
  readonly runs: number;
  readonly not_run: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Of the unknown ones, those for which the machine had no time. */
  readonly starved: number;
  readonly results: readonly SummaryRow[];
  readonly pairs: CampaignCoverage;
  readonly violation_rate_below: number | null;
  readonly canary: CanarySummary | null;
}

export const wordOf = { 0: "valid", 1: "violation", 2: "unknown", 254: "bad usage", 255: "crash" } as const;

export function rowOf(place: number, cell: Cell, { last, attempts }: CellState): SummaryRow {
  return {
    ...last?.document,
    run: place + 1,
    title: cellTitle(cell),
    workload: cell.workload,
    nemesis: cell.nemesis,
    mutant: cell.mutant,
    seed: last?.document?.seed ?? cell.seed,
    on: cell.on ?? null,
    exit_code: last?.exitCode ?? null,
    attempts,
    duration_ms: Math.round(last?.durationMs ?? 0),
  };
}

type About = Pick<CampaignSummary, "shard" | "stopped" | "canary">;

export function summarise(
  campaign: CampaignSummary["campaign"],
  rows: readonly SummaryRow[],
  { shard, stopped, canary }: About,
): CampaignSummary {
  const results = rows.toSorted((one, other) => one.run - other.run);
  const ran = results.filter(({ exit_code: code }) => code !== null);
  const counts: Record<string, number> = {};
  for (const { exit_code: code } of ran) if (code !== null) counts[wordOf[code]] = (counts[wordOf[code]] ?? 0) + 1;
  const notRun = results.length - ran.length;
  const codes: ExitCode[] = ran.flatMap(({ exit_code: code }) => (code === null ? [] : [code]));
  // What was not run was not seen to be valid.
  if (notRun > 0 || ran.length === 0) codes.push(exitCodes.unknown);
  if (canary !== null) codes.push(canaryExitCode(canary));
  else if (campaign.canary && (shard === null || shard.index === 1)) codes.push(exitCodes.unknown);
  const exitCode = combineExitCodes(codes);
  const violations = counts[wordOf[exitCodes.violation]] ?? 0;
  return {
    version: 1,
    campaign,
    shard,
    valid: exitCode === exitCodes.valid ? true : exitCode === exitCodes.violation ? false : "unknown",
    exit_code: exitCode,
    stopped,
    runs: ran.length,
    not_run: notRun,
    counts,
    starved: ran.filter((row) => isStarved(row)).length,
    results,
    pairs: sumCoverage(ran.flatMap(({ coverage }) => coverage ?? [])),
    violation_rate_below: violations > 0 ? null : violationBound(counts[wordOf[exitCodes.valid]] ?? 0),
    canary,
  };
}

export function campaignOfHeader({ name, hash, cells, canary }: CampaignHeader): CampaignSummary["campaign"] {
  return { name, hash, runs: cells.length, canary };
}

/** One summary of all shards. Throws UsageError when they are not all of one campaign, each once. */
export function mergeSummaries(
  shards: readonly (readonly [file: string, summary: CampaignSummary])[],
): CampaignSummary {
  const [first] = shards;
  if (first === undefined) throw new UsageError("nothing to merge");
  const seen = new Map<number, string>();
  for (const [file, { version, campaign, shard }] of shards) {
    if (version !== 1) throw new UsageError(`${file} is no summary of a campaign`);
    if (shard === null) throw new UsageError(`${file} is no shard: it is the summary of a whole campaign`);
    if (campaign.hash !== first[1].campaign.hash)
      throw new UsageError(`${file} is of another campaign than ${first[0]}: their runs, flags or builds differ`);
    if (shard.of !== first[1].shard?.of)
      throw new UsageError(`${file} is one of ${shard.of} shards, ${first[0]} one of ${first[1].shard?.of ?? 0}`);
    const other = seen.get(shard.index);
    if (other !== undefined) throw new UsageError(`${file} and ${other} are both shard ${shard.index}`);
    seen.set(shard.index, file);
  }
  const of = first[1].shard?.of ?? 0;
  const missing = Array.from({ length: of }, (_, at) => at + 1).filter((index) => !seen.has(index));
  if (missing.length > 0) throw new UsageError(`of ${of} shards these are missing: ${missing.join(", ")}`);
  const summaries = shards.map(([, summary]) => summary);
  const stops = summaries.flatMap(({ stopped, shard }) =>
    stopped === null ? [] : [`shard ${shard?.index ?? 0}: ${stopped}`],
  );
  return summarise(
    first[1].campaign,
    summaries.flatMap(({ results }) => results),
    {
      shard: null,
      stopped: stops.length === 0 ? null : stops.join("; "),
      canary: summaries.find(({ canary }) => canary !== null)?.canary ?? null,
    },
  );
}

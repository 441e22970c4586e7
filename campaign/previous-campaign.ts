// The campaign of the same name before one: its folder stands beside the other's, and both are named by when they began.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { CampaignSummary } from "./campaign-summary.js";

export interface PreviousSummary {
  readonly summary: CampaignSummary;
  /** Its page; null: it has none. */
  readonly page: string | null;
  /** The name of its folder: when it began. */
  readonly stamp: string;
}

/** Folders that a campaign made itself; where `minos merge` writes to is anybody's choice. */
const stampPattern = /^\d{8}T\d{6}/;
/** Far enough back: whatever lies before was interrupted, again and again. */
const foldersLooked = 50;

/** Null: there is none, or none that came to a summary. A part of a campaign is compared with the same part. */
export function previousCampaign(
  { campaign, shard }: Pick<CampaignSummary, "campaign" | "shard">,
  directory: string,
): PreviousSummary | null {
  const own = resolve(directory);
  if (!stampPattern.test(basename(own))) return null;
  const name = shard === null ? "summary" : `summary-${shard.index}-of-${shard.of}`;
  const earlier = readdirSync(dirname(own), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && stampPattern.test(entry.name) && entry.name < basename(own))
    .map((entry) => entry.name)
    .toSorted()
    .slice(-foldersLooked);
  for (const stamp of earlier.toReversed()) {
    const folder = join(dirname(own), stamp);
    const summary = readSummary(join(folder, `${name}.json`));
    if (summary?.campaign.name !== campaign.name) continue;
    const page = join(folder, `${name}.html`);
    return { summary, page: existsSync(page) ? page : null, stamp };
  }
  return null;
}

function readSummary(path: string): CampaignSummary | null {
  if (!existsSync(path)) return null;
  try {
    const summary = JSON.parse(readFileSync(path, "utf8")) as Partial<CampaignSummary> | null;
    return summary?.version === 1 && Array.isArray(summary.results) ? (summary as CampaignSummary) : null;
  } catch {
    return null;
  }
}

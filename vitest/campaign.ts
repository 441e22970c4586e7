// A campaign whose runs are tests: each cell of the matrix is one, run by the `minos` command in a process of its own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, test, type TestContext } from "vitest";
import {
  campaignOf,
  cellFlags,
  cellTitle,
  parseDuration,
  type CampaignFile,
  type Cell,
  type PlanFields,
  type RunDocument,
} from "../campaign/index.js";
import { attachmentLines, quoted, type RunAttachment } from "./attach.js";
import { runMinos, type MinosEnded } from "./minos-process.js";

/** A campaign file's fields (`docs/campaigns.md`); what belongs to a whole campaign only is vitest's here. */
export interface CampaignTests extends Pick<CampaignFile, "plan" | "matrix" | "exclude"> {
  /** Where the runs are kept. Default: `store`, where the tests are run. */
  readonly store?: string;
  /** For one run, from start to verdict. Default: its time limit and two minutes. */
  readonly timeoutMs?: number;
}

const overheadMs = 120_000;
const defaultLimitMs = 60_000;

/** Declares a test for each run. Throws UsageError for what no campaign file may say. */
export function campaign(title: string, { store = "store", timeoutMs, ...file }: CampaignTests): void {
  const { cells, plans } = campaignOf(file);
  describe(title, () => {
    for (const cell of cells) {
      const plan = plans[cell.entry ?? 0] ?? {};
      const limitMs = timeoutMs ?? limitOf(plan) + overheadMs;
      test(cellTitle(cell), { timeout: limitMs }, (context) => performCell(cell, plan, store, context));
    }
  });
}

function limitOf({ time_limit_ms: limit }: PlanFields): number {
  if (typeof limit === "number") return limit;
  return typeof limit === "string" ? parseDuration(limit, "time_limit_ms") : defaultLimitMs;
}

async function performCell(cell: Cell, plan: PlanFields, store: string, context: TestContext): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "minos-vitest-"));
  try {
    const planFile = join(folder, "plan.json");
    writeFileSync(planFile, JSON.stringify(plan));
    const words = ["run", "--plan", planFile, ...cellFlags(cell), "--store", store, "--json"];
    const ended = await runMinos(words, context.signal);
    const attachment = attachmentOf(ended.document);
    if (attachment !== null) context.task.meta.minos = attachment;
    const why = whyNotValid(ended);
    if (why === null) return;
    throw new Error([...why, "", ...(attachment === null ? [] : attachmentLines(attachment))].join("\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Null: there was no run. */
function attachmentOf(document: RunDocument | null): RunAttachment | null {
  if (document?.seed === undefined || document.report === undefined) return null;
  const { seed, report } = document;
  // The stored plan holds everything that was drawn from the seed.
  const planFile = relative(process.cwd(), join(dirname(report), "plan.json"));
  return { seed, report, again: `npx minos run --plan ${quoted(planFile)}` };
}

/** The lines of a failure, or null. Only a verdict of true that the exit code confirms is one. */
export function whyNotValid({ exitCode, document, stderrTail }: MinosEnded): readonly string[] | null {
  if (document?.valid === true && exitCode === 0) return null;
  if (document?.error !== undefined) return [`minos did not run: ${document.error.message}`];
  if (document?.valid === undefined || document.valid === true)
    return [`minos crashed (exit code ${exitCode ?? "none"}); the end of what it said:`, stderrTail];
  const { summary = "", violations = [], unknown = [] } = document;
  if (document.valid === false) {
    const classes = [...new Set(violations.map((violation) => violation.class))].join(", ");
    return [`violation: ${classes}`, summary];
  }
  return [`unknown: ${summary}`, ...unknown.map(({ code, sentence }) => `  ${code}: ${sentence}`)];
}

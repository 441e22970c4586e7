// The canary of a campaign: each lie that applies, once, as a run of its own under one of the campaign's plans.
import { workloads } from "../workloads/index.js";
import {
  canaryHolds,
  planCanary,
  summariseCanary,
  type CanaryOutcome,
  type CanaryResult,
  type CanarySummary,
} from "./canary.js";
import { exitCodes, type ExitCode } from "./exit-code.js";
import type { LieName } from "./lies.js";
import type { Cell } from "./matrix.js";
import type { PreparedRun } from "./prepare.js";
import { functionsOf } from "./resolve-plan.js";
import { runCells, type CellResult, type RunCellsOptions } from "./runs.js";

/**
 * `prepared`: the campaign's default plan, for what its cells leave open and for the system. `before`: what an earlier sitting came to; lies
 * whose runs ended then are not told again.
 */
export async function runCanary(
  options: RunCellsOptions,
  { plan, system }: Pick<PreparedRun, "plan" | "system">,
  before: CanarySummary | null = null,
): Promise<CanarySummary> {
  const { runs, notApplicable } = planCanary(options.cells, ({ workload: name }) => {
    const workload = workloads.get(name ?? plan.workload.name);
    return workload === undefined ? [] : functionsOf(workload, system);
  });
  // Every lie under the seed that it would have without: a run of the canary can be told from the campaign's own by the lie alone.
  const cells = runs.map(({ lie, cell }): Cell => ({ ...cell, seed: cell.seed ?? plan.seed, canary: lie }));
  const ended = (before?.lies ?? []).filter(({ lie }) => before?.not_finished.includes(lie) === false);
  const open = cells.filter((cell) => !ended.some(({ lie }) => lie === cell.canary));
  const results = await runCells({ ...options, cells: open });
  return summariseCanary(
    cells.flatMap(({ canary: lie }): readonly CanaryResult[] => {
      if (lie === undefined) return [];
      const result = results.find(({ cell }) => cell.canary === lie);
      return [ended.find((one) => one.lie === lie) ?? canaryResult(lie, result)];
    }),
    notApplicable,
  );
}

/** Reasons for a verdict of unknown that say nothing of the lie. */
const letDown: ReadonlySet<string> = new Set(["interrupted", "infrastructure", "starved"]);

/** `result`: undefined where the run was never begun. */
export function canaryResult(lie: LieName, result: Omit<CellResult, "cell"> | undefined): CanaryResult {
  const document = result?.document ?? null;
  const outcome = (document?.["canary"] ?? null) as CanaryOutcome | null;
  const code = result?.exitCode ?? exitCodes.unknown;
  const broken = whyBroken(result, code);
  return {
    lie,
    outcome,
    ...(broken === null ? {} : { broken }),
    exit_code: code,
    report: document?.report ?? null,
  };
}

function whyBroken(result: Omit<CellResult, "cell"> | undefined, code: ExitCode): string | null {
  if (result === undefined) return "its run was not begun";
  if (code === exitCodes.crash || code === exitCodes.usage) return `its run crashed (exit code ${code})`;
  const reason = result.document?.unknown?.find((one) => letDown.has(one.code));
  return reason === undefined ? null : `its run was let down: ${reason.sentence}`;
}

/** What the canary adds to a campaign's exit codes: a lie that was missed or whose run did not finish makes it unknown. */
export const canaryExitCode = (summary: CanarySummary): ExitCode =>
  canaryHolds(summary) ? exitCodes.valid : exitCodes.unknown;

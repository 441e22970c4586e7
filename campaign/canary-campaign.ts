// The canary of a campaign: each lie that applies, once, as a run of its own under one of the campaign's plans.
import { workloads } from "../workloads/index.js";
import { canaryHolds, planCanary, summariseCanary, type CanaryOutcome, type CanarySummary } from "./canary.js";
import { exitCodes, type ExitCode } from "./exit-code.js";
import type { Cell } from "./matrix.js";
import type { PreparedRun } from "./prepare.js";
import { functionsOf } from "./resolve-plan.js";
import { runCells, type CellResult, type RunCellsOptions } from "./runs.js";

/** `prepared`: the campaign's default plan, for what its cells leave open and for the system. */
export async function runCanary(
  options: RunCellsOptions,
  { plan, system }: Pick<PreparedRun, "plan" | "system">,
): Promise<CanarySummary> {
  const { runs, notApplicable } = planCanary(options.cells, ({ workload: name }) => {
    const workload = workloads.get(name ?? plan.workload.name);
    return workload === undefined ? [] : functionsOf(workload, system);
  });
  // Every lie under the seed that it would have without: a run of the canary can be told from the campaign's own by the lie alone.
  const cells = runs.map(({ lie, cell }): Cell => ({ ...cell, seed: cell.seed ?? plan.seed, canary: lie }));
  const results = await runCells({ ...options, cells });
  return summariseCanary(
    cells.flatMap((cell) => {
      const result = results.find((one) => one.cell === cell);
      return cell.canary === undefined ? [] : [{ lie: cell.canary, ...told(result) }];
    }),
    notApplicable,
  );
}

function told(result: CellResult | undefined): {
  readonly outcome: CanaryOutcome | null;
  readonly exit_code: number;
  readonly report: string | null;
} {
  const document = result?.document ?? null;
  const outcome = (document?.["canary"] ?? null) as CanaryOutcome | null;
  return { outcome, exit_code: result?.exitCode ?? exitCodes.unknown, report: document?.report ?? null };
}

/** What the canary adds to a campaign's exit codes: a missed lie makes it unknown, a run that crashed a crash. */
export function canaryExitCodes(summary: CanarySummary): readonly ExitCode[] {
  const broken = summary.lies.some(
    ({ outcome, exit_code: code }) => outcome === null && code !== exitCodes.unknown && code !== exitCodes.violation,
  );
  return [...(broken ? [exitCodes.crash] : []), canaryHolds(summary) ? exitCodes.valid : exitCodes.unknown];
}

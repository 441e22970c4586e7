// One simulated run of a workload, by the plan that `minos run --workload NAME --on simulation` makes, judged as that is.
import type { CheckerResult, Verdict } from "../../checker/index.js";
import { operationsOf } from "../../history/index.js";
import { simulateAndJudge, type HuntedRun } from "../hunt.js";
import { withOwnJudge } from "../judge-run.js";
import { prepareRun } from "../prepare.js";
import type { KnobValues } from "../knobs.js";

export interface WorkloadRunOfTest extends HuntedRun {
  /** With what the workload's own judge says. */
  readonly verdict: Verdict;
  readonly own: CheckerResult | null;
}

export async function runWorkload(workload: string, flags: KnobValues): Promise<WorkloadRunOfTest> {
  const request = { flags: { ...flags, workload, on: "simulation" }, file: null };
  const { plan, system } = await prepareRun(request, { toxiproxy: null, baseImage: null });
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error(`${system.name} cannot be simulated`);
  const judged = await simulateAndJudge(plan, system, deterministic);
  const { events, workload: ran } = judged.run;
  const verdict = withOwnJudge(judged.verdict, ran.judge, { events, operations: operationsOf(events) });
  const own = ran.judge === null ? null : (verdict.checkers.at(-1) ?? null);
  return { ...judged, verdict, own };
}

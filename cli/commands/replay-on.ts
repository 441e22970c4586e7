// minos replay FILE --on local|docker: the schedule of a simulated run on a real cluster, several times, and how often it shows the same.
import {
  clusterFactory,
  exitCodes,
  faultsCarriedOut,
  realPlan,
  reproductionOf,
  simulateAndJudge,
  UsageError,
  type ClusterChoice,
  type ExitCode,
  type ReplayFile,
} from "../../campaign/index.js";
import type { Verdict } from "../../checker/index.js";
import type { SystemUnderTest } from "../../cluster/index.js";
import { performRun } from "../perform-run.js";
import type { Terminal } from "../terminal.js";

export interface ReplayOn {
  readonly path: string;
  readonly file: ReplayFile;
  readonly system: SystemUnderTest;
  readonly on: ClusterChoice;
  readonly times: number;
  readonly ratePerS: number | null;
  readonly store: string;
  readonly terminal: Terminal;
}

export async function replayOn({
  path,
  file,
  system,
  on,
  times,
  ratePerS,
  store,
  terminal,
}: ReplayOn): Promise<ExitCode> {
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new UsageError(`${system.name} cannot be simulated`);
  const { plan } = file;
  const simulated = await simulateAndJudge(plan, system, deterministic);
  const faults = faultsCarriedOut(simulated.run.events);
  const createCluster = await clusterFactory(on, { toxiproxy: null, baseImage: null });
  terminal.err(
    `${plan.nodes} nodes on ${on}, ${faults.length} faults in ${plan.time_limit_ms / 1000} s, ${times} tries of ${file.summary}`,
  );
  const verdicts: Verdict[] = [];
  const runs: { readonly seed: number; readonly valid: Verdict["valid"]; readonly report: string }[] = [];
  const rerun = `minos replay ${path} --on ${on}`;
  for (let turn = 0; turn < times; turn += 1) {
    const began = performance.now();
    const tried = realPlan(plan, faults, { on, seed: plan.seed + turn, ratePerS });
    const prepared = { plan: tried, provenance: {}, system, createCluster, rerun };
    const { verdict, directory, interrupted } = await performRun(prepared, store, terminal);
    if (interrupted) break;
    verdicts.push(verdict);
    runs.push({ seed: tried.seed, valid: verdict.valid, report: directory.reportFile });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    terminal.err(`try ${turn + 1} of ${times}, ${seconds} s: ${verdict.summary}`);
  }
  const rate = reproductionOf(file, verdicts);
  terminal.out(
    `reproduced ${rate.reproduced} of ${rate.tries} on ${on}` +
      (rate.others > 0 ? `, ${rate.others} with violations of another class` : "") +
      (rate.unknown > 0 ? `, ${rate.unknown} unknown` : ""),
  );
  for (const { report, valid } of runs) if (valid === false) terminal.out(`report   ${report}`);
  terminal.document({ replay: path, on, classes: file.classes, ...rate, runs });
  if (rate.reproduced + rate.others > 0) return exitCodes.violation;
  return rate.unknown === rate.tries ? exitCodes.unknown : exitCodes.valid;
}

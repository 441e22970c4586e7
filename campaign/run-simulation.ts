// A run on the simulated cluster, kept in the store like any other: `simulate.ts` does it, this file gives it a directory, a verdict
// and a report.
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CheckerResult } from "../checker/index.js";
import { ClusterError } from "../cluster/index.js";
import { FileSink } from "../history/index.js";
import { Trace } from "../simulation/index.js";
import { workloads, type WorkloadHistory } from "../workloads/index.js";
import { writeDecisions } from "./collect-decisions.js";
import { coverageOf } from "./coverage.js";
import { describeEnvironment } from "./environment.js";
import { judgeRun, writeReportOf } from "./judge-run.js";
import { keepCanary, warningsOfCanary } from "./canary-run.js";
import { rerunLine } from "./prepare.js";
import type { RunInput, RunResult } from "./run.js";
import { demandAgreement, judgeInvariants, simulate, type SimulatedRun } from "./simulate.js";
import { writeJson, writeText, type RunDirectory } from "./store.js";
import { noProgress } from "./watch-run.js";

const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export async function runSimulation(input: RunInput, directory: RunDirectory): Promise<RunResult> {
  const { plan, system, observer, provenance, signal } = input;
  const rerun = input.rerun ?? rerunLine(plan, provenance, directory.planFile);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined)
    throw new ClusterError(`${system.name} cannot be simulated`, "it gives no nodes without input and output");
  observer.progress(noProgress(plan, "load"));
  const began = performance.now();
  const cpuBegan = process.cpuUsage();
  const trace = new Trace(deterministic);
  const sink = new FileSink(directory.historyFile);
  const simulated = await simulate({ plan, system, deterministic, sink, trace, signal });
  const cpu = process.cpuUsage(cpuBegan);
  const cpuMs = (cpu.user + cpu.system) / 1000;
  const { counts, simulatedMs, bootMs, settings } = simulated;
  const details = { simulation: `seed ${plan.seed}`, settings };
  const environment = describeEnvironment(system, { bootMs, details }, provenance);
  writeJson(directory.environmentFile, environment);
  keepNodes(directory, simulated);
  writeText(directory.traceFile, trace.text());
  observer.note(settings);
  for (const note of simulated.notes) observer.note(note);
  observer.note(
    `${count.format(simulatedMs / 1000)} simulated s in ${((performance.now() - began) / 1000).toFixed(2)} s: ` +
      `${count.format(simulatedMs / cpuMs)} simulated s per processor second; ` +
      `${count.format(counts.events)} events, ${count.format(counts.messages)} messages, ${count.format(counts.writes)} writes`,
  );
  observer.progress(noProgress(plan, "check"));
  const judged = judgeRun({
    directory,
    plan,
    system,
    groups: simulated.groups,
    keys: simulated.workload.keys,
    ownJudge: (history) => bothOf(simulated.workload.judge, history, simulated),
    samples: simulated.samples,
    decisions: simulated.decisions,
    interrupted: simulated.endedByViolation ? null : simulated.cutShort,
    seenLive: null,
    expectedFaults: simulated.faults,
    endedByViolation: simulated.endedByViolation,
    warnings: warningsOfCanary(simulated.lying),
  });
  demandAgreement(simulated, judged.verdict);
  const coverage = coverageOf(judged.document.events, workloads.get(plan.workload.name)?.functions ?? []);
  const canary = keepCanary(directory, simulated.lying, judged);
  writeReportOf({ directory, plan, environment, judged, samples: simulated.samples, rerun });
  return { directory, verdict: judged.verdict, bootMs, teardownMs: 0, leftBehind: [], canary, coverage };
}

/** The workload's own expectations, if it has some, and the invariants. */
function bothOf(
  own: ((history: WorkloadHistory) => CheckerResult) | null,
  history: WorkloadHistory,
  simulated: SimulatedRun,
): CheckerResult {
  const invariants = judgeInvariants(simulated);
  if (own === null) return invariants;
  const theirs = own(history);
  const valid =
    theirs.valid === false || invariants.valid === false ? false : theirs.valid === "unknown" ? "unknown" : true;
  return {
    checker: `${theirs.checker} and invariants`,
    valid,
    violations: [...theirs.violations, ...invariants.violations],
    unknown: theirs.unknown,
    ...(theirs.details === undefined ? {} : { details: theirs.details }),
  };
}

function keepNodes(directory: RunDirectory, simulated: SimulatedRun): void {
  for (const [node, lines] of simulated.logs) {
    const folder = join(directory.path, "nodes", node);
    mkdirSync(folder, { recursive: true });
    appendFileSync(join(folder, "log.txt"), lines.map((line) => `${line}\n`).join(""));
    const samples = simulated.samples.filter((sample) => sample.node === node);
    appendFileSync(join(folder, "status.jsonl"), samples.map((sample) => `${JSON.stringify(sample)}\n`).join(""));
  }
  writeDecisions(directory, simulated.decisions);
}

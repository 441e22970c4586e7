// Where the rooms meet: plan → cluster → history → verdict → report. This room resolves plans, runs them through the one run
// loop, keeps them in the store and sums campaigns up; it is the only one that knows all the others.
export { addRegression, type AddedRegression, type AddInput } from "./add-regression.js";
export {
  campaign,
  campaignOf,
  defineCampaign,
  type Campaign,
  type CampaignFile,
  type MatrixFile,
  type PlanFields,
} from "./campaign-file.js";
export { readCampaign } from "./campaign-module.js";
export { CampaignRecord, headerOf, planFile, type CampaignHeader, type Shard } from "./campaign-record.js";
export { performCampaign } from "./campaign-runs.js";
export {
  campaignOfHeader,
  mergeSummaries,
  rowOf,
  summarise,
  wordOf,
  type CampaignSummary,
  type SummaryRow,
} from "./campaign-summary.js";
export { canaryLines, canaryRows, type CanaryOutcome, type CanarySummary } from "./canary.js";
export { runCanary } from "./canary-campaign.js";
export { junitOf, sarifOf } from "./ci-files.js";
export { annotationsOf, jobSummaryOf } from "./ci-github.js";
export { ciLines, exitCodeOfCi, whyOf, type CiResult } from "./ci-report.js";
export { clusterFactory, type ClusterSettings } from "./clusters.js";
export { coverageLines, type CampaignCoverage, type Coverage } from "./coverage.js";
export { describeEnvironment } from "./environment.js";
export { formatDuration, parseDuration } from "./duration.js";
export { combineExitCodes, exitCodeOf, exitCodes, UsageError, type ExitCode } from "./exit-code.js";
export { historyText, huntPlan, simulateAndJudge, type HuntBase, type HuntedRun } from "./hunt.js";
export {
  distributionOf,
  hunt,
  type HuntOptions,
  type HuntProgress,
  type HuntReport,
  type HuntResult,
} from "./hunt-run.js";
export { CheckersDisagree, judgeRun, readStoredHistory, readTrace, writeReportOf } from "./judge-run.js";
export { knobByName, knobs, parseKnob, type Knob, type KnobName, type KnobValues } from "./knobs.js";
export { cellFlags, cellTitle, matrixOf, parseSeeds, type Cell } from "./matrix.js";
export { mergedLogs, operationTime, type LogEntry, type LogQuery } from "./node-logs.js";
export { packageInfo } from "./package-root.js";
export {
  AdaptiveParallel,
  fixedParallel,
  isStarved,
  roomOfCluster,
  roomOfSimulation,
  type Parallel,
} from "./parallel.js";
export type { ClusterChoice, Floors, Plan } from "./plan.js";
export { floorNames, parsePlanFile, readPlanFields, readPlanFile } from "./plan-file.js";
export { prepareRun, rerunLine, type PreparedRun } from "./prepare.js";
export { progressLine, silentObserver, type Progress, type RunObserver } from "./progress.js";
export { rebuildReport } from "./rebuild-report.js";
export type { PlanFile, PlanRequest } from "./resolve-plan.js";
export { faultsCarriedOut, realPlan, reproductionOf, type Reproduction } from "./real-replay.js";
export { runRegressions, type RegressionOutcome, type RegressionResult } from "./regression-run.js";
export { readRegressions, type Regression, type RegressionFile } from "./regressions.js";
export { readReplayFile, replayOf, rerunOfReplay, type ReplayFile } from "./replay-file.js";
export { run, runIdOf, type RunAddresses, type RunInput, type RunResult } from "./run.js";
export { previousCampaign, type PreviousSummary } from "./previous-campaign.js";
export { parseDocument, runCells, type CellResult, type RunDocument } from "./runs.js";
export { oldRuns, removeDeadLinks, removeRun, type OldRun, type OldRuns } from "./old-runs.js";
export { serveStore, type StoreServer } from "./store-server.js";
export { createRunDirectory, runDirectoryAt, writeJson, writeText, type RunDirectory } from "./store.js";
export { shrink, type Shrunk, type ShrinkOptions } from "./shrink.js";
export { judgeInvariants, simulate, type SimulatedRun, type SimulateInput } from "./simulate.js";
export { readRuns, triage, type TriageGroup, type TriageState, type TriagedRun } from "./triage.js";
export { systemNamed, systems } from "./systems.js";

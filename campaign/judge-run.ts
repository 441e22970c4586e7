// From a stored run to its verdict and its report. The stored file is the truth: it is read back and judged, and what the live
// checker believed must not contradict it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CertificateMismatch,
  composeValidity,
  judge,
  type CheckerResult,
  type JudgeInput,
  type NodeDecisions,
  type Verdict,
} from "../checker/index.js";
import {
  nodeNames,
  type GroupLayout,
  type StatusSample,
  type SystemUnderTest,
  type TraceDocument,
  type TraceEvent,
  type TraceHeader,
} from "../cluster/index.js";
import { formatEdn, readHistory, type HistoryDocument, type JsonValue } from "../history/index.js";
import { writeReport, type ReportInput } from "../reports/index.js";
import type { WorkloadHistory } from "../workloads/index.js";
import type { Environment } from "./environment.js";
import { logExcerpt } from "./log-excerpts.js";
import type { Plan } from "./plan.js";
import { writeJson, writeText, type RunDirectory } from "./store.js";
import type { SeenLive } from "./watch-run.js";

export interface JudgeRunInput {
  readonly directory: RunDirectory;
  readonly plan: Plan;
  readonly system: SystemUnderTest;
  readonly groups: readonly GroupLayout[];
  /** Every key that the workload may touch. */
  readonly keys: readonly JsonValue[];
  /** The workload's own expectations beyond the model. */
  readonly ownJudge: ((history: WorkloadHistory) => CheckerResult) | null;
  readonly samples: readonly StatusSample[];
  readonly decisions: readonly NodeDecisions[];
  /** Why the run was cut short, if it was; then it is unknown at best. */
  readonly interrupted: string | null;
  /** The violation that the live checker saw, if it saw one. */
  readonly seenLive: SeenLive | null;
  /** Faults that must be confirmed. Default: all of the plan's. */
  readonly expectedFaults?: number;
  /** More that is to be known of the run, a sentence each. */
  readonly warnings?: readonly string[];
  /** Something else than the live checker saw a violation and ended the load. */
  readonly endedByViolation?: boolean;
}

export interface JudgedRun {
  readonly verdict: Verdict;
  readonly document: HistoryDocument;
}

/** The live checker and the batch checker contradict each other: Minos is broken. Exit code 255, the history is kept. */
export class CheckersDisagree extends Error {
  override readonly name = "CheckersDisagree";
}

/** Judges a run's stored history and writes verdict.json, faults.jsonl and history.edn beside it. */
export function judgeRun(input: JudgeRunInput): JudgedRun {
  const { directory, plan, system, groups } = input;
  const document = readStoredHistory(directory);
  const torn = document.torn === null ? [] : [`line ${document.torn.line} of history.jsonl is torn and was dropped`];
  const judged = judgeKept(directory, {
    mode: "run",
    events: document.events,
    model: document.model,
    initial: document.initial,
    budget: { timeMs: plan.checker.time_ms, memoryMb: plan.checker.memory_mb },
    floors: plan.floors,
    ...(plan.floors_not_asked === undefined ? {} : { floorsNotAsked: plan.floors_not_asked }),
    corruptions: { seed: plan.seed },
    nearFaultNs: 5 * system.timing.electionTimeoutMs * 1e6,
    expectedFaults: input.expectedFaults ?? plan.nemesis.faults.length,
    nodes: nodeNames(plan.nodes),
    keys: input.keys,
    groups,
    groupOfKey: (key) => system.groupOfKey(key, groups),
    recoveryBoundMs: plan.recovery_bound_ms,
    statuses: input.samples.map(({ time_ns, node, status }) => ({
      timeNs: time_ns,
      node,
      groups: status?.groups ?? [],
    })),
    decisions: input.decisions,
    interrupted: input.interrupted,
    endedByViolation: input.seenLive !== null || input.endedByViolation === true,
    warnings: [...(input.warnings ?? []), ...document.warnings, ...torn, ...howSoon(input.seenLive)],
  });
  const verdict = withOwnJudge(judged, input.ownJudge, document);
  const faults = document.events.filter((event) => event.type === "fault");
  writeText(join(directory.faultsFile), faults.map((event) => `${JSON.stringify(event)}\n`).join(""));
  writeText(directory.ednFile, formatEdn(document.events));
  writeJson(directory.verdictFile, verdict);
  const batch = verdict.checkers.find(({ checker }) => checker === "linearizability")?.valid;
  if (input.seenLive !== null && batch === true) {
    throw new CheckersDisagree(
      `the live checker saw a violation where the check of the stored history finds none; both are kept in ${directory.path}`,
    );
  }
  return { verdict, document };
}

/** A verdict that its own verifier contradicts is none: the error names the history, which stays. */
function judgeKept(directory: RunDirectory, input: JudgeInput): Verdict {
  try {
    return judge(input);
  } catch (error) {
    throw error instanceof CertificateMismatch ? error.keptAt(directory.historyFile) : error;
  }
}

/** How soon the violation was seen while the run went. */
function howSoon(seen: SeenLive | null): readonly string[] {
  if (seen === null) return [];
  const { delayMs, afterReturnMs, violation } = seen;
  return [
    `the live verdict saw a violation ${delayMs.toFixed(1)} ms after the last event that it had to wait for, ${afterReturnMs.toFixed(1)} ms after the return of operation ${violation.operation.index}`,
  ];
}

export function readStoredHistory(directory: RunDirectory): HistoryDocument {
  const document = readHistory(readFileSync(directory.historyFile, "utf8"), { format: "jsonl" });
  if (document instanceof Error) throw document;
  return document;
}

/** Adds a workload's own checker to a verdict. One that throws makes it unknown. */
export function withOwnJudge(verdict: Verdict, ownJudge: JudgeRunInput["ownJudge"], history: WorkloadHistory): Verdict {
  if (ownJudge === null) return verdict;
  const own = carefully(ownJudge, history);
  const valid = composeValidity([verdict.valid, own.valid]);
  const [first] = own.violations;
  const [doubt] = own.unknown;
  const changed = valid !== verdict.valid;
  const told = own.valid === true ? sentenceIn(own) : "";
  return {
    ...verdict,
    valid,
    summary: changed ? (first?.sentence ?? doubt?.sentence ?? verdict.summary) : `${verdict.summary}${told}`,
    violations: [...verdict.violations, ...own.violations],
    unknown: [...verdict.unknown, ...own.unknown],
    checkers: [...verdict.checkers, own],
  };
}

/** What a workload says that it judged, to follow the verdict's own sentence. */
function sentenceIn({ details }: CheckerResult): string {
  const told = details !== null && typeof details === "object" && "sentence" in details ? details.sentence : null;
  return typeof told === "string" ? ` ${told}` : "";
}

function carefully(ownJudge: (history: WorkloadHistory) => CheckerResult, history: WorkloadHistory): CheckerResult {
  try {
    return ownJudge(history);
  } catch (error) {
    const sentence = `the workload's own checker threw: ${error instanceof Error ? error.message : String(error)}`;
    return { checker: "workload", valid: "unknown", violations: [], unknown: [{ code: "checker-threw", sentence }] };
  }
}

export interface ReportOfRun {
  readonly directory: RunDirectory;
  readonly plan: Plan;
  readonly environment: unknown;
  readonly judged: JudgedRun;
  readonly samples: readonly StatusSample[];
  readonly rerun: string;
}

/** Everything that a report shows, from what the run left in its directory. */
export function reportInputOf({ directory, plan, environment, judged, samples, rerun }: ReportOfRun): ReportInput {
  const { clock_zero_unix_ms: zeroMs = null } = (environment ?? {}) as Partial<Environment>;
  const causeNs = judged.verdict.violations.find(({ timeNs }) => timeNs !== null)?.timeNs ?? null;
  // A simulated node's log is written by Minos itself and tells nothing.
  const logs =
    plan.on === "simulation"
      ? []
      : nodeNames(plan.nodes).flatMap(
          (node) => logExcerpt({ folder: join(directory.path, "nodes", node), node, zeroMs, causeNs }) ?? [],
        );
  const trace = readTrace(directory);
  return {
    plan,
    environment,
    events: judged.document.events,
    verdict: judged.verdict,
    status: samples,
    logs,
    ...(trace === null ? {} : { trace }),
    rerun,
  };
}

/** Builds report.html. */
export function writeReportOf(run: ReportOfRun): void {
  writeReport(run.directory.reportFile, reportInputOf(run));
}

/** The trace of a simulated run; null where there is none. A line cut short by a kill is left out. */
export function readTrace(directory: RunDirectory): TraceDocument | null {
  if (!existsSync(directory.traceFile)) return null;
  const [header, ...events] = readFileSync(directory.traceFile, "utf8")
    .split("\n")
    .flatMap((line): unknown[] => {
      try {
        return line === "" ? [] : [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  const { format, version } = (header ?? {}) as Partial<TraceHeader>;
  if (format !== "minos-trace" || version !== 1) throw new Error(`${directory.traceFile} is no trace that can be read`);
  return { header: header as TraceHeader, events: events as readonly TraceEvent[] };
}

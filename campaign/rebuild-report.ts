// Builds a stored run's report again from its directory: plan, environment, history, verdict and status samples.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../checker/index.js";
import { nodeNames, type StatusSample } from "../cluster/index.js";
import { writeReport, type ReportInput } from "../reports/index.js";
import type { Environment } from "./environment.js";
import { readStoredHistory, reportInputOf } from "./judge-run.js";
import type { Plan } from "./plan.js";
import { rerunLine } from "./prepare.js";
import type { RunDirectory } from "./store.js";

/** Writes the report, and gives what stands in it for other pictures of the run. */
export function rebuildReport(directory: RunDirectory): ReportInput {
  const plan = readJson(directory.planFile) as Plan;
  const verdict = readJson(directory.verdictFile) as Verdict;
  const environment = readJson(directory.environmentFile) as Partial<Environment>;
  const samples = nodeNames(plan.nodes).flatMap((node) =>
    readSamples(join(directory.path, "nodes", node, "status.jsonl")),
  );
  const document = readStoredHistory(directory);
  const rerun = rerunLine(plan, environment.knobs ?? {}, directory.planFile);
  const input = reportInputOf({ directory, plan, environment, judged: { verdict, document }, samples, rerun });
  writeReport(directory.reportFile, input);
  return input;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** A line cut short by a kill is left out: samples illustrate, they do not judge. */
function readSamples(path: string): readonly StatusSample[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as StatusSample];
      } catch {
        return [];
      }
    });
}

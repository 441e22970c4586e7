// What of a run exists on this machine, read from /proc and the registry and not from the cluster's own memory.
import { findByEnvironment, readProcessSync } from "../proc.js";
import { runIdVariable, storedRuns } from "../registry.js";

export function leftoversOf(runId: string): readonly string[] {
  const alive = findByEnvironment(runIdVariable, runId).filter((pid) => readProcessSync(pid)?.state !== "exited");
  const records = storedRuns().filter(({ record }) => record?.runId === runId);
  return [...alive.map((pid) => `process ${pid}`), ...records.map(({ path }) => path)];
}

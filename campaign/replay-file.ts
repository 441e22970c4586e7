// A replay file: everything that repeats one simulated run, and what came of it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { JsonValue } from "../history/index.js";
import { parseFaults } from "../nemesis/index.js";
import { UsageError } from "./exit-code.js";
import { historyText, type HuntedRun } from "./hunt.js";
import type { Plan } from "./plan.js";

export interface ReplayFile {
  readonly format: "minos-replay";
  readonly version: 1;
  /** The whole plan: seed, size, load, schedule of faults, build. */
  readonly plan: Plan;
  readonly summary: string;
  readonly valid: boolean | "unknown";
  readonly classes: readonly string[];
  /** Of `history.jsonl`; a replay gives the same bytes. */
  readonly history_sha256: string;
}

/** Throws UsageError naming the file. */
export function readReplayFile(path: string): ReplayFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const file = value as Partial<ReplayFile> | null;
  if (typeof file !== "object" || file?.format !== "minos-replay" || file.version !== 1 || file.plan === undefined)
    throw new UsageError(`${path} is no replay file`, "minos hunt writes one when it finds a violation");
  const { plan } = file;
  if (plan.on !== "simulation" || !Number.isSafeInteger(plan.seed) || typeof file.history_sha256 !== "string")
    throw new UsageError(`${path} is damaged: its plan is not one of a simulated run`);
  const faults = parseFaults(plan.nemesis.faults as unknown as JsonValue);
  return { ...(file as ReplayFile), plan: { ...plan, nemesis: { ...plan.nemesis, faults } } };
}

/** The replay file of a run in memory. */
export function replayOf({ plan, run, verdict }: HuntedRun): ReplayFile {
  return {
    format: "minos-replay",
    version: 1,
    plan,
    summary: verdict.summary,
    valid: verdict.valid,
    classes: [...new Set(verdict.violations.map((violation) => violation.class))],
    history_sha256: createHash("sha256").update(historyText(run)).digest("hex"),
  };
}

export const rerunOfReplay = (path: string): string => `minos replay ${path}`;

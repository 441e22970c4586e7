// What a run with a canary does beside the others: its driver lies, and what it told is kept as `canary.json`.
import { join } from "node:path";
import { canaryOutcome, type CanaryOutcome } from "./canary.js";
import type { Driver } from "./driver.js";
import type { JudgedRun } from "./judge-run.js";
import { lyingDriver, type LyingDriver } from "./lying-driver.js";
import type { Plan } from "./plan.js";
import { writeJson, type RunDirectory } from "./store.js";

/** Null: the plan's clients are honest. */
export function lyingDriverOf({ canary, seed, concurrency }: Plan, driver: Driver): LyingDriver | null {
  return canary === undefined ? null : lyingDriver(driver, canary, seed, concurrency);
}

/** Stale reads are told to the end, so that it shows how stale one must be to be found. */
export const goesOnAfterViolation = ({ canary }: Plan): boolean => canary === "stale-read";

export function warningsOfCanary(lying: LyingDriver | null): readonly string[] {
  if (lying === null) return [];
  const { name, told, opportunities } = lying;
  return [
    `canary: the clients of this run told the lie ${name} ${told.length} times at ${opportunities} opportunities; a violation here is theirs, not the system's`,
  ];
}

export function keepCanary(
  directory: RunDirectory,
  lying: LyingDriver | null,
  { verdict, document }: JudgedRun,
): CanaryOutcome | null {
  if (lying === null) return null;
  const { name, told, opportunities } = lying;
  const outcome = canaryOutcome({ lie: name, told, opportunities, verdict, document });
  writeJson(join(directory.path, "canary.json"), { ...outcome, lies: told });
  return outcome;
}

// Removing what runs left behind whose owner is dead: killed with -9, or gone with the machine's power.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ownerLives, type CleanReport } from "../cluster/index.js";
import { lives, readOwnerFile, removeDeadClaims, storedRuns, survivorsOf, type ChildRecord } from "./registry.js";

const goneWithinMs = 5_000;
const pollMs = 20;

/**
 * Kills the processes of dead owners' runs and removes their records and port claims. Histories, logs and data directories stay:
 * they are results. A run whose owner lives (pid, start time and boot id) is not touched.
 */
export async function cleanLocal(): Promise<CleanReport> {
  const removed: string[] = [];
  const kept: string[] = [];
  const failed: string[] = [];
  for (const { path, record } of storedRuns()) {
    if (record === null) {
      failed.push(`${path} is not a run's record`);
      continue;
    }
    const name = `run ${record.runId}`;
    if (ownerLives(record.owner)) {
      kept.push(`${name}: its owner, process ${record.owner.pid}, lives`);
      continue;
    }
    const survivors = survivorsOf(record);
    for (const survivor of survivors) killIfSame(survivor);
    const stubborn = await waitUntilGone(survivors);
    removed.push(
      ...survivors.filter((child) => !stubborn.includes(child)).map((child) => `${name}: ${describe(child)}`),
    );
    failed.push(...stubborn.map((child) => `${name}: ${describe(child)} did not go`));
    if (stubborn.length > 0) continue;
    const ownerFile = join(record.directory, "owner.json");
    // The directory may have been used by another run since.
    if (readOwnerFile(ownerFile)?.token === record.token) rmSync(ownerFile, { force: true });
    rmSync(path, { force: true });
    removed.push(`${name}: its record`);
  }
  const claims = removeDeadClaims();
  if (claims > 0) removed.push(`${claims} port ${claims === 1 ? "claim" : "claims"}`);
  return { removed, kept, failed };
}

const describe = (child: ChildRecord): string => `${child.what}, process ${child.pid}`;

function killIfSame(child: ChildRecord): void {
  if (!lives(child)) return;
  try {
    process.kill(child.pid, "SIGKILL");
  } catch {
    // Gone in between, or not ours: the wait below tells.
  }
}

async function waitUntilGone(children: readonly ChildRecord[]): Promise<readonly ChildRecord[]> {
  const deadline = performance.now() + goneWithinMs;
  let left = children.filter(lives);
  while (left.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    left = left.filter(lives);
  }
  return left;
}

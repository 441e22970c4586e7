// What of a store is old enough to be removed: runs and campaigns, whole. A run under way has no verdict yet and is never old.
import { existsSync, lstatSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { join, resolve } from "node:path";

export interface OldRun {
  readonly path: string;
  readonly startedMs: number;
  readonly bytes: number;
}

export interface OldRuns {
  readonly old: readonly OldRun[];
  /** Old, too, but not known to be over. */
  readonly unfinished: readonly string[];
}

/** `20261122T194530.123Z`, and `…Z-2` for a second one of the same moment. */
const stampPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z(?:-\d+)?$/;

export function timeOfStamp(name: string): number | null {
  const match = stampPattern.exec(name);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, millisecond] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, millisecond);
}

/** Runs (`NAME/TIME`) and campaigns (`campaigns/NAME/TIME`) of a store that began before `beforeMs`, since 1970. */
export function oldRuns(storeRoot: string, beforeMs: number): OldRuns {
  const old: OldRun[] = [];
  const unfinished: string[] = [];
  const look = (folder: string, endedFile: string): void => {
    for (const name of foldersIn(folder)) {
      const startedMs = timeOfStamp(name);
      if (startedMs === null || startedMs >= beforeMs) continue;
      const path = join(folder, name);
      if (existsSync(join(path, endedFile))) old.push({ path, startedMs, bytes: bytesOf(path) });
      else unfinished.push(path);
    }
  };
  const root = resolve(storeRoot);
  for (const name of foldersIn(root)) if (name !== "campaigns") look(join(root, name), "verdict.json");
  const campaigns = join(root, "campaigns");
  for (const name of foldersIn(campaigns)) look(join(campaigns, name), "summary.json");
  return { old: old.toSorted((one, other) => one.startedMs - other.startedMs), unfinished };
}

export function removeRun({ path }: OldRun): void {
  rmSync(path, { recursive: true });
}

/** `latest` may have pointed at what was removed: a link that leads nowhere says nothing. */
export function removeDeadLinks(storeRoot: string): void {
  for (const folder of [storeRoot, join(storeRoot, "campaigns")]) {
    const link = join(resolve(folder), "latest");
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && !existsSync(link)) unlinkSync(link);
  }
}

/** Not what links lead to. */
function foldersIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function bytesOf(path: string): number {
  const status = lstatSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

// The store: `store/<name>/<UTC timestamp>/…`, one directory a run, `store/latest` pointing at the newest. Written once, read
// by check, report and clean.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** The files of one run's directory. */
export interface RunDirectory {
  readonly path: string;
  readonly planFile: string;
  readonly environmentFile: string;
  readonly historyFile: string;
  readonly ednFile: string;
  readonly faultsFile: string;
  readonly verdictFile: string;
  readonly reportFile: string;
  /** Of simulated runs only. */
  readonly traceFile: string;
}

export function runDirectoryAt(path: string): RunDirectory {
  const absolute = resolve(path);
  return {
    path: absolute,
    planFile: join(absolute, "plan.json"),
    environmentFile: join(absolute, "environment.json"),
    historyFile: join(absolute, "history.jsonl"),
    ednFile: join(absolute, "history.edn"),
    faultsFile: join(absolute, "faults.jsonl"),
    verdictFile: join(absolute, "verdict.json"),
    reportFile: join(absolute, "report.html"),
    traceFile: join(absolute, "trace.jsonl"),
  };
}

/** `20261122T194530.123Z`: sorts by time and is a file name everywhere. */
export function timestampName(date: Date): string {
  return date.toISOString().replaceAll(/[-:]/g, "");
}

/** Makes a fresh directory; two runs that start in the same millisecond get two directories. */
export function createRunDirectory(storeRoot: string, name: string, startedAt: Date): RunDirectory {
  const parent = join(resolve(storeRoot), name);
  mkdirSync(parent, { recursive: true });
  const stamp = timestampName(startedAt);
  for (let attempt = 0; attempt < 1000; attempt++) {
    const path = join(parent, attempt === 0 ? stamp : `${stamp}-${attempt + 1}`);
    try {
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    pointLatestAt(resolve(storeRoot), path);
    return runDirectoryAt(path);
  }
  throw new Error(`no free run directory under ${parent}`);
}

/** Atomic, so that two campaigns side by side never see half a link. A platform without symlinks does without. */
function pointLatestAt(storeRoot: string, path: string): void {
  const temporary = join(storeRoot, `.latest-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    symlinkSync(relative(storeRoot, path), temporary);
    renameSync(temporary, join(storeRoot, "latest"));
  } catch {
    if (existsSync(temporary)) rmSync(temporary, { force: true });
  }
}

/** Written whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

export function writeText(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

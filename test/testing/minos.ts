// Runs the built `minos` command as a user would: a process of its own, its own folder, its words, its exit code.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";

const program = resolve("dist/cli/main.js");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What was written so far. */
  readonly err: () => string;
  /** Resolves when standard error matches; rejects when the process ends before. */
  errMatches(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A folder of the test's own, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "minos-e2e-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface StartOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the one that was built here. */
  readonly program?: string;
}

export function startMinos(words: readonly string[], options: StartOptions): Started {
  const { CI: _ci, ...inherited } = process.env;
  const child = spawn(process.execPath, [options.program ?? program, ...words], {
    cwd: options.cwd,
    env: { ...inherited, NO_COLOR: "1", ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => done({ code, signal, out, err }));
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended.catch(() => undefined);
  });
  return {
    child,
    ended,
    err: () => err,
    errMatches: (pattern) =>
      new Promise((done, fail) => {
        const look = (): void => {
          const match = pattern.exec(err);
          if (match === null) return;
          listeners.delete(look);
          done(match);
        };
        listeners.add(look);
        look();
        void ended.then(() => fail(new Error(`minos ended before it said ${String(pattern)}; it said:\n${err}`)), fail);
      }),
  };
}

export function minos(words: readonly string[], options: StartOptions): Promise<Ended> {
  return startMinos(words, options).ended;
}

/** The one document of `--json`. */
export function documentOf(ended: Ended): Record<string, unknown> {
  try {
    return JSON.parse(ended.out) as Record<string, unknown>;
  } catch {
    throw new Error(`no JSON document on standard output, but:\n${ended.out}\nstandard error:\n${ended.err}`);
  }
}

/** The directory that a run names in its first lines. */
export async function runDirectoryOf(started: Started): Promise<string> {
  const match = await started.errMatches(/run (\S+) in (\S+)/);
  return match[2] ?? "";
}

/** Pids of live processes whose command line holds the text. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return words.includes(text) && Number(name) !== process.pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

// Runs of a campaign, each in a process of its own: one run's garbage, crash or checker never delays another run's clients.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Coverage } from "./coverage.js";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-code.js";
import { cellFlags, type Cell } from "./matrix.js";
import type { Parallel } from "./parallel.js";

/** What a run's own `--json` document says, as far as a campaign reads it. */
export interface RunDocument {
  readonly valid?: boolean | "unknown";
  readonly summary?: string;
  readonly seed?: number;
  readonly report?: string;
  readonly counts?: { readonly ok: number; readonly fail: number; readonly info: number };
  readonly violations?: readonly { readonly class: string }[];
  readonly unknown?: readonly { readonly code: string; readonly sentence: string }[];
  readonly teeth?: readonly {
    readonly name: string;
    readonly value: number;
    readonly floor?: number | null;
    readonly ceiling?: number | null;
  }[];
  readonly coverage?: Coverage;
  readonly error?: { readonly message: string };
  readonly [more: string]: unknown;
}

export interface CellResult {
  readonly cell: Cell;
  readonly exitCode: ExitCode;
  /** Null when the run's process printed no document: it crashed. */
  readonly document: RunDocument | null;
  readonly durationMs: number;
  readonly stderrTail: string;
}

export interface RunCellsOptions {
  readonly cells: readonly Cell[];
  readonly parallel: Parallel;
  /** The `minos` program's file. */
  readonly program: string;
  /** Flags that a run gets beside its cell's. */
  readonly flags: (cell: Cell) => readonly string[];
  readonly signal: AbortSignal;
  /** False: nothing more is started; what runs goes on. */
  mayStart?(): boolean;
  onStart?(cell: Cell, pid: number): void;
  onResult(result: CellResult, done: number): void;
  /** What a run says of nodes that it has frozen: somebody must hear it while they are. */
  onFrozen?(cell: Cell, line: string): void;
}

const tailLength = 4000;

/** Flags of this process that its children need to understand the same program, sources through a loader included. */
export function programWords(program: string): readonly string[] {
  // A debugger's port is taken.
  return [...process.execArgv.filter((flag) => !flag.startsWith("--inspect")), program];
}

/** The machine may have room again. */
const lookAgainMs = 1_000;

/** Runs all cells, as many at a time as `parallel` allows, in order. After an abort nothing more is started; runs under way end cleanly. */
export async function runCells(options: RunCellsOptions): Promise<readonly CellResult[]> {
  const { cells, parallel, signal } = options;
  const results: CellResult[] = [];
  const underWay = new Set<Promise<void>>();
  let next = 0;
  const upNext = (): Cell | undefined =>
    signal.aborted || next >= cells.length || options.mayStart?.() === false ? undefined : cells[next];
  const begin = (cell: Cell): void => {
    const run = runCell(cell, options).then((result) => {
      underWay.delete(run);
      results.push(result);
      parallel.ended(result.document);
      options.onResult(result, results.length);
    });
    underWay.add(run);
  };
  for (;;) {
    const cell = upNext();
    if (cell !== undefined && parallel.allows(underWay.size)) {
      next += 1;
      begin(cell);
    } else if (underWay.size > 0) await anyEnd(underWay);
    else if (cell === undefined) return results;
    else throw new Error("invariant: one run is always allowed");
  }
}

async function anyEnd(underWay: ReadonlySet<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const again = new Promise<void>((resolve) => (timer = setTimeout(resolve, lookAgainMs)));
  try {
    await Promise.race([...underWay, again]);
  } finally {
    clearTimeout(timer);
  }
}

function runCell(cell: Cell, { program, flags, signal, onStart, onFrozen }: RunCellsOptions): Promise<CellResult> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    // A group of its own: Ctrl-C at the terminal reaches it through us, once.
    const child = spawn(
      process.execPath,
      [...programWords(program), "run", ...flags(cell), ...cellFlags(cell), "--json"],
      {
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    if (child.pid !== undefined) onStart?.(cell, child.pid);
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err = (err + text).slice(-tailLength)));
    if (onFrozen !== undefined)
      createInterface({ input: child.stderr }).on("line", (line) => {
        if (line.startsWith("frozen: ")) onFrozen(cell, line);
      });
    const onAbort = (): void => void child.kill("SIGINT");
    signal.addEventListener("abort", onAbort, { once: true });
    const end = (code: number | null): void => {
      signal.removeEventListener("abort", onAbort);
      const document = parseDocument(out);
      const exitCode = knownCode(code, document);
      resolve({ cell, exitCode, document, durationMs: performance.now() - startedMs, stderrTail: err });
    };
    child.once("error", (error) => {
      err += String(error);
      end(null);
    });
    child.once("close", (code) => end(code));
  });
}

export function parseDocument(text: string): RunDocument | null {
  try {
    return JSON.parse(text) as RunDocument;
  } catch {
    return null;
  }
}

/** A process that died, that printed no document, or whose exit code is not its verdict's has crashed, whatever else it says. */
function knownCode(code: number | null, document: RunDocument | null): ExitCode {
  if (document === null) return exitCodes.crash;
  const expected = document.valid === undefined ? null : exitCodeOf(document.valid);
  if (expected !== null && code !== expected) return exitCodes.crash;
  const known = Object.values(exitCodes).find((one) => one === code);
  // Without a verdict only usage and crash can be meant.
  return known === undefined || (expected === null && known < exitCodes.usage) ? exitCodes.crash : known;
}

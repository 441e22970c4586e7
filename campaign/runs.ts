// Runs of a campaign, each in a process of its own: one run's garbage, crash or checker never delays another run's clients.
import { spawn } from "node:child_process";
import type { Coverage } from "./coverage.js";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-code.js";
import { cellFlags, type Cell } from "./matrix.js";

/** What a run's own `--json` document says, as far as a campaign reads it. */
export interface RunDocument {
  readonly valid?: boolean | "unknown";
  readonly summary?: string;
  readonly seed?: number;
  readonly report?: string;
  readonly counts?: { readonly ok: number; readonly fail: number; readonly info: number };
  readonly violations?: readonly { readonly class: string }[];
  readonly unknown?: readonly { readonly code: string; readonly sentence: string }[];
  readonly teeth?: readonly { readonly name: string; readonly value: number }[];
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
  readonly parallel: number;
  /** The `minos` program's file. */
  readonly program: string;
  /** Flags that every run gets. */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
  onResult(result: CellResult, done: number): void;
}

const tailLength = 4000;

/** Runs all cells, `parallel` at a time, in order. After an abort nothing more is started; runs under way end cleanly. */
export async function runCells(options: RunCellsOptions): Promise<readonly CellResult[]> {
  const results: CellResult[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < options.cells.length && !options.signal.aborted) {
      const cell = options.cells[next];
      next += 1;
      if (cell === undefined) return;
      const result = await runCell(cell, options);
      results.push(result);
      options.onResult(result, results.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, options.cells.length) }, worker));
  return results;
}

function runCell(cell: Cell, { program, flags, signal }: RunCellsOptions): Promise<CellResult> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    // A group of its own: Ctrl-C at the terminal reaches it through us, once.
    const child = spawn(process.execPath, [program, "run", ...flags, ...cellFlags(cell), "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err = (err + text).slice(-tailLength)));
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

function parseDocument(text: string): RunDocument | null {
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

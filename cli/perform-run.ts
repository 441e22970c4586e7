// One run with its progress on the terminal: shared by `minos run` and `minos campaign`.
import {
  exitCodeOf,
  exitCodes,
  progressLine,
  rerunLine,
  run,
  type ExitCode,
  type PreparedRun,
  type RunObserver,
  type RunResult,
} from "../campaign/index.js";
import { listenForInterrupt } from "./interrupt.js";
import type { Terminal } from "./terminal.js";
import { printTeeth, printVerdict, resultDocument } from "./verdict-text.js";

/** Where nobody watches, a line this often is enough. */
const quietEveryMs = 5000;

function observerFor(terminal: Terminal): RunObserver {
  let lastLineMs = performance.now();
  return {
    note: (text) => terminal.err(terminal.colors.dim(text)),
    progress: (progress) => {
      const line = progressLine(progress);
      if (terminal.live) terminal.status(line);
      else if (performance.now() - lastLineMs >= quietEveryMs && progress.elapsedMs > 0) {
        lastLineMs = performance.now();
        terminal.err(line);
      }
    },
  };
}

/** One run with its progress; Ctrl-C ends it cleanly. */
export async function performRun(
  prepared: PreparedRun & { readonly rerun?: string; readonly freezeForMs?: number | null },
  storeRoot: string,
  terminal: Terminal,
): Promise<RunResult & { readonly interrupted: boolean }> {
  const interrupt = listenForInterrupt(
    () => terminal.err("\ninterrupted: healing, stopping and judging what there is (once more to leave at once)"),
    () => {
      terminal.err("left at once; run `minos clean` to remove what is left behind");
      process.exit(exitCodes.crash);
    },
  );
  try {
    const { signal } = interrupt;
    const result = await run({ rerun: null, ...prepared, storeRoot, observer: observerFor(terminal), signal });
    return { ...result, interrupted: signal.aborted };
  } finally {
    interrupt.release();
    terminal.status("");
  }
}

/** Runs, then prints the verdict, the teeth, the report's path and how to run it again; the exit code is the verdict's. */
export async function runAndTell(
  prepared: PreparedRun & { readonly freezeForMs?: number | null },
  storeRoot: string,
  terminal: Terminal,
): Promise<ExitCode> {
  const result = await performRun(prepared, storeRoot, terminal);
  printVerdict(result.verdict, terminal);
  printTeeth(result.verdict, terminal);
  terminal.out(`\nreport   ${result.directory.reportFile}`);
  terminal.out(`again    ${rerunLine(prepared.plan, prepared.provenance, result.directory.planFile)}`);
  terminal.document(resultDocument(result, prepared.plan.seed));
  return exitCodeOf(result.verdict.valid);
}

// One run with its progress on the terminal: shared by `minos run` and `minos campaign`.
import { exitCodes, progressLine, run, type PreparedRun, type RunObserver, type RunResult } from "../campaign/index.js";
import { listenForInterrupt } from "./interrupt.js";
import type { Terminal } from "./terminal.js";

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

export async function performRun(prepared: PreparedRun, storeRoot: string, terminal: Terminal): Promise<RunResult> {
  const interrupt = listenForInterrupt(
    () => terminal.err("\ninterrupted: healing, stopping and judging what there is (once more to leave at once)"),
    () => {
      terminal.err("left at once; run `minos clean` to remove what is left behind");
      process.exit(exitCodes.crash);
    },
  );
  try {
    return await run({
      ...prepared,
      storeRoot,
      observer: observerFor(terminal),
      signal: interrupt.signal,
    });
  } finally {
    interrupt.release();
    terminal.status("");
  }
}

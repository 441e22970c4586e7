// The `minos` command as a test calls it: one JSON document, and an end that comes with the test's.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageInfo, parseDocument, type RunDocument } from "../campaign/index.js";

export interface MinosEnded {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** Null: it printed none. */
  readonly document: RunDocument | null;
  readonly stderrTail: string;
}

const tailLength = 4_000;
const outLengthMax = 64 * 1024 * 1024;
/** Healing and taking the cluster down may take a while; after this it is killed, and `minos clean` removes what is left. */
const endWithinMs = 30_000;

/** Aborting has it end cleanly. Rejects only when it cannot be started. */
export function runMinos(words: readonly string[], signal: AbortSignal): Promise<MinosEnded> {
  const program = join(packageInfo().root, "dist", "cli", "main.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    let killing: NodeJS.Timeout | undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (out.length < outLengthMax) out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err = (err + text).slice(-tailLength)));
    const onAbort = (): void => {
      child.kill("SIGINT");
      killing = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
    };
    const release = (): void => {
      clearTimeout(killing);
      signal.removeEventListener("abort", onAbort);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    child.once("error", (error) => {
      release();
      reject(error);
    });
    child.once("close", (exitCode) => {
      release();
      resolve({ exitCode, document: parseDocument(out), stderrTail: err });
    });
  });
}

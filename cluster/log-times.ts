// When the lines of a node's log came, by the runner's clock: kept beside the log, as the log itself is the node's own bytes and what it says of the
// time may be missing, or wrong under a fault of clocks. `nodes/<n>/log-times.jsonl`, one line `[endByte, sinceMs, seenMs]` for each time that
// something new was seen: the bytes up to `endByte` (from where the line before ended) were written after `sinceMs` and seen at `seenMs`.
import { closeSync, openSync, writeSync } from "node:fs";

export const logFile = "log.txt";
export const logTimesFile = "log-times.jsonl";

/** `[endByte, sinceMs, seenMs]`; Unix time of the runner's monotonic clock. */
export type LogMark = readonly [endByte: number, sinceMs: number, seenMs: number];

/** Unix time in milliseconds that never jumps: the machine's time of day at the process's start, counted on by its monotonic clock. */
export function steadyUnixMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Marks closer together than this are one: a node may write in thousands of pieces a second. */
const togetherMs = 10;

export class LogTimes {
  #file: number | null = null;
  #failed = false;
  #endByte = 0;
  #pending: { readonly sinceMs: number; seenMs: number } | null = null;

  /** `trouble` is told once, when the file cannot be written; the log goes on without times. */
  constructor(
    private readonly path: string,
    private readonly trouble: (detail: string) => void,
  ) {}

  /** The log has grown up to `endByte`; what is new was written after `sinceMs` and seen at `seenMs`. */
  grown(endByte: number, sinceMs: number, seenMs: number): void {
    if (this.#pending !== null && seenMs - this.#pending.sinceMs > togetherMs) this.#write();
    this.#pending ??= { sinceMs, seenMs };
    this.#pending.seenMs = seenMs;
    this.#endByte = endByte;
    if (seenMs - this.#pending.sinceMs > togetherMs) this.#write();
  }

  close(): void {
    this.#write();
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#failed = true;
  }

  #write(): void {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null || this.#failed) return;
    const round = (ms: number): number => Math.round(ms * 1000) / 1000;
    const mark: LogMark = [this.#endByte, round(pending.sinceMs), round(pending.seenMs)];
    try {
      this.#file ??= openSync(this.path, "a");
      writeSync(this.#file, `${JSON.stringify(mark)}\n`);
    } catch (error) {
      this.#failed = true;
      this.trouble(`times of log lines are not kept: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

// The part of each node's log that stands in the report: lines around the moment in which it went wrong, with their times on the runner's
// clock where logs and runner have a common one; else the last lines.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { logFile, logTimesFile, type LogMark } from "../cluster/index.js";
import type { LogExcerpt } from "../reports/index.js";
import { timeOfLine, type Mark } from "./node-logs.js";

const linesBefore = 40;
const linesAfter = 20;

export interface ExcerptInput {
  /** `nodes/<n>` of the run. */
  readonly folder: string;
  readonly node: string;
  /** Unix time in ms of the run clock's zero; null: logs and runner have no common clock. */
  readonly zeroMs: number | null;
  /** Null: nothing went wrong, the end of the log is as good as any other part. */
  readonly causeNs: number | null;
}

/** Null where the node left no log. */
export function logExcerpt({ folder, node, zeroMs, causeNs }: ExcerptInput): LogExcerpt | null {
  const file = join(folder, logFile);
  if (!existsSync(file)) return null;
  const text = readFileSync(file, "utf8").trimEnd();
  if (text === "") return null;
  const lines = text.split("\n");
  const times = zeroMs === null ? null : timesOf(lines, marksOf(join(folder, logTimesFile)), zeroMs);
  const firstAfter = causeNs === null || times === null ? -1 : times.findIndex((ns) => ns > causeNs);
  const end = Math.min(lines.length, firstAfter === -1 ? lines.length : firstAfter + linesAfter);
  const from = Math.max(0, end - linesBefore - linesAfter);
  const what = firstAfter === -1 ? `last ${end - from} lines of` : `${end - from} lines around the cause of`;
  return {
    node,
    title: `${what} ${node}'s log`,
    lines: lines.slice(from, end),
    ...(times === null ? {} : { timesNs: times.slice(from, end) }),
  };
}

function marksOf(path: string): readonly Mark[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        const [endByte, sinceMs, seenMs] = JSON.parse(line) as LogMark;
        return [{ endByte, sinceMs, seenMs }];
      } catch {
        // Cut short by a kill: the last one.
        return [];
      }
    });
}

function timesOf(lines: readonly string[], marks: readonly Mark[], zeroMs: number): readonly number[] {
  let at = 0;
  let endByte = 0;
  let lastNs = Number.NEGATIVE_INFINITY;
  const last = marks.at(-1)?.seenMs ?? zeroMs;
  return lines.map((line) => {
    endByte += Buffer.byteLength(line) + 1;
    while ((marks[at]?.endByte ?? Number.POSITIVE_INFINITY) < endByte) at++;
    // Written when the runner no longer looked: some time after it did.
    const mark = marks[at] ?? { endByte: Number.POSITIVE_INFINITY, sinceMs: last, seenMs: Number.POSITIVE_INFINITY };
    lastNs = Math.max(lastNs, Math.round((timeOfLine(line, mark).atMs - zeroMs) * 1e6));
    return lastNs;
  });
}

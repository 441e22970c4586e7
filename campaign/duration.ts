// Durations as people write them: `60s`, `500ms`, `2m`, `1h`.
import { UsageError } from "./exit-code.js";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds. A bare number is refused, because nobody can tell its unit. */
export function parseDuration(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = match?.[2] as keyof typeof unitMs | undefined;
  if (match?.[1] === undefined || unit === undefined) {
    throw new UsageError(`${what}: "${text}" is no duration`, 'write "60s", "500ms", "2m"');
  }
  return Math.round(Number(match[1]) * unitMs[unit]);
}

/** `1.5 s`, `350 ms`, `2 min 5 s`: for people. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${Number((milliseconds / 1000).toFixed(1))} s`;
  if (milliseconds >= unitMs.h) return `${Number((milliseconds / unitMs.h).toFixed(1))} h`;
  const seconds = Math.round((milliseconds % 60_000) / 1000);
  return `${Math.floor(milliseconds / 60_000)} min${seconds === 0 ? "" : ` ${seconds} s`}`;
}

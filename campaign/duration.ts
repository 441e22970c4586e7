// Durations as people write them: `60s`, `500ms`, `2m`, `1h`.
import { UsageError } from "./exit-code.js";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds. A bare number is refused, because nobody can tell its unit. */
export function parseDuration(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const factor = unitMs[match?.[2] ?? ""];
  if (match?.[1] === undefined || factor === undefined) {
    throw new UsageError(`${what}: "${text}" is no duration`, 'write "60s", "500ms", "2m"');
  }
  return Math.round(Number(match[1]) * factor);
}

/** `1.5 s`, `350 ms`, `2 min 5 s`: for people. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${Number((milliseconds / 1000).toFixed(1))} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

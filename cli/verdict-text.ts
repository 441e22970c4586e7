// A verdict as a person reads it on a terminal.
import type { RunResult } from "../campaign/index.js";
import { corruptionMeasures, type TeethMeasure, type Verdict } from "../checker/index.js";
import type { Terminal } from "./terminal.js";

export function verdictWord(verdict: Verdict, { colors }: Terminal): string {
  if (verdict.valid === true) return colors.bold(colors.green("✓ valid"));
  if (verdict.valid === false) return colors.bold(colors.red("✗ VIOLATION"));
  return colors.bold(colors.yellow("? unknown"));
}

export function printVerdict(verdict: Verdict, terminal: Terminal): void {
  const { colors } = terminal;
  terminal.out(`\n${verdictWord(verdict, terminal)}  ${verdict.summary}`);
  for (const violation of verdict.violations.slice(0, 5)) {
    const key = violation.key === null ? "" : ` (key ${JSON.stringify(violation.key)})`;
    terminal.out(`  ${colors.red(violation.class)}${key}: ${violation.sentence}`);
  }
  const more = verdict.violations.length - 5;
  if (more > 0) terminal.out(`  and ${more} more`);
  // Beside a violation, doubts about how much more could have been seen are noise; the verdict's file keeps them.
  if (verdict.valid !== false) {
    for (const reason of verdict.unknown) terminal.out(`  ${colors.yellow(reason.code)}: ${reason.sentence}`);
  }
  for (const warning of verdict.warnings) terminal.out(`  ${colors.yellow("warning")}: ${warning}`);
}

/** Teeth in a few lines: how much the run could have shown. */
export function printTeeth(verdict: Verdict, terminal: Terminal): void {
  const { operations, ok, fail, info } = verdict.counts;
  terminal.out(`  ${operations} operations: ${ok} ok, ${fail} fail, ${info} of unknown outcome`);
  const telling: readonly string[] = corruptionMeasures;
  for (const measure of verdict.teeth) {
    const limit = measure.ceiling ?? null;
    if (measure.floor === null && limit === null && !telling.includes(measure.name)) continue;
    const asked = measure.floor === null ? (limit === null ? "" : ` (at most ${limit})`) : ` (floor ${measure.floor})`;
    const floor = terminal.colors.dim(asked);
    const how = telling.includes(measure.name) ? terminal.colors.dim(` (${measure.meaning})`) : "";
    const unit = measure.unit === "share" ? "" : ` ${measure.unit}`;
    terminal.out(`  ${measure.name}: ${Number(measure.value.toFixed(3))}${unit}${floor}${how}`);
  }
  for (const [why, names] of floorsNotAsked(verdict.teeth)) terminal.out(`  no floor, ${why}: ${names.join(", ")}`);
}

/** Measures whose floors were not asked for, by the reason why. */
function floorsNotAsked(teeth: readonly TeethMeasure[]): ReadonlyMap<string, readonly string[]> {
  const byReason = new Map<string, string[]>();
  for (const { name, value, notAsked } of teeth)
    if (notAsked !== undefined)
      byReason.set(notAsked, [...(byReason.get(notAsked) ?? []), `${name} ${Number(value.toFixed(3))}`]);
  return byReason;
}

/** What --json prints of a run; paths are absolute. */
export function resultDocument(result: RunResult, seed: number): Readonly<Record<string, unknown>> {
  const { verdict, directory } = result;
  return {
    valid: verdict.valid,
    summary: verdict.summary,
    seed,
    directory: directory.path,
    report: directory.reportFile,
    history: directory.historyFile,
    boot_ms: Math.round(result.bootMs),
    teardown_ms: Math.round(result.teardownMs),
    left_behind: result.leftBehind,
    counts: verdict.counts,
    violations: verdict.violations,
    unknown: verdict.unknown,
    warnings: verdict.warnings,
    teeth: verdict.teeth,
    coverage: result.coverage,
    ...(result.frozen == null ? {} : { frozen: result.frozen }),
    ...(result.canary === null ? {} : { canary: result.canary }),
  };
}

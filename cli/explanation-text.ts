// --explain: what a verdict stands on, operation by operation.
import { formatExplanation, type CheckerResult, type Verdict, type Violation } from "../checker/index.js";
import type { JsonValue, Operation } from "../history/index.js";
import type { Terminal } from "./terminal.js";

const shownViolations = 5;
const shownOperations = 20;
const shownKeys = 10;

export function printExplanation(verdict: Verdict, operations: readonly Operation[], terminal: Terminal): void {
  for (const violation of verdict.violations.slice(0, shownViolations)) printCore(violation, operations, terminal);
  for (const checker of verdict.checkers) printKeys(checker, terminal);
}

function printCore(violation: Violation, operations: readonly Operation[], { out, colors }: Terminal): void {
  if (violation.explanation !== undefined) {
    out("");
    for (const line of formatExplanation(violation).split("\n")) out(line === "" ? "" : `  ${line}`);
    out(`  fingerprint: ${violation.fingerprint}`);
    return;
  }
  const core = violation.operations.flatMap((index) => operations[index] ?? []);
  if (core.length === 0) return;
  const { certificate } = violation;
  const minimal = certificate?.minimal === true ? ", none of which can be left out" : "";
  const verified = certificate?.verified === true ? "; re-checked by the verifier" : "";
  out(`\n  ${colors.bold(violation.class)}: ${core.length} operations contradict each other${minimal}${verified}`);
  const shown = core.toSorted((left, right) => left.callNs - right.callNs).slice(0, shownOperations);
  for (const operation of shown) out(`    ${lineOf(operation)}`);
  if (core.length > shown.length) out(`    and ${core.length - shown.length} more`);
  out(`    fingerprint: ${violation.fingerprint}`);
}

/** `[1.203, 1.204] process 3  get → 7`; times as the file gives them, nanoseconds or the order of lines. */
function lineOf({ callNs, returnNs, process, function: name, input, output, outcome }: Operation): string {
  const asked = input === null ? name : `${name} ${text(input)}`;
  const answered = outcome === "info" ? "(unknown outcome)" : output === null && name !== "get" ? "ok" : text(output);
  return `[${callNs}, ${returnNs ?? "∞"}]  process ${process}  ${asked} → ${answered}`;
}

function text(value: JsonValue): string {
  const whole = JSON.stringify(value);
  return whole.length > 60 ? `${whole.slice(0, 57)}…` : whole;
}

function printKeys({ keys }: CheckerResult, { out }: Terminal): void {
  if (keys === undefined || keys.length === 0) return;
  out("");
  for (const { key, valid, engine, operations, durationMs } of keys.slice(0, shownKeys)) {
    const name = key === null ? "the object" : `key ${text(key)}`;
    const word = valid === "unknown" ? "unknown" : valid ? "valid" : "violation";
    out(`  ${name}: ${word}, ${operations} operations, ${engine}, ${durationMs.toFixed(1)} ms`);
  }
  if (keys.length > shownKeys) out(`  and ${keys.length - shownKeys} more keys`);
}

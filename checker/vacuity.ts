// Vacuity: what a run did not do cannot have gone wrong, so a run that left out what it was for is unknown.
import type { HistoryEvent, JsonValue, Operation } from "../history/index.js";
import type { FaultSpan } from "./faults.js";
import { OpenOperations } from "./open-operations.js";
import { writtenBy } from "./teeth.js";
import { canonical, show } from "./values.js";
import type { UnknownReason } from "./verdict.js";

export interface VacuityInput {
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly faults: readonly FaultSpan[];
  readonly expectedFaults: number;
  readonly nodes: readonly string[];
  readonly keys: readonly JsonValue[];
  readonly finalReads: boolean;
}

export function vacuities(input: VacuityInput): readonly UnknownReason[] {
  const sentences = [...faultGaps(input), ...keyGaps(input), ...(input.finalReads ? finalReadGaps(input) : [])];
  return sentences.map((sentence) => ({ code: "vacuous", sentence }));
}

function faultGaps({ faults, expectedFaults, operations, events }: VacuityInput): string[] {
  const gaps: string[] = [];
  for (let fault = 0; fault < expectedFaults; fault++) {
    const span = faults.find((one) => one.fault === fault);
    const name = `fault ${fault}${span === undefined ? "" : ` (${span.kind})`}`;
    if (span === undefined) gaps.push(`${name} of the schedule was never begun`);
    else if (span.trouble?.stage === "void") gaps.push(`${name} was void: ${span.trouble.why}`);
    else if (span.confirmedOn === null) gaps.push(`${name} was never confirmed at its target${whyOf(span)}`);
    else if (span.confirmedOff === null) gaps.push(`${name} was never seen to end${whyOf(span)}`);
  }
  const open = new OpenOperations(operations, events);
  const overlapped = faults.filter(
    ({ confirmedOn, healRequested }) =>
      confirmedOn !== null && open.countBetween(confirmedOn, healRequested ?? confirmedOn) > 0,
  );
  if (expectedFaults > 0 && overlapped.length === 0) gaps.push("no operation overlapped a fault");
  return gaps;
}

function whyOf({ trouble }: FaultSpan): string {
  return trouble === null ? "" : `: ${trouble.why}`;
}

function keyGaps({ keys, operations }: VacuityInput): string[] {
  const written = new Set<string>();
  const read = new Set<string>();
  for (const operation of operations) {
    if (operation.outcome !== "ok") continue;
    const key = canonical(operation.key);
    if (writtenBy(operation) !== null) written.add(key);
    if (operation.function === "get") read.add(key);
  }
  return keys.flatMap((key) => {
    const text = canonical(key);
    if (!written.has(text)) return [`key ${show(key)} has no completed write`];
    return read.has(text) ? [] : [`key ${show(key)} has no completed read`];
  });
}

/** Every key through every node, after the last fault was healed. */
function finalReadGaps({ events, operations, nodes, keys }: VacuityInput): string[] {
  const done = new Set<string>();
  for (const { outcome, callEvent, node, key } of operations) {
    const call = events[callEvent];
    if (outcome === "ok" && node !== null && call?.type === "invoke" && call.phase === "final-read")
      done.add(`${node} ${canonical(key)}`);
  }
  const missing = nodes.flatMap((node) =>
    keys.filter((key) => !done.has(`${node} ${canonical(key)}`)).map((key) => ({ node, key })),
  );
  if (missing.length === 0) return [];
  const some = missing.slice(0, 3).map(({ node, key }) => `${show(key)} through ${node}`);
  const more = missing.length > some.length ? `, and ${missing.length - some.length} more` : "";
  return [`the final reads are incomplete: ${some.join(", ")}${more}`];
}

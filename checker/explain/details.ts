// What a violation's explanation adds to its core and sentence.
import type { JsonValue, Operation } from "../../history/index.js";
import type { AnyModel } from "../model.js";
import type { Contradiction } from "../register/columns.js";
import type { NormalisedRegister } from "../register/normalise.js";
import type { Explanation, Violation } from "../verdict.js";
import { judgeWeaker } from "../weaker/judge-weaker.js";
import { partialLinearizations } from "./partials.js";
import { line } from "./sentence.js";
import { stalenessOf } from "./staleness.js";

/** Below so much time for explaining there is none for details. */
const leastTimeMs = 1_000;
const maxLegend = 200;

export interface DetailsInput {
  readonly model: AnyModel;
  readonly initial: JsonValue;
  /** All of the key. */
  readonly operations: readonly Operation[];
  /** For explaining the violation, of which this takes a part. */
  readonly timeMs: number;
  /** The operations of a register; null: it is another model. */
  readonly normal: NormalisedRegister | Contradiction | null;
}

export function withDetails(violation: Violation, input: DetailsInput): Violation {
  const { model, initial, operations, timeMs, normal } = input;
  const { culprit, timeNs } = violation;
  if (timeMs < leastTimeMs || culprit === undefined || timeNs === null) return violation;
  const core = violation.operations;
  const weaker = judgeWeaker(model, operations, initial, timeMs / 10, normal);
  const partials = partialLinearizations({ model, initial, operations, core, culprit, timeNs, timeMs: timeMs / 10 });
  const named = new Set([
    ...core,
    culprit,
    ...(violation.related ?? []),
    ...weaker.sequential.witness,
    ...weaker.guarantees.flatMap(({ witness }) => witness),
    ...partials.flatMap(({ order, notPlaced }) => [...order, ...notPlaced.map(({ operation }) => operation)]),
  ]);
  const legend = operations
    .filter(({ index }) => named.has(index))
    .slice(0, maxLegend)
    .map((operation) => ({ operation: operation.index, text: line(operation) }));
  const explanation: Explanation = { legend, stalenessMs: staleness(violation, culprit, input), partials, weaker };
  return { ...violation, explanation };
}

function staleness(violation: Violation, culprit: number, { operations, normal }: DetailsInput): number | null {
  if (violation.class !== "stale read" || normal === null || !("values" in normal)) return null;
  const position = operations.findIndex(({ index }) => index === culprit);
  const operation = normal.operations.find((one) => one.position === position);
  const staleNs = operation === undefined ? null : stalenessOf(operation, normal.operations);
  return staleNs === null ? null : staleNs / 1e6;
}

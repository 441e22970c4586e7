// The operations of a violation: their exact intervals, which had ended before which began, and which saw what another wrote. These are
// the orders that no single history of the key can keep all at once.
import { outcomeInfo, outcomeOpen } from "../../columns.js";
import type { Violation } from "../../../checker/index.js";
import { duration } from "./format.js";
import { coreOf, labelOf, type Run } from "./load.js";

export interface CoreOperation {
  readonly operation: number;
  readonly number: number;
  readonly callNs: number;
  /** Infinity while nobody knows. */
  readonly endNs: number;
}

export interface Edge {
  readonly kind: "precedes" | "reads";
  readonly from: CoreOperation;
  readonly to: CoreOperation;
}

export function coreOperations(run: Run, violation: Violation): readonly CoreOperation[] {
  const { operations } = run;
  return coreOf(violation).flatMap((operation, index) => {
    if (operation >= operations.count) return [];
    const exact = run.payload.exact.find((times) => times.operation === operation);
    const outcome = operations.outcome[operation] ?? 0;
    const open = outcome === outcomeInfo || outcome === outcomeOpen;
    return [
      {
        operation,
        number: index + 1,
        callNs: exact?.callNs ?? operations.callNs[operation] ?? 0,
        endNs: open
          ? Number.POSITIVE_INFINITY
          : (exact?.endNs ?? operations.endNs[operation] ?? Number.POSITIVE_INFINITY),
      },
    ];
  });
}

function jsonField(text: string | null, name: string): string | null {
  try {
    const value = JSON.parse(text ?? "null") as unknown;
    if (typeof value !== "object" || value === null || !(name in value)) return null;
    return JSON.stringify((value as Record<string, unknown>)[name]);
  } catch {
    return null;
  }
}

/** JSON text of the value that an operation wrote or would have written. */
function written(run: Run, operation: number): string | null {
  const { operations } = run;
  const name = operations.functions[operations.function[operation] ?? 0];
  const input = operations.input(operation);
  return name === "cas" ? jsonField(input, "new") : name === "get" || name === "read" ? null : input;
}

function observed(run: Run, operation: number): string | null {
  const { operations } = run;
  const name = operations.functions[operations.function[operation] ?? 0];
  if (operations.outcome[operation] !== 0) return null;
  if (name === "cas")
    return jsonField(operations.output(operation), "observed") ?? jsonField(operations.input(operation), "expected");
  return name === "get" || name === "read" ? operations.output(operation) : null;
}

/** Direct precedences (none that follows from two others) and who read whose write. */
export function edgesOf(run: Run, core: readonly CoreOperation[]): readonly Edge[] {
  const before = (a: CoreOperation, b: CoreOperation): boolean => a.endNs < b.callNs;
  const edges: Edge[] = [];
  for (const from of core) {
    for (const to of core) {
      if (from !== to && before(from, to) && !core.some((between) => before(from, between) && before(between, to)))
        edges.push({ kind: "precedes", from, to });
    }
  }
  for (const to of core) {
    const value = observed(run, to.operation);
    if (value === null || value === "null") continue;
    const from = core.find((writer) => writer !== to && written(run, writer.operation) === value);
    if (from !== undefined) edges.push({ kind: "reads", from, to });
  }
  return edges;
}

/** What each edge says. */
export function edgeSentence(run: Run, { kind, from, to }: Edge): string {
  const a = labelOf(run, from.operation);
  const b = labelOf(run, to.operation);
  return kind === "precedes"
    ? `${a} had ended ${duration(to.callNs - from.endNs)} before ${b} began, so it comes first.`
    : `${b} saw what ${a} wrote.`;
}

/** When the core's operations were under way; what never ended counts until its call. */
export function coreSpan(core: readonly CoreOperation[]): { readonly fromNs: number; readonly toNs: number } {
  const ends = core.map(({ callNs, endNs }) => (Number.isFinite(endNs) ? endNs : callNs));
  return { fromNs: Math.min(...core.map(({ callNs }) => callNs)), toNs: Math.max(...ends) };
}

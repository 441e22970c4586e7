// What clients together had seen of a history by some moment.
import type { JsonValue, Operation } from "../../history/index.js";

/**
 * What was known at a time: what had not returned by then may have happened or not. What it turned out to be counts all the same: a
 * comparison that failed later on did not write, and a put that told later what it replaced replaced only that.
 */
export function knownAt(operations: readonly Operation[], time: number): readonly Operation[] {
  return operations.flatMap((one): Operation[] => {
    if (one.outcome === "fail" || one.callNs > time) return [];
    if (one.returnNs === null || one.returnNs <= time) return [one];
    const told = one.output as { readonly status?: string; readonly previous?: JsonValue } | null;
    if (one.function === "cas" && told?.status !== "ok") return [];
    const previous = one.function === "put" ? told?.previous : undefined;
    const change = previous === undefined ? {} : { function: "cas", input: { expected: previous, new: one.input } };
    return [{ ...one, ...change, outcome: "info", output: null, returnNs: null }];
  });
}

// From a violation to its place in the timeline.
import type { Run } from "./load.js";
import type { ViewStore } from "./view.js";

/** Shows a violation with some time around it. */
export function showViolation(run: Run, store: ViewStore, place = 0): void {
  const violation = run.payload.verdict.violations[place];
  if (violation === undefined) return;
  const calls = violation.operations.map((row) => run.operations.callNs[row] ?? 0);
  const at = violation.timeNs ?? calls.at(-1) ?? 0;
  const from = Math.min(at, ...calls);
  const margin = Math.max((at - from) * 0.3, 5e6);
  store.set({ key: null, violation: place });
  store.show(from - margin, at + margin);
  const last = violation.operations.at(-1);
  if (last !== undefined) store.set({ pinned: last });
}

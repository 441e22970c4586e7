// The whole run in one strip: how many operations were under way, where some failed or stayed unknown, when faults acted, where the
// violation lies, and which part the pictures below show.
import { outcomeFail, outcomeInfo, outcomeOpen } from "../../../columns.js";
import type { Run } from "../load.js";
import type { Palette } from "../palette.js";
import { mergedSpans } from "../faults.js";
import { timeScale, type View } from "../view.js";
import type { FaultSpan } from "../faults.js";

const bucketCount = 600;

export interface Overview {
  readonly calls: Uint32Array;
  readonly troubled: Uint32Array;
  readonly highest: number;
}

/** Counts calls, and among them those that failed or stayed unknown, in slices of the run. */
export function overviewOf(run: Run): Overview {
  const { operations, endNs } = run;
  const calls = new Uint32Array(bucketCount);
  const troubled = new Uint32Array(bucketCount);
  for (let row = 0; row < operations.count; row++) {
    const bucket = Math.min(
      bucketCount - 1,
      Math.max(0, Math.floor(((operations.callNs[row] ?? 0) / endNs) * bucketCount)),
    );
    calls[bucket] = (calls[bucket] ?? 0) + 1;
    const outcome = operations.outcome[row];
    if (outcome === outcomeFail || outcome === outcomeInfo || outcome === outcomeOpen)
      troubled[bucket] = (troubled[bucket] ?? 0) + 1;
  }
  // A burst, such as the final reads, may be cut off at the top rather than flatten all the rest.
  const highest = Math.max(1, (calls.toSorted()[Math.floor(bucketCount * 0.97)] ?? 1) * 1.15);
  return { calls, troubled, highest };
}

export function drawOverview(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  run: Run,
  overview: Overview,
  faults: readonly FaultSpan[],
  view: View,
  colours: Palette,
): void {
  const scale = timeScale({ fromNs: -run.endNs * 0.004, toNs: run.endNs * 1.012 }, width);
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  for (const { fromNs, toNs } of mergedSpans(faults)) {
    context.fillStyle = colours["fault-tint-strong"];
    context.fillRect(scale.x(fromNs), 0, Math.max(1.5, scale.x(toNs) - scale.x(fromNs)), height);
    context.fillStyle = colours.fault;
    context.fillRect(scale.x(fromNs), 0, Math.max(1.5, scale.x(toNs) - scale.x(fromNs)), 3);
  }
  const base = height - 2;
  const step = (scale.x(run.endNs) - scale.x(0)) / bucketCount;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const x = scale.x(0) + bucket * step;
    const tall = (n: number): number => (n === 0 ? 0 : Math.max(1, Math.min(1, n / overview.highest) * (height - 12)));
    const all = tall(overview.calls[bucket] ?? 0);
    const bad = tall(overview.troubled[bucket] ?? 0);
    context.fillStyle = colours.get;
    context.fillRect(x, base - all, step + 0.3, all);
    context.fillStyle = colours.info;
    context.fillRect(x, base - bad, step + 0.3, bad);
  }
  for (const { timeNs } of run.payload.verdict.violations) {
    if (timeNs === null) continue;
    const x = scale.x(timeNs);
    context.fillStyle = colours.bad;
    context.fillRect(x - 1, 0, 2, height);
    context.beginPath();
    context.moveTo(x - 6, 0);
    context.lineTo(x + 6, 0);
    context.lineTo(x, 9);
    context.fill();
  }
  const left = Math.max(scale.x(view.fromNs), scale.left);
  const right = Math.min(scale.x(view.toNs), scale.right);
  context.fillStyle = colours.page;
  context.globalAlpha = 0.72;
  context.fillRect(scale.left, 0, left - scale.left, height);
  context.fillRect(right, 0, scale.right - right, height);
  context.globalAlpha = 1;
  if (right - left < scale.right - scale.left - 1) {
    context.strokeStyle = colours.text;
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, 0.75, Math.max(right - left - 1.5, 3), height - 1.5);
  }
  context.fillStyle = colours.muted;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillText(scale.left < 100 ? "run" : "whole run", 2, height / 2);
}

// One strip for each node: a chosen number over time, the stretches in which it gave no answer, when it said that it leads, and the faults that
// were aimed at it.
import { mergedSpans, type FaultSpan } from "../faults.js";
import type { Run } from "../load.js";
import type { Palette } from "../palette.js";
import { timeScale, type View } from "../view.js";
import { valuesOf, type Metric, type Series } from "./series.js";

export const rowHeight = 36;
const barPx = 3;

export interface NodesPicture {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly run: Run;
  readonly all: readonly Series[];
  readonly metric: Metric;
  readonly faults: readonly FaultSpan[];
  readonly view: View;
  readonly colours: Palette;
  /** The moment that the table tells of. */
  readonly momentNs: number;
}

export function drawNodes(picture: NodesPicture): void {
  const { context, width, run, all, metric, faults, view, colours, momentNs } = picture;
  const height = all.length * rowHeight;
  const scale = timeScale(view, width);
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  const highest = Math.max(1, ...all.flatMap((series) => (valuesOf(series, metric) ?? []).map((value) => value ?? 0)));
  const stretch = (fromNs: number, toNs: number, top: number, tall: number): void => {
    const left = Math.max(scale.x(fromNs), scale.left);
    const right = Math.min(scale.x(toNs), scale.right);
    if (right > left) context.fillRect(left, top, Math.max(right - left, 1), tall);
  };
  context.fillStyle = colours["fault-tint"];
  for (const { fromNs, toNs } of mergedSpans(faults)) stretch(fromNs, toNs, 0, height);
  for (const [place, series] of all.entries()) {
    const top = place * rowHeight;
    context.fillStyle = colours["fault-tint-strong"];
    for (const fault of faults)
      if (fault.record.state !== "void" && fault.nodes.has(series.node))
        stretch(fault.fromNs, fault.toNs, top, rowHeight);
    drawStrip(picture, series, top, highest);
    context.fillStyle = colours.line;
    context.fillRect(0, top + rowHeight - 1, width, 1);
    context.fillStyle = colours.text;
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.fillText(series.node, 4, top + rowHeight / 2);
  }
  const line = (ns: number, colour: string, thick: number): void => {
    const x = scale.x(ns);
    if (x < scale.left || x > scale.right) return;
    context.fillStyle = colour;
    context.fillRect(Math.round(x), 0, thick, height);
  };
  for (const { timeNs } of run.payload.verdict.violations.slice(0, 50))
    if (timeNs !== null) line(timeNs, colours.bad, 1);
  line(momentNs, colours.text, 2);
}

/** A column a pixel: the highest value of the samples in it, so that a short peak is not lost. */
function drawStrip(
  { context, width, run, metric, view, colours }: NodesPicture,
  series: Series,
  top: number,
  highest: number,
) {
  const scale = timeScale(view, width);
  const values = valuesOf(series, metric);
  const base = top + rowHeight - 1 - barPx;
  const tall = rowHeight - barPx - 5;
  for (const [at, ns] of series.timesNs.entries()) {
    const next = series.timesNs[at + 1] ?? Math.min(run.endNs, ns + 1e8);
    const left = Math.max(scale.x(ns), scale.left);
    const right = Math.min(scale.x(next), scale.right);
    if (right <= left) continue;
    if (series.decided[at] === null) {
      hatch(context, left, right, top + 3, rowHeight - 7, colours);
      continue;
    }
    const value = values?.[at] ?? null;
    if (value === null || value <= 0) continue;
    const high = Math.max(1.5, (value / highest) * tall);
    context.fillStyle = metric === "behind" ? colours.info : colours.get;
    context.fillRect(left, base - high, Math.max(right - left, 1), high);
  }
  drawLeading(context, run, series, top + rowHeight - 1 - barPx, scale, colours);
}

function hatch(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  top: number,
  tall: number,
  colours: Palette,
): void {
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, tall);
  context.clip();
  context.fillStyle = colours.lane;
  context.fillRect(left, top, right - left, tall);
  context.strokeStyle = colours.fail;
  context.lineWidth = 1;
  context.beginPath();
  // Fixed to the page, not to the sample: neighbours join.
  for (let x = Math.floor((left - tall) / 6) * 6; x < right; x += 6) {
    context.moveTo(x, top + tall);
    context.lineTo(x + tall, top);
  }
  context.stroke();
  context.restore();
}

function drawLeading(
  context: CanvasRenderingContext2D,
  run: Run,
  series: Series,
  top: number,
  scale: ReturnType<typeof timeScale>,
  colours: Palette,
): void {
  const lane = run.payload.groups
    .find(({ group }) => group === series.group)
    ?.nodes.find(({ node }) => node === series.node);
  context.fillStyle = colours.leader;
  for (const [at, record] of (lane?.records ?? []).entries()) {
    if (record.role !== "leader") continue;
    const left = Math.max(scale.x(record.timeNs), scale.left);
    const right = Math.min(scale.x(lane?.records[at + 1]?.timeNs ?? run.endNs), scale.right);
    if (right > left) context.fillRect(left, top, right - left, barPx);
  }
}

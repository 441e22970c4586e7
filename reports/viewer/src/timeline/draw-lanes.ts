// Draws the operations. A row with fewer operations in view than pixels is drawn one by one, outcome by shape; a fuller one pixel by
// pixel, as dark as it was busy, with a tick wherever something failed or stayed unknown. Either way the work is bounded by the
// picture's size, not by the run's.
import { outcomeFail, outcomeOk, type Operations } from "../../../columns.js";
import { mergedSpans, type FaultSpan } from "../faults.js";
import { labelOf, type Run } from "../load.js";
import { functionColour, inkOn, type Palette } from "../palette.js";
import type { Pen } from "../pen.js";
import type { TimeScale } from "../view.js";
import { lowerBound, occupiedUntil, type Layout, type Row } from "./rows.js";

export interface LanesPicture {
  readonly context: Pen;
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly scale: TimeScale;
  readonly run: Run;
  readonly layout: Layout;
  readonly colours: Palette;
  readonly faults: readonly FaultSpan[];
  /** Operations to number: those of the violation that is looked at. */
  readonly core: ReadonlyMap<number, number>;
  /** 1 for every operation that the search found, or null when nothing is sought. */
  readonly matches: Uint8Array | null;
}

const labelFont = "11px system-ui, sans-serif";
const barFont = "10.5px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
/** With more violations than this, lines would only hide the rest. */
const violationLines = 50;
/** Shades of a pixel that stands for many operations. */
const shades = 5;
/** Width of a letter of `barFont`: it is monospaced, so nothing has to be measured. */
const letterPx = 6.4;
/** No labels in a row with more operations in view than this: nobody could read them. */
const labelledBars = 120;

/** With more operations than this for each pixel of a row, bars of a hair's width would say no more than columns do. */
const barsPerPixel = 0.8;

/** Lightly over all lanes while any fault acts, and more strongly over those of the nodes that it singled out. */
function faultTints(picture: LanesPicture): void {
  const { context, scale, layout, faults, colours, scrollTop, height, run } = picture;
  const box = (fromNs: number, toNs: number, top: number, tall: number): void => {
    const left = Math.max(scale.x(fromNs), scale.left);
    const right = Math.min(scale.x(toNs), scale.right);
    if (right > left) context.fillRect(left, top, Math.max(right - left, 1), tall);
  };
  context.fillStyle = colours["fault-tint"];
  for (const { fromNs, toNs } of mergedSpans(faults)) box(fromNs, toNs, 0, height);
  context.fillStyle = colours["fault-tint-strong"];
  for (const lane of layout.lanes) {
    const top = lane.top - scrollTop;
    if (lane.node < 0 || top > height || top + lane.height < 0) continue;
    const node = run.operations.nodes[lane.node] ?? "";
    for (const { fromNs, toNs } of mergedSpans(faults.filter((fault) => fault.nodes.has(node))))
      box(fromNs, toNs, top, lane.height);
  }
}

function laneFrames(picture: LanesPicture): void {
  const { context, width, height, scrollTop, scale, layout, colours } = picture;
  context.textBaseline = "middle";
  context.font = labelFont;
  const narrow = scale.left < 100;
  for (const lane of layout.lanes) {
    const top = lane.top - scrollTop;
    if (top > height || top + lane.height < 0) continue;
    context.fillStyle = colours.grid;
    context.fillRect(0, Math.round(top + lane.height) - 1, width, 1);
    const middle = top + lane.height / 2;
    context.fillStyle = colours.text;
    context.textAlign = "left";
    context.fillText(narrow ? lane.label.replace("thread ", "t") : lane.label, 2, middle, scale.left - 30);
    context.fillStyle = colours.muted;
    context.textAlign = "right";
    context.fillText(lane.detail, scale.left - 8, middle, 40);
  }
  context.textAlign = "left";
}

/** Places of a row's operations that reach into the picture. */
function inView(
  operations: Operations,
  row: Row,
  scale: TimeScale,
  endNs: number,
): { readonly from: number; readonly to: number } {
  const { length } = row.operations;
  const call = (place: number): number => operations.callNs[row.operations[place] ?? 0] ?? 0;
  let from = lowerBound(length, scale.fromNs, call);
  if (from > 0 && occupiedUntil(operations, row.operations[from - 1] ?? 0, endNs) >= scale.fromNs) from--;
  return { from, to: lowerBound(length, scale.toNs, call, from) };
}

interface Bar {
  readonly operation: number;
  readonly left: number;
  readonly width: number;
}

/** As `lowerBound`, for a place that is near: each column begins where the one before it ended. */
function reach(from: number, to: number, wanted: number, of: (place: number) => number): number {
  let step = 1;
  let near = from;
  while (near + step < to && of(near + step) < wanted) {
    near += step;
    step *= 2;
  }
  return lowerBound(Math.min(to, near + step), wanted, of, near);
}

/** Many operations a pixel: one column each, from the running sums. */
function drawDense(picture: LanesPicture, row: Row, from: number, to: number, barTop: number, barHeight: number): void {
  const { context, scale, run, colours } = picture;
  const call = (place: number): number => run.operations.callNs[row.operations[place] ?? 0] ?? 0;
  const buckets: number[][] = Array.from({ length: shades }, () => []);
  const fails: number[] = [];
  const infos: number[] = [];
  let place = from;
  let runShade = -1;
  let runLeft = 0;
  for (let x = Math.floor(scale.left); x <= scale.right; x++) {
    const next = x === Math.ceil(scale.right) ? to : reach(place, to, scale.ns(x + 1), call);
    const busy = ((row.busyNs[next] ?? 0) - (row.busyNs[place] ?? 0)) / scale.nsPerPx;
    const shade = next === place ? -1 : Math.min(shades - 1, Math.floor(busy * shades));
    if ((row.fails[next] ?? 0) > (row.fails[place] ?? 0)) fails.push(x);
    if ((row.infos[next] ?? 0) > (row.infos[place] ?? 0)) infos.push(x);
    if (shade !== runShade) {
      if (runShade >= 0) buckets[runShade]?.push(runLeft, x - runLeft);
      runShade = shade;
      runLeft = x;
    }
    place = next;
  }
  if (runShade >= 0) buckets[runShade]?.push(runLeft, scale.right - runLeft);
  context.fillStyle = colours.put;
  for (const [shade, runs] of buckets.entries()) {
    context.globalAlpha = 0.3 + (0.7 * shade) / (shades - 1);
    for (let index = 0; index < runs.length; index += 2)
      context.fillRect(runs[index] ?? 0, barTop, runs[index + 1] ?? 1, barHeight);
  }
  context.globalAlpha = 1;
  context.fillStyle = colours.fail;
  for (const x of fails) context.fillRect(x, barTop, 1.5, Math.max(3, barHeight * 0.45));
  context.fillStyle = colours.info;
  for (const x of infos) context.fillRect(x, barTop + barHeight * 0.35, 2, barHeight * 0.65);
}

/** Few enough to draw one by one. Answered operations go out colour by colour; the rest have shapes of their own. */
function drawSparse(
  picture: LanesPicture,
  row: Row,
  from: number,
  to: number,
  barTop: number,
  barHeight: number,
): void {
  const { context, scale, run, colours } = picture;
  const { operations } = run;
  const byFunction = new Map<number, number[]>();
  const odd: Bar[] = [];
  const bars: Bar[] = [];
  const labelled = to - from <= labelledBars && barHeight >= 9;
  for (let place = from; place < to; place++) {
    const operation = row.operations[place] ?? 0;
    const left = Math.max(scale.x(operations.callNs[operation] ?? 0), scale.left - 4);
    const right = Math.min(scale.x(occupiedUntil(operations, operation, run.endNs)), scale.right + 4);
    // A hair of ground between operations that follow at once.
    const width = Math.max(right - left - (right - left > 3 ? 0.8 : 0), 1.2);
    const isOk = operations.outcome[operation] === outcomeOk;
    if (isOk) {
      const code = operations.function[operation] ?? 0;
      const own = byFunction.get(code);
      if (own === undefined) byFunction.set(code, [left, width]);
      else own.push(left, width);
    } else odd.push({ operation, left, width });
    if (labelled) bars.push({ operation, left, width });
  }
  for (const [code, boxes] of byFunction) {
    const name = operations.functions[code] ?? "";
    context.fillStyle = functionColour(name, colours);
    // Reads are slimmer than writes: the kind can be told without its colour.
    const isRead = name === "get" || name === "read";
    const inset = isRead ? barHeight * 0.2 : 0;
    for (let index = 0; index < boxes.length; index += 2)
      context.fillRect(boxes[index] ?? 0, barTop + inset, boxes[index + 1] ?? 1, barHeight - 2 * inset);
  }
  for (const bar of odd) drawOdd(picture, bar, barTop, barHeight);
  if (labelled) drawLabels(picture, bars, barTop, barHeight);
}

/** A failure: an empty box crossed out. An unknown: half filled, its end left open. */
function drawOdd(picture: LanesPicture, { operation, left, width }: Bar, barTop: number, barHeight: number): void {
  const { context, colours, run } = picture;
  if (run.operations.outcome[operation] === outcomeFail) {
    context.strokeStyle = colours.fail;
    context.lineWidth = 1;
    if (width >= 5) context.strokeRect(left + 0.5, barTop + 0.5, width - 1, barHeight - 1);
    const reach = Math.min(3, barHeight / 2 - 1);
    const x = left + width / 2;
    const y = barTop + barHeight / 2;
    context.beginPath();
    context.moveTo(x - reach, y - reach);
    context.lineTo(x + reach, y + reach);
    context.moveTo(x + reach, y - reach);
    context.lineTo(x - reach, y + reach);
    context.stroke();
    return;
  }
  context.fillStyle = colours.info;
  context.globalAlpha = 0.28;
  context.fillRect(left, barTop, width, barHeight);
  context.globalAlpha = 1;
  context.fillRect(left, barTop, Math.min(2, width), barHeight);
  context.fillRect(left, barTop, width, 1);
  context.fillRect(left, barTop + barHeight - 1, width, 1);
}

/** In the bar where it fits, else beside it where nothing else stands. */
function drawLabels(picture: LanesPicture, bars: readonly Bar[], barTop: number, barHeight: number): void {
  const { context, colours, run, scale, core } = picture;
  context.font = barFont;
  for (const [index, { operation, left, width }] of bars.entries()) {
    const start = Math.max(left, scale.left);
    const end = Math.min(left + width, scale.right);
    const text = labelOf(run, operation).slice(0, 80);
    const inside = Math.floor((end - start - 8) / letterPx);
    const besideFrom = end + (core.has(operation) ? 22 : 3);
    const beside = Math.floor(((bars[index + 1]?.left ?? scale.right) - besideFrom - 4) / letterPx);
    const middle = barTop + barHeight / 2 + 0.5;
    if (inside < text.length && beside >= text.length) {
      context.fillStyle = colours.muted;
      context.fillText(text, besideFrom, middle);
    } else if (inside >= 3) {
      const name = run.operations.functions[run.operations.function[operation] ?? 0] ?? "";
      context.fillStyle = run.operations.outcome[operation] === outcomeOk ? inkOn(name, colours) : colours.text;
      context.fillText(text.length <= inside ? text : `${text.slice(0, inside - 1)}…`, start + 4, middle);
    }
  }
}

/** Operations of unknown outcome may take effect until the end, so a line runs from the first of them to the end. */
function drawTail(picture: LanesPicture, row: Row, barTop: number, barHeight: number): void {
  const { context, scale, run, colours } = picture;
  const { operations } = run;
  const total = row.infos[row.operations.length] ?? 0;
  if (total === 0) return;
  const place = lowerBound(row.operations.length, 1, (index) => row.infos[index + 1] ?? 0);
  const operation = row.operations[place];
  if (operation === undefined) return;
  const fromX = Math.max(scale.x(occupiedUntil(operations, operation, run.endNs)), scale.left);
  const toX = Math.min(scale.x(run.endNs), scale.right);
  if (toX <= fromX) return;
  context.strokeStyle = colours.info;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(fromX, barTop + barHeight + 1.5);
  context.lineTo(toX, barTop + barHeight + 1.5);
  context.stroke();
  context.setLineDash([]);
}

/** Rings around what the search found and numbers on the operations of the violation; drawn last, never hidden by density. */
function drawMarked(picture: LanesPicture, operation: number, style: "match" | "core", number: number): void {
  const { context, scale, run, layout, colours, scrollTop, height } = picture;
  const row = layout.rows[layout.rowOf[operation] ?? -1];
  if (row === undefined) return;
  const top = row.top - scrollTop;
  if (top > height || top + row.height < 0) return;
  const from = scale.x(run.operations.callNs[operation] ?? 0);
  const to = scale.x(occupiedUntil(run.operations, operation, run.endNs));
  if (to < scale.left - 8 || from > scale.right + 8) return;
  const left = Math.max(from, scale.left) - 1.5;
  const width = Math.max(Math.min(to, scale.right) - left + 1.5, 4);
  context.strokeStyle = style === "core" ? colours.bad : colours.accent;
  context.lineWidth = style === "core" ? 2.5 : 1.5;
  context.strokeRect(left, top + 1.5, width, row.height - 3);
  if (style !== "core") return;
  const radius = Math.min(8, row.height / 2 + 1);
  const x = Math.min(Math.max(left + width + radius + 3, scale.left + radius), scale.right - radius);
  context.fillStyle = colours.bad;
  context.beginPath();
  context.arc(x, top + row.height / 2, radius, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = colours.page;
  context.font = `bold ${Math.round(radius * 1.35)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.fillText(String(number), x, top + row.height / 2 + 0.5);
  context.textAlign = "left";
}

function drawMatches(picture: LanesPicture): void {
  const { matches, layout, run, scale, context, colours, scrollTop, height } = picture;
  if (matches === null) return;
  for (const row of layout.rows) {
    const top = row.top - scrollTop;
    if (top > height || top + row.height < 0) continue;
    const { from, to } = inView(run.operations, row, scale, run.endNs);
    let lastX = Number.NEGATIVE_INFINITY;
    const crowded = to - from > (scale.right - scale.left) / 3;
    for (let place = from; place < to; place++) {
      const operation = row.operations[place] ?? 0;
      if (matches[operation] !== 1) continue;
      if (!crowded) {
        drawMarked(picture, operation, "match", 0);
        continue;
      }
      const x = Math.round(scale.x(run.operations.callNs[operation] ?? 0));
      if (x - lastX < 2) continue;
      lastX = x;
      context.fillStyle = colours.accent;
      context.fillRect(x - 1, top + 1, 3, row.height - 2);
    }
  }
}

/** A line wherever a violation became certain, the same in every picture of time. */
export function drawViolationLines(context: Pen, scale: TimeScale, run: Run, colours: Palette, height: number): void {
  context.fillStyle = colours.bad;
  for (const { timeNs } of run.payload.verdict.violations.slice(0, violationLines)) {
    if (timeNs === null || timeNs < scale.fromNs || timeNs > scale.toNs) continue;
    context.globalAlpha = 0.7;
    context.fillRect(Math.round(scale.x(timeNs)), 0, 1, height);
    context.globalAlpha = 1;
  }
}

/** The whole picture. */
export function drawLanes(picture: LanesPicture): void {
  const { context, width, height, scrollTop, scale, run, layout, colours } = picture;
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  faultTints(picture);
  laneFrames(picture);
  drawViolationLines(context, scale, run, colours, height);
  context.save();
  context.beginPath();
  context.rect(scale.left, 0, scale.right - scale.left, height);
  context.clip();
  for (const row of layout.rows) {
    const top = row.top - scrollTop;
    if (top > height || top + row.height < 0) continue;
    const gap = row.height >= 16 ? 4 : row.height >= 10 ? 2 : 1;
    const barTop = Math.round(top) + gap - (row.height >= 16 ? 1 : 0);
    const barHeight = row.height - 2 * gap;
    const { from, to } = inView(run.operations, row, scale, run.endNs);
    drawTail(picture, row, barTop, barHeight);
    if (to - from > (scale.right - scale.left) * barsPerPixel) drawDense(picture, row, from, to, barTop, barHeight);
    else drawSparse(picture, row, from, to, barTop, barHeight);
  }
  drawMatches(picture);
  for (const [operation, number] of picture.core) drawMarked(picture, operation, "core", number);
  context.restore();
}

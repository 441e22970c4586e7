// A whole run in a still: for each node how many of its clients' operations were answered in each stretch of time, how many came to
// nothing, and which faults acted meanwhile. Drawn by density: as large for a million operations as for ten.
import type { Pair } from "../columns.js";
import type { FaultRecord, PhaseRecord } from "../payload.js";
import { faultShort, faultSpans, mergedSpans, targetText, type FaultSpan } from "../viewer/src/faults.js";
import { plural, timeTicks } from "../viewer/src/format.js";
import type { Drawn } from "./core.js";
import { box, colours, fitted, number, text, textWidth } from "./shapes.js";

const left = 96;
/** Wide enough that a column usually stands for a few operations. */
const columnWidths = [4, 6, 8, 12, 16];
const operationsPerColumn = 3;
const rowHeight = 24;
const laneHeight = 18;
/** More nodes than this are drawn as one row, more lanes of faults than that are said to be left out. */
const nodesShown = 16;
const lanesShown = 8;

export interface DensityInput {
  readonly operations: readonly Pair[];
  readonly faults: readonly FaultRecord[];
  readonly phases: readonly PhaseRecord[];
  readonly endNs: number;
  /** When the violation became certain. */
  readonly causeNs: number | null;
}

interface Row {
  readonly name: string;
  readonly ok: Uint32Array;
  readonly lost: Uint32Array;
}

export function drawDensity(input: DensityInput, top: number, width: number): Drawn {
  const right = width - 40;
  const columnPx = columnWidth(input.operations, right - left);
  const columns = Math.floor((right - left) / columnPx);
  const endNs = Math.max(input.endNs, 1);
  const x = (ns: number): number => left + (Math.min(Math.max(ns, 0), endNs) / endNs) * (columns * columnPx);
  const rows = rowsOf(input.operations, endNs, columns);
  const spans = faultSpans(input.faults, endNs).filter(({ record }) => record.state !== "void");
  const notDone = input.faults.length - spans.length;
  const lanes = lanesOf(spans, x);
  const more = leftOut(lanes, notDone);
  const rowsTop = top + (Math.min(lanes.length, lanesShown) + (more === "" ? 0 : 1)) * laneHeight + 6;
  const bottom = rowsTop + rows.length * rowHeight;
  const parts = mergedSpans(spans).map(({ fromNs, toNs }) =>
    box(x(fromNs), rowsTop, x(toNs) - x(fromNs), bottom - rowsTop, `fill="${colours.faultTint}"`),
  );
  parts.push(drawLanes(lanes, x, top));
  if (more !== "") parts.push(text(left, rowsTop - 10, more, { size: 11, fill: colours.muted }));
  const scale = { most: usualMost(rows), columnPx };
  for (const [place, row] of rows.entries()) parts.push(drawRow(row, rowsTop + place * rowHeight, scale, right));
  parts.push(drawAxis(endNs, bottom, x, right));
  if (input.causeNs !== null) parts.push(drawCause(x(input.causeNs), rowsTop, bottom));
  return { svg: parts.join("\n"), height: bottom + 26 - top };
}

function rowsOf(operations: readonly Pair[], endNs: number, columns: number): readonly Row[] {
  const names = [...new Set(operations.map(({ call }) => call.node ?? "no node"))].toSorted((one, other) =>
    one.localeCompare(other, "en", { numeric: true }),
  );
  const shared = names.length > nodesShown;
  const rows = (shared ? [`${names.length} nodes`] : names).map((name) => ({
    name,
    ok: new Uint32Array(columns),
    lost: new Uint32Array(columns),
  }));
  const byName = new Map(rows.map((row) => [row.name, row]));
  const [only] = rows;
  for (const { call, end } of operations) {
    const row = shared ? only : byName.get(call.node ?? "no node");
    if (row === undefined) continue;
    const lost = end === null || end.type !== "ok";
    // What was answered stands where it was answered; what never was, where it was asked.
    const at = Math.min(columns - 1, Math.floor(((lost ? call.time : end.time) / endNs) * columns));
    const counts = lost ? row.lost : row.ok;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return rows;
}

interface RowScale {
  readonly most: number;
  readonly columnPx: number;
}

/** A height that all but the rarest columns stay below, or one burst would flatten all the rest. */
function usualMost(rows: readonly Row[]): number {
  const values = rows
    .flatMap(({ ok, lost }) => Array.from(ok, (value, at) => value + (lost[at] ?? 0)))
    .filter((value) => value > 0)
    .sort((one, other) => one - other);
  return Math.max(1, values[Math.floor(values.length * 0.98)] ?? 1);
}

function columnWidth(operations: readonly Pair[], room: number): number {
  const nodes = Math.max(1, new Set(operations.map(({ call }) => call.node)).size);
  const wanted = columnWidths.find((px) => operations.length / nodes / (room / px) >= operationsPerColumn);
  return wanted ?? columnWidths.at(-1) ?? 16;
}

function drawRow({ name, ok, lost }: Row, top: number, { most, columnPx }: RowScale, right: number): string {
  const tall = rowHeight - 5;
  const base = top + rowHeight - 2;
  const scale = (value: number): number => (value === 0 ? 0 : Math.max(2, Math.min(1, value / most) * tall));
  const columns = (counts: Uint32Array, under: Uint32Array | null): string => {
    let path = "";
    for (const [at, value] of counts.entries()) {
      if (value === 0) continue;
      const foot = base - (under === null ? 0 : scale(under[at] ?? 0));
      path += `M${number(left + at * columnPx)},${number(foot)}v${number(-scale(value))}h${columnPx - 1}v${number(scale(value))}z`;
    }
    return path;
  };
  return [
    text(left - 10, base - 2, fitted(name, left - 50, { size: 13 }), { size: 13, anchor: "end" }),
    `<path d="M${left},${number(base)} H${right}" stroke="${colours.line}" stroke-width="1"/>`,
    `<path d="${columns(ok, null)}" fill="${colours.answered}"/>`,
    `<path d="${columns(lost, ok)}" fill="${colours.info}"/>`,
  ].join("");
}

interface Lane {
  readonly spans: FaultSpan[];
  freeFrom: number;
}

const labelOf = ({ record }: FaultSpan): string => {
  const targets = targetText(record.targets);
  const state = record.state === "confirmed" || record.state === "still on" ? "" : `${record.state}: `;
  return `${state}${faultShort(record)}${targets === "" ? "" : ` · ${targets}`}`;
};

/** Faults that would cover each other, or each other's names, come below one another. */
function lanesOf(spans: readonly FaultSpan[], x: (ns: number) => number): readonly Lane[] {
  const lanes: Lane[] = [];
  for (const span of spans.toSorted((one, other) => one.fromNs - other.fromNs)) {
    const from = x(span.fromNs);
    const end = Math.max(x(span.toNs), from + 10 + Math.min(220, textWidth(labelOf(span), { size: 11 })));
    const lane = lanes.find(({ freeFrom }) => freeFrom <= from);
    if (lane === undefined) lanes.push({ spans: [span], freeFrom: end + 6 });
    else {
      lane.spans.push(span);
      lane.freeFrom = end + 6;
    }
  }
  return lanes;
}

function drawLanes(lanes: readonly Lane[], x: (ns: number) => number, top: number): string {
  const parts =
    lanes.length === 0 ? [] : [text(left - 10, top + 12, "faults", { size: 12, fill: colours.muted, anchor: "end" })];
  for (const [place, { spans }] of lanes.slice(0, lanesShown).entries()) {
    const y = top + place * laneHeight;
    for (const span of spans) {
      const from = x(span.fromNs);
      const width = Math.max(x(span.toNs) - from, 3);
      const confirmed = span.record.state === "confirmed" || span.record.state === "still on";
      const look = confirmed
        ? `fill="${colours.fault}"`
        : `fill="none" stroke="${colours.info}" stroke-dasharray="3 2"`;
      parts.push(
        box(from, y, width, laneHeight - 3, `rx="2" ${look}`),
        text(from + 4, y + 11.5, fitted(labelOf(span), Math.max(width - 8, 220), { size: 11 }), {
          size: 11,
          fill: colours.faultText,
        }),
      );
    }
  }
  return parts.join("\n");
}

/** What the lanes do not show, in words. */
function leftOut(lanes: readonly Lane[], notDone: number): string {
  const hidden = lanes.slice(lanesShown).reduce((sum, { spans }) => sum + spans.length, 0);
  return [
    ...(hidden === 0 ? [] : [`${plural(hidden, "more fault")} at the same times`]),
    ...(notDone === 0
      ? []
      : [`${plural(notDone, "fault")} of the plan ${notDone === 1 ? "was" : "were"} never carried out`]),
  ].join("; ");
}

function drawAxis(endNs: number, bottom: number, x: (ns: number) => number, right: number): string {
  return timeTicks(0, endNs, 10)
    .filter(({ ns }) => x(ns) < right - 16)
    .map(
      ({ ns, text: label }) =>
        `<path d="M${number(x(ns))},${number(bottom)} v5" stroke="${colours.muted}"/>${text(x(ns), bottom + 19, label, { size: 12, fill: colours.muted, anchor: ns === 0 ? "start" : "middle" })}`,
    )
    .join("");
}

function drawCause(x: number, top: number, bottom: number): string {
  return `<path d="M${number(x)},${number(top)} V${number(bottom + 5)}" stroke="${colours.bad}" stroke-width="2"/><path d="M${number(x - 6)},${number(bottom + 13)} h12 l-6,-9 z" fill="${colours.bad}"/>`;
}

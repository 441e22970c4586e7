// The counterexample in a still: its operations on a time axis that is shortened where nothing happens, an arrow where one had ended before
// the next began, and a dashed one where one saw what another wrote.
import type { JsonValue } from "../../history/index.js";
import type { Violation } from "../../checker/index.js";
import type { Pair } from "../columns.js";
import { duration, seconds } from "../viewer/src/format.js";
import { shortAxis } from "../viewer/src/short-axis.js";
import { box, colours, fitted, number, text } from "./shapes.js";

/** More would be a wall; the report has them all. */
const operationsShown = 9;
const rowHeight = 44;

interface CoreOperation {
  readonly pair: Pair;
  /** The one whose answer is wrong. */
  readonly culprit: boolean;
  readonly callNs: number;
  /** Infinity while nobody knows. */
  readonly endNs: number;
}

function field(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return (value as { readonly [name: string]: JsonValue })[name];
}

/** `put 17`, `get = 15`, `cas 3 → 5: mismatch, saw 4`. */
export function operationLabel({ call, end }: Pair): string {
  const [expected, desired] = [field(call.input, "expected"), field(call.input, "new")];
  const asked =
    expected !== undefined && desired !== undefined
      ? `${call.function} ${JSON.stringify(expected)} → ${JSON.stringify(desired)}`
      : call.input === null
        ? call.function
        : `${call.function} ${JSON.stringify(call.input)}`;
  if (end === null) return `${asked}: never ended`;
  if (end.type === "info") return `${asked}: nobody knows`;
  if (end.type === "fail") return `${asked}: failed`;
  const status = field(end.output, "status");
  if (typeof status === "string") {
    const saw = field(end.output, "observed");
    return status === "ok" ? asked : `${asked}: ${status}${saw === undefined ? "" : `, saw ${JSON.stringify(saw)}`}`;
  }
  return reads(call.function) ? `${asked} = ${JSON.stringify(end.output)}` : asked;
}

const reads = (name: string): boolean => name === "get" || name === "read";

function written({ call, end }: Pair): string | null {
  if (reads(call.function)) return null;
  const status = field(end?.output, "status");
  if (typeof status === "string" && status !== "ok") return null;
  const value = call.function === "cas" ? field(call.input, "new") : call.input;
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function observed({ call, end }: Pair): string | null {
  if (end?.type !== "ok") return null;
  const value =
    call.function === "cas"
      ? (field(end.output, "observed") ?? field(call.input, "expected"))
      : reads(call.function)
        ? end.output
        : null;
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function coreOf(violation: Violation, operations: readonly Pair[]): readonly CoreOperation[] {
  const indices = [...new Set(violation.operations)].toSorted((one, other) => one - other);
  const culprit = violation.culprit ?? indices.at(-1);
  return indices.flatMap((index) => {
    const pair = operations[index];
    if (pair === undefined) return [];
    const ended = pair.end !== null && pair.end.type !== "info";
    return [
      {
        pair,
        culprit: index === culprit,
        callNs: pair.call.time,
        endNs: ended ? (pair.end?.time ?? 0) : Number.POSITIVE_INFINITY,
      },
    ];
  });
}

export interface Drawn {
  readonly svg: string;
  readonly height: number;
}

/** Null: the violation names no operations, as when a node crashed. */
export function drawCore(violation: Violation, operations: readonly Pair[], top: number, width: number): Drawn | null {
  const all = coreOf(violation, operations);
  // The last ones are those that could not be.
  const core = all.slice(-operationsShown);
  if (core.length === 0) return null;
  const left = 250;
  const right = width - 70;
  const axis = shortAxis(core, left, right);
  const head = 26;
  const middle = (place: number): number => top + head + place * rowHeight + 30;
  const bottom = top + head + core.length * rowHeight + 10;
  const some = all.length > core.length ? `the last ${core.length} of ${all.length} operations` : "operations";
  const key = violation.key === null ? "" : ` on key ${JSON.stringify(violation.key)}`;
  const legend = `${some}${key} that no single order explains; an arrow: had ended before the other began; dashed: saw what it wrote`;
  const parts = [
    text(40, top + 10, fitted(`${legend.slice(0, 1).toUpperCase()}${legend.slice(1)}`, width - 80, { size: 12 }), {
      size: 12,
      fill: colours.muted,
    }),
  ];
  for (const { x } of axis.stops)
    parts.push(
      `<path d="M${number(x)},${number(top + head)} V${number(bottom)}" stroke="${colours.grid}" stroke-width="1"/>`,
    );
  parts.push(arrows(core, axis.x, middle));
  for (const [place, own] of core.entries()) parts.push(operation(own, place, { axis, middle, left, right }));
  parts.push(axisLine(axis, bottom, left, right));
  return { svg: parts.join("\n"), height: bottom + 26 - top };
}

interface Frame {
  readonly axis: ReturnType<typeof shortAxis>;
  readonly middle: (place: number) => number;
  readonly left: number;
  readonly right: number;
}

function operation(own: CoreOperation, place: number, { axis, middle, left, right }: Frame): string {
  const { call } = own.pair;
  const y = middle(place);
  const x = axis.x(own.callNs);
  const width = Math.max(axis.x(own.endNs) - x, 4);
  const wrong = own.culprit;
  const fill = wrong ? colours.bad : colours.answered;
  const open = !Number.isFinite(own.endNs);
  const atRight = x > left + (right - left) * 0.6;
  return [
    `<circle cx="52" cy="${number(y)}" r="11" fill="${wrong ? colours.bad : colours.text}"/>`,
    text(52, y + 4.5, String(place + 1), { size: 13, fill: "#ffffff", bold: true, anchor: "middle" }),
    text(
      72,
      y + 4.5,
      fitted(`process ${call.process}${call.node === null ? "" : ` on ${call.node}`}`, 170, { size: 13 }),
      {
        size: 13,
        fill: colours.muted,
      },
    ),
    box(
      x,
      y - 8,
      width,
      16,
      `rx="2" fill="${fill}"${open ? ' fill-opacity="0.45" stroke-dasharray="4 3"' : ""} stroke="${fill}"`,
    ),
    text(
      atRight ? Math.max(x + width, x + 4) : x,
      y - 13,
      fitted(operationLabel(own.pair), 560, { size: 14, mono: true }),
      {
        size: 14,
        mono: true,
        halo: true,
        bold: wrong,
        fill: wrong ? colours.bad : colours.text,
        anchor: atRight ? "end" : "start",
      },
    ),
  ].join("");
}

/** Direct orders only: none that follows from two others. */
function arrows(core: readonly CoreOperation[], x: (ns: number) => number, middle: (place: number) => number): string {
  const before = (one: CoreOperation, other: CoreOperation): boolean => one.endNs < other.callNs;
  const paths: string[] = [];
  for (const [to, target] of core.entries()) {
    for (const [from, source] of core.entries()) {
      if (from === to || !before(source, target)) continue;
      if (core.some((between) => before(source, between) && before(between, target))) continue;
      const [x1, x2] = [x(source.endNs), x(target.callNs)];
      paths.push(
        `<path d="M${number(x1)},${number(middle(from))} C${number(x1 + 26)},${number(middle(from))} ${number(x2 - 26)},${number(middle(to))} ${number(x2 - 2)},${number(middle(to))}" fill="none" stroke="${colours.muted}" stroke-width="1.5" marker-end="url(#arrow)"/>`,
      );
    }
    const value = observed(target.pair);
    const from = value === null ? -1 : core.findIndex((one) => one !== target && written(one.pair) === value);
    const source = core[from];
    if (source === undefined) continue;
    const [x1, y1, x2, y2] = [x(source.callNs) + 4, middle(from) + 8, x(target.callNs) - 2, middle(to) + 4];
    paths.push(
      `<path d="M${number(x1)},${number(y1)} C${number(x1)},${number((y1 + y2) / 2 + 16)} ${number(x1 + 20)},${number(y2)} ${number(x2)},${number(y2)}" fill="none" stroke="${colours.bad}" stroke-width="1.5" stroke-dasharray="5 3" marker-end="url(#arrow-reads)"/>`,
    );
  }
  return paths.join("\n");
}

function axisLine(axis: ReturnType<typeof shortAxis>, bottom: number, left: number, right: number): string {
  const parts = [`<path d="M${left},${number(bottom)} H${right}" stroke="${colours.muted}" stroke-width="1"/>`];
  let last = Number.NEGATIVE_INFINITY;
  for (const { ns, x } of axis.stops) {
    if (x - last < 84) continue;
    last = x;
    parts.push(
      text(Math.min(x, right - 10), bottom + 18, seconds(ns, 4), { size: 12, fill: colours.muted, anchor: "middle" }),
    );
  }
  for (const { x, gapNs } of axis.shortened)
    parts.push(
      box(x - 4, bottom - 6, 9, 12, `fill="${colours.panel}"`),
      `<path d="M${number(x - 5)},${number(bottom + 5)} l4,-10 M${number(x + 1)},${number(bottom + 5)} l4,-10" stroke="${colours.muted}" fill="none"/>`,
      text(x, bottom - 10, duration(gapNs), { size: 11, fill: colours.muted, anchor: "middle" }),
    );
  return parts.join("");
}

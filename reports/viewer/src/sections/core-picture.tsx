// The operations of a violation as a small picture: their intervals on one time axis, which of them had ended before which began, and
// which read what another wrote. Waits between them may be a thousand times longer than they are, so the axis is shortened where
// nothing happens; the true times stand below it.
import { useEffect, useRef, useState } from "preact/hooks";
import { outcomeInfo, outcomeOpen } from "../../../columns.js";
import { coreOf, labelOf, type Run } from "../load.js";
import { duration, seconds } from "../format.js";
import type { Violation } from "../../../../checker/index.js";

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

interface Axis {
  readonly stops: readonly { readonly ns: number; readonly x: number }[];
  readonly shortened: readonly { readonly x: number; readonly gapNs: number }[];
  x(ns: number): number;
}

/** Piecewise: each gap between two moments gets room by its logarithm. */
function axisOf(core: readonly CoreOperation[], left: number, right: number): Axis {
  const times = [
    ...new Set(core.flatMap(({ callNs, endNs }) => (Number.isFinite(endNs) ? [callNs, endNs] : [callNs]))),
  ].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const least = Math.max(1000, Math.min(...gaps, Number.POSITIVE_INFINITY));
  const weights = gaps.map((gap) => 1 + Math.log2(1 + gap / least));
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const nsPerPx = gaps.map((gap, index) => gap / (((weights[index] ?? 1) / total) * (right - left)));
  const usual = Math.min(...nsPerPx, Number.POSITIVE_INFINITY);
  let x = left;
  const stops = times.map((ns, index) => {
    if (index > 0) x += ((weights[index - 1] ?? 0) / total) * (right - left);
    return { ns, x };
  });
  const shortened = gaps.flatMap((gapNs, index) => {
    const a = stops[index]?.x ?? 0;
    const b = stops[index + 1]?.x ?? 0;
    return (nsPerPx[index] ?? 0) > usual * 12 && b - a > 50 ? [{ x: (a + b) / 2, gapNs }] : [];
  });
  return {
    stops,
    shortened,
    x: (ns) => (Number.isFinite(ns) ? (stops.find((stop) => stop.ns === ns)?.x ?? left) : right + 18),
  };
}

const rowHeight = 50;
const barTop = 22;
const barHeight = 16;

export function CorePicture({ run, violation }: { readonly run: Run; readonly violation: Violation }) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (holder.current === null) return;
    const element = holder.current;
    const resize = new ResizeObserver(() => setWidth(element.clientWidth));
    resize.observe(element);
    setWidth(element.clientWidth);
    return () => resize.disconnect();
  }, []);
  const core = coreOperations(run, violation);
  return (
    <div ref={holder} class="core-picture">
      {width > 0 && core.length > 0 && <Picture run={run} core={core} width={width} label={violation.sentence} />}
    </div>
  );
}

function Picture({
  run,
  core,
  width,
  label,
}: {
  readonly run: Run;
  readonly core: readonly CoreOperation[];
  readonly width: number;
  readonly label: string;
}) {
  const narrow = width < 620;
  const left = narrow ? 34 : 168;
  const right = width - 34;
  const axis = axisOf(core, left, right);
  const bottom = core.length * rowHeight + 8;
  const place = new Map(core.map(({ operation }, index) => [operation, index]));
  const middle = (own: CoreOperation): number => (place.get(own.operation) ?? 0) * rowHeight + barTop + barHeight / 2;
  let lastLabelX = Number.NEGATIVE_INFINITY;
  return (
    <svg width={width} height={bottom + 34} role="img" aria-label={label}>
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0,0.6 L7.5,4 L0,7.4 z" class="arrow-head" />
        </marker>
        <marker
          id="arrow-reads"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0,0.6 L7.5,4 L0,7.4 z" class="arrow-head-reads" />
        </marker>
      </defs>
      {axis.stops.map(({ ns, x }) => (
        <line key={ns} x1={x} x2={x} y1={4} y2={bottom} class="stop" />
      ))}
      <line x1={left} x2={right} y1={bottom} y2={bottom} class="axis" />
      {axis.shortened.map(({ x, gapNs }) => (
        <g key={x}>
          <rect x={x - 5} y={bottom - 6} width="10" height="12" class="gap" />
          <path d={`M${x - 6},${bottom + 5} l4,-10 M${x + 2},${bottom + 5} l4,-10`} class="axis" />
          <text x={x} y={bottom + 30} class="time" text-anchor="middle">
            {duration(gapNs)}
          </text>
        </g>
      ))}
      {axis.stops.map(({ ns, x }) => {
        if (x - lastLabelX < 74) return null;
        lastLabelX = x;
        return (
          <text
            key={ns}
            x={Math.min(Math.max(x, left + 20), right - 10)}
            y={bottom + 16}
            class="time"
            text-anchor="middle"
          >
            {seconds(ns, 4)}
          </text>
        );
      })}
      {edgesOf(run, core).map((edge) => {
        const reads = edge.kind === "reads";
        const x1 = reads ? axis.x(edge.from.callNs) : axis.x(edge.from.endNs);
        const x2 = reads ? axis.x(edge.to.callNs) : axis.x(edge.to.callNs);
        const down = middle(edge.to) > middle(edge.from) ? 1 : -1;
        const y1 = middle(edge.from) + (down * barHeight) / 2;
        const y2 = middle(edge.to) + (reads ? 4 : 0);
        const d = reads
          ? `M${x1 + 5},${y1} C${x1 + 5},${(y1 + y2) / 2 + 18} ${x1 + 20},${y2} ${x2 - 2},${y2}`
          : `M${x1},${y1 - (down * barHeight) / 2} C${x1 + 26},${y1 - (down * barHeight) / 2} ${x2 - 26},${y2} ${x2 - 2},${y2}`;
        return (
          <path
            key={`${edge.kind}${edge.from.number}-${edge.to.number}`}
            d={d}
            class={reads ? "edge-reads" : "edge"}
            marker-end={reads ? "url(#arrow-reads)" : "url(#arrow)"}
          />
        );
      })}
      {core.map((own, index) => {
        const { operations } = run;
        const x = axis.x(own.callNs);
        const end = axis.x(own.endNs);
        const top = index * rowHeight;
        const open = !Number.isFinite(own.endNs);
        const text = labelOf(run, own.operation).slice(0, narrow ? 40 : 90);
        const atRight = x > left + (right - left) * 0.6;
        const last = index === core.length - 1;
        return (
          <g key={own.operation} class={last ? "last" : ""}>
            <circle cx={13} cy={top + barTop + barHeight / 2} r="10" class="number-disc" />
            <text x={13} y={top + barTop + barHeight / 2 + 4} class="number-text" text-anchor="middle">
              {own.number}
            </text>
            {!narrow && (
              <text x={32} y={top + barTop + barHeight / 2 + 4} class="who">
                process {operations.process[own.operation]} on{" "}
                {operations.nodes[operations.node[own.operation] ?? -1] ?? "?"}
              </text>
            )}
            <rect
              x={x}
              y={top + barTop}
              width={Math.max(end - x, 4)}
              height={barHeight}
              rx="2"
              class={open ? "interval open" : "interval"}
            />
            <text
              x={atRight ? Math.max(end, x + 4) : x}
              y={top + barTop - 6}
              class="what"
              text-anchor={atRight ? "end" : "start"}
            >
              {text}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

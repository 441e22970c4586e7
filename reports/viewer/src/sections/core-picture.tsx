// The operations of a violation as a small picture: their intervals on one time axis, which of them had ended before which began, and
// which read what another wrote. Waits between them may be a thousand times longer than they are, so the axis is shortened where
// nothing happens; the true times stand below it.
import { useEffect, useRef, useState } from "preact/hooks";
import { coreOperations, coreSpan, edgesOf, type CoreOperation } from "../core.js";
import { labelOf, type Run } from "../load.js";
import { faultsDuring, faultSpans, faultTitle, targetText } from "../faults.js";
import { duration, seconds } from "../format.js";
import { shortAxis } from "../short-axis.js";
import type { Violation } from "../../../../checker/index.js";

/** Room above the operations for the names of the faults that acted meanwhile. */
const bandHeight = 17;
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
  const axis = shortAxis(core, left, right);
  const { fromNs, toNs } = coreSpan(core);
  const bands = faultsDuring(faultSpans(run.payload.faults, run.endNs), fromNs, toNs).slice(0, 4);
  const head = bands.length * bandHeight;
  const bottom = head + core.length * rowHeight + 8;
  const place = new Map(core.map(({ operation }, index) => [operation, index]));
  const middle = (own: CoreOperation): number =>
    head + (place.get(own.operation) ?? 0) * rowHeight + barTop + barHeight / 2;
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
      {bands.map(({ record, fromNs: from, toNs: to }, index) => {
        const x = from <= fromNs ? left - 6 : axis.x(from);
        const end = to >= toNs ? right + 6 : axis.x(to);
        return (
          <g key={record.fault}>
            <rect
              x={x}
              y={index * bandHeight}
              width={Math.max(end - x, 2)}
              height={bottom - index * bandHeight}
              class="band"
            />
            <rect x={x} y={index * bandHeight} width={Math.max(end - x, 2)} height={bandHeight - 3} class="band-head" />
            <text x={Math.min(x, right - 190) + 6} y={index * bandHeight + 11} class="band-text">
              {faultTitle(record)} · {targetText(record.targets)}
            </text>
          </g>
        );
      })}
      {axis.stops.map(({ ns, x }) => (
        <line key={ns} x1={x} x2={x} y1={head + 4} y2={bottom} class="stop" />
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
        const top = head + index * rowHeight;
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

// Every operation as a point: when it ended and how long it took, on a logarithmic scale. Answered ones are dots, painted as pixels
// so that a million cost no more than a pass over them; failures are crosses and unknowns triangles, at most one in each small cell.
import { useEffect, useRef } from "preact/hooks";
import { outcomeFail, outcomeOk } from "../../../columns.js";
import { fit, Frame, surface, type Surface } from "../canvas.js";
import { faultSpans, mergedSpans, type FaultSpan } from "../faults.js";
import { count, duration } from "../format.js";
import type { Run } from "../load.js";
import { navigate } from "../navigate.js";
import { functionColour, onPalette, palette, type Palette } from "../palette.js";
import { showOperation } from "../around.js";
import { timeScale, type TimeScale, type ViewStore } from "../view.js";
import { drawViolationLines } from "../timeline/draw-lanes.js";
import { lowerBound } from "../timeline/rows.js";
import { latencyNs } from "./buckets.js";

const height = 220;
const top = 8;
const bottom = height - 20;
const cellPx = 5;

interface LatencyScale {
  readonly lowNs: number;
  readonly highNs: number;
  y(ns: number): number;
}

/** Whole decades around all latencies of the run, so that zooming in time does not move the scale. */
function latencyScale(run: Run): LatencyScale {
  const { operations } = run;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let row = 0; row < operations.count; row++) {
    const latency = latencyNs(operations, row);
    if (latency > high) high = latency;
    if (latency < low) low = latency;
  }
  const lowNs = 10 ** Math.floor(Math.log10(Math.max(1e3, Number.isFinite(low) ? low : 1e6)));
  const highNs = Math.max(10 ** Math.ceil(Math.log10(Math.max(high, 1e6))), lowNs * 10);
  const decades = Math.log10(highNs / lowNs);
  return { lowNs, highNs, y: (ns) => bottom - (Math.log10(Math.max(ns, lowNs) / lowNs) / decades) * (bottom - top) };
}

interface Picture {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly scale: TimeScale;
  readonly latency: LatencyScale;
  readonly run: Run;
  readonly colours: Palette;
  readonly faults: readonly FaultSpan[];
  readonly key: number | null;
}

function drawFrame({ context, width, scale, latency, colours, faults, run }: Picture): void {
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  for (const { fromNs, toNs } of mergedSpans(faults)) {
    const left = Math.max(scale.x(fromNs), scale.left);
    const right = Math.min(scale.x(toNs), scale.right);
    context.fillStyle = colours["fault-tint-strong"];
    if (right > left) context.fillRect(left, top, right - left, bottom - top);
  }
  drawViolationLines(context, scale, run, colours, height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let ns = latency.lowNs; ns <= latency.highNs * 1.01; ns *= 10) {
    const y = Math.round(latency.y(ns));
    context.fillStyle = colours.grid;
    context.fillRect(scale.left, y, scale.right - scale.left, 1);
    context.fillStyle = colours.muted;
    context.fillText(duration(ns).replace(/\.0+(?= )/, ""), scale.left - 8, y);
  }
  context.textAlign = "left";
}

/** One word of a pixel buffer for a CSS colour, in the buffer's byte order. */
function pixelOf(colour: string, scratch: CanvasRenderingContext2D): number {
  scratch.fillStyle = colour;
  scratch.fillRect(0, 0, 1, 1);
  return new Uint32Array(scratch.getImageData(0, 0, 1, 1).data.buffer)[0] ?? 0;
}

class Dots {
  readonly #canvas = document.createElement("canvas");
  readonly #context: CanvasRenderingContext2D;

  constructor() {
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error("this browser has no 2D canvas");
    this.#context = context;
  }

  /** Paints the answered operations and returns the others, thinned. */
  paint(picture: Picture): readonly { readonly x: number; readonly y: number; readonly fail: boolean }[] {
    const { context, width, scale, latency, run, colours, key } = picture;
    const { operations } = run;
    const ratio = context.getTransform().a;
    const deviceWidth = Math.max(1, Math.round(width * ratio));
    const deviceHeight = Math.round(height * ratio);
    this.#canvas.width = 1;
    this.#canvas.height = 1;
    const colour = operations.functions.map((name) => pixelOf(functionColour(name, colours), this.#context));
    this.#canvas.width = deviceWidth;
    this.#canvas.height = deviceHeight;
    const image = this.#context.createImageData(deviceWidth, deviceHeight);
    const pixels = new Uint32Array(image.data.buffer);
    const size = Math.max(2, Math.round(2 * ratio));
    const leftPx = Math.round(scale.left * ratio);
    const rightPx = Math.round(scale.right * ratio) - size;
    const others: { x: number; y: number; fail: boolean }[] = [];
    const taken = new Set<number>();
    for (let row = 0; row < operations.count; row++) {
      const end = operations.endNs[row] ?? Number.NaN;
      if (!(end >= scale.fromNs && end <= scale.toNs) || (key !== null && operations.key[row] !== key)) continue;
      const x = scale.x(end);
      const y = latency.y(latencyNs(operations, row));
      if (operations.outcome[row] !== outcomeOk) {
        const fail = operations.outcome[row] === outcomeFail;
        const cell = Math.floor(x / cellPx) * 4000 + Math.floor(y / cellPx) * 2 + (fail ? 1 : 0);
        if (!taken.has(cell)) others.push({ x, y, fail });
        taken.add(cell);
        continue;
      }
      const pixelX = Math.min(Math.max(Math.round(x * ratio) - 1, leftPx), rightPx);
      const pixelY = Math.min(Math.max(Math.round(y * ratio) - 1, 0), deviceHeight - size);
      const ink = colour[operations.function[row] ?? 0] ?? 0;
      for (let dy = 0; dy < size; dy++) {
        const start = (pixelY + dy) * deviceWidth + pixelX;
        for (let dx = 0; dx < size; dx++) pixels[start + dx] = ink;
      }
    }
    this.#context.putImageData(image, 0, 0);
    context.drawImage(this.#canvas, 0, 0, width, height);
    return others;
  }
}

function drawOthers(
  { context, colours }: Picture,
  others: readonly { readonly x: number; readonly y: number; readonly fail: boolean }[],
): void {
  context.lineWidth = 1.3;
  context.strokeStyle = colours.fail;
  context.beginPath();
  for (const { x, y, fail } of others) {
    if (!fail) continue;
    context.moveTo(x - 2.5, y - 2.5);
    context.lineTo(x + 2.5, y + 2.5);
    context.moveTo(x + 2.5, y - 2.5);
    context.lineTo(x - 2.5, y + 2.5);
  }
  context.stroke();
  context.fillStyle = colours.info;
  context.beginPath();
  for (const { x, y, fail } of others) {
    if (fail) continue;
    context.moveTo(x, y - 4.5);
    context.lineTo(x + 4, y + 3);
    context.lineTo(x - 4, y + 3);
    context.closePath();
  }
  context.fill();
}

function nearest(
  run: Run,
  scale: TimeScale,
  latency: LatencyScale,
  x: number,
  y: number,
  key: number | null,
): number | null {
  const { operations } = run;
  let best: number | null = null;
  let bestDistance = 12 ** 2;
  const from = lowerBound(operations.count, scale.ns(x) - latency.highNs, (row) => operations.callNs[row] ?? 0);
  for (let row = from; row < operations.count && (operations.callNs[row] ?? 0) <= scale.ns(x + 12); row++) {
    if (key !== null && operations.key[row] !== key) continue;
    const dx = scale.x(operations.endNs[row] ?? Number.NaN) - x;
    const dy = latency.y(latencyNs(operations, row)) - y;
    const distance = dx * dx + dy * dy;
    if (distance < bestDistance) {
      best = row;
      bestDistance = distance;
    }
  }
  return best;
}

export function Scatter({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = holder.current;
    if (element === null || canvas.current === null) return;
    const target: Surface = surface(canvas.current);
    const latency = latencyScale(run);
    const faults = faultSpans(run.payload.faults, run.endNs);
    const dots = new Dots();
    const draw = (): void => {
      const width = element.clientWidth;
      if (width === 0) return;
      const scale = timeScale(store.view, width);
      const picture = {
        context: fit(target, width, height),
        width,
        scale,
        latency,
        run,
        colours: palette(),
        faults,
        key: store.view.key,
      };
      drawFrame(picture);
      drawOthers(picture, dots.paint(picture));
    };
    const frame = new Frame(draw);
    const moveCursor = (): void => {
      const { hoverNs } = store.view;
      if (cursor.current === null) return;
      cursor.current.hidden = hoverNs === null;
      if (hoverNs !== null) cursor.current.style.left = `${timeScale(store.view, element.clientWidth).x(hoverNs)}px`;
    };
    const resize = new ResizeObserver(() => frame.ask());
    resize.observe(element);
    const offs = [
      () => resize.disconnect(),
      onPalette(() => frame.now()),
      store.listen((view, before) => {
        if (view.fromNs !== before.fromNs || view.toNs !== before.toNs || view.key !== before.key) frame.ask();
        moveCursor();
      }),
      navigate(element, store, {
        click: (x, y) => {
          const operation = nearest(run, timeScale(store.view, element.clientWidth), latency, x, y, store.view.key);
          if (operation !== null) showOperation(store, run, operation);
        },
        hover: (x) => {
          const scale = timeScale(store.view, element.clientWidth);
          store.set({ hoverNs: x < scale.left || x > scale.right ? null : scale.ns(x) });
        },
        leave: () => store.set({ hoverNs: null }),
      }),
      () => frame.end(),
    ];
    frame.ask();
    return () => {
      for (const off of offs) off();
    };
  }, [run, store]);
  const { operations } = run;
  return (
    <div ref={holder} class="chart draggable" style={{ height: `${height}px` }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Latency of ${count(operations.count)} operations over time, logarithmic. The quantiles below tell the same in numbers.`}
      />
      <div ref={cursor} class="cursor" hidden />
    </div>
  );
}

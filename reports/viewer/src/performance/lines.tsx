// Lines over time, drawn by uPlot, in step with the view that all pictures share.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { faultSpans, mergedSpans } from "../faults.js";
import type { Run } from "../load.js";
import { onPalette, palette, type Palette } from "../palette.js";
import { gutterWidth, plotRight, timeScale, type ViewStore } from "../view.js";
import { bucketsOf, type Buckets } from "./buckets.js";

export interface Line {
  readonly label: string;
  readonly values: (buckets: Buckets) => readonly (number | null)[];
  readonly colour: (colours: Palette) => string;
  /** Lines are told apart by their dashes as well. */
  readonly dash?: readonly number[];
  readonly fill?: boolean;
}

interface Properties {
  readonly run: Run;
  readonly store: ViewStore;
  readonly lines: readonly Line[];
  readonly unit: string;
  readonly logarithmic?: boolean;
  readonly label: string;
}

/** uPlot names its distributions in an enum that exists in its types only. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const logarithmicDistribution = 3 as uPlot.Scale.Distr.Logarithmic;
const height = 150;
const bucketsWanted = 140;
const settleMs = 90;

function tickText(value: number | null): string {
  if (value === null) return "";
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)));
}

function optionsOf(
  { run, store, lines, logarithmic, unit }: Properties,
  width: number,
  colours: Palette,
): uPlot.Options {
  const faults = mergedSpans(faultSpans(run.payload.faults, run.endNs));
  const font = "11px system-ui, sans-serif";
  const axis = { stroke: colours.muted, font, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false } };
  return {
    width,
    height,
    padding: [6, plotRight, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { size: 5 } },
    scales: {
      x: { time: false },
      y:
        logarithmic === true
          ? { distr: logarithmicDistribution, log: 10 }
          : { range: (_plot, _min, max) => [0, Math.max(max * 1.08, 1)] },
    },
    axes: [
      { ...axis, size: 22, values: (_plot, ticks) => ticks.map((tick) => `${Number(tick.toPrecision(9))} s`) },
      {
        ...axis,
        size: gutterWidth(width),
        values: (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : `${tickText(tick)} ${unit}`)),
      },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => {
        const stroke = line.colour(colours);
        return {
          label: line.label,
          stroke,
          width: 1.6,
          spanGaps: false,
          points: { show: false },
          ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
          ...(line.fill === true ? { fill: `color-mix(in srgb, ${stroke} 13%, transparent)` } : {}),
        };
      }),
    ],
    hooks: {
      drawClear: [
        (plot) => {
          const { ctx: context, bbox } = plot;
          context.save();
          context.fillStyle = colours["fault-tint-strong"];
          for (const { fromNs, toNs } of faults) {
            const left = Math.max(plot.valToPos(fromNs / 1e9, "x", true), bbox.left);
            const right = Math.min(plot.valToPos(toNs / 1e9, "x", true), bbox.left + bbox.width);
            if (right > left) context.fillRect(left, bbox.top, right - left, bbox.height);
          }
          context.fillStyle = colours.bad;
          for (const { timeNs } of run.payload.verdict.violations.slice(0, 50)) {
            if (timeNs === null) continue;
            const x = plot.valToPos(timeNs / 1e9, "x", true);
            if (x >= bbox.left && x <= bbox.left + bbox.width)
              context.fillRect(x, bbox.top, devicePixelRatio, bbox.height);
          }
          context.restore();
        },
      ],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          store.show(
            plot.posToVal(plot.select.left, "x") * 1e9,
            plot.posToVal(plot.select.left + plot.select.width, "x") * 1e9,
          );
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function dataOf(buckets: Buckets, lines: readonly Line[]): uPlot.AlignedData {
  return [[...buckets.seconds], ...lines.map((line) => [...line.values(buckets)])];
}

export function Lines(properties: Properties) {
  const { run, store, lines, label } = properties;
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    let plot: uPlot | null = null;
    const compute = (): Buckets =>
      bucketsOf(
        run.operations,
        Math.max(0, store.view.fromNs),
        Math.min(run.endNs, store.view.toNs),
        bucketsWanted,
        store.view.key,
      );
    const range = (): { min: number; max: number } => ({ min: store.view.fromNs / 1e9, max: store.view.toNs / 1e9 });
    const make = (): void => {
      plot?.destroy();
      plot = null;
      if (element.clientWidth === 0) return;
      plot = new uPlot(optionsOf(properties, element.clientWidth, palette()), dataOf(compute(), lines), element);
      plot.setScale("x", range());
      plot.over.addEventListener("mousemove", (event) => {
        const scale = timeScale(store.view, element.clientWidth);
        store.set({ hoverNs: scale.ns(event.clientX - element.getBoundingClientRect().left) });
      });
      plot.over.addEventListener("mouseleave", () => store.set({ hoverNs: null }));
      plot.over.addEventListener("dblclick", () => store.showAll());
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    let width = 0;
    const resize = new ResizeObserver(() => {
      if (element.clientWidth !== width) make();
      width = element.clientWidth;
    });
    resize.observe(element);
    const offs = [
      onPalette(make),
      store.listen((view, before) => {
        if (plot === null) return;
        if (view.fromNs !== before.fromNs || view.toNs !== before.toNs || view.key !== before.key) {
          plot.setScale("x", range());
          clearTimeout(timer);
          // Slices are counted anew once the view rests.
          timer = setTimeout(() => {
            plot?.setData(dataOf(compute(), lines), false);
            plot?.setScale("x", range());
            plot?.redraw(true, true);
          }, settleMs);
        }
        if (view.hoverNs !== before.hoverNs) {
          const left = view.hoverNs === null ? -10 : plot.valToPos(view.hoverNs / 1e9, "x");
          plot.setCursor({ left, top: 1 }, false);
        }
      }),
    ];
    return () => {
      clearTimeout(timer);
      resize.disconnect();
      for (const off of offs) off();
      plot?.destroy();
    };
  }, [run, store]);
  return <div ref={holder} class="chart" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

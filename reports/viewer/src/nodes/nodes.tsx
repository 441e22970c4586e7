// The nodes: a strip each with one of their numbers over time, a table of what all of them were at one moment, and what they wrote into their
// logs around the cause. Every moment here leads to the same moment in the table and the timeline.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { jumpToTimeline } from "../around.js";
import { fit, Frame, surface } from "../canvas.js";
import { faultSpans } from "../faults.js";
import { seconds } from "../format.js";
import type { Run } from "../load.js";
import { onPalette, palette } from "../palette.js";
import { timeScale, type ViewStore } from "../view.js";
import { drawNodes, rowHeight } from "./draw-nodes.js";
import { Logs } from "./logs.js";
import {
  metricNames,
  metrics,
  metricText,
  readSeries,
  statesAt,
  valuesOf,
  type Metric,
  type Series,
} from "./series.js";

const aroundNs = 1e9;

/** When it went wrong, else the end. */
function causeOf(run: Run): number {
  return run.payload.verdict.violations.find(({ timeNs }) => timeNs !== null)?.timeNs ?? run.endNs;
}

export function Nodes({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const all = useMemo(() => readSeries(run.payload.nodes), [run]);
  const [momentNs, setMoment] = useState(() => causeOf(run));
  const shown = metrics.filter((metric) => all.some((series) => valuesOf(series, metric) !== null));
  const [metric, setMetric] = useState<Metric>("behind");
  const show = (ns: number): void => {
    setMoment(ns);
    store.show(ns - aroundNs, ns + aroundNs);
  };
  return (
    <section id="nodes" aria-labelledby="nodes-title">
      <div class="section-head">
        <h2 id="nodes-title">Nodes</h2>
        <p class="muted">
          {all.length === 0
            ? "no status samples in this run"
            : "as each said of itself; hatched: it gave no answer; dark bar: it said that it leads"}
        </p>
      </div>
      {all.length > 0 && (
        <>
          <div class="node-metrics" role="group" aria-label="What the strips show">
            {shown.map((name) => (
              <button key={name} type="button" aria-pressed={name === metric} onClick={() => setMetric(name)}>
                {metricNames[name]}
              </button>
            ))}
          </div>
          <Strips run={run} store={store} all={all} metric={metric} momentNs={momentNs} onMoment={setMoment} />
          <Forks run={run} onMoment={show} />
          <Moment run={run} store={store} all={all} momentNs={momentNs} onMoment={setMoment} />
        </>
      )}
      <Logs run={run} onMoment={show} />
    </section>
  );
}

interface StripsProperties {
  readonly run: Run;
  readonly store: ViewStore;
  readonly all: readonly Series[];
  readonly metric: Metric;
  readonly momentNs: number;
  readonly onMoment: (ns: number) => void;
}

function Strips({ run, store, all, metric, momentNs, onMoment }: StripsProperties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [element, box] = [canvas.current, holder.current];
    if (element === null || box === null) return;
    const own = surface(element);
    const faults = faultSpans(run.payload.faults, run.endNs);
    const frame = new Frame(() => {
      const width = box.clientWidth;
      if (width === 0) return;
      const context = fit(own, width, all.length * rowHeight);
      drawNodes({ context, width, run, all, metric, faults, view: store.view, colours: palette(), momentNs });
    });
    const resize = new ResizeObserver(() => frame.ask());
    resize.observe(box);
    const offs = [onPalette(() => frame.now()), store.listen(() => frame.ask())];
    frame.ask();
    return () => {
      resize.disconnect();
      for (const off of offs) off();
      frame.end();
    };
  }, [run, store, all, metric, momentNs]);
  return (
    <div ref={holder} class="node-strips">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${metricNames[metric]} of each node over time; the table below tells the same for one moment`}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const ns = timeScale(store.view, box.width).ns(event.clientX - box.left);
          onMoment(Math.min(Math.max(ns, 0), run.endNs));
        }}
      />
    </div>
  );
}

function Forks({ run, onMoment }: { readonly run: Run; readonly onMoment: (ns: number) => void }) {
  const { forks } = run.payload;
  if (forks.length === 0) return null;
  return (
    <ul class="forks">
      {forks.map(({ group, decided, nodes, hashes, timeNs }) => (
        <li key={`${group}${nodes.join()}`}>
          <button type="button" class="plain" onClick={() => onMoment(timeNs)}>
            {seconds(timeNs)}
          </button>{" "}
          Group {group}: {nodes[0]} and {nodes[1]} had both decided {decided} entries, and not the same ones (hashes{" "}
          <span class="value">{hashes[0]}</span> and <span class="value">{hashes[1]}</span>).
        </li>
      ))}
    </ul>
  );
}

function Moment({ run, store, all, momentNs, onMoment }: Omit<StripsProperties, "metric">) {
  const states = statesAt(all, run.payload.groups, momentNs);
  const shown = metrics.filter((metric) => all.some((series) => valuesOf(series, metric) !== null));
  const missing = (["cpu", "memory"] as const)
    .filter((metric) => !shown.includes(metric))
    .map((name) => metricNames[name]);
  return (
    <>
      <p class="node-moment">
        <label>
          <span>at {seconds(momentNs)} </span>
          <input
            type="range"
            min={0}
            max={Math.ceil(run.endNs / 1e6)}
            step={10}
            value={Math.round(momentNs / 1e6)}
            aria-valuetext={seconds(momentNs)}
            onInput={(event) => onMoment(Number(event.currentTarget.value) * 1e6)}
          />
        </label>
        <button type="button" onClick={() => onMoment(causeOf(run))}>
          {run.payload.verdict.violations.length > 0 ? "the violation" : "the end"}
        </button>
        <button
          type="button"
          onClick={() => {
            store.show(momentNs - aroundNs, momentNs + aroundNs);
            jumpToTimeline();
          }}
        >
          in the timeline
        </button>
      </p>
      <div class="scroll-x">
        <table class="fit">
          <thead>
            <tr>
              <th scope="col">node</th>
              <th scope="col">group</th>
              <th scope="col">it said</th>
              <th scope="col">ballot</th>
              {shown.map((metric) => (
                <th key={metric} scope="col" class="number">
                  {metricNames[metric]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {states.map(({ node, group, belief, values }) => (
              <tr key={node}>
                <th scope="row" class="value">
                  {node}
                </th>
                <td>{group ?? "–"}</td>
                <td>{saidOf(belief)}</td>
                <td class="value">{belief?.ballot ?? ""}</td>
                {shown.map((metric) => (
                  <td key={metric} class="number">
                    {metricText(metric, values[metric])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="muted">
        {missing.length > 0 && `Not looked at in this run: ${missing.join(", ")}. `}
        Disks are not sampled.
      </p>
    </>
  );
}

function saidOf(belief: ReturnType<typeof statesAt>[number]["belief"]): string {
  if (belief === null) return "nothing yet";
  if (belief.role === "silent") return "nothing: no answer";
  if (belief.role === "leader") return "★ I lead";
  return belief.leader === null ? "nobody leads" : `${belief.leader} leads`;
}

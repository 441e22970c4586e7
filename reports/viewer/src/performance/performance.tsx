// Latency and rates on one time axis, with the faults behind them and the numbers in words before them.
import { useEffect, useMemo, useState } from "preact/hooks";
import { duration } from "../format.js";
import type { Run } from "../load.js";
import { functionColour, onPalette, palette } from "../palette.js";
import type { ViewStore } from "../view.js";
import { bucketsOf, overallQuantiles } from "./buckets.js";
import { Lines, type Line } from "./lines.js";
import { RecoveryTable } from "./recovery-table.js";
import { Scatter } from "./scatter.js";

const quantiles: readonly Line[] = [
  { label: "median", values: (buckets) => buckets.p50, colour: (colours) => colours.put },
  { label: "95 %", values: (buckets) => buckets.p95, colour: (colours) => colours.accent, dash: [7, 3] },
  { label: "99 %", values: (buckets) => buckets.p99, colour: (colours) => colours.text, dash: [2, 2] },
  { label: "slowest", values: (buckets) => buckets.max, colour: (colours) => colours.muted, dash: [1, 4] },
];
const outcomeLines: readonly Line[] = [
  { label: "ok", values: (buckets) => buckets.ok, colour: (colours) => colours.put, fill: true },
  { label: "fail", values: (buckets) => buckets.fail, colour: (colours) => colours.fail, dash: [6, 3] },
  { label: "unknown", values: (buckets) => buckets.info, colour: (colours) => colours.info, dash: [2, 2] },
];
const dashes: readonly (readonly number[] | undefined)[] = [undefined, [7, 3], [2, 2], [9, 3, 2, 3]];

function LineKey({ lines }: { readonly lines: readonly Line[] }) {
  const [colours, setColours] = useState<readonly string[]>([]);
  useEffect(() => {
    const read = (): void => setColours(lines.map((line) => line.colour(palette())));
    read();
    return onPalette(read);
  }, [lines]);
  return (
    <ul class="legend">
      {lines.map((line, index) => (
        <li key={line.label}>
          <svg width="26" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="26"
              y1="4"
              y2="4"
              stroke={colours[index] ?? "currentColor"}
              stroke-width="2"
              stroke-dasharray={line.dash?.join(" ")}
            />
          </svg>{" "}
          {line.label}
        </li>
      ))}
    </ul>
  );
}

/** The charts' numbers as text: twelve slices of the run. */
function Numbers({ run }: { readonly run: Run }) {
  const [open, setOpen] = useState(false);
  const buckets = useMemo(() => (open ? bucketsOf(run.operations, 0, run.endNs, 12, null) : null), [open, run]);
  const text = (ms: number | null | undefined): string => (ms === null || ms === undefined ? "–" : duration(ms * 1e6));
  return (
    <details class="alternative" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Latencies and rates as a table</summary>
      {buckets !== null && (
        <div class="scroll-x">
          <table>
            <caption>Slices of {duration(buckets.widthNs)}</caption>
            <thead>
              <tr>
                {["around", "median", "95 %", "99 %", "slowest", "ok/s", "fail/s", "unknown/s"].map((name) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {buckets.seconds.map((at, index) => (
                <tr key={at}>
                  <td class="number">{at.toFixed(1)} s</td>
                  {[buckets.p50, buckets.p95, buckets.p99, buckets.max].map((values, place) => (
                    <td key={place} class="number">
                      {text(values[index])}
                    </td>
                  ))}
                  {[buckets.ok, buckets.fail, buckets.info].map((values, place) => (
                    <td key={place} class="number">
                      {(values[index] ?? 0).toFixed(1)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

export function Performance({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const overall = useMemo(() => overallQuantiles(run.operations), [run]);
  const functionLines = useMemo(
    () =>
      run.operations.functions.map((name, index): Line => {
        const dash = dashes[index % dashes.length];
        return {
          label: name,
          values: (buckets) => buckets.byFunction[index] ?? [],
          colour: (colours) => functionColour(name, colours),
          ...(dash === undefined ? {} : { dash }),
        };
      }),
    [run],
  );
  return (
    <section id="performance" aria-labelledby="performance-title">
      <div class="section-head">
        <h2 id="performance-title">Latency and rates</h2>
        {overall !== null && (
          <p class="muted">
            all answered operations: median {duration(overall.p50)}, 99 % within {duration(overall.p99)}, slowest{" "}
            {duration(overall.max)}; from the intended start
          </p>
        )}
      </div>
      <h3>Latency of each operation</h3>
      <Scatter run={run} store={store} />
      <div class="chart-head">
        <h3>Latency quantiles of answered operations</h3>
        <LineKey lines={quantiles} />
      </div>
      <Lines run={run} store={store} lines={quantiles} unit="ms" logarithmic label="Latency quantiles over time" />
      <div class="chart-head">
        <h3>Operations a second, by outcome</h3>
        <LineKey lines={outcomeLines} />
      </div>
      <Lines run={run} store={store} lines={outcomeLines} unit="/s" label="Operations a second by outcome" />
      <div class="chart-head">
        <h3>Answered a second, by function</h3>
        <LineKey lines={functionLines} />
      </div>
      <Lines run={run} store={store} lines={functionLines} unit="/s" label="Operations a second by function" />
      <Numbers run={run} />
      <RecoveryTable run={run} />
    </section>
  );
}

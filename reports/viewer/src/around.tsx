// Operations as a table with a small bar for each on a common time axis: around a selected operation, around a violation, and the
// text alternative of the timeline.
import { outcomeFail, outcomeInfo, outcomeOk, outcomes } from "../../columns.js";
import { duration, seconds } from "./format.js";
import { describe, type Run } from "./load.js";
import type { ViewStore } from "./view.js";

/** Outcomes are told by a sign as well as by colour. */
export const outcomeSigns = ["✓", "✕", "?", "…"] as const;

export function OutcomeSign({ outcome }: { readonly outcome: number }) {
  const word = outcome === outcomeOk ? "ok" : outcome === outcomeFail ? "fail" : "info";
  return (
    <span class={`outcome outcome-${word}`}>
      <span aria-hidden="true">{outcomeSigns[outcome]}</span> {outcomes[outcome]}
    </span>
  );
}

interface Properties {
  readonly run: Run;
  readonly store: ViewStore;
  /** In order of call. */
  readonly rows: readonly number[];
  readonly caption: string;
  readonly marked?: ReadonlyMap<number, number>;
  readonly selected?: number | null;
  readonly showKey?: boolean;
}

/** Selects an operation and, when it is out of sight, moves the pictures to it. */
export function showOperation(store: ViewStore, run: Run, row: number): void {
  const { operations } = run;
  const callNs = operations.callNs[row] ?? 0;
  const end = operations.endNs[row] ?? Number.NaN;
  const endNs = Number.isNaN(end) ? callNs : end;
  const { fromNs, toNs, key } = store.view;
  if (key !== null && operations.key[row] !== key) store.set({ key: null });
  const span = toNs - fromNs;
  if (callNs < fromNs || callNs > toNs || (endNs - callNs) / span < 0.002) {
    const wanted = Math.min(span, Math.max((endNs - callNs) * 20, 4e6));
    store.show(callNs - wanted * 0.45, callNs + wanted * 0.55);
  }
  store.set({ pinned: row });
}

/** Takes the reader to a moment in the timeline. */
export function jumpToTimeline(): void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelector("#timeline")?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  document.querySelector<HTMLElement>("#timeline-lanes")?.focus({ preventScroll: true });
}

export function OperationsTable({ run, store, rows, caption, marked, selected = null, showKey = false }: Properties) {
  const { operations } = run;
  const from = Math.min(...rows.map((row) => operations.callNs[row] ?? 0));
  const ends = rows.map((row) => operations.endNs[row] ?? Number.NaN).filter((ns) => !Number.isNaN(ns));
  const span = Math.max(1, Math.max(...ends, from + 1000) - from);
  return (
    <div class="scroll-x">
      <table class="operations">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="number">
              called
            </th>
            <th scope="col" class="number">
              took
            </th>
            <th scope="col">process</th>
            {showKey && <th scope="col">key</th>}
            <th scope="col">operation</th>
            <th scope="col">answer</th>
            <th scope="col">outcome</th>
            <th scope="col" class="bar-column" aria-hidden="true">
              {seconds(from)} – {seconds(from + span)}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const { asked, answered } = describe(run, row);
            const callNs = operations.callNs[row] ?? 0;
            const end = operations.endNs[row] ?? Number.NaN;
            const outcome = operations.outcome[row] ?? 0;
            const number = marked?.get(row);
            const left = ((callNs - from) / span) * 100;
            const open = outcome >= outcomeInfo;
            const width = open ? 100 - left : ((end - callNs) / span) * 100;
            const node = operations.nodes[operations.node[row] ?? -1];
            return (
              <tr key={row} class={`${number === undefined ? "" : "core"}${row === selected ? " selected" : ""}`}>
                <td class="number">
                  <button type="button" class="plain" onClick={() => showOperation(store, run, row)}>
                    {seconds(callNs, 4)}
                  </button>
                </td>
                <td class="number">{Number.isNaN(end) ? "–" : duration(end - callNs)}</td>
                <td>
                  {operations.process[row]}
                  {node === undefined ? "" : <span class="muted"> on {node}</span>}
                </td>
                {showKey && <td class="value">{operations.keys[operations.key[row] ?? 0]}</td>}
                <td class="value">
                  {number !== undefined && <span class="badge">{number}</span>}
                  {asked}
                </td>
                <td class="value">{answered}</td>
                <td>
                  <OutcomeSign outcome={outcome} />
                </td>
                <td class="bar-column" aria-hidden="true">
                  <span
                    class={`bar bar-${operations.functions[operations.function[row] ?? 0] === "get" ? "get" : "put"} ${open ? "bar-open" : ""}${outcome === outcomeFail ? "bar-fail" : ""}${number === undefined ? "" : " bar-core"}`}
                    style={{ left: `${left}%`, width: `max(3px, ${width}%)` }}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Operations on the key of `row`, so many before it and after it in order of call. */
export function neighbours(run: Run, row: number, before: number, after: number): readonly number[] {
  const { operations } = run;
  const key = operations.key[row];
  const found: number[] = [row];
  for (let at = row - 1, left = before; at >= 0 && left > 0; at--) {
    if (operations.key[at] !== key) continue;
    found.unshift(at);
    left--;
  }
  for (let at = row + 1, left = after; at < operations.count && left > 0; at++) {
    if (operations.key[at] !== key) continue;
    found.push(at);
    left--;
  }
  return found;
}

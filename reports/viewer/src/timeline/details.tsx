// What is known of one operation, under the pointer and when selected; and the operations in view as a table.
import { useEffect, useMemo, useState } from "preact/hooks";
import { outcomeInfo, outcomes } from "../../../columns.js";
import { neighbours, OperationsTable, outcomeSigns } from "../around.js";
import { duration, plural, seconds } from "../format.js";
import { coreIn, describe, labelOf, type Run } from "../load.js";
import { useView, type ViewStore } from "../view.js";
import type { Under } from "./controller.js";
import { lowerBound } from "./rows.js";

const tableRows = 200;

export function Tooltip({ run, under, width }: { readonly run: Run; readonly under: Under; readonly width: number }) {
  const style = {
    left: `${Math.min(under.x + 14, Math.max(8, width - 300))}px`,
    top: `${under.y + 16}px`,
  };
  if (under.kind === "spot") {
    return (
      <div class="tooltip" style={style} aria-hidden="true">
        <strong>{under.spot.title}</strong>
        {under.spot.lines.map((line) => (
          <div key={line}>{line}</div>
        ))}
      </div>
    );
  }
  const { operations } = run;
  const { operation } = under;
  const callNs = operations.callNs[operation] ?? 0;
  const endNs = operations.endNs[operation] ?? Number.NaN;
  const error = operations.error(operation);
  return (
    <div class="tooltip" style={style} aria-hidden="true">
      <strong class="value">{labelOf(run, operation).slice(0, 200)}</strong>
      <div>
        {outcomeSigns[operations.outcome[operation] ?? 0]} {outcomes[operations.outcome[operation] ?? 0]} · key{" "}
        <span class="value">{operations.keys[operations.key[operation] ?? 0]}</span>
      </div>
      <div>
        process {operations.process[operation]} on {operations.nodes[operations.node[operation] ?? -1] ?? "no node"}
      </div>
      <div>
        {seconds(callNs, 4)} – {Number.isNaN(endNs) ? "open" : seconds(endNs, 4)}
        {Number.isNaN(endNs) ? "" : ` (${duration(endNs - callNs)})`}
      </div>
      {error !== null && <div class="value">{error.slice(0, 200)}</div>}
    </div>
  );
}

/** All that is known of the selected operation. */
export function Details({
  run,
  store,
  operation,
}: {
  readonly run: Run;
  readonly store: ViewStore;
  readonly operation: number;
}) {
  const { operations } = run;
  const callNs = operations.callNs[operation] ?? 0;
  const endNs = operations.endNs[operation] ?? Number.NaN;
  const outcome = operations.outcome[operation] ?? 0;
  const systemIndex = operations.systemIndex[operation] ?? Number.NaN;
  const { asked, answered } = describe(run, operation);
  const facts: readonly (readonly [string, string | null])[] = [
    ["operation", asked],
    ["answer", answered],
    ["outcome", outcomes[outcome] ?? null],
    ["key", operations.keys[operations.key[operation] ?? 0] ?? null],
    ["process", `${operations.process[operation]} (thread ${operations.thread[operation]})`],
    ["node", operations.nodes[operations.node[operation] ?? -1] ?? null],
    ["called", seconds(callNs, 6)],
    [outcome >= outcomeInfo ? "given up" : "returned", Number.isNaN(endNs) ? "never" : seconds(endNs, 6)],
    ["took", Number.isNaN(endNs) ? null : duration(endNs - callNs)],
    ["late by", (operations.lagUs[operation] ?? 0) === 0 ? null : duration((operations.lagUs[operation] ?? 0) * 1000)],
    ["attempts", (operations.attempts[operation] ?? -1) < 0 ? null : String(operations.attempts[operation])],
    ["phase", operations.phases[operations.phase[operation] ?? -1] ?? null],
    ["system's index", Number.isNaN(systemIndex) ? null : String(systemIndex)],
    ["error", operations.error(operation)],
    ["number", `${operation}`],
  ];
  const violation = useView(store, (view) => view.violation);
  const core = coreIn(run, { violation });
  const around = useMemo(() => neighbours(run, operation, 5, 6), [run, operation]);
  return (
    <section class="details panel" aria-label="Selected operation">
      <header>
        <h3 class="value">{labelOf(run, operation).slice(0, 300)}</h3>
        <button
          type="button"
          onClick={() => store.set({ pinned: null })}
          aria-label="Close the selected operation (Escape)"
        >
          ✕
        </button>
      </header>
      <div class="details-columns">
        <dl>
          {facts.map(([name, value]) =>
            value === null ? null : (
              <div key={name}>
                <dt>{name}</dt>
                <dd class="value">{value}</dd>
              </div>
            ),
          )}
        </dl>
        <OperationsTable
          run={run}
          store={store}
          rows={around}
          caption={`Around it on key ${operations.keys[operations.key[operation] ?? 0] ?? ""}`}
          marked={core}
          selected={operation}
        />
      </div>
    </section>
  );
}

/** The operations in view, as text. Made only while it is open. */
export function TextAlternative({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const [open, setOpen] = useState(false);
  const [rows, setRows] = useState<readonly number[]>([]);
  const violation = useView(store, (view) => view.violation);
  const core = coreIn(run, { violation });
  useEffect(() => {
    if (!open) return;
    const read = (): void => {
      const { fromNs, toNs, key } = store.view;
      const { operations } = run;
      const found: number[] = [];
      for (
        let row = lowerBound(operations.count, fromNs, (index) => operations.callNs[index] ?? 0);
        row < operations.count;
        row++
      ) {
        if ((operations.callNs[row] ?? 0) > toNs || found.length === tableRows) break;
        if (key === null || operations.key[row] === key) found.push(row);
      }
      setRows(found);
    };
    let timer = setTimeout(read, 0);
    const off = store.listen(() => {
      clearTimeout(timer);
      timer = setTimeout(read, 200);
    });
    return () => {
      clearTimeout(timer);
      off();
    };
  }, [open, run, store]);
  return (
    <details class="alternative" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The operations in view as a table</summary>
      {open && rows.length === 0 && <p class="muted">No operation was called in this span.</p>}
      {open && rows.length > 0 && (
        <OperationsTable
          run={run}
          store={store}
          rows={rows}
          caption={
            rows.length === tableRows
              ? `The first ${tableRows} operations called in view`
              : `${plural(rows.length, "operation")} called in view`
          }
          marked={core}
          showKey
        />
      )}
    </details>
  );
}

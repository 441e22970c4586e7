// The timeline: toolbar, canvases, what hangs under the pointer, the selected operation, and the same content as a table.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { outcomeInfo, outcomes } from "../../../columns.js";
import { count, duration, plural, seconds } from "../format.js";
import { neighbours, OperationsTable, outcomeSigns, showOperation } from "../around.js";
import { coreIn, describe, labelOf, type Run } from "../load.js";
import { moveByKey } from "../navigate.js";
import { search } from "../search.js";
import { laneKinds, useView, type ViewStore } from "../view.js";
import { TimelineController, type Under } from "./controller.js";
import { lowerBound } from "./rows.js";

interface Properties {
  readonly run: Run;
  readonly store: ViewStore;
  readonly onController: (controller: TimelineController) => void;
}

const searchDelayMs = 160;
const tableRows = 200;

/** Next or previous operation of the selected one's row. */
function step(run: Run, store: ViewStore, controller: TimelineController, by: 1 | -1): void {
  const { pinned, fromNs } = store.view;
  const row = pinned === null ? undefined : controller.layout.rows[controller.layout.rowOf[pinned] ?? -1];
  if (pinned === null || row === undefined) {
    const first = controller.layout.rows.find((candidate) => candidate.operations.length > 0);
    if (first === undefined) return;
    const place = lowerBound(
      first.operations.length,
      fromNs,
      (index) => run.operations.callNs[first.operations[index] ?? 0] ?? 0,
    );
    const operation = first.operations[Math.min(place, first.operations.length - 1)];
    if (operation !== undefined) showOperation(store, run, operation);
    return;
  }
  const next = row.operations[row.operations.indexOf(pinned) + by];
  if (next !== undefined) showOperation(store, run, next);
}

/** Shows the first violation with some time around it. */
export function showViolation(run: Run, store: ViewStore, place = 0): void {
  const violation = run.payload.verdict.violations[place];
  if (violation === undefined) return;
  const calls = violation.operations.map((row) => run.operations.callNs[row] ?? 0);
  const at = violation.timeNs ?? calls.at(-1) ?? 0;
  const from = Math.min(at, ...calls);
  const margin = Math.max((at - from) * 0.3, 5e6);
  store.set({ key: null, violation: place });
  store.show(from - margin, at + margin);
  const last = violation.operations.at(-1);
  if (last !== undefined) store.set({ pinned: last });
}

function nextFault(run: Run, store: ViewStore, by: 1 | -1): void {
  const middle = (store.view.fromNs + store.view.toNs) / 2;
  const spans = run.payload.faults.flatMap((fault) => {
    const from = fault.requestedNs;
    const to = fault.confirmedOffNs ?? fault.healRequestedNs ?? from;
    return from === null || to === null ? [] : [{ from, to, middle: (from + to) / 2 }];
  });
  const next =
    by === 1 ? spans.find((span) => span.middle > middle + 1) : spans.findLast((span) => span.middle < middle - 1);
  if (next === undefined) return;
  const margin = (next.to - next.from) * 0.3 + 1e6;
  store.show(next.from - margin, next.to + margin);
}

function Tooltip({ run, under, width }: { readonly run: Run; readonly under: Under; readonly width: number }) {
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

function Legend({ run }: { readonly run: Run }) {
  const functions = run.operations.functions;
  return (
    <ul class="legend" aria-label="Legend">
      {functions.map((name) => (
        <li key={name}>
          <span class={`swatch swatch-${["get", "put", "cas"].includes(name) ? name : "other"}`} /> {name}
        </li>
      ))}
      <li>
        <span class="swatch swatch-fail">✕</span> failed for certain
      </li>
      <li>
        <span class="swatch swatch-info" /> unknown, open to the end
      </li>
      <li>
        <span class="swatch swatch-fault" /> fault
      </li>
      {run.cores.length > 0 && (
        <li>
          <span class="badge">1</span> the violation
        </li>
      )}
    </ul>
  );
}

/** All that is known of the selected operation. */
function Details({
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
function TextAlternative({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
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

function useSearch(
  run: Run,
  store: ViewStore,
  controller: { readonly current: TimelineController | null },
): Int32Array | null {
  const query = useView(store, (view) => view.query);
  const [found, setFound] = useState<Int32Array | null>(null);
  useEffect(() => {
    if (query.trim() === "") {
      setFound(null);
      controller.current?.setMatches(null);
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void search(run, query, stop.signal).then((rows) => {
        if (rows === null) return;
        setFound(rows);
        controller.current?.setMatches(rows);
      });
    }, searchDelayMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [query, run, controller]);
  return found;
}

function SearchBox({
  run,
  store,
  found,
}: {
  readonly run: Run;
  readonly store: ViewStore;
  readonly found: Int32Array | null;
}) {
  const query = useView(store, (view) => view.query);
  const pinned = useView(store, (view) => view.pinned);
  const place = found === null || pinned === null ? -1 : found.indexOf(pinned);
  const go = (by: 1 | -1): void => {
    if (found === null || found.length === 0) return;
    const from = pinned ?? -1;
    const next = by === 1 ? found.find((row) => row > from) : found.findLast((row) => row < from);
    showOperation(store, run, next ?? found.at(by === 1 ? 0 : -1) ?? 0);
  };
  return (
    <div class="search" role="search">
      <label class="hidden" for="search">
        Search operations
      </label>
      <input
        id="search"
        type="search"
        placeholder="search: 17, key:k3, process:5, outcome:info, get …"
        value={query}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => store.set({ query: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape") {
            store.set({ query: "" });
            event.currentTarget.blur();
          } else return;
          event.preventDefault();
        }}
      />
      <button
        type="button"
        disabled={found === null || found.length === 0}
        onClick={() => go(-1)}
        aria-label="Previous match"
      >
        ‹
      </button>
      <button
        type="button"
        disabled={found === null || found.length === 0}
        onClick={() => go(1)}
        aria-label="Next match"
      >
        ›
      </button>
      <output class="muted" for="search">
        {found === null
          ? ""
          : found.length === 0
            ? "nothing found"
            : place >= 0
              ? `${count(place + 1)} of ${count(found.length)}`
              : `${count(found.length)} found`}
      </output>
    </div>
  );
}

function Toolbar({
  run,
  store,
  found,
}: {
  readonly run: Run;
  readonly store: ViewStore;
  readonly found: Int32Array | null;
}) {
  const lanes = useView(store, (view) => view.lanes);
  const key = useView(store, (view) => view.key);
  const keys = useMemo(
    () =>
      run.operations.keys
        .map((name, index) => ({ name, index }))
        .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })),
    [run],
  );
  return (
    <div class="toolbar">
      <fieldset class="segments">
        <legend class="hidden">Lanes by</legend>
        {laneKinds.map((kind) => (
          <label key={kind} class={kind === lanes ? "on" : ""}>
            <input
              type="radio"
              name="lanes"
              value={kind}
              checked={kind === lanes}
              onChange={() => store.set({ lanes: kind })}
            />
            by {kind}
          </label>
        ))}
      </fieldset>
      <label class="select">
        <span class="hidden">Key</span>
        <select
          value={key === null ? "" : String(key)}
          onChange={(event) =>
            store.set({ key: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })
          }
        >
          <option value="">all keys</option>
          {keys.map(({ name, index }) => (
            <option key={index} value={String(index)}>
              key {name.slice(0, 60)}
            </option>
          ))}
        </select>
      </label>
      <SearchBox run={run} store={store} found={found} />
      <div class="buttons">
        {run.payload.verdict.violations.length > 0 && (
          <button type="button" class="to-violation" onClick={() => showViolation(run, store)}>
            Go to the violation
          </button>
        )}
        <button type="button" onClick={() => store.zoom(0.5)} aria-label="Zoom in (+)">
          +
        </button>
        <button type="button" onClick={() => store.zoom(2)} aria-label="Zoom out (-)">
          −
        </button>
        <button type="button" onClick={() => store.showAll()} aria-label="Show the whole run (0)">
          all
        </button>
      </div>
    </div>
  );
}

/** What a screen reader says of the picture as a whole. */
function summaryOf(run: Run): string {
  const { counts } = run.payload.verdict;
  const faults = run.payload.faults.length;
  return (
    `Timeline of ${plural(run.operations.count, "operation")} over ${seconds(run.endNs, 1)}: ${count(counts.ok)} ok, ${count(counts.fail)} failed, ` +
    `${count(counts.info)} of unknown outcome, under ${plural(faults, "fault")}. Keys: plus and minus zoom, arrows move, ` +
    `N and P select the next and previous operation, F the next fault, V the violation, 0 the whole run. A table of the operations in view follows.`
  );
}

export function Timeline({ run, store, onController }: Properties) {
  const overview = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const lanes = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const controller = useRef<TimelineController | null>(null);
  const [under, setUnder] = useState<Under | null>(null);
  const pinned = useView(store, (view) => view.pinned);
  const found = useSearch(run, store, controller);

  useEffect(() => {
    if (
      !overview.current ||
      !head.current ||
      !scroller.current ||
      !spacer.current ||
      !lanes.current ||
      !overlay.current
    )
      return;
    const elements = {
      overview: overview.current,
      head: head.current,
      scroller: scroller.current,
      spacer: spacer.current,
      lanes: lanes.current,
      overlay: overlay.current,
    };
    const made = new TimelineController(run, store, elements, setUnder);
    controller.current = made;
    onController(made);
    return () => made.end();
  }, [run, store]);

  useEffect(() => {
    if (pinned !== null) controller.current?.reveal(pinned);
  }, [pinned]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const own = controller.current;
    if (own === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (moveByKey(event, store)) event.preventDefault();
    else {
      const actions: Readonly<Record<string, () => void>> = {
        n: () => step(run, store, own, 1),
        p: () => step(run, store, own, -1),
        f: () => nextFault(run, store, 1),
        F: () => nextFault(run, store, -1),
        v: () => showViolation(run, store),
        Enter: () => pinned !== null && showOperation(store, run, pinned),
        Escape: () => store.set({ pinned: null }),
      };
      const action = actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    }
  };
  const { operations } = run;
  return (
    <section id="timeline" aria-labelledby="timeline-title">
      <div class="section-head">
        <h2 id="timeline-title">Timeline</h2>
        <p class="muted keys">
          wheel or <kbd>+</kbd> <kbd>−</kbd> zoom · drag or <kbd>←</kbd> <kbd>→</kbd> move · <kbd>n</kbd> <kbd>p</kbd>{" "}
          operation · <kbd>f</kbd> fault · <kbd>v</kbd> violation · <kbd>/</kbd> search
        </p>
      </div>
      <Toolbar run={run} store={store} found={found} />
      <div class="plot" style={{ position: "relative" }}>
        <canvas ref={overview} class="overview" aria-hidden="true" />
        <div
          id="timeline-lanes"
          class="timeline-focus"
          tabIndex={0}
          role="application"
          aria-label={summaryOf(run)}
          onKeyDown={onKeyDown}
        >
          <div class="head-holder">
            <canvas ref={head} class="draggable" aria-hidden="true" />
            {under?.kind === "spot" && <Tooltip run={run} under={under} width={scroller.current?.clientWidth ?? 800} />}
          </div>
          <div class="lanes-holder">
            <div ref={scroller} class="scroller">
              <div ref={spacer} class="draggable">
                <canvas ref={lanes} class="sticky" aria-hidden="true" />
                <canvas ref={overlay} class="sticky overlay" aria-hidden="true" />
              </div>
            </div>
            {under?.kind === "operation" && (
              <Tooltip run={run} under={under} width={scroller.current?.clientWidth ?? 800} />
            )}
            {operations.count === 0 && <p class="nothing">No client called anything in this run.</p>}
          </div>
        </div>
        <Legend run={run} />
      </div>
      <p class="hidden" role="status" aria-live="polite">
        {pinned === null
          ? ""
          : `${labelOf(run, pinned)}, ${outcomes[operations.outcome[pinned] ?? 0]}, process ${operations.process[pinned]}, called at ${seconds(operations.callNs[pinned] ?? 0)}`}
      </p>
      {pinned !== null && <Details run={run} store={store} operation={pinned} />}
      <TextAlternative run={run} store={store} />
    </section>
  );
}

// What stands above and below the timeline: kinds of lanes, a key, the search, zoom, and the legend.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { showOperation } from "../around.js";
import { count } from "../format.js";
import type { Run } from "../load.js";
import { search } from "../search.js";
import { showViolation } from "../show-violation.js";
import { laneKinds, useView, type ViewStore } from "../view.js";
import type { TimelineController } from "./controller.js";

const searchDelayMs = 160;

export function useSearch(
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

export function Toolbar({
  run,
  store,
  found,
  children,
}: {
  readonly run: Run;
  readonly store: ViewStore;
  readonly found: Int32Array | null;
  readonly children: ComponentChildren;
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
        <button type="button" onClick={() => store.showAll()} aria-label="Show all of the run (0)">
          all
        </button>
      </div>
      {children}
    </div>
  );
}

export function Legend({ run }: { readonly run: Run }) {
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

// Each key's verdict, what it cost, and for a valid one the order that explains every answer.
import { useMemo, useState } from "preact/hooks";
import type { JsonValue } from "../../../../history/index.js";
import { jumpToTimeline } from "../around.js";
import { count, duration, plural, seconds } from "../format.js";
import { labelOf, type KeyRow, type Run } from "../load.js";
import type { ViewStore } from "../view.js";

type KeyColumn = "key" | "verdict" | "operations" | "engine" | "duration";
const validityRank = (key: KeyRow): number => (key.valid === false ? 0 : key.valid === "unknown" ? 1 : 2);
const keyText = (key: JsonValue): string => (typeof key === "string" ? key : JSON.stringify(key));

function sortedKeys(keys: readonly KeyRow[], column: KeyColumn, descending: boolean): readonly KeyRow[] {
  const compare: Record<KeyColumn, (a: KeyRow, b: KeyRow) => number> = {
    key: (a, b) => keyText(a.key).localeCompare(keyText(b.key), "en", { numeric: true }),
    verdict: (a, b) => validityRank(a) - validityRank(b),
    operations: (a, b) => a.operations - b.operations,
    engine: (a, b) => a.engine.localeCompare(b.engine),
    duration: (a, b) => a.durationMs - b.durationMs,
  };
  const sorted = keys.toSorted((a, b) => compare[column](a, b) || compare.key(a, b));
  return descending ? sorted.reverse() : sorted;
}

const linearizationPage = 200;

/** An order of a key's operations that explains every answer. */
function Linearization({ run, order }: { readonly run: Run; readonly order: Int32Array }) {
  const [page, setPage] = useState(0);
  const from = page * linearizationPage;
  const shown = [...order.subarray(from, from + linearizationPage)];
  return (
    <div>
      <p class="muted">
        An order that explains every answer: {count(from + 1)} – {count(from + shown.length)} of {count(order.length)}.{" "}
        <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
          earlier
        </button>{" "}
        <button type="button" disabled={from + shown.length >= order.length} onClick={() => setPage(page + 1)}>
          later
        </button>
      </p>
      <ol class="linearization" start={from + 1}>
        {shown.map((row) => (
          <li
            key={row}
            class="value"
            title={`process ${run.operations.process[row]}, called at ${seconds(run.operations.callNs[row] ?? 0)}`}
          >
            {labelOf(run, row).slice(0, 60)}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Key({ run, store, row }: { readonly run: Run; readonly store: ViewStore; readonly row: KeyRow }) {
  const [open, setOpen] = useState(false);
  const name = JSON.stringify(row.key);
  const index = run.operations.keys.indexOf(name);
  const word = row.valid === true ? "valid" : row.valid === false ? "violation" : "unknown";
  return (
    <>
      <tr class={row.valid === true ? "" : "alarming"}>
        <th scope="row">
          <button
            type="button"
            class="plain value"
            disabled={index === -1}
            onClick={() => {
              store.set({ key: index });
              jumpToTimeline();
            }}
          >
            {name.slice(0, 80)}
          </button>
        </th>
        <td>
          <span class={`state verdict-${word}`}>
            <span aria-hidden="true">{row.valid === true ? "✓" : row.valid === false ? "✕" : "?"}</span> {word}
          </span>
        </td>
        <td class="number">{count(row.operations)}</td>
        <td>{row.engine}</td>
        <td class="number">{duration(row.durationMs * 1e6)}</td>
        <td class="value-text">{row.reason}</td>
        <td>
          {row.linearization !== null && row.linearization.length > 0 && (
            <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
              order {open ? "▴" : "▾"}
            </button>
          )}
        </td>
      </tr>
      {open && row.linearization !== null && (
        <tr class="expanded">
          <td colSpan={7}>
            <Linearization run={run} order={row.linearization} />
          </td>
        </tr>
      )}
    </>
  );
}

const keysAtFirst = 100;

export function Keys({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const [column, setColumn] = useState<KeyColumn>("verdict");
  const [descending, setDescending] = useState(false);
  const [all, setAll] = useState(false);
  const sorted = useMemo(() => sortedKeys(run.keyRows, column, descending), [run, column, descending]);
  const shown = all ? sorted : sorted.slice(0, keysAtFirst);
  const head = (name: KeyColumn, numeric: boolean) => (
    <th
      scope="col"
      class={numeric ? "number" : ""}
      aria-sort={column === name ? (descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        class="plain"
        onClick={() => {
          setDescending(column === name ? !descending : numeric);
          setColumn(name);
        }}
      >
        {name} {column === name ? (descending ? "▾" : "▴") : ""}
      </button>
    </th>
  );
  return (
    <section id="keys" aria-labelledby="keys-title">
      <div class="section-head">
        <h2 id="keys-title">Keys</h2>
        <p class="muted">
          {run.keyRows.length === 0 ? "no key was judged" : `${plural(run.keyRows.length, "key")}, each judged apart`}
        </p>
      </div>
      {run.keyRows.length > 0 && (
        <div class="scroll-x">
          <table>
            <thead>
              <tr>
                {head("key", false)}
                {head("verdict", false)}
                {head("operations", true)}
                {head("engine", false)}
                {head("duration", true)}
                <th scope="col" class="rest">
                  why
                </th>
                <th scope="col">
                  <span class="hidden">Order</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <Key key={JSON.stringify(row.key)} run={run} store={store} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length < sorted.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {count(sorted.length)} keys
        </button>
      )}
    </section>
  );
}

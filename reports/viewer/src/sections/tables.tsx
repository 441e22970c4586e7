// The tables below the pictures: faults, keys, teeth, leaders, and where the run happened.
import { useMemo, useState } from "preact/hooks";
import type { JsonValue } from "../../../../history/index.js";
import { faultTitle, targetText } from "../faults.js";
import { count, duration, plural, seconds } from "../format.js";
import { jumpToTimeline } from "../around.js";
import { labelOf, type KeyRow, type Run } from "../load.js";
import type { FaultRecord } from "../../../payload.js";
import type { ViewStore } from "../view.js";

function Json({ value }: { readonly value: JsonValue }) {
  return <pre class="json">{JSON.stringify(value, null, 2)}</pre>;
}

const faultSigns = { confirmed: "✓", "still on": "◐", unconfirmed: "?", void: "∅" } as const;

/** When a stage was reached, and how long after the one before. */
function Stage({ ns, after }: { readonly ns: number | null; readonly after: number | null }) {
  if (ns === null) return <td class="number muted">never</td>;
  return (
    <td class="number">
      {seconds(ns)}
      {after !== null && <span class="muted delta"> +{duration(ns - after)}</span>}
    </td>
  );
}

function Fault({ fault, store }: { readonly fault: FaultRecord; readonly store: ViewStore }) {
  const [open, setOpen] = useState(false);
  const show = (): void => {
    const from = fault.requestedNs ?? 0;
    const to = fault.confirmedOffNs ?? fault.healRequestedNs ?? from;
    const margin = (to - from) * 0.25 + 1e6;
    store.show(from - margin, to + margin);
    jumpToTimeline();
  };
  return (
    <>
      <tr class={fault.state === "confirmed" ? "" : "alarming"}>
        <td class="number">{fault.fault}</td>
        <th scope="row">
          <button type="button" class="plain" onClick={show}>
            {faultTitle(fault)}
          </button>
        </th>
        <td class="value">{targetText(fault.targets)}</td>
        <td>
          <span class={`state state-${fault.state.replace(" ", "-")}`}>
            <span aria-hidden="true">{faultSigns[fault.state]}</span> {fault.state}
          </span>
        </td>
        <Stage ns={fault.requestedNs} after={null} />
        <Stage ns={fault.confirmedOnNs} after={fault.requestedNs} />
        <Stage ns={fault.healRequestedNs} after={null} />
        <Stage ns={fault.confirmedOffNs} after={fault.healRequestedNs} />
        <td>
          <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
            evidence {open ? "▴" : "▾"}
          </button>
        </td>
      </tr>
      {open && (
        <tr class="expanded">
          <td colSpan={9}>
            <div class="evidence">
              {fault.evidence.map(({ stage, timeNs, evidence }) => (
                <div key={stage + String(timeNs)}>
                  <h4>
                    {stage} <span class="muted">{seconds(timeNs, 4)}</span>
                  </h4>
                  {evidence === null ? <p class="muted">nothing to show for it</p> : <Json value={evidence} />}
                </div>
              ))}
              <div>
                <h4>as planned</h4>
                <Json value={fault.spec} />
                <p class="muted value">{fault.targets.join(", ")}</p>
              </div>
            </div>
          </td>
        </tr>
      )}
    </>
  );
}

export function Faults({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const { faults } = run.payload;
  return (
    <section id="faults" aria-labelledby="faults-title">
      <div class="section-head">
        <h2 id="faults-title">Faults</h2>
        <p class="muted">
          {faults.length === 0
            ? "none: nothing was broken in this run"
            : "confirmed at the target, never by an API's answer"}
        </p>
      </div>
      {faults.length > 0 && (
        <div class="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  #
                </th>
                <th scope="col">fault</th>
                <th scope="col">target</th>
                <th scope="col">state</th>
                <th scope="col" class="number">
                  requested
                </th>
                <th scope="col" class="number">
                  confirmed on
                </th>
                <th scope="col" class="number">
                  heal requested
                </th>
                <th scope="col" class="number">
                  confirmed off
                </th>
                <th scope="col">
                  <span class="hidden">Evidence</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {faults.map((fault) => (
                <Fault key={fault.fault} fault={fault} store={store} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

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

const leadersShown = 200;

export function Leaders({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const { groups } = run.payload;
  const changes = useMemo(
    () =>
      groups
        .flatMap(({ group, nodes }) =>
          nodes.flatMap(({ node, records }) =>
            records.flatMap((record, index) => {
              if (record.role !== "leader" || records[index - 1]?.role === "leader") return [];
              const end = records.slice(index).find((later) => later.role !== "leader");
              return [{ group, node, fromNs: record.timeNs, toNs: end?.timeNs ?? run.endNs, ballot: record.ballot }];
            }),
          ),
        )
        .sort((a, b) => a.fromNs - b.fromNs),
    [groups, run],
  );
  return (
    <section id="leaders" aria-labelledby="leaders-title">
      <div class="section-head">
        <h2 id="leaders-title">Leaders</h2>
        <p class="muted">
          {groups.length === 0
            ? "no status samples in this run"
            : "as each node itself said, sampled; two at once are not yet an error"}
        </p>
      </div>
      {changes.length > 0 && (
        <div class="scroll-x">
          <table class="fit">
            <thead>
              <tr>
                <th scope="col" class="number">
                  from
                </th>
                <th scope="col" class="number">
                  for
                </th>
                <th scope="col">group</th>
                <th scope="col">node</th>
                <th scope="col">ballot</th>
              </tr>
            </thead>
            <tbody>
              {changes.slice(0, leadersShown).map((change) => (
                <tr key={`${change.group}${change.node}${change.fromNs}`}>
                  <td class="number">
                    <button
                      type="button"
                      class="plain"
                      onClick={() => {
                        store.show(change.fromNs - 1e9, change.fromNs + 1e9);
                        jumpToTimeline();
                      }}
                    >
                      {seconds(change.fromNs)}
                    </button>
                  </td>
                  <td class="number">{duration(change.toNs - change.fromNs)}</td>
                  <td>{change.group}</td>
                  <td class="value">{change.node}</td>
                  <td class="value">{change.ballot}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function Environment({ run }: { readonly run: Run }) {
  const { environment, logs, plan } = run.payload;
  return (
    <section id="environment" aria-labelledby="environment-title">
      <div class="section-head">
        <h2 id="environment-title">Run</h2>
      </div>
      {logs.map(({ node, title, lines }) => (
        <details key={node + title} open={logs.length < 4}>
          <summary>
            log of <span class="value">{node}</span>, {title} ({plural(lines.length, "line")})
          </summary>
          <pre class="log">{lines.join("\n")}</pre>
        </details>
      ))}
      <details>
        <summary>environment: versions, hashes, every knob and where it came from</summary>
        <Json value={environment} />
      </details>
      <details>
        <summary>plan</summary>
        <pre class="json">{JSON.stringify(plan, null, 2)}</pre>
      </details>
    </section>
  );
}

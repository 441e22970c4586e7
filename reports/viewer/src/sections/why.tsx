// Why: the counterexample as a picture, the reason of each arrow as a sentence, and the operations around it on its key.
import { useMemo, useState } from "preact/hooks";
import type { Violation } from "../../../../checker/index.js";
import { jumpToTimeline, OperationsTable } from "../around.js";
import { plural, seconds } from "../format.js";
import type { Run } from "../load.js";
import { showViolation } from "../show-violation.js";
import type { ViewStore } from "../view.js";
import { coreOperations, edgeSentence, edgesOf } from "../core.js";
import { CorePicture } from "./core-picture.js";

const shownAtFirst = 20;
const before = 8;
const after = 6;

/** Operations on the violation's key before, between (the last of them) and after its core. */
function surroundings(run: Run, violation: Violation): readonly number[] {
  const core = [...violation.operations].sort((a, b) => a - b);
  const last = core.at(-1);
  if (last === undefined) return [];
  const { operations } = run;
  const key = operations.key[last];
  const found = new Set(core);
  for (let row = last - 1, left = before; row >= 0 && left > 0; row--) {
    if (operations.key[row] !== key || found.has(row)) continue;
    found.add(row);
    left--;
  }
  for (let row = last + 1, left = after; row < operations.count && left > 0; row++) {
    if (operations.key[row] !== key) continue;
    found.add(row);
    left--;
  }
  return [...found].sort((a, b) => a - b);
}

function One({
  run,
  store,
  violation,
  place,
}: {
  readonly run: Run;
  readonly store: ViewStore;
  readonly violation: Violation;
  readonly place: number;
}) {
  const core = useMemo(() => coreOperations(run, violation), [run, violation]);
  const edges = useMemo(() => edgesOf(run, core), [run, core]);
  const around = useMemo(() => surroundings(run, violation), [run, violation]);
  const numbers = new Map(core.map(({ operation, number }) => [operation, number]));
  const key = JSON.stringify(violation.key);
  return (
    <details class="violation" open={place === 0}>
      <summary>
        <h3>
          {violation.class}
          {violation.key !== null && (
            <>
              {" "}
              on key <span class="value">{key.slice(0, 200)}</span>
            </>
          )}
          {violation.timeNs !== null && <span class="muted"> at {seconds(violation.timeNs)}</span>}
          <span class="muted"> · found by {violation.checker}</span>
        </h3>
        {place > 0 && <p class="value-text">{violation.sentence}</p>}
      </summary>
      {core.length > 0 && (
        <>
          <CorePicture run={run} violation={violation} />
          <ol class="edges">
            {edges.map((edge) => (
              <li key={`${edge.kind}${edge.from.number}-${edge.to.number}`}>
                <span class="badge">{edge.from.number}</span>
                <span class="muted" aria-hidden="true">
                  {edge.kind === "reads" ? " ⇢ " : " → "}
                </span>
                <span class="badge">{edge.to.number}</span> <span class="value-text">{edgeSentence(run, edge)}</span>
              </li>
            ))}
            <li>
              No order of {core.length === 1 ? "this operation" : `these ${core.length} operations`} explains every
              answer: that is the violation.
            </li>
          </ol>
          <OperationsTable
            run={run}
            store={store}
            rows={around}
            caption={`Around it on key ${key.slice(0, 200)}: its operations are numbered`}
            marked={numbers}
          />
        </>
      )}
      <p class="actions">
        {(core.length > 0 || violation.timeNs !== null) && (
          <button
            type="button"
            onClick={() => {
              showViolation(run, store, place);
              jumpToTimeline();
            }}
          >
            Show it in the timeline
          </button>
        )}
        {core.length > 0 && (
          <button
            type="button"
            onClick={() => {
              showViolation(run, store, place);
              const row = core[0]?.operation ?? 0;
              store.set({ lanes: "process", key: run.operations.key[row] ?? null });
              jumpToTimeline();
            }}
          >
            Show only this key there
          </button>
        )}
        <span class="muted">fingerprint {violation.fingerprint}</span>
      </p>
    </details>
  );
}

export function Why({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const { violations } = run.payload.verdict;
  const [all, setAll] = useState(false);
  if (violations.length === 0) return null;
  const shown = all ? violations : violations.slice(0, shownAtFirst);
  return (
    <section id="why" aria-labelledby="why-title">
      <div class="section-head">
        <h2 id="why-title">Why</h2>
        <p class="muted">{plural(violations.length, "violation")}</p>
      </div>
      {shown.map((violation, place) => (
        <One key={place} run={run} store={store} violation={violation} place={place} />
      ))}
      {shown.length < violations.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show {plural(violations.length - shown.length, "more violation")}
        </button>
      )}
    </section>
  );
}

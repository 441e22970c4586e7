// The timeline: toolbar, canvases, what hangs under the pointer, the selected operation, and the same content as a table.
import { useEffect, useRef, useState } from "preact/hooks";
import { outcomes } from "../../../columns.js";
import { showOperation } from "../around.js";
import { count, plural, seconds } from "../format.js";
import { labelOf, type Run } from "../load.js";
import { moveByKey } from "../navigate.js";
import { showViolation } from "../show-violation.js";
import { useView, type ViewStore } from "../view.js";
import { TimelineController, type Under } from "./controller.js";
import { Details, TextAlternative, Tooltip } from "./details.js";
import { Export } from "./export.js";
import { lowerBound } from "./rows.js";
import { Legend, Toolbar, useSearch } from "./toolbar.js";

interface Properties {
  readonly run: Run;
  readonly store: ViewStore;
  readonly onController: (controller: TimelineController) => void;
}

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
      <Toolbar run={run} store={store} found={found}>
        <Export run={run} store={store} found={found} controller={controller} />
      </Toolbar>
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

// The page: decode the run, put the sections together, remember in the address what is looked at.
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { followAddress } from "./deep-link.js";
import { watchScrollers } from "./keyboard-scroll.js";
import { loadRun, type Run } from "./load.js";
import { watchPageScroll } from "./navigate.js";
import { watchPalette } from "./palette.js";
import { Messages } from "./messages/messages.js";
import { Nodes } from "./nodes/nodes.js";
import { Performance } from "./performance/performance.js";
import { Faults } from "./sections/faults.js";
import { Keys } from "./sections/keys.js";
import { Environment, Leaders } from "./sections/run.js";
import { Teeth } from "./sections/teeth.js";
import { Top, VerdictSign, verdictName, words } from "./sections/top.js";
import { Why } from "./sections/why.js";
import type { TimelineController } from "./timeline/controller.js";
import { Timeline } from "./timeline/timeline.js";
import { ViewStore } from "./view.js";

/** For the benchmark and the tests: what a script may ask of the page. */
export interface PageHandle {
  readonly operations: number;
  readonly readyMs: number;
  /** Draws the timeline at once with this span in view; milliseconds. */
  draw(fromNs: number, toNs: number): number;
  readonly view: () => ViewStore["view"];
  readonly endNs: number;
}

declare global {
  interface Window {
    minos?: PageHandle;
  }
}

const sections: readonly (readonly [string, string])[] = [
  ["why", "Why"],
  ["messages", "Messages"],
  ["timeline", "Timeline"],
  ["performance", "Latency"],
  ["faults", "Faults"],
  ["keys", "Keys"],
  ["teeth", "Teeth"],
  ["nodes", "Nodes"],
  ["leaders", "Leaders"],
  ["environment", "Run"],
];

/** As the sections stand on the page. */
function placeOf(id: string, run: Run): number {
  const place = sections.findIndex(([name]) => name === id);
  const late = id === "messages" && run.payload.verdict.violations.length === 0;
  return late ? sections.findIndex(([name]) => name === "faults") - 0.5 : place;
}

function Navigation({ run }: { readonly run: Run }) {
  const name = verdictName(run);
  return (
    <nav class="sections" aria-label="Sections">
      <a href="#top" class={`nav-verdict verdict-${name}`}>
        <VerdictSign name={name} size={18} /> {words[`${run.payload.verdict.valid}`]}
      </a>
      {sections
        .filter(([id]) => id !== "why" || run.payload.verdict.violations.length > 0)
        .filter(([id]) => id !== "messages" || run.payload.diagram !== null)
        .toSorted(([one], [other]) => placeOf(one, run) - placeOf(other, run))
        .map(([id, title]) => (
          <a key={id} href={`#${id}`}>
            {title}
          </a>
        ))}
    </nav>
  );
}

function Page({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const controller = useRef<TimelineController | null>(null);
  // Without a violation the messages explain nothing: what happened comes first.
  const explained = run.payload.verdict.violations.length > 0;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.key !== "/" || (target instanceof HTMLElement && /^(input|select|textarea)$/i.test(target.tagName)))
        return;
      event.preventDefault();
      document.querySelector<HTMLInputElement>("#search")?.focus();
    };
    addEventListener("keydown", onKey);
    const unfollow = followAddress(run, store);
    requestAnimationFrame(() => {
      document.documentElement.dataset["ready"] = "true";
      window.minos = {
        operations: run.operations.count,
        readyMs: performance.now(),
        endNs: run.endNs,
        view: () => store.view,
        draw: (fromNs, toNs) => {
          store.show(fromNs, toNs);
          return controller.current?.draw() ?? Number.NaN;
        },
      };
    });
    return () => {
      removeEventListener("keydown", onKey);
      unfollow();
    };
  }, [run, store]);
  return (
    <div id="top">
      <a class="skip" href="#timeline-lanes">
        Skip to the timeline
      </a>
      <Top run={run} store={store} />
      <Navigation run={run} />
      <main>
        <Why run={run} store={store} />
        {explained && <Messages run={run} />}
        <Timeline run={run} store={store} onController={(made) => (controller.current = made)} />
        <Performance run={run} store={store} />
        {!explained && <Messages run={run} />}
        <Faults run={run} store={store} />
        <Keys run={run} store={store} />
        <Teeth run={run} />
        <Nodes run={run} store={store} />
        <Leaders run={run} store={store} />
        <Environment run={run} />
      </main>
    </div>
  );
}

const app = document.querySelector<HTMLElement>("#app");
if (app !== null) {
  loadRun().then(
    (run) => {
      app.replaceChildren();
      watchPalette();
      watchPageScroll();
      watchScrollers(app);
      render(<Page run={run} store={new ViewStore(run.endNs)} />, app);
    },
    (error: unknown) => {
      const text = document.createElement("p");
      text.className = "loading";
      text.textContent = `This report cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
      app.replaceChildren(text);
      document.documentElement.dataset["ready"] = "failed";
    },
  );
}

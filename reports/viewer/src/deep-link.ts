// The address of the page remembers what is looked at: `#timeline?from=1.25&to=1.5&lanes=key&op=17` shows the same to whoever opens it. The
// part before the question mark is the section, as in any link into the page. Times are seconds of the run.
import type { Run } from "./load.js";
import { laneKinds, type View, type ViewStore } from "./view.js";

const nsPerSecond = 1e9;
/** Changes of the view that follow one another faster are one. Browsers refuse a page that changes its address too often. */
const quietMs = 300;
const queryLimit = 500;

type Linked = Pick<View, "fromNs" | "toNs" | "lanes" | "key" | "query" | "violation" | "pinned">;

const seconds = (ns: number): string => String(Math.round(ns / 1000) / 1e6);

/** The part of the address after the section; empty for the view that every page opens with. */
export function linkOf(view: Linked, run: Run, wholeShown: boolean): string {
  const words = new URLSearchParams();
  if (!wholeShown) {
    words.set("from", seconds(view.fromNs));
    words.set("to", seconds(view.toNs));
  }
  if (view.lanes !== "process") words.set("lanes", view.lanes);
  if (view.key !== null) words.set("key", run.operations.keys[view.key] ?? "");
  if (view.query !== "") words.set("find", view.query.slice(0, queryLimit));
  if (view.violation !== 0) words.set("violation", String(view.violation + 1));
  if (view.pinned !== null) words.set("op", String(view.pinned));
  return words.toString();
}

function below(text: string | null, limit: number): number | null {
  return text !== null && /^\d{1,9}$/.test(text) && Number(text) < limit ? Number(text) : null;
}

/** What such a part asks for; what makes no sense in this run is left out. */
export function viewOfLink(text: string, run: Run): Partial<Linked> {
  const words = new URLSearchParams(text);
  const [from, to] = [words.get("from"), words.get("to")].map((word) => (word === null ? Number.NaN : Number(word)));
  const lanes = laneKinds.find((kind) => kind === words.get("lanes"));
  const key = words.has("key") ? run.operations.keys.indexOf(words.get("key") ?? "") : -1;
  const violation = below(words.get("violation"), run.payload.verdict.violations.length + 1);
  const pinned = below(words.get("op"), run.operations.count);
  return {
    ...(from !== undefined && to !== undefined && from < to
      ? { fromNs: from * nsPerSecond, toNs: to * nsPerSecond }
      : {}),
    ...(lanes === undefined ? {} : { lanes }),
    ...(key === -1 ? {} : { key }),
    ...(words.has("find") ? { query: (words.get("find") ?? "").slice(0, queryLimit) } : {}),
    ...(violation === null || violation === 0 ? {} : { violation: violation - 1 }),
    ...(pinned === null ? {} : { pinned }),
  };
}

/** Shows what the address asks for, and keeps it true to the view from then on. Returns how to stop. */
export function followAddress(run: Run, store: ViewStore): () => void {
  const off = new AbortController();
  let written = "";
  const read = (): void => {
    const [section = "", words] = location.hash.slice(1).split("?", 2);
    if (words === written) return;
    if (words === undefined) {
      // A link to a section goes there and keeps what is looked at.
      if (written !== "") history.replaceState(null, "", `#${section}?${written}`);
      return;
    }
    const { fromNs, toNs, ...rest } = viewOfLink(words, run);
    store.set({ lanes: "process", key: null, query: "", violation: 0, pinned: null, ...rest });
    if (fromNs === undefined || toNs === undefined) store.showAll();
    else store.show(fromNs, toNs);
    written = words;
    document.getElementById(decodeURIComponent(section))?.scrollIntoView();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    const words = linkOf(store.view, run, store.wholeShown);
    if (words === written) return;
    written = words;
    const [section = ""] = location.hash.slice(1).split("?", 1);
    history.replaceState(null, "", words === "" ? `#${section}` : `#${section === "" ? "timeline" : section}?${words}`);
  };
  read();
  const unlisten = store.listen(() => {
    clearTimeout(timer);
    timer = setTimeout(write, quietMs);
  });
  addEventListener("hashchange", read, { signal: off.signal });
  return () => {
    off.abort();
    clearTimeout(timer);
    unlisten();
  };
}

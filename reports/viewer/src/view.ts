// What the reader is looking at: one value that every picture of the page shares, so that zooming one zooms all. Drawing listens to
// it directly, outside of Preact: a pan changes sixty times a second, and no component has to be rendered for it.
import { useEffect, useState } from "preact/hooks";

export const laneKinds = ["process", "key", "node"] as const;
export type LaneKind = (typeof laneKinds)[number];

export interface View {
  readonly fromNs: number;
  readonly toNs: number;
  readonly lanes: LaneKind;
  /** Show only this key (its index), or null. */
  readonly key: number | null;
  readonly query: string;
  /** Which violation the numbers in the pictures are of. */
  readonly violation: number;
  /** Operation whose details stay open. */
  readonly pinned: number | null;
  /** Time under the pointer, in whichever picture it is. */
  readonly hoverNs: number | null;
}

/** No closer than this: times are kept in microseconds. */
const spanMinNs = 20_000;

export class ViewStore {
  #view: View;
  readonly #listeners = new Set<(view: View, before: View) => void>();
  readonly endNs: number;

  constructor(endNs: number) {
    this.endNs = endNs;
    this.#view = {
      ...ViewStore.#whole(endNs),
      lanes: "process",
      key: null,
      query: "",
      violation: 0,
      pinned: null,
      hoverNs: null,
    };
  }

  static #whole(endNs: number): { fromNs: number; toNs: number } {
    return { fromNs: -endNs * 0.004, toNs: endNs * 1.012 };
  }

  get view(): View {
    return this.#view;
  }

  set(change: Partial<View>): void {
    const before = this.#view;
    const next = { ...before, ...change };
    if ((Object.keys(change) as (keyof View)[]).every((name) => before[name] === next[name])) return;
    this.#view = next;
    for (const listener of this.#listeners) listener(next, before);
  }

  listen(listener: (view: View, before: View) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get wholeShown(): boolean {
    const whole = ViewStore.#whole(this.endNs);
    return this.#view.fromNs <= whole.fromNs && this.#view.toNs >= whole.toNs;
  }

  /** Shows a span, kept inside the run and no shorter than can be drawn. */
  show(fromNs: number, toNs: number): void {
    const whole = ViewStore.#whole(this.endNs);
    const span = Math.min(Math.max(toNs - fromNs, spanMinNs), whole.toNs - whole.fromNs);
    const middle = (fromNs + toNs) / 2;
    const from = Math.min(Math.max(middle - span / 2, whole.fromNs), whole.toNs - span);
    this.set({ fromNs: from, toNs: from + span });
  }

  showAll(): void {
    this.set(ViewStore.#whole(this.endNs));
  }

  /** Zooms by a factor (below 1: closer), keeping `atNs` where it is. */
  zoom(factor: number, atNs = (this.#view.fromNs + this.#view.toNs) / 2): void {
    const { fromNs, toNs } = this.#view;
    const allowed = Math.max(factor, spanMinNs / (toNs - fromNs));
    this.show(atNs - (atNs - fromNs) * allowed, atNs + (toNs - atNs) * allowed);
  }

  pan(byNs: number): void {
    this.show(this.#view.fromNs + byNs, this.#view.toNs + byNs);
  }
}

/** Renders again when the picked part of the view changes. */
export function useView<Picked>(store: ViewStore, pick: (view: View) => Picked): Picked {
  const [picked, setPicked] = useState(() => pick(store.view));
  useEffect(() => {
    setPicked(() => pick(store.view));
    return store.listen((view) => setPicked(() => pick(view)));
  }, [store]);
  return picked;
}

/** Where the plots lie on the page: the same gutter everywhere, so that their time axes stand below one another. */
export const plotRight = 14;
export function gutterWidth(width: number): number {
  return width < 640 ? 64 : 128;
}

/** Maps time to x within a picture of a given width. */
export interface TimeScale {
  readonly left: number;
  readonly right: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly nsPerPx: number;
  x(ns: number): number;
  ns(x: number): number;
}

export function timeScale(view: Pick<View, "fromNs" | "toNs">, width: number): TimeScale {
  const left = gutterWidth(width);
  const right = Math.max(width - plotRight, left + 1);
  const { fromNs, toNs } = view;
  const nsPerPx = (toNs - fromNs) / (right - left);
  return {
    left,
    right,
    fromNs,
    toNs,
    nsPerPx,
    x: (ns) => left + (ns - fromNs) / nsPerPx,
    ns: (x) => fromNs + (x - left) * nsPerPx,
  };
}

// Keeps the timeline's canvases true to the view: listens, lays out, draws once a frame, and finds what lies under the pointer.
import { palette, onPalette } from "../palette.js";
import { fit, Frame, surface, type Surface } from "../canvas.js";
import { navigate } from "../navigate.js";
import { faultSpans, type FaultSpan } from "../faults.js";
import { coreIn, type Run } from "../load.js";
import { timeScale, type TimeScale, type View, type ViewStore } from "../view.js";
import { drawHead, headHeight, type Spot } from "./draw-head.js";
import { drawLanes } from "./draw-lanes.js";
import { drawOverview, overviewOf, type Overview } from "./draw-overview.js";
import type { Pictured } from "./picture.js";
import { layOut, occupiedUntil, operationAt, type Layout } from "./rows.js";

export interface TimelineElements {
  readonly overview: HTMLCanvasElement;
  readonly head: HTMLCanvasElement;
  readonly scroller: HTMLElement;
  /** As high as all lanes together; the canvas inside sticks to the scroller's window. */
  readonly spacer: HTMLElement;
  readonly lanes: HTMLCanvasElement;
  /** Above the lanes: what follows the pointer, so that moving it does not draw the operations again. */
  readonly overlay: HTMLCanvasElement;
}

/** What the pointer is on. */
export type Under =
  | { readonly kind: "operation"; readonly operation: number; readonly x: number; readonly y: number }
  | { readonly kind: "spot"; readonly spot: Spot; readonly x: number; readonly y: number };

const overviewHeight = 46;
const lanesHeightMax = 620;
const hitSlackPx = 4;

export class TimelineController {
  readonly #run: Run;
  readonly #store: ViewStore;
  readonly #elements: TimelineElements;
  readonly #under: (under: Under | null) => void;
  readonly #faults: readonly FaultSpan[];
  readonly #overview: Overview;
  readonly #surfaces: { readonly overview: Surface; readonly head: Surface; readonly lanes: Surface };
  readonly #overlay: CanvasRenderingContext2D;
  readonly #frame = new Frame(() => this.draw());
  readonly #overlayFrame = new Frame(() => this.#drawOverlay());
  readonly #off: (() => void)[] = [];
  #layout: Layout;
  #spots: readonly Spot[] = [];
  #matches: Uint8Array | null = null;
  #width = 0;

  constructor(run: Run, store: ViewStore, elements: TimelineElements, under: (under: Under | null) => void) {
    this.#run = run;
    this.#store = store;
    this.#elements = elements;
    this.#under = under;
    this.#faults = faultSpans(run.payload.faults, run.endNs);
    this.#overview = overviewOf(run);
    this.#layout = layOut(run.operations, store.view.lanes, store.view.key, run.endNs);
    this.#surfaces = {
      overview: surface(elements.overview),
      head: surface(elements.head),
      lanes: surface(elements.lanes),
    };
    const overlay = elements.overlay.getContext("2d");
    if (overlay === null) throw new Error("this browser has no 2D canvas");
    this.#overlay = overlay;
    this.#attach();
  }

  get layout(): Layout {
    return this.#layout;
  }

  /** For a picture to keep; undefined before anything was drawn. */
  pictured(): Pictured | undefined {
    if (this.#width === 0) return undefined;
    const { view } = this.#store;
    return { run: this.#run, view, layout: this.#layout, matches: this.#matches, width: this.#width };
  }

  end(): void {
    this.#frame.end();
    this.#overlayFrame.end();
    for (const off of this.#off) off();
  }

  setMatches(found: Int32Array | null): void {
    if (found === null || found.length === 0) this.#matches = null;
    else {
      const matches = new Uint8Array(this.#run.operations.count);
      for (const row of found) matches[row] = 1;
      this.#matches = matches;
    }
    this.#frame.ask();
  }

  /** Scrolls the lane of an operation into the window. */
  reveal(operation: number): void {
    const row = this.#layout.rows[this.#layout.rowOf[operation] ?? -1];
    const { scroller } = this.#elements;
    if (row === undefined) return;
    if (row.top < scroller.scrollTop || row.top + row.height > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = row.top - scroller.clientHeight / 2;
  }

  #attach(): void {
    const { scroller, overview, head, spacer } = this.#elements;
    const resize = new ResizeObserver(() => this.#frame.ask());
    resize.observe(scroller);
    this.#off.push(
      () => resize.disconnect(),
      onPalette(() => this.#frame.now()),
      this.#store.listen((view, before) => this.#changed(view, before)),
      navigate(spacer, this.#store, {
        click: (x, y) => this.#clickLanes(x, y),
        hover: (x, y) => this.#hoverLanes(x, y),
        leave: () => this.#leave(),
        scroll: (byPx) => (scroller.scrollTop += byPx),
      }),
      navigate(head, this.#store, {
        click: (x, y) => {
          const span = this.#spotAt(x, y)?.span;
          if (span === null || span === undefined) return;
          const margin = Math.max((span.toNs - span.fromNs) * 0.25, 1e6);
          this.#store.show(span.fromNs - margin, span.toNs + margin);
        },
        hover: (x, y) => {
          const spot = this.#spotAt(x, y);
          this.#store.set({ hoverNs: this.#time(x) });
          this.#under(spot === undefined ? null : { kind: "spot", spot, x, y });
        },
        leave: () => this.#leave(),
      }),
    );
    const onScroll = (): void => this.#frame.ask();
    scroller.addEventListener("scroll", onScroll, { passive: true });
    this.#off.push(() => scroller.removeEventListener("scroll", onScroll));
    this.#attachOverview(overview);
    this.#frame.ask();
  }

  /** In the overview a press or a drag moves the window there. */
  #attachOverview(overview: HTMLCanvasElement): void {
    const off = new AbortController();
    const move = (event: PointerEvent): void => {
      if ((event.buttons & 1) === 0) return;
      const scale = this.#wholeScale();
      const ns = scale.ns(event.clientX - overview.getBoundingClientRect().left);
      const { fromNs, toNs } = this.#store.view;
      const span = this.#store.wholeShown ? this.#run.endNs / 8 : toNs - fromNs;
      this.#store.show(ns - span / 2, ns + span / 2);
    };
    overview.addEventListener(
      "pointerdown",
      (event) => {
        overview.setPointerCapture(event.pointerId);
        move(event);
      },
      { signal: off.signal },
    );
    overview.addEventListener("pointermove", move, { signal: off.signal });
    this.#off.push(() => off.abort());
  }

  #wholeScale(): TimeScale {
    return timeScale({ fromNs: -this.#run.endNs * 0.004, toNs: this.#run.endNs * 1.012 }, this.#width);
  }

  #changed(view: View, before: View): void {
    if (view.lanes !== before.lanes || view.key !== before.key) {
      this.#layout = layOut(this.#run.operations, view.lanes, view.key, this.#run.endNs);
      this.#elements.scroller.scrollTop = 0;
    }
    if (
      view.fromNs !== before.fromNs ||
      view.toNs !== before.toNs ||
      view.lanes !== before.lanes ||
      view.key !== before.key ||
      view.violation !== before.violation
    )
      this.#frame.ask();
    else this.#overlayFrame.ask();
  }

  #time(x: number): number | null {
    const scale = timeScale(this.#store.view, this.#width);
    return x < scale.left || x > scale.right ? null : scale.ns(x);
  }

  #spotAt(x: number, y: number): Spot | undefined {
    return this.#spots.findLast(
      (spot) => x >= spot.left - 1 && x <= spot.right + 1 && y >= spot.top && y < spot.bottom,
    );
  }

  /** The operation under a point of the lanes (y counted from the top of all lanes). */
  #operationAt(x: number, y: number): number | null {
    const scale = timeScale(this.#store.view, this.#width);
    if (x < scale.left - hitSlackPx || x > scale.right + hitSlackPx) return null;
    const row = this.#layout.rows.find((candidate) => y >= candidate.top && y < candidate.top + candidate.height);
    if (row === undefined) return null;
    return operationAt(this.#run.operations, row, scale.ns(x), hitSlackPx * scale.nsPerPx, this.#run.endNs);
  }

  #clickLanes(x: number, y: number): void {
    this.#store.set({ pinned: this.#operationAt(x, y) });
  }

  #hoverLanes(x: number, y: number): void {
    const operation = this.#operationAt(x, y);
    this.#store.set({ hoverNs: this.#time(x) });
    this.#under(
      operation === null ? null : { kind: "operation", operation, x, y: y - this.#elements.scroller.scrollTop },
    );
    this.#overlayFrame.ask();
  }

  #leave(): void {
    this.#store.set({ hoverNs: null });
    this.#under(null);
  }

  /** Draws everything; returns how long that took, in milliseconds. */
  draw(): number {
    const start = performance.now();
    const { scroller, spacer } = this.#elements;
    const height = Math.min(this.#layout.height, lanesHeightMax);
    scroller.style.height = `${height}px`;
    spacer.style.height = `${this.#layout.height}px`;
    const width = scroller.clientWidth;
    if (width === 0) return 0;
    this.#width = width;
    const colours = palette();
    const { view } = this.#store;
    const scale = timeScale(view, width);
    const { overview, head, lanes } = this.#surfaces;
    drawOverview(
      fit(overview, width, overviewHeight),
      width,
      overviewHeight,
      this.#run,
      this.#overview,
      this.#faults,
      view,
      colours,
    );
    const headSize = headHeight(this.#run, this.#faults);
    const headContext = fit(head, width, headSize);
    this.#spots = drawHead(
      { context: headContext, width, scale, run: this.#run, colours, faults: this.#faults },
      headSize,
    );
    drawLanes({
      context: fit(lanes, width, height),
      width,
      height,
      scrollTop: scroller.scrollTop,
      scale,
      run: this.#run,
      layout: this.#layout,
      colours,
      faults: this.#faults,
      matches: this.#matches,
      core: coreIn(this.#run, view),
    });
    this.#drawOverlay();
    return performance.now() - start;
  }

  /** The time under the pointer, and the operation that stays selected. */
  #drawOverlay(): void {
    const { scroller, overlay } = this.#elements;
    const width = this.#width;
    const height = scroller.clientHeight;
    if (width === 0) return;
    const context = fit({ canvas: overlay, context: this.#overlay }, width, height);
    context.clearRect(0, 0, width, height);
    const { view } = this.#store;
    const scale = timeScale(view, width);
    const colours = palette();
    if (view.hoverNs !== null) {
      context.fillStyle = colours.muted;
      context.globalAlpha = 0.6;
      context.fillRect(Math.round(scale.x(view.hoverNs)), 0, 1, height);
      context.globalAlpha = 1;
    }
    const { pinned } = view;
    const row = pinned === null ? undefined : this.#layout.rows[this.#layout.rowOf[pinned] ?? -1];
    if (pinned === null || row === undefined) return;
    const top = row.top - scroller.scrollTop;
    const from = scale.x(this.#run.operations.callNs[pinned] ?? 0);
    const to = scale.x(occupiedUntil(this.#run.operations, pinned, this.#run.endNs));
    if (to < scale.left || from > scale.right) return;
    const left = Math.max(from, scale.left) - 2;
    const right = Math.max(Math.min(to, scale.right) + 2, left + 5);
    context.strokeStyle = colours.text;
    context.lineWidth = 2;
    context.strokeRect(left, top + 0.5, right - left, row.height - 1);
    context.globalAlpha = 0.35;
    context.setLineDash([3, 3]);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(left + 0.5, 0);
    context.lineTo(left + 0.5, height);
    context.moveTo(right - 0.5, 0);
    context.lineTo(right - 0.5, height);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
}

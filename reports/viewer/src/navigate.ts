// Moving about in time with wheel, drag, touch and keys: the same in every picture.
import { timeScale, type ViewStore } from "./view.js";

interface Hand {
  /** The pointer went down and up without moving. */
  click(x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  /** Dragged up or down by so many pixels. */
  scroll?(byPx: number): void;
}

/** Moves of fewer pixels than this are a click. */
const clickSlackPx = 4;
/**
 * The wheel zooms only after the pointer itself was moved: a page that is scrolled by the wheel is not caught by a picture that
 * slides under the pointer. Browsers send moves for that too, with the pointer where it was.
 */
let lastPageScroll = 0;
let lastPointerMove = 0;

export function watchPageScroll(): void {
  let last = { x: Number.NaN, y: Number.NaN };
  addEventListener("scroll", () => (lastPageScroll = performance.now()), { passive: true });
  addEventListener(
    "pointermove",
    ({ screenX: x, screenY: y }) => {
      if (x !== last.x || y !== last.y) lastPointerMove = performance.now();
      last = { x, y };
    },
    { passive: true, capture: true },
  );
}

/** Attaches all of it to an element; returns how to take it off. */
export function navigate(element: HTMLElement, store: ViewStore, hand: Hand): () => void {
  const off = new AbortController();
  const { signal } = off;
  const at = (event: MouseEvent): { readonly x: number; readonly y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const scale = () => timeScale(store.view, element.clientWidth);
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;

  element.addEventListener(
    "wheel",
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      const meant = event.ctrlKey || lastPointerMove > lastPageScroll;
      const outward = event.deltaY > 0;
      if (!meant || (!sideways && outward && store.wholeShown)) return;
      event.preventDefault();
      if (sideways) {
        const delta = event.deltaX === 0 ? event.deltaY : event.deltaX;
        store.pan(delta * unit * scale().nsPerPx);
      } else {
        const delta = Math.max(-240, Math.min(240, event.deltaY * unit));
        store.zoom(Math.exp(delta * (event.ctrlKey ? 0.008 : 0.002)), scale().ns(Math.max(at(event).x, scale().left)));
      }
    },
    { passive: false, signal },
  );
  element.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, at(event));
      travelled = 0;
      element.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  element.addEventListener(
    "pointermove",
    (event) => {
      const now = at(event);
      const before = pointers.get(event.pointerId);
      if (before === undefined) {
        hand.hover(now.x, now.y);
        return;
      }
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
        if (other !== undefined) {
          const spread = Math.max(10, Math.abs(now.x - other.x));
          const spreadBefore = Math.max(10, Math.abs(before.x - other.x));
          store.zoom(spreadBefore / spread, scale().ns((now.x + other.x) / 2));
          travelled = clickSlackPx * 2;
        }
      } else {
        travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
        if (travelled > clickSlackPx) {
          element.classList.add("dragging");
          store.pan((before.x - now.x) * scale().nsPerPx);
          if (event.pointerType === "mouse") hand.scroll?.(before.y - now.y);
        }
      }
      pointers.set(event.pointerId, now);
    },
    { signal },
  );
  const up = (event: PointerEvent, clicked: boolean): void => {
    if (!pointers.delete(event.pointerId)) return;
    element.classList.remove("dragging");
    const now = at(event);
    if (clicked && travelled <= clickSlackPx) hand.click(now.x, now.y);
  };
  element.addEventListener("pointerup", (event) => up(event, true), { signal });
  element.addEventListener("pointercancel", (event) => up(event, false), { signal });
  element.addEventListener("pointerleave", () => hand.leave(), { signal });
  element.addEventListener("dblclick", (event) => store.zoom(event.shiftKey ? 4 : 0.25, scale().ns(at(event).x)), {
    signal,
  });
  return () => off.abort();
}

/** The keys that move in time; true when the key was one of them. */
export function moveByKey(event: KeyboardEvent, store: ViewStore): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const span = store.view.toNs - store.view.fromNs;
  const pinned = store.view.hoverNs ?? undefined;
  switch (event.key) {
    case "+":
    case "=":
      store.zoom(0.5, pinned);
      return true;
    case "-":
    case "_":
      store.zoom(2, pinned);
      return true;
    case "ArrowLeft":
      store.pan(-span * (event.shiftKey ? 0.5 : 0.1));
      return true;
    case "ArrowRight":
      store.pan(span * (event.shiftKey ? 0.5 : 0.1));
      return true;
    case "0":
    case "Home":
      store.showAll();
      return true;
    default:
      return false;
  }
}

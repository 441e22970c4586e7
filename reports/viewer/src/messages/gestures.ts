// Zooming and dragging the diagram by wheel and mouse; its keys and buttons do the same.
import { useEffect, useRef } from "preact/hooks";

/** A mouse moves so far before it drags. */
const dragSlackPx = 3;

export interface Gestures {
  zoom(factor: number, y: number): void;
  /** Time is dragged from one height to another. */
  drag(fromY: number, toY: number): void;
}

/** Wheel with Ctrl or Shift zooms, for a wheel alone scrolls the page; a mouse drags. */
export function useGestures(holder: { readonly current: HTMLDivElement | null }, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const off = new AbortController();
    const { signal } = off;
    const heightOf = (event: MouseEvent): number => event.clientY - element.getBoundingClientRect().top;
    element.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.shiftKey) return;
        event.preventDefault();
        const delta = event.deltaY === 0 ? event.deltaX : event.deltaY;
        latest.current.zoom(delta > 0 ? 1.25 : 0.8, heightOf(event));
      },
      { passive: false, signal },
    );
    let lastY: number | null = null;
    element.addEventListener(
      "pointerdown",
      (event) => {
        const onText = event.target instanceof Element && event.target.closest("button") !== null;
        if (event.button === 0 && event.pointerType === "mouse" && !onText) lastY = heightOf(event);
      },
      { signal },
    );
    addEventListener(
      "pointermove",
      (event) => {
        const y = heightOf(event);
        if (lastY === null || Math.abs(y - lastY) < dragSlackPx) return;
        latest.current.drag(lastY, y);
        lastY = y;
      },
      { signal },
    );
    addEventListener("pointerup", () => (lastY = null), { signal });
    return () => off.abort();
  }, [holder]);
}

// A canvas that fits its element at the screen's resolution, and a frame that is drawn at most once per refresh.

export interface Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
}

export function surface(canvas: HTMLCanvasElement): Surface {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("this browser has no 2D canvas");
  return { canvas, context };
}

/** Sets the canvas to a size in CSS pixels and returns it ready to draw in them. */
export function fit({ canvas, context }: Surface, width: number, height: number): CanvasRenderingContext2D {
  const ratio = Math.min(devicePixelRatio || 1, 3);
  const deviceWidth = Math.round(width * ratio);
  const deviceHeight = Math.round(height * ratio);
  if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
    canvas.width = deviceWidth;
    canvas.height = deviceHeight;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Calls `draw` in the next frame, once, however often it is asked. */
export class Frame {
  #asked = false;
  #ended = false;
  readonly #draw: () => void;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  ask(): void {
    if (this.#asked || this.#ended) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      if (!this.#ended) this.#draw();
    });
  }

  /** At once: for the printer, which does not wait for a frame. */
  now(): void {
    if (!this.#ended) this.#draw();
  }

  end(): void {
    this.#ended = true;
  }
}

// The timeline as a picture to keep: a line that says of which run and span it is, then what stands above the operations, then all lanes and not
// only those that are scrolled into view.
import { faultSpans } from "../faults.js";
import { seconds } from "../format.js";
import { coreIn, type Run } from "../load.js";
import { palette } from "../palette.js";
import { SvgPen, type Pen } from "../pen.js";
import { verdictName, words } from "../sections/top.js";
import { timeScale, type View } from "../view.js";
import { drawHead, headHeight } from "./draw-head.js";
import { drawLanes } from "./draw-lanes.js";
import type { Layout } from "./rows.js";

export interface Pictured {
  readonly run: Run;
  readonly view: View;
  readonly layout: Layout;
  readonly matches: Uint8Array | null;
  readonly width: number;
}

const titleHeight = 30;
/** Lanes below this are left out, which the title says. */
const lanesHeightMax = 4000;
const pixelsPerUnit = 2;

function titleOf({ run, view, layout }: Pictured): string {
  const { payload } = run;
  const classes = [...new Set(payload.verdict.violations.map((violation) => violation.class))].slice(0, 3);
  const name = verdictName(run);
  const verdict = classes.length === 0 ? words[`${payload.verdict.valid}`] : `${name}: ${classes.join(", ")}`;
  const key = view.key === null ? "" : ` · key ${run.operations.keys[view.key] ?? ""}`;
  const cut = layout.height > lanesHeightMax ? " · not all lanes" : "";
  return `${verdict} · ${payload.plan.name} · ${seconds(Math.max(0, view.fromNs))} – ${seconds(Math.min(view.toNs, run.endNs))} · by ${view.lanes}${key}${cut}`;
}

function lanesHeight(layout: Layout): number {
  return Math.min(layout.height, lanesHeightMax);
}

export function pictureHeight({ run, layout }: Pictured): number {
  return titleHeight + headHeight(run, faultSpans(run.payload.faults, run.endNs)) + lanesHeight(layout);
}

/** `down` moves everything that follows to a height. */
function paint(picture: Pictured, pen: Pen, down: (by: number) => void): void {
  const { run, view, layout, matches, width } = picture;
  const colours = palette();
  const faults = faultSpans(run.payload.faults, run.endNs);
  const scale = timeScale(view, width);
  const head = headHeight(run, faults);
  const height = lanesHeight(layout);
  down(0);
  pen.fillStyle = colours.panel;
  pen.fillRect(0, 0, width, pictureHeight(picture));
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  pen.fillStyle = colours.text;
  pen.font = "bold 13px system-ui, sans-serif";
  pen.fillText(titleOf(picture), 8, titleHeight / 2, width - 16);
  down(titleHeight);
  drawHead({ context: pen, width, scale, run, colours, faults }, head);
  down(titleHeight + head);
  const core = coreIn(run, view);
  drawLanes({ context: pen, width, height, scrollTop: 0, scale, run, layout, colours, faults, matches, core });
}

export function svgOf(picture: Pictured): string {
  const measuring = document.createElement("canvas").getContext("2d");
  if (measuring === null) throw new Error("this browser has no 2D canvas");
  const pen = new SvgPen((text, font) => {
    measuring.font = font;
    return measuring.measureText(text);
  });
  paint(picture, pen, (by) => pen.down(by));
  return pen.svg(picture.width, pictureHeight(picture));
}

export async function pngOf(picture: Pictured): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width * pixelsPerUnit;
  canvas.height = pictureHeight(picture) * pixelsPerUnit;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no 2D canvas");
  paint(picture, context, (by) => context.setTransform(pixelsPerUnit, 0, 0, pixelsPerUnit, 0, by * pixelsPerUnit));
  return await new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error("the picture is too large")) : resolve(blob)),
      "image/png",
    );
  });
}

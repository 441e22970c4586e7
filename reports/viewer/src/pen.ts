// What the timeline is drawn with: the part of a canvas' context that it uses, and the same as SVG, so that a picture to keep is drawn by the
// code that draws the page.

export type Pen = Pick<
  CanvasRenderingContext2D,
  | "arc"
  | "beginPath"
  | "clip"
  | "fill"
  | "fillRect"
  | "fillStyle"
  | "fillText"
  | "font"
  | "globalAlpha"
  | "lineTo"
  | "lineWidth"
  | "measureText"
  | "moveTo"
  | "rect"
  | "restore"
  | "save"
  | "setLineDash"
  | "stroke"
  | "strokeRect"
  | "strokeStyle"
  | "textAlign"
  | "textBaseline"
>;

const anchors: Readonly<Record<string, string>> = { center: "middle", right: "end", end: "end" };

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/\p{Cc}/gu, "\u2400");
}

/** Gradients and patterns are not drawn with. */
function plainColour(style: CanvasRenderingContext2D["fillStyle"]): string {
  return typeof style === "string" ? escaped(style) : "none";
}

const short = (value: number): string => String(Math.round(value * 100) / 100);

/** Draws into SVG. Boxes of one colour that follow one another become one path: a picture by density has thousands. */
export class SvgPen implements Pen {
  fillStyle: CanvasRenderingContext2D["fillStyle"] = "#000";
  strokeStyle: CanvasRenderingContext2D["strokeStyle"] = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "10px sans-serif";
  textAlign: CanvasTextAlign = "left";
  textBaseline: CanvasTextBaseline = "alphabetic";
  readonly #parts: string[] = [];
  /** Measures text as the browser does: SVG is written without drawing it. */
  readonly #measure: (text: string, font: string) => TextMetrics;
  #path = "";
  #boxes = "";
  #boxStyle = "";
  #dash = "";
  #clips = 0;
  /** Open groups of each saved state. */
  readonly #saved: number[] = [];
  #groups = 0;

  constructor(measure: (text: string, font: string) => TextMetrics) {
    this.#measure = measure;
  }

  /** Everything from here on is this much lower, until the next `down`. */
  down(by: number): void {
    this.#flush();
    this.#parts.push(`${this.#parts.length === 0 ? "" : "</g>"}<g transform="translate(0 ${short(by)})">`);
  }

  svg(width: number, height: number): string {
    this.#flush();
    const end = this.#parts.length === 0 ? "" : "</g>";
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${this.#parts.join("")}${end}</svg>\n`;
  }

  #flush(): void {
    if (this.#boxes !== "") this.#parts.push(`<path d="${this.#boxes}" ${this.#boxStyle}/>`);
    this.#boxes = "";
  }

  #put(part: string): void {
    this.#flush();
    this.#parts.push(part);
  }

  #fill(): string {
    const alpha = this.globalAlpha === 1 ? "" : ` fill-opacity="${short(this.globalAlpha)}"`;
    return `fill="${plainColour(this.fillStyle)}"${alpha}`;
  }

  #stroke(): string {
    const alpha = this.globalAlpha === 1 ? "" : ` stroke-opacity="${short(this.globalAlpha)}"`;
    return `fill="none" stroke="${plainColour(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}"${alpha}${this.#dash}`;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const style = this.#fill();
    if (style !== this.#boxStyle) this.#flush();
    this.#boxStyle = style;
    this.#boxes += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#put(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(0, width))}" height="${short(Math.max(0, height))}" ${this.#stroke()}/>`,
    );
  }

  fillText(text: string, x: number, y: number, widthMax?: number): void {
    const [, weight = "", size = "10", family = ""] = /^(bold )?([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const anchor = anchors[this.textAlign];
    const tight = widthMax !== undefined && this.measureText(text).width > widthMax;
    const words = [
      `x="${short(x)}" y="${short(y + (this.textBaseline === "middle" ? Number(size) * 0.35 : 0))}"`,
      `font-family="${escaped(family)}" font-size="${size}"`,
      ...(weight === "" ? [] : ['font-weight="bold"']),
      ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
      ...(tight ? [`textLength="${short(widthMax)}" lengthAdjust="spacingAndGlyphs"`] : []),
      this.#fill(),
    ];
    this.#put(`<text ${words.join(" ")}>${escaped(text)}</text>`);
  }

  measureText(text: string): TextMetrics {
    return this.#measure(text, this.font);
  }

  setLineDash(segments: Iterable<number>): void {
    const all = [...segments];
    this.#dash = all.length === 0 ? "" : ` stroke-dasharray="${all.join(" ")}"`;
  }

  beginPath(): void {
    this.#path = "";
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += `L${short(x)} ${short(y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  /** Whole circles only: nothing else is drawn. */
  arc(x: number, y: number, radius: number): void {
    const size = `${short(radius)} ${short(radius)} 0 1 0`;
    this.#path += `M${short(x - radius)} ${short(y)}a${size} ${short(radius * 2)} 0a${size} ${short(-radius * 2)} 0z`;
  }

  fill(): void {
    this.#put(`<path d="${this.#path}" ${this.#fill()}/>`);
  }

  stroke(): void {
    this.#put(`<path d="${this.#path}" ${this.#stroke()}/>`);
  }

  save(): void {
    this.#saved.push(this.#groups);
  }

  clip(): void {
    const id = `clip${++this.#clips}`;
    this.#put(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath><g clip-path="url(#${id})">`);
    this.#groups++;
  }

  restore(): void {
    const groups = this.#saved.pop() ?? 0;
    if (this.#groups > groups) this.#put("</g>".repeat(this.#groups - groups));
    this.#groups = groups;
  }
}

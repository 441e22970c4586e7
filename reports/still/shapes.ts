// The few shapes that a still is made of, as SVG text. Nothing here can measure a letter, so widths are estimated, rather too wide than
// too narrow, and no value can end the element or the document that it stands in.
import { escapeHtml } from "../build.js";

export const colours = {
  page: "#fafaf8",
  panel: "#ffffff",
  text: "#1b1e22",
  muted: "#59616a",
  line: "#d5d7d9",
  grid: "#ececea",
  bad: "#c02f06",
  badSoft: "#fdf0ea",
  good: "#0a6f60",
  goodSoft: "#eaf5f2",
  unsure: "#64479c",
  unsureSoft: "#f2eefa",
  answered: "#6496c9",
  info: "#945600",
  fault: "#cdb26a",
  faultText: "#33270a",
  faultTint: "#f6f0de",
} as const;

export const sans = "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";
export const mono = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** Not all characters may stand in XML: a NUL in a value would make the whole picture unreadable. */
function legal(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD");
}

export function safeText(text: string): string {
  return escapeHtml(legal(text));
}

export function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export interface TextStyle {
  readonly size: number;
  readonly fill?: string;
  readonly bold?: boolean;
  readonly mono?: boolean;
  /** Legible over lines. */
  readonly halo?: boolean;
  readonly anchor?: "start" | "middle" | "end";
}

export function text(x: number, y: number, value: string, style: TextStyle): string {
  const { size, fill = colours.text, bold = false, anchor = "start" } = style;
  const rest = `${bold ? ' font-weight="700"' : ""}${anchor === "start" ? "" : ` text-anchor="${anchor}"`}`;
  const halo = style.halo === true ? ` paint-order="stroke" stroke="${colours.panel}" stroke-width="4"` : "";
  const family = style.mono === true ? ` font-family="${mono}"` : "";
  return `<text x="${number(x)}" y="${number(y)}" font-size="${size}" fill="${fill}"${rest}${family}${halo}>${safeText(value)}</text>`;
}

export function box(x: number, y: number, width: number, height: number, attributes: string): string {
  return `<rect x="${number(x)}" y="${number(y)}" width="${number(Math.max(width, 0))}" height="${number(Math.max(height, 0))}" ${attributes}/>`;
}

function widthOf(letter: string): number {
  if (/[ijlI.,:;'|!()[\] ]/.test(letter)) return 0.36;
  if (/[mwMW@%→]/.test(letter)) return 0.95;
  if (/[A-Z]/.test(letter)) return 0.71;
  return letter.charCodeAt(0) > 0x2e80 ? 1.05 : 0.6;
}

/** About as wide as the widest of the usual fonts sets it. */
export function textWidth(value: string, { size, mono: fixed = false }: Pick<TextStyle, "size" | "mono">): number {
  if (fixed) return Array.from(value).length * size * 0.61;
  return Array.from(value).reduce((sum, letter) => sum + widthOf(letter), 0) * size;
}

/** No line of a still holds more; what follows is not even measured. */
const lettersMost = 400;

/** As much of it as fits, with a sign that there is more. */
export function fitted(value: string, width: number, style: Pick<TextStyle, "size" | "mono">): string {
  const letters = Array.from(value.slice(0, lettersMost));
  if (value.length <= lettersMost && textWidth(value, style) <= width) return value;
  let kept = "";
  for (const letter of letters) {
    if (textWidth(`${kept}${letter}…`, style) > width) break;
    kept += letter;
  }
  return `${kept.trimEnd()}…`;
}

/** Lines that fit, broken at spaces where there are any, and no more of them than `most`. */
export function wrapped(
  value: string,
  width: number,
  style: Pick<TextStyle, "size" | "mono">,
  most: number,
): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of value.slice(0, most * lettersMost).split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer, style) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== "") lines.push(line);
  const kept = lines.slice(0, most);
  if (lines.length > most) kept[most - 1] = `${kept[most - 1] ?? ""} …`;
  return kept.map((one) => fitted(one, width, style));
}

// Puts a run's data into the viewer that was built ahead of time. The data is deflated and in letters that hold no "<", so no value of any operation,
// key, error or log line can end the script element that carries it, whatever it says.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { encodePayload, type StreamedReport } from "./encode-payload.js";
import { lettersOf } from "./letters.js";
import { payloadElement } from "./payload.js";

export type { ReportInput, StreamedReport } from "./encode-payload.js";

/** The viewer was not built. */
export class ViewerMissingError extends Error {
  constructor(looked: readonly string[]) {
    super(`the report's viewer is not built: no ${looked.join(" and no ")}. Run "npm run build:viewer".`);
    this.name = "ViewerMissingError";
  }
}

/** Built: beside this file. From the sources: below dist/. */
const viewerPlaces = ["./viewer.html", "../dist/reports/viewer.html"];

let viewerText: string | null = null;

function viewer(): string {
  if (viewerText !== null) return viewerText;
  const places = viewerPlaces.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new ViewerMissingError(places);
  viewerText = readFileSync(found, "utf8");
  return viewerText;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

const words = { true: "valid", false: "violation", unknown: "unknown" } as const;

/** The verdict in one line of plain text, for the window's title and for whoever opens the file without scripts. */
function headline(input: StreamedReport): string {
  const { valid, violations } = input.verdict;
  const word = words[`${valid}`];
  const classes = [...new Set(violations.map((violation) => violation.class))];
  return classes.length === 0 ? word : `${word}: ${classes.join(", ")}`;
}

/** The report as one HTML document that needs no network. Throws ViewerMissingError when the viewer was never built. */
export function buildReport(input: StreamedReport): string {
  return fillViewer(viewer(), input);
}

/** The same with the text of a viewer that is at hand. */
export function fillViewer(shell: string, input: StreamedReport): string {
  const end = shell.lastIndexOf("</body>");
  const title = /<title>[^<]*<\/title>/.exec(shell);
  if (end === -1 || title === null) throw new Error("the report's viewer has no title or no end of its body");
  const data = lettersOf(encodePayload(input));
  const line = escapeHtml(`${headline(input)} · ${input.plan.name} · Minos`);
  const noscript = `<noscript><p><strong>${escapeHtml(headline(input))}</strong>: ${escapeHtml(input.verdict.summary)}</p><p>${escapeHtml(input.rerun)}</p></noscript>`;
  return [
    shell.slice(0, title.index),
    `<title>${line}</title>`,
    shell.slice(title.index + title[0].length, end),
    noscript,
    `\n<script type="application/octet-stream" id="${payloadElement}">${data}</script>\n`,
    shell.slice(end),
  ].join("");
}

/** Writes a file whole or not at all: a reader never finds half a page. */
export function writeFileWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Builds the report and writes it whole. */
export function writeReport(path: string, input: StreamedReport): void {
  writeFileWhole(path, buildReport(input));
}

// Puts a run's data into the viewer that was built ahead of time. The data is deflated and in base64, so no value of any operation,
// key, error or log line can end the script element that carries it, whatever it says.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import type { HistoryEvent, JsonValue } from "../history/index.js";
import type { Verdict } from "../checker/index.js";
import type { TraceDocument } from "../cluster/index.js";
import { ByteWriter, joinSections } from "./bytes.js";
import { encodeOperations, pairs } from "./columns.js";
import { endOf, gatherFaults, gatherGroups, gatherMarks, gatherPhases } from "./gather.js";
import { gatherForks, gatherNodes, sinceLoad, type ReportStatusSample } from "./nodes.js";
import { payloadElement, payloadVersion } from "./payload.js";
import { drawTrace } from "./trace/diagram.js";
import type { LogExcerpt, Payload, PayloadVerdict, ReportPlan } from "./payload.js";

/** Everything that a report shows. */
export interface ReportInput {
  readonly plan: ReportPlan;
  /** environment.json: anything that JSON can carry. */
  readonly environment: unknown;
  readonly events: readonly HistoryEvent[];
  readonly verdict: Verdict;
  /** Answers of the nodes' admin ports: who led which group, and who was silent. */
  readonly status?: readonly ReportStatusSample[];
  readonly logs?: readonly LogExcerpt[];
  /** What happened inside, where the run was simulated. */
  readonly trace?: TraceDocument;
  /** The command line that does this run again. */
  readonly rerun: string;
}

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

/** Linearizations leave the JSON and become one section, in the order of checkers and their keys. */
function splitVerdict(verdict: Verdict): { readonly verdict: PayloadVerdict; readonly linearizations: Uint8Array } {
  const writer = new ByteWriter();
  const checkers = verdict.checkers.map((checker) => ({
    ...checker,
    keys: (checker.keys ?? []).map(({ linearization, ...rest }) => {
      let last = 0;
      for (const operation of linearization ?? []) {
        writer.signed(operation - last);
        last = operation;
      }
      return { ...rest, linearizationLength: linearization?.length ?? null };
    }),
  }));
  return { verdict: { ...verdict, checkers }, linearizations: writer.take() };
}

/** The payload and its binary sections: JSON, linearizations, then the columns of the operations. */
export function encodePayload(input: ReportInput): Uint8Array {
  const operations = pairs(input.events);
  const { sections, dictionaries } = encodeOperations(operations);
  const { verdict, linearizations } = splitVerdict(input.verdict);
  const header = input.events.find((event) => event.type === "header");
  const endNs = endOf(input.events);
  const { plan } = input;
  const faults = gatherFaults(input.events);
  const samples = sinceLoad(input.status ?? []);
  const groups = gatherGroups(samples);
  const payload: Payload = {
    version: payloadVersion,
    plan,
    environment: (input.environment ?? null) as JsonValue,
    verdict,
    rerun: input.rerun,
    run: {
      id: header?.run ?? plan.name,
      startedAt: header?.startedAt ?? "",
      model: header?.model ?? "",
      initial: header?.initial ?? null,
      build: header?.build ?? plan.build,
    },
    endNs,
    phases: gatherPhases(input.events, endNs),
    faults,
    groups,
    nodes: gatherNodes(samples),
    forks: gatherForks(samples),
    marks: gatherMarks(input.events),
    exact: [...new Set(verdict.violations.flatMap((violation) => violation.operations))].flatMap((operation) => {
      const pair = operations[operation];
      return pair === undefined ? [] : [{ operation, callNs: pair.call.time, endNs: pair.end?.time ?? null }];
    }),
    logs: input.logs ?? [],
    diagram:
      input.trace === undefined
        ? null
        : drawTrace({ trace: input.trace, violations: verdict.violations, operations, faults, groups }),
    operations: dictionaries,
  };
  const json = new TextEncoder().encode(JSON.stringify(payload));
  return joinSections([json, linearizations, ...sections]);
}

const words = { true: "valid", false: "violation", unknown: "unknown" } as const;

/** The verdict in one line of plain text, for the window's title and for whoever opens the file without scripts. */
function headline(input: ReportInput): string {
  const { valid, violations } = input.verdict;
  const word = words[`${valid}`];
  const classes = [...new Set(violations.map((violation) => violation.class))];
  return classes.length === 0 ? word : `${word}: ${classes.join(", ")}`;
}

/** The report as one HTML document that needs no network. Throws ViewerMissingError when the viewer was never built. */
export function buildReport(input: ReportInput): string {
  return fillViewer(viewer(), input);
}

/** The same with the text of a viewer that is at hand. */
export function fillViewer(shell: string, input: ReportInput): string {
  const end = shell.lastIndexOf("</body>");
  const title = /<title>[^<]*<\/title>/.exec(shell);
  if (end === -1 || title === null) throw new Error("the report's viewer has no title or no end of its body");
  const data = deflateRawSync(encodePayload(input), { level: 9 }).toString("base64");
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
export function writeReport(path: string, input: ReportInput): void {
  writeFileWhole(path, buildReport(input));
}

// A run in one picture, for chat and pull requests: the verdict, its class and its sentence, the counterexample, the whole run by density
// with its faults, and the command that does it again. Drawn from the verdict and the history, as SVG, without a browser.
import type { ReportInput } from "../build.js";
import { pairs } from "../columns.js";
import { endOf, gatherFaults, gatherPhases } from "../gather.js";
import { count, duration, plural } from "../viewer/src/format.js";
import { kindsOf, meaningOf } from "../verdict-words.js";
import { drawCore } from "./core.js";
import { drawDensity } from "./density.js";
import { box, colours, fitted, number, safeText, sans, text, wrapped } from "./shapes.js";

export interface Still {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const width = 1200;
const reasonsShown = 3;

const looks = {
  true: { word: "Valid", strong: colours.good, soft: colours.goodSoft },
  false: { word: "Violation", strong: colours.bad, soft: colours.badSoft },
  unknown: { word: "Unknown", strong: colours.unsure, soft: colours.unsureSoft },
} as const;

/** Shape as well as colour: a disc with a tick, an octagon with a cross, a triangle with a question mark. */
const signs = {
  true: '<circle cx="24" cy="24" r="22"/><path d="M14 25 l7 7 l14 -15" class="mark"/>',
  false:
    '<path d="M15 2 h18 l13 13 v18 l-13 13 h-18 l-13 -13 v-18 z"/><path d="M16 16 l16 16 M32 16 l-16 16" class="mark"/>',
  unknown:
    '<path d="M24 3 L46 43 H2 z"/><path d="M19 22 c0 -7 11 -7 11 -0.5 c0 4 -5.5 4.5 -5.5 9" class="mark"/><circle cx="24.5" cy="36.5" r="2.4" fill="#ffffff"/>',
} as const;

/** What was judged in how much of a run. */
function factsOf(input: ReportInput): string {
  const { counts } = input.verdict;
  const faults = gatherFaults(input.events);
  const confirmed = faults.filter(({ state }) => state === "confirmed" || state === "still on").length;
  return [
    `${count(counts.operations)} operations: ${count(counts.ok)} ok, ${count(counts.fail)} fail, ${count(counts.info)} unknown`,
    faults.length === 0 ? "nothing was broken" : `${confirmed} of ${plural(faults.length, "fault")} confirmed`,
    duration(Math.max(endOf(input.events), 1)),
  ].join(" · ");
}

function planOf({ plan }: ReportInput): string {
  return [
    `${plan.workload.name} on ${plan.system}, ${plan.on}`,
    plural(plan.nodes, "node"),
    `nemesis ${plan.nemesis.name}`,
    `seed ${plan.seed}`,
    ...(plan.mutant === null ? [] : [`planted bug ${plan.mutant}`]),
  ].join(" · ");
}

/** The sentences under the verdict: what happened, or why nobody knows. */
function sentencesOf({ verdict }: ReportInput): readonly string[] {
  const [first] = verdict.violations;
  if (first !== undefined) {
    const more = verdict.violations.length - 1;
    return [first.sentence, ...(more > 0 ? [`This is the first of ${plural(more + 1, "violation")}.`] : [])];
  }
  const reasons = verdict.unknown.map(({ code, sentence }) => `${code}: ${sentence}`);
  const shown = reasons.slice(0, reasonsShown);
  const rest = reasons.length - shown.length;
  return [meaningOf(verdict), ...shown, ...(rest > 0 ? [`and ${plural(rest, "more reason", "more reasons")}`] : [])];
}

export function drawStill(input: ReportInput): Still {
  const { verdict, plan } = input;
  const look = looks[`${verdict.valid}`];
  const kinds = kindsOf(verdict);
  const title = kinds.length === 0 ? look.word : `${look.word}: ${kinds.slice(0, 3).join(", ")}`;
  const head = drawHead(input, title);
  const operations = pairs(input.events);
  const endNs = endOf(input.events);
  const [violation] = verdict.violations;
  const parts: string[] = [];
  let y = head.height + 20;
  const core = violation === undefined ? null : drawCore(violation, operations, y, width);
  if (core !== null) {
    parts.push(core.svg);
    y += core.height + 18;
  }
  if (operations.length === 0)
    parts.push(text(40, y + 20, "No operation was recorded.", { size: 15, fill: colours.muted }));
  parts.push(text(40, y + 4, legendOf(operations.length > 0), { size: 12, fill: colours.muted }));
  y += 16;
  const density = drawDensity(
    {
      operations,
      faults: gatherFaults(input.events),
      phases: gatherPhases(input.events, endNs),
      endNs,
      causeNs: violation?.timeNs ?? null,
    },
    y,
    width,
  );
  parts.push(density.svg);
  y += density.height + 16;
  const foot = drawFoot(input, y);
  const height = Math.ceil(y + foot.height);
  const label = safeText(`${title}. ${verdict.violations[0]?.sentence ?? verdict.summary}`);
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" font-family="${sans}">`,
    `<title>${safeText(`${title} · ${plan.name} · Minos`)}</title><desc>${label}</desc>`,
    markers,
    box(0, 0, width, height, `fill="${colours.panel}"`),
    head.svg,
    ...parts,
    foot.svg,
    `<path d="M0.5,0.5 H${width - 0.5} V${height - 0.5} H0.5 Z" fill="none" stroke="${colours.line}"/>`,
    "</svg>\n",
  ].join("\n");
  return { svg, width, height };
}

const markers = ["arrow", "arrow-reads"]
  .map(
    (id) =>
      `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0,0.6 L7.5,4 L0,7.4 z" fill="${id === "arrow" ? colours.muted : colours.bad}"/></marker>`,
  )
  .join("");

function legendOf(some: boolean): string {
  return some ? "answered (blue), failed or nobody knows (brown), by node and time; faults above" : "";
}

function drawHead(input: ReportInput, title: string): { readonly svg: string; readonly height: number } {
  const look = looks[`${input.verdict.valid}`];
  const size = 18;
  const lines = sentencesOf(input).flatMap((sentence, place) =>
    wrapped(sentence, width - 160, { size }, place === 0 ? 4 : 2),
  );
  const height = 92 + lines.length * 25 + 40;
  const sentences = lines.map((line, place) => text(112, 92 + place * 25, line, { size }));
  const svg = [
    box(0, 0, width, height, `fill="${look.soft}"`),
    box(0, 0, 8, height, `fill="${look.strong}"`),
    `<g transform="translate(40 26)" fill="${look.strong}"><style>.mark{fill:none;stroke:#ffffff;stroke-width:5;stroke-linecap:round;stroke-linejoin:round}</style>${signs[`${input.verdict.valid}`]}</g>`,
    text(112, 60, fitted(title, width - 420, { size: 32 }), { size: 32, bold: true, fill: look.strong }),
    text(width - 40, 56, `Minos · ${fitted(input.plan.name, 240, { size: 14 })}`, {
      size: 14,
      fill: colours.muted,
      anchor: "end",
    }),
    ...sentences,
    text(112, height - 18, factsOf(input), { size: 14, fill: colours.muted }),
  ].join("\n");
  return { svg, height };
}

function drawFoot(input: ReportInput, top: number): { readonly svg: string; readonly height: number } {
  const size = 13;
  const lines = wrapped(input.rerun, width - 80 - 90, { size, mono: true }, 3);
  const svg = [
    `<path d="M40,${number(top)} H${width - 40}" stroke="${colours.line}"/>`,
    text(40, top + 24, fitted(planOf(input), width - 80, { size: 14 }), { size: 14 }),
    text(40, top + 50, "again:", { size: 14, fill: colours.muted }),
    ...lines.map((line, place) => text(100, top + 50 + place * 19, line, { size, mono: true })),
  ].join("\n");
  return { svg, height: 50 + lines.length * 19 + 8 };
}

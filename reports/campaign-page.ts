// The page of a campaign: which runs there were, how each ended, and what they are worth. One file without a script; each run is a link to
// its own report.
import { escapeHtml } from "./build.js";
import { extremes, fingerprints, scores, trend, type CanaryRow, type PreviousCampaign } from "./campaign-sections.js";

export type RunState = "valid" | "violation" | "unknown" | "crash" | "bad usage" | "not run";

export interface CampaignPageRun {
  /** Place in the campaign, from 1. */
  readonly run: number;
  readonly title: string;
  /** What the table's rows and columns are called. */
  readonly row: string;
  readonly column: string;
  readonly state: RunState;
  readonly seed: number | null;
  /** The planted bug; null: none. */
  readonly mutant: string | null;
  readonly violations: readonly { readonly fingerprint: string; readonly class: string; readonly sentence: string }[];
  /** Of its operations, those that came to nothing or of which nobody knows; null: it has none. */
  readonly unknownShare: number | null;
  /** Why, in a sentence; empty for a valid run. */
  readonly detail: string;
  readonly attempts: number;
  readonly answered: number | null;
  readonly faults: number | null;
  readonly durationMs: number;
  /** To its report, from the page; null: it has none. */
  readonly link: string | null;
}

export interface CampaignPage {
  readonly name: string;
  readonly valid: boolean | "unknown";
  /** Everything in one sentence. */
  readonly headline: string;
  readonly runs: readonly CampaignPageRun[];
  /** Pairs and bound: as on a terminal, a line each. */
  readonly lines: readonly string[];
  /** Null: no lies were told. */
  readonly canary: readonly CanaryRow[] | null;
  readonly previous: PreviousCampaign | null;
}

const signs: Readonly<Record<RunState, string>> = {
  valid: "✓",
  violation: "✗",
  unknown: "?",
  crash: "!",
  "bad usage": "!",
  "not run": "–",
};
const kindOf: Readonly<Record<RunState, string>> = {
  valid: "good",
  violation: "bad",
  unknown: "unsure",
  crash: "bad",
  "bad usage": "unsure",
  "not run": "none",
};

/** From the worst on. */
const badness: readonly RunState[] = ["violation", "crash", "bad usage", "unknown", "not run", "valid"];

export function campaignPage({ name, valid, headline, runs, lines, canary, previous }: CampaignPage): string {
  const verdict = valid === true ? "Valid" : valid === false ? "Violation" : "Unknown";
  const kind = valid === true ? "good" : valid === false ? "bad" : "unsure";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(`${verdict} · ${name} · Minos`)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header class="${kind}"><h1>${verdict}</h1><p><strong>${escapeHtml(name)}</strong> · ${escapeHtml(headline)}${planted(runs)}</p></header>
<main>
<section><h2>${escapeHtml(name)}: ${runs.length} run${runs.length === 1 ? "" : "s"}, workload by nemesis</h2>${table(runs)}${legend}</section>
${fingerprints({ runs, mark: seedMark })}
${notValid(runs)}
${trend({ runs, mark: seedMark }, previous, canary)}
${scores({ runs, mark: seedMark }, canary)}
${extremes({ runs, mark })}
<section><h2>What it is worth</h2><ul class="lines">${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul></section>
${everyRun(runs)}
</main>
</body>
</html>
`;
}

/** Whether it is the system that is wrong, or only what was made wrong on purpose. */
function planted(runs: readonly CampaignPageRun[]): string {
  const wrong = runs.filter(({ state }) => state === "violation");
  if (wrong.length === 0 || wrong.some(({ mutant }) => mutant === null)) return "";
  return " Every violation is of a run with a planted bug; none is of the system as it is.";
}

const distinct = (words: readonly string[]): readonly string[] => [...new Set(words)];

function table(runs: readonly CampaignPageRun[]): string {
  const columns = distinct(runs.map(({ column }) => column));
  const rows = distinct(runs.map(({ row }) => row));
  const head = `<tr><th scope="col">workload</th>${columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join("")}</tr>`;
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const here = runs.filter((run) => run.row === row && run.column === column);
      return here.length === 0
        ? "<td></td>"
        : `<td class="cell ${kindOf[worstOf(here)]}"><strong>${signs[worstOf(here)]} ${cellWord(here)}</strong><div class="marks">${here.map(seedMark).join("")}</div></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(row)}</th>${cells.join("")}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="Verdicts by workload and nemesis"><table class="matrix"><thead>${head}</thead><tbody>${body.join("")}</tbody></table></div>`;
}

/** A campaign of one cell with a hundred seeds has no room for their numbers. */
const seedDigitsMost = 6;

/** With its seed, so that the cell tells which. */
function seedMark(run: CampaignPageRun): string {
  const digits = run.seed === null ? "" : String(run.seed);
  return mark(run, digits.length > seedDigitsMost ? "" : digits);
}

function worstOf(runs: readonly CampaignPageRun[]): RunState {
  return badness.find((state) => runs.some((run) => run.state === state)) ?? "valid";
}

/** `valid`, `2 of 5 violation`. */
function cellWord(runs: readonly CampaignPageRun[]): string {
  const worst = worstOf(runs);
  const count = runs.filter(({ state }) => state === worst).length;
  return count === runs.length ? worst : `${count} of ${runs.length} ${worst}`;
}

function mark({ run, title, state, detail, link }: CampaignPageRun, seed = ""): string {
  const label = escapeHtml(`run ${run}, ${title}: ${state}${detail === "" ? "" : `. ${detail}`}`);
  const inside = `class="mark ${kindOf[state]}" title="${label}" aria-label="${label}"`;
  return link === null
    ? `<span role="img" ${inside}>${signs[state]}${seed === "" ? "" : `<small>${seed}</small>`}</span>`
    : `<a ${inside} href="${escapeHtml(link)}">${signs[state]}${seed === "" ? "" : `<small>${seed}</small>`}</a>`;
}

const legend = `<p class="muted">${(["valid", "violation", "unknown", "crash", "not run"] as const)
  .map((state) => `<span class="mark ${kindOf[state]}" aria-hidden="true">${signs[state]}</span> ${state}`)
  .join(
    " &nbsp; ",
  )}. A cell is coloured by its worst run; a mark is a run, with its seed, and leads to its report.</p>`;

function notValid(runs: readonly CampaignPageRun[]): string {
  const others = runs.filter(({ state }) => state !== "valid");
  if (others.length === 0) return "";
  const items = others
    .toSorted((one, other) => badness.indexOf(one.state) - badness.indexOf(other.state) || one.run - other.run)
    .map(
      (run) => `<li>${mark(run)} <span><strong>${escapeHtml(run.title)}</strong> ${escapeHtml(run.detail)}</span></li>`,
    );
  return `<section><h2>Not valid: ${others.length} of ${runs.length}</h2><ul class="runs">${items.join("")}</ul></section>`;
}

function everyRun(runs: readonly CampaignPageRun[]): string {
  const figure = (value: number | null): string => (value === null ? "" : value.toLocaleString("en-US"));
  const rows = runs.map(
    (run) =>
      `<tr><td>${run.run}</td><td>${mark(run)}</td><td>${escapeHtml(run.title)}</td><td>${figure(run.answered)}</td>` +
      `<td>${figure(run.faults)}</td><td>${run.state === "not run" ? "" : (run.durationMs / 1000).toFixed(1)}</td><td>${run.attempts}</td></tr>`,
  );
  const names = ["run", "verdict", "what", "answered", "faults", "seconds", "attempts"];
  const head = names.map((name) => `<th scope="col">${name}</th>`).join("");
  return `<section><h2>Every run</h2><div class="wide" tabindex="0" role="region" aria-label="Every run"><table class="list"><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}

/** What the pages beside the report have in common. */
export const pageStyle = `
:root{--page:#fafaf8;--panel:#fff;--text:#1b1e22;--muted:#59616a;--line:#d5d7d9;--bad:#c02f06;--bad-soft:#fdf0ea;--good:#0a6f60;--good-soft:#eaf5f2;--unsure:#64479c;--unsure-soft:#f2eefa;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--page:#121417;--panel:#181b1f;--text:#e6e8eb;--muted:#9da6b0;--line:#393f46;--bad:#ff7e52;--bad-soft:#2a1a15;--good:#45c4aa;--good-soft:#13231f;--unsure:#b9a0f2;--unsure-soft:#1f1b2a}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
header{padding:1.2rem 1.5rem;border-bottom:1px solid var(--line);border-left:6px solid currentColor}header p{margin:.2rem 0 0;color:var(--text);max-width:80ch}
@media print{:root{--page:#fff;--panel:#fff;--text:#000;--muted:#444;--line:#999;--bad:#9c2503;--good:#085a4e;--unsure:#523a82;--bad-soft:#fff;--good-soft:#fff;--unsure-soft:#fff;color-scheme:light}section{break-inside:avoid}.wide{overflow:visible}}
h1{margin:0;font-size:1.6rem}h2{font-size:1.05rem;margin:0 0 .6rem}main{padding:1rem 1.5rem;max-width:90rem}
section{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:1rem;margin:0 0 1rem}
.good{color:var(--good)}.bad{color:var(--bad)}.unsure{color:var(--unsure)}.none,.muted{color:var(--muted)}
header.good{background:var(--good-soft)}header.bad{background:var(--bad-soft)}header.unsure{background:var(--unsure-soft)}
.mark{display:inline-block;min-width:1.5em;padding:0 .3em;text-align:center;border:1px solid currentColor;border-radius:4px;font-weight:600;text-decoration:none;line-height:1.5}
a.mark:hover,a.mark:focus-visible{outline:2px solid currentColor;outline-offset:1px}
.mark.good{background:var(--good-soft)}.mark.bad{background:var(--bad-soft)}.mark.unsure{background:var(--unsure-soft)}
.mark small{margin-left:.15em;font-size:.85em}.cell{border-left:4px solid currentColor}.cell.good{background:var(--good-soft)}.cell.bad{background:var(--bad-soft)}.cell.unsure{background:var(--unsure-soft)}.cell .mark{background:var(--panel);font-size:.8rem}.cell strong{display:block;font-size:.85rem;white-space:nowrap}.matrix{border-collapse:separate;border-spacing:3px}
h3{font-size:.95rem;margin:.8rem 0 .3rem}.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1rem}.columns>div{min-width:0}ul.changes{list-style:none;padding:0}ul.changes li{margin:.25rem 0}.lines li{white-space:pre-wrap}section a:not(.mark){color:inherit}
.marks{display:flex;flex-wrap:wrap;gap:3px}.wide{overflow-x:auto}table{border-collapse:collapse}th,td{padding:.35rem .7rem;border-bottom:1px solid var(--line);text-align:left;font-weight:400;vertical-align:top}
thead th{color:var(--muted);font-size:.85rem}tbody th{font-weight:600;white-space:nowrap}.list td:nth-child(n+4){text-align:right;font-variant-numeric:tabular-nums}.list th:nth-child(n+4){text-align:right}
ul{margin:0;padding-left:1.2rem}ul.runs{list-style:none;padding:0}ul.runs li{display:flex;gap:.7rem;margin:.35rem 0;align-items:baseline}
`;

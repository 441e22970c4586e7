// The pages of `minos serve`: the runs of a store, one run, two runs side by side, its campaigns, and its violations. Pure: values in, HTML out.
// Forms and links alone, no script.
import { escapeHtml } from "./build.js";
import { pageStyle } from "./campaign-page.js";

type Valid = boolean | "unknown" | null;

export interface ListedRun {
  readonly id: string;
  readonly startedMs: number | null;
  readonly valid: Valid;
  readonly summary: string;
  readonly workload: string;
  readonly nemesis: string;
  readonly on: string;
  readonly system: string;
  readonly mutant: string | null;
  readonly canary: string | null;
  readonly seed: number;
  readonly nodes: number;
  readonly timeLimitMs: number;
  readonly faults: number;
  readonly counts: {
    readonly operations: number;
    readonly ok: number;
    readonly fail: number;
    readonly info: number;
  } | null;
  readonly campaign: string | null;
}

/** What is asked of the list; empty: everything. */
export interface RunFilter {
  readonly verdict: string;
  readonly workload: string;
  readonly nemesis: string;
  readonly on: string;
  readonly mutant: string;
  readonly seed: string;
  readonly campaign: string;
  readonly text: string;
}
export const filterNames = ["verdict", "workload", "nemesis", "on", "mutant", "seed", "campaign", "text"] as const;
export const runsAPage = 100;

const words: Readonly<Record<string, { readonly word: string; readonly sign: string; readonly kind: string }>> = {
  true: { word: "valid", sign: "✓", kind: "good" },
  false: { word: "violation", sign: "✗", kind: "bad" },
  unknown: { word: "unknown", sign: "?", kind: "unsure" },
  null: { word: "no verdict", sign: "–", kind: "none" },
};
const wordOf = (valid: Valid) => words[String(valid)] ?? { word: "no verdict", sign: "–", kind: "none" };
export const verdictWord = (valid: Valid): string => wordOf(valid).word;

/** The runs that agree with all that is asked; `text` is looked for in everything that the list shows. */
export function filterRuns<Run extends ListedRun>(runs: readonly Run[], filter: RunFilter): readonly Run[] {
  const text = filter.text.toLowerCase();
  const agrees = (asked: string, value: string): boolean => asked === "" || asked === value;
  return runs.filter(
    (run) =>
      agrees(filter.verdict, verdictWord(run.valid)) &&
      agrees(filter.workload, run.workload) &&
      agrees(filter.nemesis, run.nemesis) &&
      agrees(filter.on, run.on) &&
      agrees(filter.mutant, run.mutant ?? "none") &&
      agrees(filter.seed, String(run.seed)) &&
      agrees(filter.campaign, run.campaign ?? "none") &&
      (text === "" || `${run.id} ${titleOf(run)} ${run.summary}`.toLowerCase().includes(text)),
  );
}

export function runsPage(runs: readonly ListedRun[], filter: RunFilter, page: number): string {
  const shown = filterRuns(runs, filter);
  const pages = Math.max(1, Math.ceil(shown.length / runsAPage));
  const at = Math.min(Math.max(1, page), pages);
  const part = shown.slice((at - 1) * runsAPage, at * runsAPage);
  const tally = ["valid", "violation", "unknown", "no verdict"].map(
    (word) => `${shown.filter((run) => verdictWord(run.valid) === word).length} ${word}`,
  );
  const rows = part.map(
    (run) =>
      `<tr><td><input type="checkbox" name="run" value="${escapeHtml(run.id)}" aria-label="compare ${escapeHtml(run.id)}"></td><td>${mark(run)}</td>` +
      `<td>${when(run.startedMs)}</td><td>${escapeHtml(titleOf(run))}</td><td class="number">${run.counts === null ? "" : figure(run.counts.ok)}</td>` +
      `<td class="number">${run.faults}</td><td class="summary"><div title="${escapeHtml(run.summary)}">${escapeHtml(run.summary)}</div></td></tr>`,
  );
  const none = runs.length === 0 ? "The store holds no run yet." : "No run is like that.";
  return shell(
    "Runs",
    `${shown.length} of ${runs.length} runs: ${tally.join(", ")}`,
    `<section><form class="filter" method="get" action="/">${filterFields(runs, filter)}<button>Filter</button> <a href="/">all</a></form></section>
<section><form method="get" action="/compare">${
      rows.length === 0
        ? `<p class="muted">${none}</p>`
        : `<div class="wide" tabindex="0" role="group" aria-label="A table that may scroll sideways"><table><thead><tr><th scope="col"><span class="muted">two</span></th><th></th><th scope="col">began (UTC)</th><th scope="col">what</th><th scope="col" class="number">answered</th><th scope="col" class="number">faults</th><th scope="col">in a sentence</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>
<p><button>Compare the two that are marked</button> ${pager(filter, at, pages)}</p>`
    }</form></section>`,
  );
}

function filterFields(runs: readonly ListedRun[], filter: RunFilter): string {
  const choices = (name: keyof RunFilter, of: (run: ListedRun) => string): string => {
    const values = [...new Set(runs.map(of))].toSorted();
    const options = ["", ...values].map(
      (value) =>
        `<option value="${escapeHtml(value)}"${value === filter[name] ? " selected" : ""}>${escapeHtml(value === "" ? "any" : value)}</option>`,
    );
    return `<label>${name} <select name="${name}">${options.join("")}</select></label>`;
  };
  return [
    choices("verdict", (run) => verdictWord(run.valid)),
    choices("workload", (run) => run.workload),
    choices("nemesis", (run) => run.nemesis),
    choices("on", (run) => run.on),
    choices("mutant", (run) => run.mutant ?? "none"),
    choices("campaign", (run) => run.campaign ?? "none"),
    `<label>seed <input name="seed" size="6" inputmode="numeric" value="${escapeHtml(filter.seed)}"></label>`,
    `<label>text <input name="text" type="search" value="${escapeHtml(filter.text)}"></label>`,
  ].join(" ");
}

function pager(filter: RunFilter, at: number, pages: number): string {
  if (pages === 1) return "";
  const link = (page: number, word: string): string => {
    const query = new URLSearchParams({ ...filter, page: String(page) });
    return `<a href="/?${escapeHtml(query.toString())}">${word}</a>`;
  };
  return `<span class="muted">page ${at} of ${pages}</span> ${at > 1 ? link(at - 1, "newer") : ""} ${at < pages ? link(at + 1, "older") : ""}`;
}

export interface RunPage {
  readonly run: ListedRun;
  readonly violations: readonly { readonly class: string; readonly sentence: string }[];
  readonly unknown: readonly { readonly sentence: string }[];
  readonly warnings: readonly string[];
  readonly teeth: readonly Tooth[];
  readonly latencies: Latencies;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

interface Tooth {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly floor: number | null;
  readonly ceiling?: number | null;
}
type Latencies = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** More files than this are in the zip only. */
const filesShown = 60;

export function runPage({ run, violations, unknown, warnings, teeth, latencies, files }: RunPage): string {
  const { word, kind } = wordOf(run.valid);
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0
      ? ""
      : `<section><h2>${title}</h2><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul></section>`;
  const has = (path: string): boolean => files.some((file) => file.path === path);
  const links = [
    has("report.html") ? `<a class="button" href="${fileLink(run.id, "report.html")}">Report</a>` : "",
    `<a class="button" href="/zip/${pathOf(run.id)}">Download all as a zip</a>`,
    run.campaign === null ? "" : `<a href="/?campaign=${encodeURIComponent(run.campaign)}">its campaign's runs</a>`,
  ];
  const rows = files
    .slice(0, filesShown)
    .map(
      ({ path, bytes }) =>
        `<tr><td><a href="${fileLink(run.id, path)}">${escapeHtml(path)}</a></td><td class="number">${figure(bytes)}</td></tr>`,
    );
  const more = files.length > filesShown ? `<p class="muted">and ${files.length - filesShown} more</p>` : "";
  return shell(
    `${word}: ${titleOf(run)}`,
    run.summary === "" ? "It is under way, or ended before it was judged." : run.summary,
    `<section><p class="links">${links.join(" ")}</p><p><code>minos run --plan ${escapeHtml(run.id)}/plan.json</code> <span class="muted">in the store's folder runs it again</span></p></section>
${list(
  "What broke",
  violations.map((one) => `${one.class}: ${one.sentence}`),
)}${list(
      "Why nothing is known",
      unknown.map(({ sentence }) => sentence),
    )}${list("Warnings", warnings)}
<section><h2>Figures</h2>${figuresOf([{ run, teeth, latencies }])}</section>
<section><h2>Files</h2><div class="wide" tabindex="0" role="group" aria-label="A table that may scroll sideways"><table><tbody>${rows.join("")}</tbody></table></div>${more}</section>`,
    kind,
  );
}

export type ComparedRun = Pick<RunPage, "run" | "teeth" | "latencies">;

export function comparePage(one: ComparedRun, other: ComparedRun): string {
  return shell(
    "Two runs side by side",
    `${verdictWord(one.run.valid)} and ${verdictWord(other.run.valid)}`,
    `<section>${figuresOf([one, other])}</section>`,
  );
}

/** One column a run; with two, a line whose figures differ is marked. */
function figuresOf(runs: readonly ComparedRun[]): string {
  const fields: readonly (readonly [string, (run: ListedRun) => string])[] = [
    ["verdict", (run) => verdictWord(run.valid)],
    ["began (UTC)", (run) => when(run.startedMs)],
    ["workload", (run) => run.workload],
    ["nemesis", (run) => run.nemesis],
    ["cluster", (run) => run.on],
    ["system", (run) => run.system],
    ["planted bug", (run) => run.mutant ?? "none"],
    ["lie", (run) => run.canary ?? "none"],
    ["seed", (run) => String(run.seed)],
    ["nodes", (run) => String(run.nodes)],
    ["load", (run) => `${run.timeLimitMs / 1000} s`],
    ["faults", (run) => String(run.faults)],
    ["answered", (run) => (run.counts === null ? "" : figure(run.counts.ok))],
    ["answered a second", (run) => (run.counts === null ? "" : (run.counts.ok / (run.timeLimitMs / 1000)).toFixed(1))],
    ["failed", (run) => (run.counts === null ? "" : figure(run.counts.fail))],
    ["of unknown outcome", (run) => (run.counts === null ? "" : figure(run.counts.info))],
  ];
  const names = (of: (one: ComparedRun) => readonly string[]): readonly string[] => [...new Set(runs.flatMap(of))];
  const latency = names(({ latencies }) =>
    Object.entries(latencies).flatMap(([name, all]) =>
      Object.keys(all)
        .filter((key) => key.endsWith("_ms"))
        .map((key) => `${name} ${key}`),
    ),
  ).map((line): readonly [string, readonly string[]] => {
    const [name = "", key = ""] = line.split(" ");
    const cells = runs.map(({ latencies }) => shown(latencies[name]?.[key]));
    return [`${name}, ${key.replace(/_ms$/, "").replaceAll("_", " ")} (ms)`, cells];
  });
  // What is told fault by fault has no counterpart in another run.
  const floors = names(({ teeth }) => teeth.map(({ name }) => name).filter((name) => !name.startsWith("fault "))).map(
    (name): readonly [string, readonly string[]] => [
      name,
      runs.map(({ teeth }) => {
        const tooth = teeth.find((candidate) => candidate.name === name);
        return tooth === undefined ? "" : `${shown(tooth.value)} ${asked(tooth)}`.trim();
      }),
    ],
  );
  const plain = fields.map(([name, of]): readonly [string, readonly string[]] => [
    name,
    runs.map(({ run }) => of(run)),
  ]);
  const body = (title: string, lines: readonly (readonly [string, readonly string[]])[]): string =>
    lines.length === 0
      ? ""
      : `<tbody><tr><th colspan="${runs.length + 1}" scope="rowgroup" class="muted">${title}</th></tr>${lines.map(line).join("")}</tbody>`;
  const head = runs.map(
    ({ run }) => `<th scope="col"><a href="/runs/${pathOf(run.id)}">${escapeHtml(run.id)}</a></th>`,
  );
  return `<div class="wide" tabindex="0" role="group" aria-label="A table that may scroll sideways"><table class="figures"><thead><tr><th></th>${head.join("")}</tr></thead>${body("plan and outcome", plain)}${body("latency", latency)}${body("how hard it looked (what was asked)", floors)}</table></div>`;
}

function line([name, cells]: readonly [string, readonly string[]]): string {
  const differs = new Set(cells).size > 1;
  return `<tr${differs ? ' class="differs"' : ""}><th scope="row">${escapeHtml(name)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
}

const asked = ({ floor, ceiling = null }: Tooth): string => {
  if (floor !== null) return `(at least ${shown(floor)})`;
  return ceiling === null ? "" : `(at most ${shown(ceiling)})`;
};
const shown = (value: number | undefined): string =>
  value === undefined ? "" : value.toLocaleString("en-US", { maximumFractionDigits: 3 });

export interface ListedCampaign {
  readonly id: string;
  readonly name: string;
  readonly startedMs: number | null;
  readonly valid: Valid;
  readonly runs: number;
  readonly hasPage: boolean;
}

export function campaignsPage(campaigns: readonly ListedCampaign[]): string {
  const rows = campaigns.map(({ id, name, startedMs, valid, runs, hasPage }) => {
    const { word, sign, kind } = wordOf(valid);
    const summary = hasPage ? `<a href="${fileLink(id, "summary.html")}">summary</a>` : "";
    return `<tr><td><span class="mark ${kind}" role="img" aria-label="${word}">${sign}</span></td><td>${when(startedMs)}</td><td>${escapeHtml(name)}</td><td class="number"><a href="/?campaign=${encodeURIComponent(id)}">${runs} runs</a></td><td>${summary}</td></tr>`;
  });
  return shell(
    "Campaigns",
    `${campaigns.length} in this store`,
    `<section>${rows.length === 0 ? `<p class="muted">None yet: minos campaign makes one.</p>` : `<div class="wide" tabindex="0" role="group" aria-label="A table that may scroll sideways"><table><tbody>${rows.join("")}</tbody></table></div>`}</section>`,
  );
}

export interface ListedViolation {
  readonly fingerprint: string;
  readonly subject: string;
  readonly state: string;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  readonly sentence: string;
  /** The run with the fewest operations that shows it, by its path in the store. */
  readonly cheapest: string;
}

export function violationsPage(groups: readonly ListedViolation[]): string {
  const rows = groups.map(
    ({ fingerprint, subject, state, count, first, last, sentence, cheapest }) =>
      `<tr><td><strong>${escapeHtml(state)}</strong></td><td>${escapeHtml(fingerprint)}<br><span class="muted">${escapeHtml(subject)}</span></td><td class="number">${count}</td><td>${escapeHtml(first)}<br>${escapeHtml(last)}</td><td class="summary"><a href="/runs/${pathOf(cheapest)}">${escapeHtml(sentence)}</a></td></tr>`,
  );
  return shell(
    "Violations",
    groups.length === 0 ? "none in this store" : `${groups.length} different ones, by fingerprint`,
    `<section>${rows.length === 0 ? `<p class="muted">No run of this store shows one.</p>` : `<div class="wide" tabindex="0" role="group" aria-label="A table that may scroll sideways"><table><thead><tr><th></th><th scope="col">fingerprint</th><th scope="col" class="number">times</th><th scope="col">first, last</th><th scope="col">the cheapest run that shows it</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`}</section>`,
  );
}

export function messagePage(title: string, message: string): string {
  return shell(title, message, "");
}

const titleOf = (run: ListedRun): string =>
  [
    run.workload,
    run.nemesis,
    run.on,
    run.mutant === null ? "" : `bug ${run.mutant}`,
    run.canary === null ? "" : `lie ${run.canary}`,
    `seed ${run.seed}`,
  ]
    .filter((word) => word !== "")
    .join(" · ");

function mark(run: ListedRun): string {
  const { word, sign, kind } = wordOf(run.valid);
  return `<a class="mark ${kind}" href="/runs/${pathOf(run.id)}" aria-label="${word}: ${escapeHtml(run.id)}" title="${word}">${sign}</a>`;
}

const figure = (value: number): string => value.toLocaleString("en-US");
const when = (ms: number | null): string =>
  ms === null ? "" : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
const pathOf = (id: string): string => id.split("/").map(encodeURIComponent).join("/");
const fileLink = (id: string, path: string): string => `/files/${pathOf(id)}/${pathOf(path)}`;

function shell(title: string, headline: string, body: string, kind = "none"): string {
  const nav = [
    ["/", "Runs"],
    ["/campaigns", "Campaigns"],
    ["/violations", "Violations"],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${title} · Minos`)}</title>
<style>${pageStyle}${ownStyle}</style>
</head>
<body>
<nav aria-label="store">${nav.map(([link, word]) => `<a href="${link}">${word}</a>`).join("")}</nav>
<header class="${kind}"><h1>${escapeHtml(title)}</h1><p>${escapeHtml(headline)}</p></header>
<main>${body}</main>
</body>
</html>
`;
}

const ownStyle = `
nav{display:flex;gap:1.2rem;padding:.6rem 1.5rem;border-bottom:1px solid var(--line);background:var(--panel)}nav a,main a{color:inherit}
.filter{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end}label{display:inline-flex;flex-direction:column;font-size:.85rem;color:var(--muted)}
select,input,button,.button{font:inherit;color:var(--text);background:var(--page);border:1px solid var(--line);border-radius:4px;padding:.25rem .5rem}select{max-width:14rem}
button,.button{cursor:pointer;text-decoration:none;display:inline-block}button:hover,.button:hover,button:focus-visible,.button:focus-visible{border-color:currentColor}
.links{display:flex;flex-wrap:wrap;gap:.8rem;align-items:center;margin:0 0 .5rem}.number{text-align:right;font-variant-numeric:tabular-nums}th.number{text-align:right}
td{white-space:nowrap}td.summary,.figures td,ul li{white-space:normal;overflow-wrap:anywhere}.figures td,ul li{max-width:80ch}td.summary{min-width:24rem}
td.summary div{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}.figures tbody th{white-space:normal;font-weight:400;max-width:40ch}
.differs td{font-weight:600}code{font-size:.9em;overflow-wrap:anywhere}
`;

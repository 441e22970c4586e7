// The lower half of a campaign's page: violations by fingerprint, what the canary and the planted bugs show of the suite itself, what was
// slowest and worst, and what changed since the campaign of the same name before it.
import { escapeHtml } from "./build.js";
import type { CampaignPageRun, RunState } from "./campaign-page.js";

export interface CanaryRow {
  readonly lie: string;
  readonly outcome: "caught" | "missed" | "not told" | "not finished" | "not applicable";
  readonly detail: string;
}

/** The campaign of the same name before this one. */
export interface PreviousCampaign {
  /** From the page; null: it has none. */
  readonly link: string | null;
  /** When it began. */
  readonly stamp: string;
  readonly runs: readonly Pick<CampaignPageRun, "title" | "state" | "durationMs" | "answered" | "violations">[];
  readonly canary: { readonly caught: number; readonly of: number } | null;
}

export interface SectionsInput {
  readonly runs: readonly CampaignPageRun[];
  readonly mark: (run: CampaignPageRun) => string;
}

const rowsShown = 5;
const listed = 30;

const section = (title: string, body: string): string => `<section><h2>${escapeHtml(title)}</h2>${body}</section>`;

export function table(heads: readonly string[], rows: readonly (readonly string[])[], kind = ""): string {
  const head = heads.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("");
  return `<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(heads.filter(Boolean).join(", "))}"><table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Violations of one fingerprint are of one kind, most often of one bug. */
export function fingerprints({ runs, mark }: SectionsInput): string {
  const groups = new Map<
    string,
    { readonly name: string; readonly sentence: string; readonly runs: CampaignPageRun[] }
  >();
  for (const run of runs)
    for (const { fingerprint, class: name, sentence } of run.violations) {
      const group = groups.get(fingerprint);
      if (group === undefined) groups.set(fingerprint, { name, sentence, runs: [run] });
      else if (group.runs.at(-1) !== run) group.runs.push(run);
    }
  if (groups.size === 0) return "";
  const all = [...groups].toSorted(([, one], [, other]) => other.runs.length - one.runs.length);
  const rows = all
    .slice(0, listed)
    .map(([fingerprint, group]) => [
      `<strong>${escapeHtml(group.name)}</strong><br><span class="muted">${escapeHtml(fingerprint)}</span>`,
      `${group.runs.length} of ${runs.length}`,
      `<div class="marks">${group.runs.slice(0, listed).map(mark).join("")}</div>`,
      escapeHtml(group.sentence),
    ]);
  const more = all.length > listed ? `<p class="muted">and ${all.length - listed} more</p>` : "";
  return section(
    `Violations of ${all.length} kind${all.length === 1 ? "" : "s"}`,
    table(["kind", "runs", "where", "first of them"], rows) + more,
  );
}

/** What the suite finds where it is known that there is something to be found. */
export function scores({ runs, mark }: SectionsInput, canary: readonly CanaryRow[] | null): string {
  const mutants = new Map<string, CampaignPageRun[]>();
  for (const run of runs) {
    if (run.mutant === null) continue;
    const own = mutants.get(run.mutant);
    if (own === undefined) mutants.set(run.mutant, [run]);
    else own.push(run);
  }
  const parts: string[] = [];
  if (mutants.size > 0) {
    const rows = [...mutants].map(([mutant, own]) => {
      const ran = own.filter(({ state }) => state !== "not run");
      const convicted = ran.filter(({ state }) => state === "violation");
      return [
        `<strong>${escapeHtml(mutant)}</strong>`,
        `${convicted.length === 0 ? '<span class="unsure">missed in all</span>' : "convicted"}: ${convicted.length} of ${ran.length}`,
        `<div class="marks">${own.slice(0, listed).map(mark).join("")}</div>`,
      ];
    });
    parts.push(`<h3>Planted bugs</h3>${table(["bug", "score", "runs"], rows)}`);
  }
  if (canary !== null) {
    const told = canary.filter(({ outcome }) => outcome !== "not applicable");
    const caught = told.filter(({ outcome }) => outcome === "caught").length;
    const sign = { caught: "✓", missed: "✗", "not told": "?", "not finished": "?", "not applicable": "–" } as const;
    const kind = {
      caught: "good",
      missed: "bad",
      "not told": "unsure",
      "not finished": "unsure",
      "not applicable": "none",
    } as const;
    const rows = canary.map(({ lie, outcome, detail }) => [
      `<span class="mark ${kind[outcome]}" aria-hidden="true">${sign[outcome]}</span> ${outcome}`,
      `<strong>${escapeHtml(lie)}</strong>`,
      escapeHtml(detail),
    ]);
    parts.push(`<h3>Canary: ${caught} of ${told.length} lies caught</h3>${table(["outcome", "lie", "how"], rows)}`);
  }
  return parts.length === 0
    ? ""
    : section("What the suite catches where something is wrong on purpose", parts.join(""));
}

export function extremes({ runs, mark }: SectionsInput): string {
  const ran = runs.filter(({ state }) => state !== "not run");
  if (ran.length < 2) return "";
  const slowest = ran.toSorted((one, other) => other.durationMs - one.durationMs).slice(0, rowsShown);
  const worst = ran
    .filter(({ unknownShare }) => (unknownShare ?? 0) > 0)
    .toSorted((one, other) => (other.unknownShare ?? 0) - (one.unknownShare ?? 0))
    .slice(0, rowsShown);
  const row = (run: CampaignPageRun, figure: string): readonly string[] => [mark(run), escapeHtml(run.title), figure];
  const parts = [
    `<div><h3>Slowest</h3>${table(
      ["verdict", "run", "seconds"],
      slowest.map((run) => row(run, (run.durationMs / 1000).toFixed(1))),
      "figures",
    )}</div>`,
  ];
  if (worst.length > 0)
    parts.push(
      `<div><h3>Worst served</h3>${table(
        ["verdict", "run", "not answered"],
        worst.map((run) => row(run, `${((run.unknownShare ?? 0) * 100).toFixed(1)} %`)),
        "figures",
      )}</div>`,
    );
  return section("Slowest and worst", `<div class="columns">${parts.join("")}</div>`);
}

const middle = (values: readonly number[]): number | null =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? null;

/** Null: there is no campaign of this name before it. */
export function trend(
  { runs, mark }: SectionsInput,
  previous: PreviousCampaign | null,
  canary: readonly CanaryRow[] | null,
): string {
  if (previous === null)
    return section(
      "Since the campaign before",
      '<p class="muted">No earlier campaign of this name is in the store.</p>',
    );
  const states: readonly RunState[] = ["valid", "violation", "unknown", "crash", "bad usage", "not run"];
  const count = (list: readonly { readonly state: RunState }[], state: RunState): number =>
    list.filter((run) => run.state === state).length;
  const difference = (now: number, before: number): string =>
    now === before ? "as before" : `${now > before ? "▲ +" : "▼ −"}${Math.abs(now - before)}`;
  const rows = states.flatMap((state) => {
    const [before, now] = [count(previous.runs, state), count(runs, state)];
    return before + now === 0 ? [] : [[state, String(before), String(now), difference(now, before)]];
  });
  const seconds = (list: readonly { readonly state: RunState; readonly durationMs: number }[]): number | null => {
    const ms = middle(list.filter(({ state }) => state !== "not run").map(({ durationMs }) => durationMs));
    return ms === null ? null : ms / 1000;
  };
  const [slowBefore, slowNow] = [seconds(previous.runs), seconds(runs)];
  if (slowBefore !== null && slowNow !== null)
    rows.push(["median run, seconds", slowBefore.toFixed(1), slowNow.toFixed(1), ratio(slowNow, slowBefore)]);
  if (canary !== null && previous.canary !== null) {
    const caught = canary.filter(({ outcome }) => outcome === "caught").length;
    const of = canary.filter(({ outcome }) => outcome !== "not applicable").length;
    const before = previous.canary;
    rows.push([
      "lies caught",
      `${before.caught} of ${before.of}`,
      `${caught} of ${of}`,
      difference(caught, before.caught),
    ]);
  }
  const link =
    previous.link === null
      ? escapeHtml(previous.stamp)
      : `<a href="${escapeHtml(previous.link)}">${escapeHtml(previous.stamp)}</a>`;
  return section(
    "Since the campaign before",
    `<p>Before: ${link}</p>${table(["runs", "before", "now", "change"], rows, "figures")}${changes({ runs, mark }, previous)}`,
  );
}

const ratio = (now: number, before: number): string =>
  before === 0 ? "" : `${now >= before ? "▲ +" : "▼ −"}${Math.abs(((now - before) / before) * 100).toFixed(0)} %`;

/** Runs that ended otherwise than the same one did before, and kinds of violations that came or went. */
function changes({ runs, mark }: SectionsInput, previous: PreviousCampaign): string {
  const before = new Map(previous.runs.map((run) => [run.title, run.state]));
  const turned = runs.filter(({ title, state }) => (before.get(title) ?? state) !== state);
  const kinds = (list: readonly Pick<CampaignPageRun, "violations">[]): ReadonlySet<string> =>
    new Set(list.flatMap(({ violations }) => violations.map(({ fingerprint }) => fingerprint)));
  const [old, now] = [kinds(previous.runs), kinds(runs)];
  const items = [
    ...[...now]
      .filter((kind) => !old.has(kind))
      .map((kind) => `<strong>New kind of violation:</strong> ${escapeHtml(kind)}`),
    ...[...old]
      .filter((kind) => !now.has(kind))
      .map((kind) => `<strong>Not seen any more:</strong> ${escapeHtml(kind)}`),
    ...turned.map(
      (run) => `${mark(run)} ${escapeHtml(run.title)}: was ${before.get(run.title) ?? ""}, is ${run.state}`,
    ),
  ];
  if (items.length === 0)
    return '<p class="muted">No run ended otherwise than before, and no kind of violation came or went.</p>';
  const more = items.length > listed ? `<li class="muted">and ${items.length - listed} more</li>` : "";
  return `<ul class="changes">${items
    .slice(0, listed)
    .map((item) => `<li>${item}</li>`)
    .join("")}${more}</ul>`;
}

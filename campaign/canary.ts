// The canary: a run whose clients tell one lie, to see that the lie is found. A suite that stays silent then proves nothing when it is
// silent otherwise. A campaign with `--canary` runs each lie that its workloads allow once, under its own plan.
import { decide, type Verdict } from "../checker/index.js";
import { operationsOf, type HistoryDocument, type JsonValue, type Operation } from "../history/index.js";
import type { CanaryRow } from "../reports/index.js";
import { lieKinds, lieNames, type LieName } from "./lies.js";
import type { ToldLie } from "./lying-driver.js";

/** `canary.json` of a run, but for the lies themselves. */
export interface CanaryOutcome {
  readonly lie: LieName;
  readonly meaning: string;
  /** Mean number of opportunities a lie. */
  readonly one_in: number;
  readonly opportunities: number;
  readonly told: number;
  readonly caught: boolean;
  readonly caught_by: string | null;
  readonly staleness: StalenessOutcome | null;
}

/** How many of the stale answers are caught, each judged as the only lie of the run, by how stale it was when it was given. */
export interface StalenessOutcome {
  readonly bins: readonly {
    readonly from_ms: number;
    readonly told: number;
    readonly caught: number;
  }[];
  /** The first bin in which nine in ten or more are caught, and nine in ten of all from it on; null: there is none. */
  readonly smallest_caught_ms: number | null;
}

/** What these say they know from the nodes; a client's lie is to be found in what the clients saw. */
const notFromHistory: ReadonlySet<string> = new Set([
  "crash",
  "availability",
  "agreement",
  "ballots",
  "acknowledged",
  "invariants",
]);

export interface CanaryInput {
  readonly lie: LieName;
  readonly opportunities: number;
  readonly told: readonly ToldLie[];
  readonly verdict: Verdict;
  readonly document: HistoryDocument;
}

export function canaryOutcome({ lie, opportunities, told, verdict, document }: CanaryInput): CanaryOutcome {
  const found = verdict.violations.find(({ checker }) => !notFromHistory.has(checker));
  const caught = told.length > 0 && found !== undefined;
  return {
    lie,
    meaning: lieKinds[lie].meaning,
    one_in: lieKinds[lie].oneIn,
    opportunities,
    told: told.length,
    caught,
    caught_by: caught ? found.checker : null,
    staleness: lie === "stale-read" ? stalenessOf(told, operationsOf(document.events), document) : null,
  };
}

const binsFromMs = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;
/** Lies judged one by one at most: each costs the check of its key. */
const mostJudged = 400;
const budget = { timeMs: 2_000, configurations: 200_000 };

export function stalenessOf(
  told: readonly ToldLie[],
  operations: readonly Operation[],
  { model, initial }: Pick<HistoryDocument, "model" | "initial">,
): StalenessOutcome {
  const truths = new Map(told.map(({ operation, truth }) => [operation, truth]));
  const lies = told.flatMap(({ operation, key, stale_ms: staleMs }) =>
    staleMs === null ? [] : [{ operation, key: JSON.stringify(key), staleMs }],
  );
  const byKey = new Map<string, readonly Operation[]>();
  for (const key of new Set(lies.map((one) => one.key)))
    byKey.set(
      key,
      operations.filter((operation) => JSON.stringify(operation.key) === key),
    );
  const bins = binsFromMs.map((fromMs) => ({ from_ms: fromMs, told: 0, caught: 0 }));
  for (const { operation, key, staleMs } of lies.slice(0, mostJudged)) {
    const alone = (byKey.get(key) ?? []).map((one) => withTruth(one, one.index === operation ? undefined : truths));
    const bin = bins.findLast(({ from_ms: fromMs }) => fromMs <= staleMs);
    if (bin === undefined) throw new Error(`invariant: stale by ${staleMs} ms`);
    bin.told += 1;
    if (decide(alone, model, { initial, budget }).valid === false) bin.caught += 1;
  }
  return { bins: bins.filter((bin) => bin.told > 0), smallest_caught_ms: smallestCaught(bins) };
}

function withTruth(operation: Operation, truths: ReadonlyMap<number, JsonValue> | undefined): Operation {
  const truth = truths?.get(operation.index);
  return truth === undefined ? operation : { ...operation, output: truth };
}

const wanted = 0.9;

function smallestCaught(bins: StalenessOutcome["bins"]): number | null {
  const enough = (some: StalenessOutcome["bins"]): boolean => {
    const told = some.reduce((sum, bin) => sum + bin.told, 0);
    return told > 0 && some.reduce((sum, bin) => sum + bin.caught, 0) / told >= wanted;
  };
  const place = bins.findIndex((bin, index) => enough([bin]) && enough(bins.slice(index)));
  return bins[place]?.from_ms ?? null;
}

/** Why a lie cannot be told where only these functions are used; null: it can. */
export function whyNotApplicable(lie: LieName, functions: readonly string[]): string | null {
  const lacking = lieKinds[lie].needs.filter((name) => !functions.includes(name));
  return lacking.length === 0 ? null : `there is no ${lacking.join(" and no ")}`;
}

export interface PlannedLie<Cell> {
  readonly lie: LieName;
  readonly cell: Cell;
}

export interface CanaryPlan<Cell> {
  readonly runs: readonly PlannedLie<Cell>[];
  readonly notApplicable: readonly { readonly lie: LieName; readonly why: string }[];
}

/** One run for each lie, each under another of the campaign's plans as far as these go and allow the lie. */
export function planCanary<Cell>(
  cells: readonly Cell[],
  functionsOf: (cell: Cell) => readonly string[],
): CanaryPlan<Cell> {
  const runs: PlannedLie<Cell>[] = [];
  const notApplicable: { lie: LieName; why: string }[] = [];
  for (const [place, lie] of lieNames.entries()) {
    const order = cells.map((_, offset) => cells[(place + offset) % cells.length]);
    const cell = order.find((one) => one !== undefined && whyNotApplicable(lie, functionsOf(one)) === null);
    const [first] = order;
    if (cell !== undefined) runs.push({ lie, cell });
    else if (first !== undefined) {
      const why = whyNotApplicable(lie, functionsOf(first)) ?? "";
      notApplicable.push({ lie, why: cells.length === 1 ? why : `${why} in any of the workloads` });
    }
  }
  return { runs, notApplicable };
}

export interface CanarySummary {
  readonly caught: number;
  readonly of: number;
  readonly missed: readonly LieName[];
  readonly not_told: readonly LieName[];
  /** Their runs crashed, were interrupted, or were let down by the machine: whether they would have been caught nobody knows. */
  readonly not_finished: readonly LieName[];
  readonly not_applicable: CanaryPlan<unknown>["notApplicable"];
  readonly smallest_staleness_caught_ms: number | null;
  readonly lies: readonly CanaryResult[];
}

export interface CanaryResult {
  readonly lie: LieName;
  /** Null: the run gave no document. */
  readonly outcome: CanaryOutcome | null;
  /** Why its run did not come to its end; absent: it did. */
  readonly broken?: string;
  readonly exit_code: number;
  readonly report: string | null;
}

export function summariseCanary(
  results: readonly CanaryResult[],
  notApplicable: CanaryPlan<unknown>["notApplicable"],
): CanarySummary {
  const caught = results.filter(({ outcome }) => outcome?.caught === true);
  const unfinished = results.filter((result) => !caught.includes(result) && whyUnfinished(result) !== null);
  const others = results.filter((result) => !caught.includes(result) && !unfinished.includes(result));
  const silent = others.filter(({ outcome }) => outcome?.told === 0);
  const missed = others.filter((result) => !silent.includes(result));
  return {
    caught: caught.length,
    of: results.length,
    missed: missed.map(({ lie }) => lie),
    not_told: silent.map(({ lie }) => lie),
    not_finished: unfinished.map(({ lie }) => lie),
    not_applicable: notApplicable,
    smallest_staleness_caught_ms:
      results.find(({ lie }) => lie === "stale-read")?.outcome?.staleness?.smallest_caught_ms ?? null,
    lies: results,
  };
}

/** A lie that was caught was caught, whatever became of its run afterwards. */
function whyUnfinished({ outcome, exit_code: exitCode, broken }: CanaryResult): string | null {
  if (outcome?.caught === true) return null;
  return broken ?? (outcome === null ? `its run gave no verdict (exit code ${exitCode})` : null);
}

/** A campaign whose canary missed a lie cannot be relied on, whatever its runs say. */
export const canaryHolds = ({ caught, of }: CanarySummary): boolean => caught === of && of > 0;

/** How stale a read must be to be found; some never are, where an operation of unknown outcome may have brought the value back. */
function sharpness({ lies }: CanarySummary): string {
  const staleness = lies.find(({ lie }) => lie === "stale-read")?.outcome?.staleness ?? null;
  if (staleness === null || staleness.bins.length === 0) return "";
  const { bins, smallest_caught_ms: smallest } = staleness;
  const told = bins.reduce((sum, bin) => sum + bin.told, 0);
  const caught = bins.reduce((sum, bin) => sum + bin.caught, 0);
  const from =
    smallest === null ? "nine in ten at no staleness" : `nine in ten or more from ${smallest} ms of staleness on`;
  return `; of ${told} stale reads, each by itself, ${caught} are caught, ${from}`;
}

/** For a terminal, a line each. */
/** Each lie and what became of it, for a table. */
export function canaryRows(summary: CanarySummary): readonly CanaryRow[] {
  const told = summary.lies.map((result): CanaryRow => {
    const { lie, outcome } = result;
    const { meaning, oneIn } = lieKinds[lie];
    const why = whyUnfinished(result);
    if (why !== null || outcome === null) return { lie, outcome: "not finished", detail: `${meaning}: ${why ?? ""}` };
    if (outcome.told === 0) return { lie, outcome: "not told", detail: `${meaning}: no opportunity came` };
    const how = `${outcome.told} told at ${outcome.opportunities} opportunities, one in ${oneIn}`;
    return outcome.caught
      ? { lie, outcome: "caught", detail: `${meaning}: by ${outcome.caught_by ?? "a checker"}; ${how}` }
      : { lie, outcome: "missed", detail: `${meaning}: ${how}` };
  });
  const none = summary.not_applicable.map(({ lie, why }): CanaryRow => ({
    lie,
    outcome: "not applicable",
    detail: why,
  }));
  return [...told, ...none];
}

export function canaryLines(summary: CanarySummary): readonly string[] {
  const unfinished = summary.lies.filter((result) => whyUnfinished(result) !== null).length;
  const cut = unfinished === 0 ? "" : `; the canary did not finish: ${unfinished} of its runs came to no end`;
  return [
    `canary   ${summary.caught} of ${summary.of} lies caught${sharpness(summary)}${cut}`,
    ...summary.lies.map((result) => {
      const { lie, outcome } = result;
      const { meaning, oneIn } = lieKinds[lie];
      const why = whyUnfinished(result);
      if (why !== null || outcome === null) return `  NOT FINISHED ${lie} (${meaning}): ${why ?? ""}`;
      const how = `${outcome.told} told at ${outcome.opportunities} opportunities, one in ${oneIn}`;
      if (outcome.told === 0) return `  NOT TOLD ${lie} (${meaning}): no opportunity came; it counts as missed`;
      return outcome.caught
        ? `  caught ${lie} (${meaning}): by ${outcome.caught_by}; ${how}`
        : `  MISSED ${lie} (${meaning}): ${how}`;
    }),
    ...summary.not_applicable.map(({ lie, why }) => `  not applicable ${lie}: ${why}`),
  ];
}

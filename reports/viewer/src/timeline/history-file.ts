// Operations of the page as a history file again, in Minos' own format. `these` gives the operations alone, for people and tools; `their keys`
// gives all that was asked of their keys from the beginning of the run until the end of the view: a prefix of what was recorded, which
// `minos check` judges as it would the whole. The events stand in their exact order; their times are those of the page, to the microsecond.
import type { HistoryEvent, JsonValue } from "../../../../history/index.js";
import { outcomes } from "../../../columns.js";
import type { Run } from "../load.js";
import type { View } from "../view.js";

export type ExportKind = "these" | "their keys";

/** A page should not have to build a file larger than this; the run's folder has all of it. */
const operationsLimit = 1_000_000;
const noPlace = 0xffffffff;

export type HistoryFile =
  | { readonly ok: true; readonly text: string; readonly operations: number }
  | { readonly ok: false; readonly problem: string };

/** The operations called in view, of the key that is shown alone, and where something is sought those that were found. */
export function operationsInView(
  run: Run,
  { fromNs, toNs, key }: Pick<View, "fromNs" | "toNs" | "key">,
  found: Int32Array | null,
): readonly number[] {
  const { operations } = run;
  const all: number[] = [];
  const take = (row: number): void => {
    const callNs = operations.callNs[row] ?? 0;
    if (callNs >= fromNs && callNs <= toNs && (key === null || operations.key[row] === key)) all.push(row);
  };
  if (found === null) for (let row = 0; row < operations.count; row++) take(row);
  else for (const row of found) take(row);
  return all;
}

/** Everything asked of the same keys until a moment; of all keys where the history does not part them. */
function untilOf(run: Run, chosen: readonly number[], toNs: number): readonly number[] {
  const { operations } = run;
  const keys = new Set(chosen.map((row) => operations.key[row] ?? 0));
  const all: number[] = [];
  for (let row = 0; row < operations.count; row++)
    if ((operations.callNs[row] ?? 0) <= toNs && (!run.payload.run.keyed || keys.has(operations.key[row] ?? 0)))
      all.push(row);
  return all;
}

class CutText extends Error {}

function valueOf(text: string | null): JsonValue {
  if (text === null) return null;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new CutText();
  }
}

/** Without times: they follow from the places. */
function eventsOf(run: Run, row: number, untilNs: number): readonly (readonly [number, number, HistoryEvent])[] {
  const { operations } = run;
  const common = {
    process: operations.process[row] ?? 0,
    function: operations.functions[operations.function[row] ?? 0] ?? "",
    key: valueOf(operations.keys[operations.key[row] ?? 0] ?? null),
  };
  const phase = operations.phases[operations.phase[row] ?? -1];
  const callNs = operations.callNs[row] ?? 0;
  const call = {
    type: "invoke",
    time: callNs,
    ...common,
    thread: operations.thread[row] ?? 0,
    node: operations.nodes[operations.node[row] ?? -1] ?? null,
    input: valueOf(operations.input(row)),
    ...(phase === undefined ? {} : { phase }),
  } as HistoryEvent;
  const callPlace = operations.callPlace[row] ?? 0;
  const endPlace = operations.endPlace[row] ?? noPlace;
  const endNs = operations.endNs[row] ?? Number.NaN;
  if (endPlace === noPlace || endNs > untilNs) return [[callPlace, callNs, call]];
  const error = operations.error(row);
  const attempts = operations.attempts[row] ?? -1;
  const systemIndex = operations.systemIndex[row] ?? Number.NaN;
  const end = {
    type: outcomes[operations.outcome[row] ?? 0],
    time: endNs,
    ...common,
    output: valueOf(operations.output(row)),
    // A long error may have been cut: it is told, not judged.
    ...(error === null ? {} : { error: error.startsWith('"') && error.endsWith('"') ? valueOf(error) : error }),
    ...(attempts < 0 ? {} : { attempts }),
    ...(Number.isNaN(systemIndex) ? {} : { systemIndex }),
  } as HistoryEvent;
  return [
    [callPlace, callNs, call],
    [endPlace, endNs, end],
  ];
}

function headerOf({ payload }: Run): HistoryEvent {
  const { run, plan } = payload;
  return {
    type: "header",
    format: "minos-history",
    version: 1,
    model: run.model,
    initial: run.initial,
    keyed: run.keyed,
    plan: plan.name,
    run: run.id,
    build: run.build,
    concurrency: plan.concurrency,
    startedAt: run.startedAt,
    clock: { unit: "ns", origin: "run-start" },
  };
}

export function historyFile(run: Run, chosen: readonly number[], kind: ExportKind, toNs: number): HistoryFile {
  const whole = kind === "these";
  const rows = whole ? chosen : untilOf(run, chosen, toNs);
  if (rows.length > operationsLimit)
    return { ok: false, problem: `${rows.length} operations are too many for a page: take history.jsonl of the run` };
  try {
    const events = rows.flatMap((row) => eventsOf(run, row, whole ? Number.POSITIVE_INFINITY : toNs));
    let lastNs = Number.NEGATIVE_INFINITY;
    const lines = events
      .toSorted(([a], [b]) => a - b)
      .map(([, ns, event]) => {
        // Events of one microsecond keep their order: each is later than the one before.
        lastNs = Math.max(ns, lastNs + 1);
        return `${JSON.stringify({ ...event, time: lastNs })}\n`;
      });
    return { ok: true, text: [`${JSON.stringify(headerOf(run))}\n`, ...lines].join(""), operations: rows.length };
  } catch (error) {
    if (!(error instanceof CutText)) throw error;
    return { ok: false, problem: "a value is longer than a report keeps: take history.jsonl of the run" };
  }
}

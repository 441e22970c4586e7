// A campaign's runs, its canary and its summary, with what is said of them while they go; which campaign it is, cli/commands/campaign.ts says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  campaignOfHeader,
  cellTitle,
  exitCodes,
  formatDuration,
  performCampaign,
  planFile,
  rowOf,
  runCanary,
  summarise,
  writeJson,
  type CampaignRecord,
  type CanarySummary,
  type Cell,
  type CellResult,
  type Parallel,
  type PreparedRun,
} from "../campaign/index.js";
import { CampaignLive, draw, openEvents, type Events } from "./campaign-live.js";
import { tellSummary } from "./campaign-text.js";
import { listenForInterrupt } from "./interrupt.js";
import type { Terminal } from "./terminal.js";

/** From a campaign's beginning, or from where it is gone on with, to its end or whatever comes before. */
export interface Sitting {
  readonly record: CampaignRecord;
  readonly prepared: PreparedRun;
  readonly parallel: Parallel;
  /** Nothing is started after so long, over all sittings; null: no limit. */
  readonly timeMs: number | null;
  /** Where events go; `-`: standard output. */
  readonly eventsTo: string | undefined;
}

/** A run without a leader is vacuous in dozens of ways. */
const mostReasons = 2;

const word = { 0: "valid", 1: "VIOLATION", 2: "unknown", 254: "bad usage", 255: "crash" } as const;

/** The first few; all of them are in the run's report and on the summary page. */
function briefly(reasons: readonly string[]): string {
  const more = reasons.length - mostReasons;
  return [...reasons.slice(0, mostReasons), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** What one run gave, in a line. */
function line({ cell, exitCode, document, durationMs, stderrTail }: CellResult): string {
  const classes = [...new Set((document?.violations ?? []).map((violation) => violation.class))].join(", ");
  const reasons = briefly((document?.unknown ?? []).map((reason) => `${reason.code}: ${reason.sentence}`));
  const trouble = document?.error?.message ?? (document === null ? stderrTail.trim().split("\n").at(-1) : undefined);
  const { ok = 0, info = 0 } = document?.counts ?? {};
  const faults = document?.teeth?.find((measure) => measure.name === "confirmed faults")?.value;
  const what = [classes, reasons, trouble].filter(Boolean).join(" | ");
  return `${word[exitCode].padEnd(9)} ${cellTitle(cell)}  ${ok} ok, ${info} info${faults === undefined ? "" : `, ${faults} faults`}, ${formatDuration(durationMs)}${what === "" ? "" : `  ${what}`}`;
}

/** The exit code is the summary's. */
export async function performSitting(sitting: Sitting, terminal: Terminal): Promise<CellResult["exitCode"]> {
  const { record, parallel, timeMs } = sitting;
  const { header, directory } = record;
  const events = openEvents(sitting.eventsTo);
  const interrupt = listenForInterrupt(
    () => terminal.err("interrupted: runs under way end cleanly, nothing more is started"),
    () => process.exit(exitCodes.crash),
  );
  const startedMs = performance.now();
  const live = liveOf(sitting);
  const left = record.places.filter((place) => !record.state(place).final).length;
  const part = header.shard === null ? "" : ` of shard ${header.shard.index}/${header.shard.of}`;
  const before = left === record.places.length ? "" : `, ${record.places.length - left} ended before`;
  terminal.err(`${record.places.length} runs${part}${before}, ${parallel.limit} at a time, in ${directory}`);
  events({ type: "campaign-started", directory, name: header.name, runs: record.places.length, left });
  const drawing = draw(live, terminal);
  const tell: Tell = { terminal, live, drawing, events };
  try {
    const ended = await performCampaign({
      record,
      parallel,
      timeMs,
      program: process.argv[1] ?? "",
      signal: interrupt.signal,
      note: (text) => terminal.err(text),
      onStart: (cell, place) => tellStart(cell, { run: place + 1 }, tell),
      onNothing: (cell) => live.ended(cellTitle(cell), null),
      onResult: (result, done, all, place) =>
        tellResult(result, `${String(done).padStart(4)}/${all}`, { run: place + 1 }, tell),
    });
    live.canary();
    const canary = await canaryOf(sitting, interrupt.signal, tell);
    const stopped = ended ?? (interrupt.signal.aborted ? "interrupted" : null);
    const summary = summarise(
      campaignOfHeader(header),
      record.places.flatMap((place) => {
        const cell = header.cells[place];
        return cell === undefined ? [] : [rowOf(place, cell, record.state(place))];
      }),
      { shard: header.shard, stopped, canary },
    );
    drawing.stop();
    tellSummary(summary, directory, performance.now() - startedMs, terminal);
    if (stopped !== null) terminal.err(`go on  minos campaign --resume ${directory}`);
    const { valid, exit_code, counts, not_run } = summary;
    events({ type: "campaign-ended", valid, exit_code, counts, not_run, stopped });
    return exit_code;
  } finally {
    drawing.stop();
    interrupt.release();
    record.close();
  }
}

function liveOf({ record, parallel, timeMs }: Sitting): CampaignLive {
  return new CampaignLive({
    all: record.places.length,
    ended: record.places.flatMap((place) => {
      const { final, last } = record.state(place);
      return final && last !== null ? [word[last.exitCode]] : [];
    }),
    parallel: () => parallel.limit,
    timeLeftMs: () => (timeMs === null ? null : Math.max(0, timeMs - record.spentMs(new Date()))),
    now: () => performance.now(),
  });
}

interface Tell {
  readonly terminal: Terminal;
  readonly live: CampaignLive;
  readonly drawing: ReturnType<typeof draw>;
  readonly events: Events;
}

/** What names a run in its events: its place, or its lie. */
type Which = { readonly run: number } | { readonly canary: string };

function tellStart(cell: Cell, which: Which, { live, drawing, events }: Tell): void {
  const title = cellTitle(cell);
  live.started(title);
  drawing.told();
  events({ type: "run-started", ...which, title });
}

function tellResult(result: CellResult, head: string, which: Which, { terminal, live, drawing, events }: Tell): void {
  const { cell, exitCode, document, durationMs } = result;
  const title = cellTitle(cell);
  live.ended(title, word[exitCode]);
  terminal.err(`${head} ${line(result)}`);
  drawing.told();
  const { valid, report } = document ?? {};
  events({
    type: "run-ended",
    ...which,
    title,
    valid,
    exit_code: exitCode,
    duration_ms: Math.round(durationMs),
    report,
  });
}

/** Once a campaign, in its first shard; what was found is kept for a campaign that is resumed. */
async function canaryOf(
  { record, prepared, parallel }: Sitting,
  signal: AbortSignal,
  tell: Tell,
): Promise<CanarySummary | null> {
  const { header, directory } = record;
  if (!header.canary || (header.shard !== null && header.shard.index !== 1)) return null;
  const file = join(directory, "canary.json");
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as CanarySummary) : null;
  if (before?.not_finished.length === 0 || (before === null && signal.aborted)) return before;
  const whichOf = (cell: Cell): Which => ({ canary: cell.canary ?? "none" });
  const options = {
    cells: header.cells,
    parallel,
    program: process.argv[1] ?? "",
    signal,
    flags: (cell: Cell) => {
      const plan = cell.entry === undefined ? [] : ["--plan", planFile(directory, cell.entry)];
      return [...plan, ...header.flags, "--store", directory, "--name", `canary-${cell.canary ?? "none"}`];
    },
    onStart: (cell: Cell) => tellStart(cell, whichOf(cell), tell),
    onResult: (result: CellResult) => tellResult(result, "canary   ", whichOf(result.cell), tell),
  };
  const lies = await runCanary(options, prepared, before);
  writeJson(file, lies);
  return lies;
}

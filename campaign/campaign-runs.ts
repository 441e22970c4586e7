// Makes the runs of a campaign that its record has not seen the end of, one process a run, and writes down what became of each.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planFile, type CampaignRecord } from "./campaign-record.js";
import { exitCodes } from "./exit-code.js";
import type { Cell } from "./matrix.js";
import type { Parallel } from "./parallel.js";
import { parseDocument, programWords, runCells, type CellResult, type RunDocument } from "./runs.js";

export interface CampaignRunsOptions {
  readonly record: CampaignRecord;
  readonly parallel: Parallel;
  /** Nothing is started after so long, over all sittings; null: no limit. */
  readonly timeMs: number | null;
  /** The `minos` program's file. */
  readonly program: string;
  readonly signal: AbortSignal;
  note(text: string): void;
  /** `done` of `all` have an end that stands, or ended in this sitting. */
  onResult(result: CellResult, done: number, all: number, place: number): void;
  onStart?(cell: Cell, place: number): void;
  /** It was asked to end before it had begun. */
  onNothing?(cell: Cell): void;
}

/** So many runs in a row without a verdict mean that the machine is not fit, not that the system is wrong. */
const failuresInARow = 3;
const orphanMs = 60_000;
const orphanLookMs = 100;

/** Null: every run was begun; else why the campaign ended before. */
export type StoppedEarly = string | null;

export async function performCampaign(options: CampaignRunsOptions): Promise<StoppedEarly> {
  const { record, signal, timeMs } = options;
  await settle(options);
  record.sat(new Date());
  const open = record.places.filter((place) => !record.state(place).final);
  const cells = open.map((place) => cellAt(record, place));
  const placeOf = new Map(cells.map((cell, at) => [cell, open[at] ?? 0]));
  let stopped: StoppedEarly = null;
  let failures = 0;
  let done = record.places.length - open.length;
  await runCells({
    cells,
    parallel: options.parallel,
    program: options.program,
    signal,
    flags: (cell) => flagsOf(record, cell, placeOf.get(cell) ?? 0),
    mayStart: () => {
      if (timeMs !== null && record.spentMs(new Date()) >= timeMs) stopped ??= "the time is up";
      return stopped === null;
    },
    onStart: (cell, pid) => {
      record.started(placeOf.get(cell) ?? 0, pid);
      options.onStart?.(cell, placeOf.get(cell) ?? 0);
    },
    onFrozen: (cell, line) => options.note(`run ${(placeOf.get(cell) ?? 0) + 1} ${line}`),
    onResult: (result) => {
      const place = placeOf.get(result.cell) ?? 0;
      // Asked to end before it had begun to listen: nothing was run.
      if (signal.aborted && result.document === null) {
        options.note(`run ${place + 1} was ended before it began`);
        options.onNothing?.(result.cell);
        return;
      }
      record.ended(place, result, signal.aborted);
      done += 1;
      options.onResult(result, done, record.places.length, place);
      const failed = result.exitCode === exitCodes.crash || result.exitCode === exitCodes.usage;
      failures = failed ? failures + 1 : 0;
      if (failures >= failuresInARow) stopped ??= `${failures} runs in a row came to no verdict`;
    },
  });
  return signal.aborted ? "interrupted" : stopped;
}

export function runNameOf(place: number): string {
  return `run-${String(place + 1).padStart(4, "0")}`;
}

function cellAt(record: CampaignRecord, place: number): Cell {
  const cell = record.header.cells[place];
  if (cell === undefined) throw new Error(`the campaign has no run ${place}`);
  return cell;
}

/** Its own folder below the campaign's, so that what a run left can be found again. */
function flagsOf(record: CampaignRecord, cell: Cell, place: number): readonly string[] {
  const { header, directory } = record;
  const plan = cell.entry === undefined ? [] : ["--plan", planFile(directory, cell.entry)];
  return [...plan, ...header.flags, "--store", directory, "--name", runNameOf(place)];
}

/**
 * Before a campaign is gone on with. Runs that were under way when it died: those still going are asked to end. What it left behind is
 * removed. One that had already recorded a violation is not made again, nor is one whose process crashed after it had.
 */
async function settle({ record, program, note }: CampaignRunsOptions): Promise<void> {
  const states = record.places.map((place) => ({ place, state: record.state(place) }));
  if (states.every(({ state }) => state.attempts === 0)) return;
  for (const { place, state } of states)
    if (state.openPid !== null) await endProcess(state.openPid, join(record.directory), runNameOf(place));
  const cleaned = parseDocument((await output(program, ["clean", "--json"])).text);
  for (const thing of (cleaned?.["removed"] ?? []) as readonly string[]) note(`removed ${thing}`);
  for (const { place, state } of states) {
    const crashed = !state.final && state.last?.exitCode === exitCodes.crash;
    if (state.openPid === null && !crashed) continue;
    const left = await verdictLeft(record, program, place);
    const what = state.openPid === null ? "crashed" : "was under way";
    note(
      `run ${place + 1} ${what}: ${left === null ? "it is made again" : "it had recorded a violation, which stands"}`,
    );
    if (left !== null)
      record.ended(place, { exitCode: exitCodes.violation, document: left, durationMs: 0, stderrTail: "" }, true);
  }
}

/** What a run that nobody waited for says, if it says violation: as it judged itself, or as its history is judged now. */
async function verdictLeft(record: CampaignRecord, program: string, place: number): Promise<RunDocument | null> {
  const folder = join(record.directory, runNameOf(place));
  const [latest] = existsSync(folder) ? readdirSync(folder).sort().reverse() : [];
  if (latest === undefined) return null;
  const directory = join(folder, latest);
  const stored = join(directory, "verdict.json");
  if (existsSync(stored)) {
    const document = parseDocument(readFileSync(stored, "utf8"));
    return document?.valid === false ? { ...document, directory } : null;
  }
  if (!existsSync(join(directory, "history.jsonl"))) return null;
  const { text, code } = await output(program, ["check", directory, "--json"]);
  if (code !== exitCodes.violation) return null;
  const [first] = (parseDocument(text)?.["files"] ?? []) as readonly RunDocument[];
  return { ...(first ?? { valid: false }), directory };
}

/** Only if it is still that run: process numbers are given anew. */
async function endProcess(pid: number, directory: string, name: string): Promise<void> {
  const isOurs = (): boolean => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return words.includes(directory) && words.includes(name);
    } catch {
      return false;
    }
  };
  if (!isOurs()) return;
  process.kill(pid, "SIGINT");
  const limit = performance.now() + orphanMs;
  while (isOurs() && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, orphanLookMs));
  if (isOurs()) process.kill(pid, "SIGKILL");
}

function output(
  program: string,
  words: readonly string[],
): Promise<{ readonly text: string; readonly code: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...programWords(program), ...words], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
    child.once("error", () => resolve({ text, code: null }));
    child.once("close", (code) => resolve({ text, code }));
  });
}

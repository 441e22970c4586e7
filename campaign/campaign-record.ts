// The folder of a campaign: what is to be run, and line by line what became of each run, so that whatever ends the campaign, the next
// one with `--resume` knows what is left. `campaign.json` is written once; `record.ndjson` only grows, and each line is on disk
// before anything else happens.
import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import type { Campaign, PlanFields } from "./campaign-file.js";
import { exitCodes, UsageError, type ExitCode } from "./exit-code.js";
import type { Cell } from "./matrix.js";
import { isStarved } from "./parallel.js";
import type { RunDocument } from "./runs.js";
import { createRunDirectory, writeJson } from "./store.js";

/** Of n parts of a campaign, the one whose runs have the places index − 1, index − 1 + n, …; from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** `campaign.json`. */
export interface CampaignHeader {
  readonly version: 1;
  readonly name: string;
  /** Equal for equal runs, flags and builds: shards that are to be merged must have it. */
  readonly hash: string;
  readonly plans: readonly PlanFields[];
  readonly cells: readonly Cell[];
  readonly canary: boolean;
  /** Null: as many as the machine has room for. */
  readonly parallel: number | null;
  readonly time_ms: number | null;
  readonly shard: Shard | null;
  /** Flags that every run gets. */
  readonly flags: readonly string[];
  /** The command's own words of which the flags were made. */
  readonly words: Readonly<Record<string, string>>;
  /** Of the system: a campaign that is resumed with another would judge a mixture. */
  readonly build: string | null;
}

export interface Ended {
  readonly exitCode: ExitCode;
  readonly document: RunDocument | null;
  readonly durationMs: number;
  readonly stderrTail: string;
}

/** What the record says of one run. */
export interface CellState {
  /** Times that it was begun. */
  readonly attempts: number;
  /** The process of an attempt whose end was not recorded. */
  readonly openPid: number | null;
  readonly last: Ended | null;
  /** What is in `last` stands: it is not run again. */
  readonly final: boolean;
}

type Line =
  | { readonly type: "sitting"; readonly at: string }
  | { readonly type: "started"; readonly cell: number; readonly pid: number; readonly at: string }
  | ({ readonly type: "ended"; readonly cell: number; readonly final: boolean; readonly at: string } & Ended);

/** A line longer than this is no line of ours. */
const lineMax = 16_000_000;

export class CampaignRecord {
  readonly #file: number;
  readonly #states = new Map<number, CellState>();
  /** Of the sittings that are over, each from its beginning to the last line that it wrote. */
  #spentBeforeMs = 0;
  #sittingMs: { readonly from: number; readonly last: number } | null = null;

  private constructor(
    readonly directory: string,
    readonly header: CampaignHeader,
    known: readonly Line[],
  ) {
    for (const line of known) this.#take(line);
    this.#file = openSync(recordFile(directory), "a");
  }

  static create(storeRoot: string, header: CampaignHeader, now: Date): CampaignRecord {
    const { path } = createRunDirectory(join(storeRoot, "campaigns"), header.name, now);
    writeJson(join(path, "campaign.json"), header);
    mkdirSync(join(path, "plans"));
    header.plans.forEach((plan, entry) => writeJson(planFile(path, entry), plan));
    return new CampaignRecord(path, header, []);
  }

  /** `word`: the campaign's folder, or `latest`. Throws UsageError where there is none. */
  static open(storeRoot: string, word: string): CampaignRecord {
    const path = word === "latest" ? join(storeRoot, "campaigns", "latest") : word;
    try {
      const directory = realpathSync(resolve(path));
      const header = JSON.parse(readFileSync(join(directory, "campaign.json"), "utf8")) as CampaignHeader;
      if (header.version !== 1) throw new Error(`campaign.json has version ${String(header.version)}, known is 1`);
      return new CampaignRecord(directory, header, readLines(recordFile(directory)));
    } catch (error) {
      throw new UsageError(
        `${path} is no campaign that can be resumed: ${error instanceof Error ? error.message : String(error)}`,
        "name the folder that holds campaign.json, or latest",
      );
    }
  }

  /** Places of the runs that this campaign is to make. */
  get places(): readonly number[] {
    const { cells, shard } = this.header;
    const all = cells.map((_, place) => place);
    return shard === null ? all : all.filter((place) => place % shard.of === shard.index - 1);
  }

  state(place: number): CellState {
    return this.#states.get(place) ?? { attempts: 0, openPid: null, last: null, final: false };
  }

  /** The campaign is begun or gone on with. */
  sat(now: Date): void {
    this.#append({ type: "sitting", at: now.toISOString() });
  }

  /** How long the campaign has been at work, over all sittings. */
  spentMs(now: Date): number {
    const sitting = this.#sittingMs;
    return this.#spentBeforeMs + (sitting === null ? 0 : Math.max(0, now.getTime() - sitting.from));
  }

  started(cell: number, pid: number): void {
    this.#append({ type: "started", cell, pid, at: new Date().toISOString() });
  }

  ended(cell: number, ended: Ended, interrupted: boolean): void {
    const { exitCode, document, durationMs, stderrTail } = ended;
    const [final, at] = [isFinal(ended, interrupted), new Date().toISOString()];
    this.#append({ type: "ended", cell, final, at, exitCode, document, durationMs, stderrTail });
  }

  #count(at: number, begins: boolean): void {
    const sitting = this.#sittingMs;
    if (begins && sitting !== null) this.#spentBeforeMs += Math.max(0, sitting.last - sitting.from);
    this.#sittingMs = { from: begins || sitting === null ? at : sitting.from, last: at };
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#file);
    this.#take(line);
  }

  #take(line: Line): void {
    this.#count(Date.parse(line.at), line.type === "sitting");
    if (line.type === "sitting") return;
    const before = this.state(line.cell);
    if (line.type === "started") {
      this.#states.set(line.cell, { ...before, attempts: before.attempts + 1, openPid: line.pid });
      return;
    }
    const { exitCode, document, durationMs, stderrTail, final } = line;
    // What stood stands: nothing that comes later can take a violation back.
    if (before.final) return;
    this.#states.set(line.cell, {
      ...before,
      openPid: null,
      last: { exitCode, document, durationMs, stderrTail },
      final,
    });
  }
}

/**
 * A violation stands whatever happened. A run that was interrupted, or that the machine let down, has shown nothing of the system and is
 * made again when the campaign is resumed; every other verdict stands, too.
 */
export function isFinal({ exitCode, document }: Pick<Ended, "exitCode" | "document">, interrupted: boolean): boolean {
  if (exitCode === exitCodes.violation) return true;
  if (isStarved(document)) return false;
  if (interrupted || exitCode === exitCodes.crash || exitCode === exitCodes.usage) return false;
  const reasons = document?.unknown ?? [];
  return !reasons.some(({ code }) => code === "interrupted" || code === "infrastructure");
}

export const planFile = (directory: string, entry: number): string => join(directory, "plans", `${entry}.json`);
const recordFile = (directory: string): string => join(directory, "record.ndjson");

/** A last line that a crash cut off was never acted on. */
function readLines(path: string): readonly Line[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const lines = text.split("\n");
  const rest = lines.pop();
  if (rest !== undefined && rest !== "") truncateSync(path, Buffer.byteLength(text) - Buffer.byteLength(rest));
  return lines.map((line, at) => {
    if (line.length > lineMax) throw new Error(`line ${at + 1} of record.ndjson is too long`);
    return JSON.parse(line) as Line;
  });
}

export function headerOf(
  campaign: Campaign,
  rest: Pick<CampaignHeader, "parallel" | "shard" | "flags" | "words" | "build">,
): CampaignHeader {
  const { name, plans, cells, canary, timeMs } = campaign;
  // Runs of equal plans under other flags, or of another build, are not of one campaign.
  const hash = createHash("sha256")
    .update(JSON.stringify([campaign.hash, rest.flags, rest.build]))
    .digest("hex");
  return { version: 1, name, hash, plans, cells, canary, time_ms: timeMs, ...rest };
}

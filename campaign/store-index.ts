// What a store holds, as far as a list of runs needs it: read from each run's plan and verdict, and read again only when these changed.
import { createReadStream, type Dirent } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { CheckerResult, Verdict } from "../checker/index.js";
import { timeOfStamp } from "./old-runs.js";
import type { Plan } from "./plan.js";

/** One run, as a list shows it. */
export interface StoredRun {
  /** Its path in the store, with `/`: `register/20261122T194530.123Z`. */
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970; null: its folder's name is no time. */
  readonly startedMs: number | null;
  /** Null: it has no verdict. It is under way, or ended before it was judged. */
  readonly valid: boolean | "unknown" | null;
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
  /** The campaign that it is of, by its path in the store. */
  readonly campaign: string | null;
}

export interface StoredCampaign {
  readonly id: string;
  readonly name: string;
  readonly startedMs: number | null;
  /** Null: it has no summary yet. */
  readonly valid: boolean | "unknown" | null;
  readonly runs: number;
  readonly hasPage: boolean;
}

/** Everything about one run: what the list shows, and its plan and verdict. */
export interface StoredRunDetails {
  readonly run: StoredRun;
  readonly plan: Plan;
  readonly verdict: Verdict | null;
  /** Its files, by path in its folder, with their sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

interface Cached {
  /** Of plan and verdict: when they were written, and how long they are. */
  readonly state: string;
  readonly run: StoredRun;
}

/** `campaigns/NAME/TIME/run-0001/TIME` is the deepest. */
const deepest = 5;
const readAtOnce = 32;
const filesAtMost = 20_000;
const refreshAfterMs = 1_000;

export class StoreIndex {
  readonly #root: string;
  readonly #cache = new Map<string, Cached>();
  #known: Promise<Listing> | null = null;
  #knownAtMs = 0;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** Newest first. Asked again within a second, it looks again only for the next question. */
  async runs(): Promise<readonly StoredRun[]> {
    return (await this.#list()).runs;
  }

  async campaigns(): Promise<readonly StoredCampaign[]> {
    return (await this.#list()).campaigns;
  }

  /** Null: there is no such run. */
  async run(id: string): Promise<StoredRunDetails | null> {
    const run = (await this.runs()).find((one) => one.id === id);
    if (run === undefined) return null;
    const path = join(this.#root, id);
    const plan = (await readJson(join(path, "plan.json"))) as Plan | null;
    if (plan === null) return null;
    const verdict = (await readJson(join(path, "verdict.json"))) as Verdict | null;
    return { run, plan, verdict, files: await filesBelow(path, "") };
  }

  #list(): Promise<Listing> {
    const nowMs = performance.now();
    if (this.#known === null || nowMs - this.#knownAtMs > refreshAfterMs) {
      this.#knownAtMs = nowMs;
      this.#known = this.#read();
    }
    return this.#known;
  }

  async #read(): Promise<Listing> {
    const found: Found = { runs: [], campaigns: [] };
    await visit(this.#root, "", 0, found);
    const runs: StoredRun[] = [];
    for (let at = 0; at < found.runs.length; at += readAtOnce) {
      const read = found.runs.slice(at, at + readAtOnce).map((id) => this.#readRun(id));
      runs.push(...(await Promise.all(read)).filter((run) => run !== null));
    }
    const campaigns = await Promise.all(found.campaigns.map((id) => readCampaign(this.#root, id, runs)));
    return { runs: runs.toSorted(newestFirst), campaigns: campaigns.toSorted(newestFirst) };
  }

  async #readRun(id: string): Promise<StoredRun | null> {
    const path = join(this.#root, id);
    const state = (await Promise.all([stateOf(join(path, "plan.json")), stateOf(join(path, "verdict.json"))])).join();
    const cached = this.#cache.get(id);
    if (cached?.state === state) return cached.run;
    const plan = (await readJson(join(path, "plan.json"))) as (Plan & { readonly canary?: string | null }) | null;
    if (plan === null) return null;
    const verdict = (await readJson(join(path, "verdict.json"))) as Verdict | null;
    const run = runOf(id, plan, verdict);
    this.#cache.set(id, { state, run });
    return run;
  }
}

interface Listing {
  readonly runs: readonly StoredRun[];
  readonly campaigns: readonly StoredCampaign[];
}

interface Found {
  readonly runs: string[];
  readonly campaigns: string[];
}

/** Links are not followed: `latest` would be counted twice, and another might lead out of the store. */
async function visit(root: string, id: string, depth: number, found: Found): Promise<void> {
  const entries = await entriesOf(join(root, id));
  const names = new Set(entries.map(({ name }) => name));
  if (names.has("plan.json")) {
    found.runs.push(id);
    return;
  }
  if (names.has("campaign.json")) found.campaigns.push(id);
  if (depth >= deepest) return;
  for (const entry of entries)
    if (entry.isDirectory()) await visit(root, id === "" ? entry.name : `${id}/${entry.name}`, depth + 1, found);
}

async function entriesOf(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch {
    // Removed meanwhile, or not ours to read.
    return [];
  }
}

function runOf(id: string, plan: Plan & { readonly canary?: string | null }, verdict: Verdict | null): StoredRun {
  const parts = id.split("/");
  const counts = verdict?.counts;
  return {
    id,
    name: plan.name,
    startedMs: timeOfStamp(parts.at(-1) ?? ""),
    valid: verdict?.valid ?? null,
    summary: verdict?.summary ?? "",
    workload: plan.workload.name,
    nemesis: plan.nemesis.name,
    on: plan.on,
    system: plan.system,
    mutant: plan.mutant,
    canary: plan.canary ?? null,
    seed: plan.seed,
    nodes: plan.nodes,
    timeLimitMs: plan.time_limit_ms,
    faults: plan.nemesis.faults.length,
    counts:
      counts === undefined
        ? null
        : { operations: counts.operations, ok: counts.ok, fail: counts.fail, info: counts.info },
    campaign: parts[0] === "campaigns" ? parts.slice(0, 3).join("/") : null,
  };
}

async function readCampaign(root: string, id: string, runs: readonly StoredRun[]): Promise<StoredCampaign> {
  const parts = id.split("/");
  const summary = (await readJson(join(root, id, "summary.json"))) as { readonly valid?: boolean | "unknown" } | null;
  return {
    id,
    name: parts.at(-2) ?? id,
    startedMs: timeOfStamp(parts.at(-1) ?? ""),
    valid: summary?.valid ?? null,
    runs: runs.filter(({ campaign }) => campaign === id).length,
    hasPage: (await stateOf(join(root, id, "summary.html"))) !== "",
  };
}

async function stateOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await lstat(path);
    return `${mtimeMs}/${size}`;
  } catch {
    return "";
  }
}

/** Null: it is not there, or is being written. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

function newestFirst(one: { readonly startedMs: number | null; readonly id: string }, other: typeof one): number {
  return (other.startedMs ?? 0) - (one.startedMs ?? 0) || (one.id < other.id ? 1 : -1);
}

async function filesBelow(path: string, below: string): Promise<StoredRunDetails["files"]> {
  const files: { path: string; bytes: number }[] = [];
  for (const entry of await entriesOf(join(path, below))) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(path, name)));
    else if (entry.isFile()) files.push({ path: name, bytes: (await lstat(join(path, name))).size });
    if (files.length > filesAtMost) throw new Error(`${path} has more than ${filesAtMost} files`);
  }
  return files;
}

/** A file of the store: its size, and a stream of so many bytes, however it grows meanwhile. */
export interface StoredFile {
  readonly bytes: number;
  open(): Readable;
}

/**
 * The file at a path below the store, which comes from outside: null where it is no plain file below it. No part of the path may be a
 * link, lead upwards or be hidden.
 */
export async function storedFile(root: string, path: string): Promise<StoredFile | null> {
  const parts = path.split("/");
  if (!parts.every(isPlainName)) return null;
  let at = resolve(root);
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    try {
      const status = await lstat(at);
      const isLast = index === parts.length - 1;
      if (isLast ? !status.isFile() : !status.isDirectory()) return null;
      if (isLast) {
        const [file, bytes] = [at, status.size];
        return {
          bytes,
          open: () => (bytes === 0 ? Readable.from([]) : createReadStream(file, { start: 0, end: bytes - 1 })),
        };
      }
    } catch {
      return null;
    }
  }
  return null;
}

// A name with a backslash or a NUL would mean something else to another system.
const isPlainName = (part: string): boolean => part !== "" && !part.startsWith(".") && !/[\\\0]/.test(part);

/** Of the checker `stats`: what was answered, and how quickly, by function. */
export function latenciesOf(verdict: Verdict | null): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const stats: CheckerResult | undefined = verdict?.checkers.find(({ checker }) => checker === "stats");
  const details = stats?.details;
  if (details === undefined || details === null || typeof details !== "object" || Array.isArray(details)) return {};
  return details as Readonly<Record<string, Readonly<Record<string, number>>>>;
}

// minos campaign: the default plan once, or a matrix of workloads × nemeses × mutants × seeds, with one summary.
import { cpus } from "node:os";
import type { Command } from "commander";
import {
  AdaptiveParallel,
  campaign,
  CampaignRecord,
  cellTitle,
  exitCodes,
  fixedParallel,
  headerOf,
  matrixOf,
  parseDuration,
  parsePlanFile,
  parseSeeds,
  prepareRun,
  readCampaign,
  readPlanFields,
  roomOfCluster,
  roomOfSimulation,
  UsageError,
  type Campaign,
  type Cell,
  type CellResult,
  type PreparedRun,
  type Shard,
} from "../../campaign/index.js";
import { besideEvents } from "../campaign-live.js";
import type { Session } from "../cli.js";
import { addFreezeOptions, freezeForMs, type FreezeWords } from "../freeze-options.js";
import { addRunOptions, knobsFrom, requestFrom, settingsFrom, type RunWords } from "../knob-options.js";
import { performSitting, type Sitting } from "../perform-campaign.js";
import { runAndTell } from "../perform-run.js";
import { createTerminal, type Terminal } from "../terminal.js";

interface CampaignWords extends RunWords, FreezeWords {
  readonly seeds?: string;
  readonly workloads?: string;
  readonly nemeses?: string;
  readonly mutants?: string;
  readonly parallel?: string;
  readonly budget?: string;
  readonly canary?: boolean;
  readonly resume?: string;
  readonly shard?: string;
  readonly events?: string;
  readonly dryRun?: boolean;
}

export function registerCampaign(program: Command, session: Session): void {
  const command = program
    .command("campaign")
    .description(
      "a campaign file, or a matrix of runs from words, with one summary; the default plan once without either",
    )
    .argument("[file]", "a campaign file: YAML, JSON, or a module with defineCampaign (docs/campaigns.md)")
    .option("--plan <file>", "a plan file that every run starts from")
    .option("--seeds <list>", 'seeds, e.g. "1..100" or "3,7"')
    .option("--workloads <list>", "workloads, joined by commas")
    .option("--nemeses <list>", "nemesis presets or kinds, joined by commas")
    .option("--mutants <list>", "planted bugs, joined by commas")
    .option("--parallel <n>", "runs at a time (default: auto, as many as cores, memory and the runs' own lag allow)")
    .option("--budget <duration>", "start nothing after so long, all sittings together (2h)")
    .option("--shard <i/n>", "make only the i-th of n parts of the runs; `minos merge` puts their summaries together")
    .option("--resume <folder>", "go on with an interrupted campaign: its folder, or latest")
    .option("--events <file>", "append what happens to this file, a JSON object a line; - is standard output")
    .option("--dry-run", "only tell which runs there would be");
  command.option("--canary", "let clients tell each of seven lies once, in runs of their own: all must be found");
  addFreezeOptions(addRunOptions(command, ["canary"])).action(
    async (file: string | undefined, words: CampaignWords) => {
      session.exitCode = await performWords(
        file,
        words,
        besideEvents(createTerminal(words.json === true), words.events),
      );
    },
  );
}

async function performWords(
  file: string | undefined,
  words: CampaignWords,
  terminal: Terminal,
): Promise<CellResult["exitCode"]> {
  if (words.budget !== undefined) parseDuration(words.budget, "--budget");
  if (words.resume !== undefined) return performSitting(await resume(words, words.resume), terminal);
  if (file !== undefined) {
    const asked = overridden(await readCampaign(file), words);
    if (words.dryRun === true) return tellRuns(asked.cells, terminal);
    return performSitting(await begin(words, asked), terminal);
  }
  const cells = matrixOf({
    workloads: list(words.workloads),
    nemeses: list(words.nemeses),
    mutants: list(words.mutants),
    seeds: words.seeds === undefined ? [] : parseSeeds(words.seeds),
  });
  if (words.parallel !== undefined) parallelFrom(words.parallel);
  if (words.dryRun === true) return tellRuns(cells, terminal);
  if (cells.length === 1 && words.canary !== true && wordsOfManyRuns.every((word) => words[word] === undefined))
    return oneRun(words, cells[0], terminal);
  const { canary, ...rest } = words;
  const prepared = await prepareRun(requestFrom(rest), settingsFrom(rest));
  return performSitting(
    await begin(rest, campaignOfWords({ ...rest, ...(canary === true ? { canary } : {}) }, cells, prepared)),
    terminal,
  );
}

/** Whoever says one of these wants what a campaign keeps and tells, also of a single run. */
const wordsOfManyRuns = ["seeds", "parallel", "budget", "shard", "events", "name"] as const;

/** Words beside a file choose among what it asks for, and add the canary. */
function overridden(asked: Campaign, words: CampaignWords): Campaign {
  for (const name of ["seeds", "workloads", "nemeses", "mutants", "plan"] as const)
    if (words[name] !== undefined)
      throw new UsageError(
        `--${name} does not go with a campaign file`,
        "write it into the file, or leave the file out",
      );
  const { on } = words;
  if (typeof on !== "string") return asked;
  // The same runs, wherever: those that differ in that alone become one.
  const cells = new Map(asked.cells.map((cell) => [JSON.stringify({ ...cell, on }), { ...cell, on }]));
  return campaign({ ...asked, cells: [...cells.values()] });
}

function tellRuns(cells: readonly Cell[], terminal: Terminal): CellResult["exitCode"] {
  for (const [at, cell] of cells.entries()) terminal.out(`${String(at + 1).padStart(4)} ${cellTitle(cell)}`);
  terminal.out(`${cells.length} runs`);
  terminal.document({ runs: cells });
  return exitCodes.valid;
}

const list = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split(",").filter(Boolean);

async function oneRun(
  words: CampaignWords,
  cell: Cell | undefined,
  terminal: Terminal,
): Promise<CellResult["exitCode"]> {
  const flags = {
    ...words,
    ...(cell?.workload == null ? {} : { workload: cell.workload }),
    ...(cell?.nemesis == null ? {} : { nemesis: cell.nemesis }),
    ...(cell?.mutant == null ? {} : { mutant: cell.mutant }),
  };
  const prepared = await prepareRun(requestFrom(flags), settingsFrom(words));
  const { plan } = prepared;
  terminal.err(
    `campaign "${plan.name}" on ${plan.on}: ${plan.nodes} nodes in groups of ${plan.replication}, ` +
      `${plan.time_limit_ms / 1000} s of ${plan.workload.name} under ${plan.nemesis.faults.length} faults, seed ${plan.seed}`,
  );
  return runAndTell({ ...prepared, freezeForMs: freezeForMs(words, plan) }, words.store, terminal);
}

/** The runs that the words ask for, with the file that they may start from as the one plan. */
function campaignOfWords(words: CampaignWords, cells: readonly Cell[], prepared: PreparedRun): Campaign {
  const plan = words.plan === undefined ? {} : readPlanFields(words.plan);
  return campaign({
    name: prepared.plan.name,
    plans: [plan],
    cells: cells.map((cell) => ({ ...cell, entry: 0 })),
    canary: words.canary === true,
    parallel: null,
    timeMs: null,
  });
}

/** Refuses what cannot run before the first of a hundred runs does: every combination but for its seeds. */
async function prepareAll(
  words: CampaignWords,
  { plans, cells }: Pick<Campaign, "plans" | "cells">,
): Promise<PreparedRun> {
  const prepare = ({ entry = 0, workload, nemesis, mutant, on }: Omit<Cell, "seed">): Promise<PreparedRun> => {
    const varied = { workload, nemesis, mutant, on: on ?? null };
    const given = Object.fromEntries(Object.entries(varied).filter(([, value]) => value !== null));
    const file = parsePlanFile(JSON.stringify(plans[entry] ?? {}), `plan ${entry}`);
    return prepareRun({ flags: knobsFrom({ ...words, ...given }), file }, settingsFrom(words));
  };
  const kinds = new Map(cells.map((cell) => [JSON.stringify({ ...cell, seed: null }), cell]));
  let first: PreparedRun | null = null;
  for (const kind of kinds.values()) {
    const prepared = await prepare(kind);
    freezeForMs(words, prepared.plan);
    first ??= prepared;
  }
  if (first === null) throw new UsageError("the campaign has no runs");
  return first;
}

async function begin(words: CampaignWords, asked: Campaign): Promise<Sitting> {
  const prepared = await prepareAll(words, asked);
  const shard = words.shard === undefined ? null : shardFrom(words.shard, asked.cells.length);
  const header = headerOf(asked, {
    parallel: words.parallel === undefined ? asked.parallel : parallelFrom(words.parallel),
    shard,
    flags: passedOn(words),
    words: textsOf(words),
    build: prepared.plan.build,
  });
  return sittingOf(words, CampaignRecord.create(words.store, header, new Date()), prepared);
}

async function resume(words: CampaignWords, word: string): Promise<Sitting> {
  const record = CampaignRecord.open(words.store, word);
  const { header } = record;
  const prepared = await prepareAll({ ...header.words, store: words.store }, header);
  if (prepared.plan.build !== header.build)
    throw new UsageError(
      `the campaign was begun with another build of ${prepared.plan.system}: its runs cannot be counted together`,
      "begin it anew",
    );
  return sittingOf(words, record, prepared);
}

function sittingOf(words: CampaignWords, record: CampaignRecord, prepared: PreparedRun): Sitting {
  const { header } = record;
  const fixed = words.parallel === undefined ? header.parallel : parallelFrom(words.parallel);
  const simulated = header.cells.every(({ on }) => (on ?? prepared.plan.on) === "simulation");
  return {
    record,
    prepared,
    parallel:
      fixed === null ? new AdaptiveParallel(simulated ? roomOfSimulation : roomOfCluster) : fixedParallel(fixed),
    eventsTo: words.events,
    timeMs: words.budget === undefined ? header.time_ms : parseDuration(words.budget, "--budget"),
  };
}

function shardFrom(text: string, cells: number): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || index > of) throw new UsageError(`--shard: "${text}" is no part`, 'write "1/4"');
  if (of > cells) throw new UsageError(`--shard: ${cells} runs cannot be shared by ${of}`);
  return { index, of };
}

/** Null: as many as there is room for. */
function parallelFrom(text: string): number | null {
  if (text === "auto") return null;
  const most = Math.max(8, cpus().length * 2);
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > most) {
    throw new UsageError(`--parallel: "${text}" is neither auto nor between 1 and ${most}`);
  }
  return Number(text);
}

const ownWords: ReadonlySet<string> = new Set(
  "seeds workloads nemeses mutants parallel budget shard resume events name json plan store".split(" "),
);

/** What was said that a run is to hear, too. */
function textsOf(words: CampaignWords): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([name, value]) =>
      ownWords.has(name) || typeof value !== "string" ? [] : [[name, value] as const],
    ),
  );
}

/** The flags of this command that `minos run` understands too. */
function passedOn(words: CampaignWords): readonly string[] {
  knobsFrom(words);
  return Object.entries(textsOf(words)).flatMap(([name, value]) => [
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    value,
  ]);
}

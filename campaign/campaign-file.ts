// Campaign files: what a campaign consists of, as YAML, JSON or a module that says `export default defineCampaign({…})`. One or several
// matrices of workloads × nemeses × clusters × mutants × seeds, each with the fields of a plan that its runs start from.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import { parseDuration } from "./duration.js";
import { UsageError } from "./exit-code.js";
import { knobByName, parseKnob, type KnobName } from "./knobs.js";
import { matrixOf, parseSeeds, type Cell } from "./matrix.js";
import { parsePlanFile } from "./plan-file.js";
import { parseNemesis } from "./resolve-plan.js";
import { isPath } from "./systems.js";
import { workloads } from "../workloads/index.js";

/** A plan's fields as a plan file has them; see docs/plans.md. */
export type PlanFields = Readonly<Record<string, unknown>>;

/** Every combination is a run; what is left out takes the plan's own. */
export interface MatrixFile {
  readonly workloads?: readonly string[];
  readonly nemeses?: readonly string[];
  readonly clusters?: readonly string[];
  readonly mutants?: readonly string[];
  /** `"1..20"`, a list, or one seed. */
  readonly seeds?: string | number | readonly number[];
  /** For the runs of this matrix; wins over the campaign's. */
  readonly plan?: PlanFields;
}

/** What a campaign file holds. */
export interface CampaignFile {
  /** Of the campaign's folder: lower-case letters, digits and -. */
  readonly name?: string;
  readonly plan?: PlanFields;
  readonly matrix: MatrixFile | readonly MatrixFile[];
  /** Combinations that are not run: those that agree in all that is given. */
  readonly exclude?: readonly Partial<Record<CellField, string | number>>[];
  /** Let clients lie, too; see docs/teeth.md. */
  readonly canary?: boolean;
  readonly parallel?: number;
  readonly budget?: {
    /** Of what the file asks for, at most so many runs: the first. */
    readonly runs?: number;
    /** Nothing is started after so long. */
    readonly time?: string;
  };
}

type CellField = "workload" | "nemesis" | "on" | "mutant" | "seed";
const cellFields: readonly CellField[] = ["workload", "nemesis", "on", "mutant", "seed"];

/** A campaign with its runs told one by one. */
export interface Campaign {
  readonly name: string;
  /** By `Cell.entry`. */
  readonly plans: readonly PlanFields[];
  readonly cells: readonly Cell[];
  readonly canary: boolean;
  readonly parallel: number | null;
  readonly timeMs: number | null;
  /** Equal for equal runs. */
  readonly hash: string;
}

/** Types a campaign for an editor; gives back what it gets. */
export function defineCampaign(file: CampaignFile): CampaignFile {
  return file;
}

const known: Readonly<Record<string, readonly string[]>> = {
  campaign: ["name", "plan", "matrix", "exclude", "canary", "parallel", "budget"],
  matrix: ["workloads", "nemeses", "clusters", "mutants", "seeds", "plan"],
  budget: ["runs", "time"],
};

/** Throws UsageError with the file, and for a text that is not YAML the line and column. */
export function readCampaignFile(path: string): Campaign {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`the campaign ${path} cannot be read: ${messageOf(error)}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [wrong] = document.errors;
  if (wrong !== undefined) throw new UsageError(`${path} is neither YAML nor JSON: ${wrong.message}`);
  const lineOf = (field: string): string => {
    const range = (document.getIn(field.split("."), true) as { range?: readonly number[] } | undefined)?.range;
    return range?.[0] === undefined ? path : `${path}:${lines.linePos(range[0]).line}`;
  };
  return campaignOf(document.toJS(), lineOf);
}

/** `place` names where a field (`matrix.0.seeds`) stands, for errors. */
export function campaignOf(value: unknown, place: (field: string) => string = () => "campaign"): Campaign {
  const fields = fieldsOf(value, known["campaign"] ?? [], "", place);
  if (fields["matrix"] === undefined)
    throw new UsageError(`${place("")}: no matrix: it says which runs there are`, "see docs/campaigns.md");
  const name = fields["name"] ?? "campaign";
  if (typeof name !== "string" || !/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new UsageError(`${place("name")}: name: expected lower-case letters, digits and -, got ${show(name)}`);
  const shared = planOf(fields["plan"], "plan", place);
  const list = Array.isArray(fields["matrix"]) ? fields["matrix"] : [fields["matrix"]];
  const plans: PlanFields[] = [];
  const cells = list.flatMap((given: unknown, entry): readonly Cell[] => {
    const where = Array.isArray(fields["matrix"]) ? `matrix.${entry}` : "matrix";
    const matrix = fieldsOf(given, known["matrix"] ?? [], where, place);
    plans.push({ ...shared, ...planOf(matrix["plan"], `${where}.plan`, place) });
    // A system of one's own may bring workloads, which are known when it is loaded.
    const system = plans.at(-1)?.["system"];
    const brings = typeof system === "string" && isPath(system);
    const words = (field: string, knob: KnobName): readonly string[] =>
      wordsOf(matrix[field], knob, `${where}.${field}`, place, knob === "workload" && brings);
    const request = {
      workloads: words("workloads", "workload"),
      nemeses: words("nemeses", "nemesis"),
      mutants: words("mutants", "mutant"),
      seeds: seedsOf(matrix["seeds"], `${where}.seeds`, place),
    };
    const clusters = words("clusters", "on");
    return (clusters.length === 0 ? [null] : clusters).flatMap((on) =>
      matrixOf(request).map((cell) => ({ ...cell, ...(on === null ? {} : { on }), entry })),
    );
  });
  const budget = fieldsOf(fields["budget"] ?? {}, known["budget"] ?? [], "budget", place);
  const kept = withoutExcluded(cells, fields["exclude"], place);
  const most = wholeOf(budget["runs"], "budget.runs", place) ?? kept.length;
  return campaign({
    name,
    plans,
    cells: kept.slice(0, most),
    canary: booleanOf(fields["canary"], "canary", place),
    parallel: wholeOf(fields["parallel"], "parallel", place),
    timeMs: durationOf(budget["time"], "budget.time", place),
  });
}

/** Adds the hash. Throws UsageError when nothing is to be run. */
export function campaign(what: Omit<Campaign, "hash">): Campaign {
  if (what.cells.length === 0) throw new UsageError(`the campaign ${what.name} has no runs`);
  const hash = createHash("sha256")
    .update(JSON.stringify([what.name, what.plans, what.cells, what.canary]))
    .digest("hex");
  return { ...what, hash };
}

type Place = (field: string) => string;

function fieldsOf(value: unknown, names: readonly string[], field: string, place: Place): Record<string, unknown> {
  const what = field === "" ? "" : `${field}: `;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UsageError(`${place(field)}: ${what}expected fields, got ${show(value)}`);
  for (const name of Object.keys(value))
    if (!names.includes(name)) {
      const inner = field === "" ? name : `${field}.${name}`;
      throw new UsageError(`${place(inner)}: ${inner}: no such field; there are ${names.join(", ")}`);
    }
  return value as Record<string, unknown>;
}

/** Its fields are looked at as those of any plan file. */
function planOf(value: unknown, field: string, place: Place): PlanFields {
  if (value === undefined) return {};
  parsePlanFile(JSON.stringify(value), `${place(field)}: ${field}`);
  return value as PlanFields;
}

/** Words that the knob takes. */
function wordsOf(value: unknown, name: KnobName, field: string, place: Place, unchecked = false): readonly string[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const knob = knobByName(name);
  return list.map((word) => {
    if (typeof word !== "string" || knob === undefined)
      throw new UsageError(`${place(field)}: ${field}: expected words, got ${show(word)}`);
    if (name === "workload" && !unchecked && !workloads.has(word))
      throw new UsageError(
        `${place(field)}: ${field}: no workload is called "${word}"`,
        `there are ${[...workloads.keys()].join(", ")}`,
      );
    parseKnob(knob, word, `${place(field)}: ${field}`);
    if (name === "nemesis") placed(() => parseNemesis(word), field, place);
    return word;
  });
}

function seedsOf(value: unknown, field: string, place: Place): readonly number[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return placed(() => list.flatMap((seeds) => parseSeeds(String(seeds))), field, place);
}

/** What is wrong with a word is told with its place. */
function placed<T>(parse: () => T, field: string, place: Place): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${place(field)}: ${field}: ${error.message}`, error.hint);
  }
}

function wholeOf(value: unknown, field: string, place: Place): number | null {
  if (value === undefined) return null;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${place(field)}: ${field}: expected a whole number from 1, got ${show(value)}`);
  return value;
}

function durationOf(value: unknown, field: string, place: Place): number | null {
  if (value === undefined) return null;
  if (typeof value !== "string")
    throw new UsageError(`${place(field)}: ${field}: expected a duration such as "2h", got ${show(value)}`);
  return parseDuration(value, `${place(field)}: ${field}`);
}

function booleanOf(value: unknown, field: string, place: Place): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean")
    throw new UsageError(`${place(field)}: ${field}: expected true or false, got ${show(value)}`);
  return value;
}

/** Without those that agree with one of the combinations given. One that agrees with none is a word that somebody got wrong. */
function withoutExcluded(cells: readonly Cell[], given: unknown, place: Place): readonly Cell[] {
  if (given === undefined) return cells;
  if (!Array.isArray(given)) throw new UsageError(`${place("exclude")}: exclude: expected a list of combinations`);
  const excluded = new Set<Cell>();
  for (const [at, one] of (given as readonly unknown[]).entries()) {
    const fields = Object.entries(fieldsOf(one, cellFields, `exclude.${at}`, place));
    const agreeing = cells.filter((cell) => fields.every(([name, value]) => cell[name as CellField] === value));
    if (fields.length === 0 || agreeing.length === 0)
      throw new UsageError(`${place("exclude")}: exclude.${at}: no run of the matrix is ${show(one)}`);
    for (const cell of agreeing) excluded.add(cell);
  }
  return cells.filter((cell) => !excluded.has(cell));
}

const show = (value: unknown): string => JSON.stringify(value) ?? String(value);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

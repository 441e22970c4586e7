// Plan files: YAML or JSON, any subset of a plan's fields. A stored plan.json is one too, so that every run can be repeated from
// its own directory. Unknown fields are errors: a misspelt knob that silently takes its default judges the wrong run.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { furtherFloorNames } from "../checker/index.js";
import { parseFaults } from "../nemesis/index.js";
import { UsageError } from "./exit-code.js";
import { knobByName, parseKnob, type KnobName, type KnobValues } from "./knobs.js";
import type { Floors, Plan } from "./plan.js";
import type { PlanFile } from "./resolve-plan.js";

type Fields = Readonly<Record<string, unknown>>;

/** What `floors` of a plan file may name. */
export const floorNames = [
  "completed_operations",
  "confirmed_faults",
  "operations_per_node",
  "max_info_share",
  "max_runner_lag_ms",
  "exposing_read_share",
  "exposing_reads_near_faults",
  ...furtherFloorNames,
] as const satisfies readonly (keyof Floors)[];

/** Fields of a stored plan that say what was, and decide nothing when it is run again. */
const told = new Set(["version", "build", "floors_not_asked"]);

export function readPlanFile(path: string): PlanFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`the plan ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parsePlanFile(text, path);
}

/** The fields as they stand there, when they make a plan. */
export function readPlanFields(path: string): Fields {
  readPlanFile(path);
  return asFields(parse(readFileSync(path, "utf8")), path);
}

/** Throws UsageError naming the file and the field. */
export function parsePlanFile(text: string, path: string): PlanFile {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UsageError(`${path} is neither YAML nor JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const fields = asFields(value, path);
  const knobs: KnobValues = {};
  let faults: PlanFile["faults"] = null;
  let floors: Partial<Floors> = {};
  let workloadOptions: Plan["workload"]["options"] = {};
  for (const [name, given] of Object.entries(fields)) {
    const what = `${path}: ${name}`;
    if (told.has(name)) continue;
    if (name === "faults") faults = faultsFrom(given, what);
    else if (name === "floors") floors = floorsFrom(given, what);
    else if (name === "checker") readChecker(given, what, knobs);
    else if (name === "workload" && typeof given === "object") {
      const workload = asFields(given, what);
      setKnob(knobs, "workload", workload.name, what);
      workloadOptions = asFields(workload.options ?? {}, `${what}.options`) as typeof workloadOptions;
    } else if (name === "nemesis" && typeof given === "object") {
      const nemesis = asFields(given, what);
      if (nemesis.name !== undefined) setKnob(knobs, "nemesis", nemesis.name, what);
      if (nemesis.faults !== undefined) faults = faultsFrom(nemesis.faults, what);
    } else setKnob(knobs, name, given, what);
  }
  return { knobs, faults, floors, workloadOptions };
}

function asFields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${what}: expected fields, got ${JSON.stringify(value)}`);
  }
  return value as Fields;
}

function setKnob(values: KnobValues, name: string, given: unknown, what: string): void {
  const knob = knobByName(name);
  if (knob === undefined) throw new UsageError(`${what}: no plan has this field`, "see docs/plans.md");
  // A stored plan writes null where nothing was chosen.
  if (given === null) return;
  values[knob.name as KnobName] = parseKnob(knob, given, what);
}

function faultsFrom(given: unknown, what: string): PlanFile["faults"] {
  try {
    return parseFaults(given as Parameters<typeof parseFaults>[0]);
  } catch (error) {
    throw new UsageError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function floorsFrom(given: unknown, what: string): Partial<Floors> {
  const fields = asFields(given, what);
  for (const [name, value] of Object.entries(fields)) {
    if (!floorNames.some((known) => known === name)) throw new UsageError(`${what}.${name}: no such floor`);
    if (typeof value !== "number" || !(value >= 0)) throw new UsageError(`${what}.${name}: expected a number`);
  }
  return fields;
}

function readChecker(given: unknown, what: string, knobs: KnobValues): void {
  for (const [name, value] of Object.entries(asFields(given, what))) setKnob(knobs, `checker_${name}`, value, what);
}

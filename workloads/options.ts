// A workload's own options: what each may be, its default and its meaning, in one table from which checks and docs come.
import type { JsonValue } from "../history/index.js";
import type { WorkloadOptions } from "./workload.js";

export interface OwnOption {
  readonly name: string;
  readonly default: JsonValue;
  readonly meaning: string;
  /** What is wrong with a value, as the end of a sentence that names it; null: nothing. */
  problem(value: JsonValue): string | null;
}

/** A number between 0 and 1. */
export function share<Name extends string>(
  name: Name,
  byDefault: number,
  meaning: string,
): OwnOption & { readonly name: Name } {
  const problem = (value: JsonValue): string | null =>
    typeof value === "number" && value >= 0 && value <= 1 ? null : "is no share between 0 and 1";
  return { name, default: byDefault, meaning, problem };
}

export function wholeNumber<Name extends string>(
  name: Name,
  byDefault: number,
  [least, most]: readonly [least: number, most: number],
  meaning: string,
): OwnOption & { readonly name: Name } {
  const problem = (value: JsonValue): string | null =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? null
      : `is no whole number from ${least} to ${most}`;
  return { name, default: byDefault, meaning, problem };
}

export function oneOf<Name extends string>(
  name: Name,
  choices: readonly string[],
  meaning: string,
): OwnOption & { readonly name: Name } {
  const problem = (value: JsonValue): string | null =>
    choices.some((choice) => choice === value) ? null : `is none of ${choices.join(", ")}`;
  return { name, default: choices[0] ?? "", meaning, problem };
}

/** The value given, or the default. Throws for an option that the table does not have: that is a slip of the workload. */
export function valueOf(table: readonly OwnOption[], own: WorkloadOptions["own"], name: string): JsonValue {
  const option = table.find((one) => one.name === name);
  if (option === undefined) throw new Error(`no own option is called ${name}`);
  return own[name] ?? option.default;
}

export function numberOf(table: readonly OwnOption[], own: WorkloadOptions["own"], name: string): number {
  return Number(valueOf(table, own, name));
}

/** What is wrong with the options that every generated load has in common, a sentence each. */
export function commonProblems(
  workload: string,
  table: readonly OwnOption[],
  options: WorkloadOptions,
): readonly string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(options.own)) {
    const option = table.find((one) => one.name === name);
    if (option === undefined) {
      const known = table.map((one) => one.name).join(", ");
      problems.push(`workload ${workload} has no option "${name}"; it has ${known}`);
      continue;
    }
    const wrong = option.problem(value);
    if (wrong !== null) problems.push(`workload option ${name}: ${JSON.stringify(value)} ${wrong}`);
  }
  if (options.keys < 1) problems.push(`the ${workload} workload needs at least one key`);
  if (options.concurrency < options.nodes.length)
    problems.push(
      `concurrency ${options.concurrency} is less than the ${options.nodes.length} nodes: some would never be asked`,
    );
  return problems;
}

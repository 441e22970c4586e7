// Reading one JSON object field by field: what is missing, wrong or unknown is refused with its place.
import type { JsonValue } from "../history/index.js";

/** Reads the fields of one object, remembers which were read, and refuses the rest. */
export class Fields {
  readonly #seen = new Set<string>();
  readonly #values: { readonly [name: string]: JsonValue };

  constructor(
    value: JsonValue | undefined,
    readonly where: string,
  ) {
    if (value === null || typeof value !== "object" || Array.isArray(value))
      throw new Error(`${where}: expected an object`);
    this.#values = value as { readonly [name: string]: JsonValue };
  }

  get(name: string): JsonValue | undefined {
    this.#seen.add(name);
    return this.#values[name];
  }

  number(name: string, minimum: number, whole = false): number {
    const value = this.get(name);
    if (typeof value !== "number" || !Number.isFinite(value) || value < minimum || (whole && !Number.isInteger(value)))
      throw new Error(
        `${this.where}.${name}: expected a ${whole ? "whole number" : "number"} of at least ${minimum}, got ${JSON.stringify(value)}`,
      );
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.get(name);
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined)
      throw new Error(`${this.where}.${name}: expected one of ${choices.join(", ")}, got ${JSON.stringify(value)}`);
    return choice;
  }

  name(name: string): string {
    const value = this.get(name);
    if (typeof value !== "string" || value === "") throw new Error(`${this.where}.${name}: expected a name`);
    return value;
  }

  /** A list of names, or of what else is written as a text, at least one. */
  names(name: string, what = "names"): readonly string[] {
    const value = this.get(name);
    if (!Array.isArray(value) || value.length === 0 || value.some((one) => typeof one !== "string"))
      throw new Error(`${this.where}.${name}: expected a list of ${what}`);
    return value as readonly string[];
  }

  group(): number | "random" {
    return this.get("group") === "random" ? "random" : this.number("group", 0, true);
  }

  end(): void {
    const unknown = Object.keys(this.#values).filter((name) => !this.#seen.has(name));
    if (unknown.length > 0) throw new Error(`${this.where}: unknown field ${unknown.join(", ")}`);
  }
}

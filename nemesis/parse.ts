// Faults from outside (plan files, a workload's own schedule) are checked before anybody believes them.
import type { JsonValue } from "../history/index.js";
import { groupTargets, type Fault, type FaultKind, type PartitionShape, type Target } from "./fault.js";
import { faultKinds } from "./kinds.js";
import { customLinks, shapeEntries } from "./shapes.js";

/** No schedule is longer. */
const maxFaults = 10_000;

/** Reads the fields of one object, remembers which were read, and refuses the rest. */
class Fields {
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

  group(): number | "random" {
    return this.get("group") === "random" ? "random" : this.number("group", 0, true);
  }

  end(): void {
    const unknown = Object.keys(this.#values).filter((name) => !this.#seen.has(name));
    if (unknown.length > 0) throw new Error(`${this.where}: unknown field ${unknown.join(", ")}`);
  }
}

function parseTarget(value: JsonValue | undefined, where: string): Target {
  const fields = new Fields(value, where);
  const by = fields.oneOf("by", ["name", "random", ...groupTargets, "all"]);
  const target = ((): Target => {
    switch (by) {
      case "name": {
        const nodes = fields.get("nodes");
        if (!Array.isArray(nodes) || nodes.length === 0 || nodes.some((node) => typeof node !== "string"))
          throw new Error(`${where}.nodes: expected a list of names`);
        return { by, nodes: nodes as readonly string[] };
      }
      case "random":
        return { by, count: fields.number("count", 1, true) };
      case "all":
        return { by };
      case "leader":
      case "follower":
      case "followers":
      case "ring-neighbours":
      case "minority":
      case "majority":
        return { by, group: fields.group() };
    }
  })();
  fields.end();
  return target;
}

function parseLinks(fields: Fields): readonly string[] {
  const links = fields.get("links");
  if (!Array.isArray(links) || links.length === 0 || links.some((link) => typeof link !== "string"))
    throw new Error(`${fields.where}.links: expected a list of directed links as in ["n1>n2"]`);
  try {
    customLinks(links as readonly string[]);
  } catch (error) {
    throw new Error(`${fields.where}.links: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return links as readonly string[];
}

function parseFault(value: JsonValue, where: string): Fault {
  const fields = new Fields(value, where);
  const kind = fields.oneOf("kind", Object.keys(faultKinds) as FaultKind[]);
  const glitch = fields.get("glitch");
  if (glitch !== undefined && typeof glitch !== "boolean") throw new Error(`${where}.glitch: expected true or false`);
  const timed = {
    at_ms: fields.number("at_ms", 0),
    for_ms: fields.number("for_ms", 1),
    ...(glitch === undefined ? {} : { glitch }),
  };
  const fault = ((): Fault => {
    switch (kind) {
      case "kill":
      case "terminate":
      case "pause":
        return { kind, ...timed, target: parseTarget(fields.get("target"), `${where}.target`) };
      case "partition": {
        const shape = fields.oneOf<PartitionShape | "custom">("shape", [
          ...shapeEntries.map((entry) => entry.shape),
          "custom",
        ]);
        const mode = fields.oneOf("mode", ["reset", "drop", "stall"]);
        if (shape === "custom") return { kind, ...timed, shape, mode, links: parseLinks(fields) };
        return { kind, ...timed, shape, mode, group: fields.group(), scope: fields.oneOf("scope", ["group", "all"]) };
      }
      case "latency":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          latency_ms: fields.number("latency_ms", 1, true),
          jitter_ms: fields.number("jitter_ms", 0, true),
        };
    }
  })();
  fields.end();
  return fault;
}

/** Reads a list of faults from JSON. Throws an Error that names the first fault and field that is wrong. */
export function parseFaults(value: JsonValue): readonly Fault[] {
  if (!Array.isArray(value)) throw new Error("faults: expected a list");
  if (value.length > maxFaults) throw new Error(`faults: at most ${maxFaults}, got ${value.length}`);
  return value.map((fault: JsonValue, index) => parseFault(fault, `faults[${index}]`));
}

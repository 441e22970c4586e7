// Every knob of a run in one typed table: flags, plan-file fields, defaults, limits, `--help` and the docs come from it.
import { parseDuration } from "./duration.js";
import { UsageError } from "./exit-code.js";
import { lieNames } from "./lies.js";

export type KnobValue = number | string | null;

interface KnobCommon {
  /** Field in a plan file and key of `KnobValues`. */
  readonly name: string;
  /** On the command line, without dashes. */
  readonly flag: string;
  readonly help: string;
}

export type Knob = KnobCommon &
  (
    | {
        readonly kind: "integer";
        readonly minimum: number;
        readonly maximum: number;
        readonly default: number | null;
        /** Also as so many a node: `3n`. */
        readonly perNode?: boolean;
      }
    | { readonly kind: "number"; readonly minimum: number; readonly maximum: number; readonly default: number | null }
    | { readonly kind: "duration"; readonly minimumMs: number; readonly maximumMs: number; readonly default: number }
    | { readonly kind: "choice"; readonly choices: readonly string[]; readonly default: string }
    | { readonly kind: "text"; readonly pattern: RegExp; readonly expects: string; readonly default: string | null }
  );

const hour = 3_600_000;
const name = /^[a-z][a-z0-9-]{0,63}$/;

/** `default: null` means: worked out from the other knobs, see resolvePlan. */
export const knobs = [
  {
    name: "name",
    flag: "name",
    kind: "text",
    pattern: name,
    expects: "lower-case letters, digits and -",
    default: null,
    help: "name of the run's folder in the store (default: the workload's name)",
  },
  {
    name: "on",
    flag: "on",
    kind: "choice",
    choices: ["auto", "local", "docker", "simulation"],
    default: "auto",
    help: "where the system runs: OS processes on loopback, containers, or one process in virtual time (auto: local)",
  },
  {
    name: "system",
    flag: "system",
    kind: "text",
    pattern: /^[^\0]{1,4096}$/,
    expects: "a registered system's name or a module's path",
    default: "store",
    help: "the system under test: store, or the path of a module that exports one, TypeScript too (docs/own-system.md)",
  },
  {
    name: "workload",
    flag: "workload",
    kind: "text",
    pattern: name,
    expects: "a workload's name",
    default: "register",
    help: "what the clients do",
  },
  {
    name: "nemesis",
    flag: "nemesis",
    kind: "text",
    pattern: /^[a-z][a-z0-9,-]{0,127}$/,
    expects: "a preset or kinds of faults joined by commas",
    default: "standard",
    help: 'what goes wrong: a preset ("standard", "none") or kinds joined by commas ("kill,partition")',
  },
  { name: "nodes", flag: "nodes", kind: "integer", minimum: 1, maximum: 30, default: 6, help: "number of nodes" },
  {
    name: "replication",
    flag: "replication",
    kind: "integer",
    minimum: 1,
    maximum: 9,
    default: 3,
    help: "nodes in one replication group",
  },
  {
    name: "time_limit_ms",
    flag: "time-limit",
    kind: "duration",
    minimumMs: 1000,
    maximumMs: 24 * hour,
    default: 30_000,
    help: "how long clients load the system, before the final heal and the final reads",
  },
  {
    name: "rate_per_s",
    flag: "rate",
    kind: "number",
    minimum: 0.1,
    maximum: 100_000,
    default: 200,
    help: "mean arrivals a second over all clients (open loop)",
  },
  {
    name: "concurrency",
    flag: "concurrency",
    kind: "integer",
    minimum: 1,
    maximum: 1000,
    default: null,
    perNode: true,
    help: "client threads, each pinned to a node; at least the number of nodes; `2n` is two a node (default: `3n`)",
  },
  {
    name: "keys",
    flag: "keys",
    kind: "integer",
    minimum: 1,
    maximum: 10_000,
    default: 8,
    help: "number of keys",
  },
  {
    name: "operation_timeout_ms",
    flag: "operation-timeout",
    kind: "duration",
    minimumMs: 50,
    maximumMs: 60_000,
    default: 500,
    help: "after this a client gives up and nobody knows what became of its operation",
  },
  {
    name: "recovery_bound_ms",
    flag: "recovery-bound",
    kind: "duration",
    minimumMs: 500,
    maximumMs: 10 * 60_000,
    default: 10_000,
    help: "after the final heal every group must serve within this time",
  },
  {
    name: "seed",
    flag: "seed",
    kind: "integer",
    minimum: 0,
    maximum: 2 ** 32 - 1,
    default: null,
    help: "decides the workload and the schedule of faults (default: drawn, and printed)",
  },
  {
    name: "mutant",
    flag: "mutant",
    kind: "text",
    pattern: /^(?:M\d\d(?:\+M\d\d)?|C\d|[^\0]{1,4096}\.json)$/,
    expects: "as in docs/mutants.md, e.g. M14, M30+M31 or C1, or a file with a patch",
    default: null,
    help: "plant this bug in the system (see docs/mutants.md; also the path of a patch of your own)",
  },
  {
    name: "canary",
    flag: "canary",
    kind: "text",
    pattern: new RegExp(`^(?:${lieNames.join("|")})$`),
    expects: lieNames.join(", "),
    default: null,
    help: "let the clients tell this lie, to see that it is found (docs/teeth.md)",
  },
  {
    name: "checker_time_ms",
    flag: "checker-time",
    kind: "duration",
    minimumMs: 100,
    maximumMs: hour,
    default: 60_000,
    help: "time budget of the checker; beyond it the verdict is unknown",
  },
  {
    name: "checker_memory_mb",
    flag: "checker-memory",
    kind: "integer",
    minimum: 16,
    maximum: 1_000_000,
    default: 2048,
    help: "memory budget of the checker, in MB",
  },
] as const satisfies readonly Knob[];

export type KnobName = (typeof knobs)[number]["name"];
/** Values that somebody gave; what is missing takes its default. */
export type KnobValues = Partial<Record<KnobName, KnobValue>>;

export function knobByName(wanted: string): Knob | undefined {
  return knobs.find((knob) => knob.name === wanted);
}

/** The number that `3n` stands for; a number stands for itself. Throws UsageError when it is outside the knob's limits. */
export function ofNodes(wanted: KnobName, value: KnobValue, nodes: number): KnobValue {
  const knob = knobByName(wanted);
  if (typeof value !== "string" || knob?.kind !== "integer") return value;
  return within(Number.parseInt(value, 10) * nodes, knob.minimum, knob.maximum, `--${knob.flag} ${value}`);
}

function within(value: number, minimum: number, maximum: number, what: string, unit = ""): number {
  if (value < minimum || value > maximum) {
    throw new UsageError(`${what}: ${value}${unit} is outside ${minimum}${unit} … ${maximum}${unit}`);
  }
  return value;
}

function parseNumber(text: string, what: string, whole: boolean): number {
  const pattern = whole ? /^\d+$/ : /^\d+(\.\d+)?$/;
  if (!pattern.test(text)) throw new UsageError(`${what}: "${text}" is no ${whole ? "whole number" : "number"}`);
  return Number(text);
}

/** Reads one knob's value from text (a flag) or from a plan file's field. Throws UsageError naming `what`. */
export function parseKnob(knob: Knob, given: unknown, what: string): KnobValue {
  const text = typeof given === "number" ? String(given) : given;
  if (typeof text !== "string") throw new UsageError(`${what}: expected a ${knob.kind}, got ${JSON.stringify(given)}`);
  switch (knob.kind) {
    case "integer":
      if (knob.perNode === true && /^[1-9]\d{0,3}n$/.test(text)) return text;
      return within(parseNumber(text, what, true), knob.minimum, knob.maximum, what);
    case "number":
      return within(parseNumber(text, what, false), knob.minimum, knob.maximum, what);
    case "duration": {
      // A plan file's field carries its unit in its name, so a bare number is milliseconds there.
      const milliseconds = typeof given === "number" ? given : parseDuration(text, what);
      return within(milliseconds, knob.minimumMs, knob.maximumMs, what, " ms");
    }
    case "choice":
      if (!knob.choices.includes(text)) {
        throw new UsageError(`${what}: "${text}" is none of ${knob.choices.join(", ")}`);
      }
      return text;
    case "text":
      if (!knob.pattern.test(text)) throw new UsageError(`${what}: "${text}" is not valid; expected ${knob.expects}`);
      return text;
  }
}

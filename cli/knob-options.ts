// Command-line options made from the table of knobs, and the knobs' values read back from them.
import type { Command } from "commander";
import {
  knobs,
  parseKnob,
  readPlanFile,
  type Knob,
  type KnobName,
  type KnobValues,
  type PlanRequest,
} from "../campaign/index.js";
import type { ClusterSettings } from "../campaign/index.js";

const placeholder: Readonly<Record<Knob["kind"], string>> = {
  integer: "<n>",
  number: "<n>",
  duration: "<duration>",
  choice: "<choice>",
  text: "<text>",
};

function describe(knob: Knob): string {
  const choices = knob.kind === "choice" ? ` [${knob.choices.join(", ")}]` : "";
  if (knob.default === null) return `${knob.help}${choices}`;
  const shown = knob.kind === "duration" ? `${knob.default / 1000}s` : String(knob.default);
  return `${knob.help}${choices} (default: ${shown})`;
}

export interface RunWords {
  readonly plan?: string;
  readonly json?: boolean;
  readonly store: string;
  readonly toxiproxy?: string;
  readonly baseImage?: string;
  readonly [flag: string]: unknown;
}

/** Adds every knob but those named, and the options that say where and how rather than what. */
export function addRunOptions(command: Command, except: readonly KnobName[] = []): Command {
  for (const knob of knobs) {
    if (except.includes(knob.name)) continue;
    command.option(`--${knob.flag} ${placeholder[knob.kind]}`, describe(knob));
  }
  return command
    .option("--store <folder>", "where runs are kept", "store")
    .option(
      "--toxiproxy <path>",
      "use this toxiproxy-server (PATH: the one found there): on local instead of the built-in proxy, on docker for the image",
    )
    .option("--base-image <image>", "docker: base image of the nodes (default: made from this machine's Node.js)")
    .option("--json", "print one JSON document on standard output");
}

const camel = (flag: string): string => flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Throws UsageError naming the flag. */
export function knobsFrom(words: Readonly<Record<string, unknown>>): KnobValues {
  const values: KnobValues = {};
  for (const knob of knobs) {
    const given = words[camel(knob.flag)];
    if (given !== undefined) values[knob.name] = parseKnob(knob, given, `--${knob.flag}`);
  }
  return values;
}

export function requestFrom(words: RunWords): PlanRequest {
  return { flags: knobsFrom(words), file: words.plan === undefined ? null : readPlanFile(words.plan) };
}

export function settingsFrom(words: RunWords): ClusterSettings {
  return { toxiproxy: words.toxiproxy ?? null, baseImage: words.baseImage ?? null };
}

// Faults made of faults: what flaps, crashes again and again, or goes round the nodes. A composition is shorthand of a plan file and is
// expanded into single faults when the file is read, each with its own four times and evidence.
import type { JsonValue } from "../history/index.js";
import { Fields } from "./fields.js";

export interface CompositionEntry {
  readonly composition: string;
  readonly description: string;
  /** An example as a plan file holds it. */
  readonly example: { readonly [name: string]: JsonValue };
  /** Single faults, not yet checked. `series` is a name that no other composition of the schedule has. */
  readonly expand: (fields: Fields, series: string) => readonly JsonValue[];
}

/** No composition makes more faults than this. */
const maxTimes = 1_000;

function times(fields: Fields): number {
  const count = fields.number("times", 1, true);
  if (count > maxTimes) throw new Error(`${fields.where}.times: at most ${maxTimes}, got ${count}`);
  return count;
}

/** `count` moments, each `onMs` long and `offMs` after the end of the one before. */
export const moments = (
  atMs: number,
  onMs: number,
  offMs: number,
  count: number,
): readonly { at_ms: number; for_ms: number }[] =>
  Array.from({ length: count }, (_, index) => ({ at_ms: atMs + index * (onMs + offMs), for_ms: onMs }));

function repeated(
  fields: Fields,
  fault: { readonly [name: string]: JsonValue },
  series: string | null,
): readonly JsonValue[] {
  const at = moments(fields.number("at_ms", 0), fields.number("on_ms", 1), fields.number("off_ms", 1), times(fields));
  return at.map((timed) => ({ ...fault, ...timed, glitch: true, ...(series === null ? {} : { series }) }));
}

function innerFault(fields: Fields): { readonly [name: string]: JsonValue } {
  const fault = fields.get("fault");
  if (fault === null || typeof fault !== "object" || Array.isArray(fault))
    throw new Error(`${fields.where}.fault: expected a fault without at_ms and for_ms`);
  return fault as { readonly [name: string]: JsonValue };
}

export interface Swizzle {
  readonly mode: "reset" | "drop" | "stall";
  readonly among: readonly string[];
  /** In the order in which they are cut off; some of `among`. */
  readonly nodes: readonly string[];
  /** The same, in the order in which they come back. */
  readonly release: readonly string[];
  readonly atMs: number;
  readonly stepMs: number;
  readonly holdMs: number;
}

/**
 * Nodes are cut off one after the other and come back in another order, as FoundationDB's swizzle-clogging does. A link between two of
 * them belongs to the first of the two, for a cut link cannot be cut again.
 */
export function swizzled({ mode, among, nodes, release, atMs, stepMs, holdMs }: Swizzle) {
  return nodes.flatMap((node, index) => {
    const before = nodes.slice(0, index);
    const others = among.filter((other) => other !== node && !before.includes(other));
    if (others.length === 0) return [];
    const startMs = atMs + index * stepMs;
    const endMs = atMs + nodes.length * stepMs + holdMs + release.indexOf(node) * stepMs;
    const links = others.flatMap((other) => [`${node}>${other}`, `${other}>${node}`]);
    const what = { kind: "partition", shape: "custom", mode, links } as const;
    return [{ ...what, at_ms: startMs, for_ms: endMs - startMs, glitch: true }];
  });
}

function swizzle(fields: Fields): readonly JsonValue[] {
  const mode = fields.oneOf("mode", ["reset", "drop", "stall"]);
  const all = fields.names("among");
  const clogged = fields.names("nodes");
  const release = fields.names("release");
  const atMs = fields.number("at_ms", 0);
  const stepMs = fields.number("step_ms", 1);
  const holdMs = fields.number("hold_ms", 1);
  if (new Set(clogged).size !== clogged.length) throw new Error(`${fields.where}.nodes: a node is named twice`);
  if ([...release].sort().join() !== [...clogged].sort().join())
    throw new Error(
      `${fields.where}.release: expected the same nodes as in "nodes", in the order in which they come back`,
    );
  return swizzled({ mode, among: all, nodes: clogged, release, atMs, stepMs, holdMs });
}

export const compositions: readonly CompositionEntry[] = [
  {
    composition: "flapping",
    description: "One fault comes and goes: each time at the targets of the first time.",
    example: {
      composition: "flapping",
      fault: { kind: "partition", shape: "isolate-leader", mode: "drop", group: 0, scope: "group" },
      at_ms: 3000,
      on_ms: 400,
      off_ms: 300,
      times: 5,
    },
    expand: (fields, series) => repeated(fields, innerFault(fields), series),
  },
  {
    composition: "interval",
    description: "One fault comes and goes: each time its target is resolved anew, so that it follows the leader.",
    example: {
      composition: "interval",
      fault: { kind: "pause", target: { by: "leader", group: 0 } },
      at_ms: 3000,
      on_ms: 500,
      off_ms: 3000,
      times: 4,
    },
    expand: (fields) => repeated(fields, innerFault(fields), null),
  },
  {
    composition: "crash-loop",
    description: "The same nodes are killed again and again, each time soon after they came back.",
    example: {
      composition: "crash-loop",
      target: { by: "leader", group: 0 },
      at_ms: 3000,
      on_ms: 200,
      off_ms: 300,
      times: 5,
    },
    expand: (fields, series) => repeated(fields, { kind: "kill", target: fields.get("target") ?? null }, series),
  },
  {
    composition: "rolling-restart",
    description: "The nodes are stopped (`kill` or `terminate`) and started one after the other, in the order given.",
    example: {
      composition: "rolling-restart",
      kind: "terminate",
      nodes: ["n1", "n2", "n3"],
      at_ms: 3000,
      on_ms: 500,
      off_ms: 500,
    },
    expand: (fields, series) => {
      const kind = fields.oneOf("kind", ["kill", "terminate"]);
      const nodes = fields.names("nodes");
      const at = moments(
        fields.number("at_ms", 0),
        fields.number("on_ms", 1),
        fields.number("off_ms", 1),
        nodes.length,
      );
      return nodes.flatMap((node, index) => {
        const target = { by: "name", nodes: [node] };
        return [{ kind, target, ...at[index], glitch: true, series }];
      });
    },
  },
  {
    composition: "black-hole",
    description:
      "What `from` sends to `to` vanishes while connections stay and the other direction flows: a one-way partition in the mode `drop`.",
    example: { composition: "black-hole", from: "n1", to: "n2", at_ms: 3000, for_ms: 2000 },
    expand: (fields) => {
      const link = `${fields.name("from")}>${fields.name("to")}`;
      const timed = { at_ms: fields.number("at_ms", 0), for_ms: fields.number("for_ms", 1) };
      return [{ kind: "partition", shape: "custom", mode: "drop", links: [link], ...timed }];
    },
  },
  {
    composition: "swizzle",
    description:
      "Of the nodes `among`, some are cut off one by one, `step_ms` apart, and come back `step_ms` apart in the order of `release`.",
    example: {
      composition: "swizzle",
      mode: "stall",
      among: ["n1", "n2", "n3"],
      nodes: ["n1", "n2"],
      release: ["n1", "n2"],
      at_ms: 3000,
      step_ms: 400,
      hold_ms: 1000,
    },
    expand: swizzle,
  },
];

export const isComposition = (value: unknown): value is { readonly [name: string]: JsonValue } =>
  value !== null && typeof value === "object" && !Array.isArray(value) && "composition" in value;

/** Throws an Error that names the field that is wrong. */
export function expandComposition(value: JsonValue, index: number, where: string): readonly JsonValue[] {
  const fields = new Fields(value, where);
  const name = fields.oneOf(
    "composition",
    compositions.map(({ composition }) => composition),
  );
  const entry = compositions.find(({ composition }) => composition === name);
  const faults = entry?.expand(fields, `${name} ${index}`) ?? [];
  fields.end();
  return faults;
}

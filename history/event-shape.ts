// Checks that a parsed line has the shape of an event. Extra fields are allowed and kept. docs/schemas/event.schema.json says
// the same in JSON Schema; a test holds the two together.
import type { HeaderEvent, HistoryEvent } from "./event.js";
import { offsetOfField } from "./json-exact.js";
import { MalformedHistory } from "./malformed.js";

type Fields = Readonly<Record<string, unknown>>;
type Timed = Exclude<HistoryEvent, HeaderEvent>;
type Check = (value: unknown) => string | null;

const isInteger: Check = (value) => (Number.isSafeInteger(value) ? null : "an integer");
const isTime: Check = (value) => (Number.isSafeInteger(value) ? null : "an integer of nanoseconds");
const isText: Check = (value) => (typeof value === "string" ? null : "a text");
const isTextOrNull: Check = (value) => (value === null ? null : typeof value === "string" ? null : "a text or null");
const isBoolean: Check = (value) => (typeof value === "boolean" ? null : "true or false");
const isPresent: Check = (value) => (value === undefined ? "a value (null where there is none)" : null);
const isTexts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? null : "a list of texts";
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && names.includes(value) ? null : `one of ${names.map((name) => `"${name}"`).join(", ")}`;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? null : check(value);

const phases = ["load", "heal", "quiet", "final-read"] as const;
const completion: Readonly<Record<string, Check>> = {
  time: isTime,
  process: isInteger,
  function: isText,
  key: isPresent,
  output: isPresent,
  error: optional(isText),
  attempts: optional(isInteger),
  systemIndex: optional(isInteger),
};
const shapes: Readonly<Record<Timed["type"], Readonly<Record<string, Check>>>> = {
  invoke: {
    time: isTime,
    process: isInteger,
    thread: isInteger,
    node: isTextOrNull,
    function: isText,
    key: isPresent,
    input: isPresent,
    intended: optional(isTime),
    phase: optional(oneOf(...phases)),
  },
  ok: completion,
  fail: completion,
  info: completion,
  phase: { time: isTime, phase: oneOf(...phases, "end") },
  fault: {
    time: isTime,
    fault: isInteger,
    stage: oneOf("requested", "confirmed-on", "heal-requested", "confirmed-off", "unconfirmed", "void"),
    kind: isText,
    spec: isPresent,
    targets: isTexts,
    evidence: isPresent,
  },
  node: {
    time: isTime,
    node: isText,
    what: oneOf("started", "exited", "panic", "leader-change", "refused"),
    expected: isBoolean,
    detail: isPresent,
  },
  runner: {
    time: isTime,
    what: oneOf("lag", "proxy-died", "interrupted", "cluster-error", "dropped-arrivals", "note"),
    detail: isPresent,
  },
};
const headerShape: Readonly<Record<string, Check>> = {
  model: isText,
  initial: isPresent,
  keyed: isBoolean,
  plan: isText,
  run: isText,
  build: isTextOrNull,
  concurrency: isInteger,
  startedAt: isText,
};

/** Where a value was read: its line, and that line's text. */
export interface ShapePlace {
  readonly line: number;
  readonly text: string;
}

function malformed(problem: string, { line, text }: ShapePlace, field: string | null = null): MalformedHistory {
  return new MalformedHistory(problem, { line, column: field === null ? 1 : offsetOfField(text, field) + 1 });
}

function fieldsOf(value: unknown, place: ShapePlace): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed(`expected a JSON object, found ${JSON.stringify(value)?.slice(0, 60)}`, place);
  return value as Fields;
}

function checkFields(fields: Fields, shape: Readonly<Record<string, Check>>, what: string, place: ShapePlace): void {
  for (const [name, check] of Object.entries(shape)) {
    const expected = check(fields[name]);
    if (expected !== null) {
      const found = fields[name] === undefined ? "nothing" : JSON.stringify(fields[name]).slice(0, 60);
      throw malformed(`${what} needs ${expected} as "${name}", found ${found}`, place, name);
    }
  }
}

/** The header of line 1. Throws MalformedHistory. */
export function checkHeader(value: unknown, place: ShapePlace): HeaderEvent {
  const fields = fieldsOf(value, place);
  if (fields["type"] !== "header" || fields["format"] !== "minos-history")
    throw malformed('expected a header {"type":"header","format":"minos-history",…} on the first line', place);
  if (fields["version"] !== 1) {
    const found = JSON.stringify(fields["version"]);
    throw malformed(`version ${found} of the format is not known; this reads version 1`, place, "version");
  }
  checkFields(fields, headerShape, "the header", place);
  const clock = fields["clock"];
  if (typeof clock !== "object" || clock === null || !("unit" in clock) || clock.unit !== "ns")
    throw malformed('the header needs {"unit":"ns",…} as "clock"', place, "clock");
  return value as HeaderEvent;
}

/** Any later line. Throws MalformedHistory. */
export function checkEvent(value: unknown, place: ShapePlace): Timed {
  const fields = fieldsOf(value, place);
  const type = fields["type"];
  if (type === "header") throw malformed("a second header", place);
  if (typeof type !== "string" || !Object.hasOwn(shapes, type)) {
    const known = Object.keys(shapes).join(", ");
    throw malformed(`expected "type" to be one of ${known}, found ${JSON.stringify(type)}`, place, "type");
  }
  checkFields(fields, shapes[type as Timed["type"]], `an event of type "${type}"`, place);
  return value as Timed;
}

// Checks that a parsed line has the shape of an event. Extra fields are allowed and kept. docs/schemas/event.schema.json says
// the same in JSON Schema; a test holds the two together.
import type { HeaderEvent, HistoryEvent } from "./event.js";
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
    what: oneOf("started", "exited", "panic", "leader-change"),
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

function fieldsOf(value: unknown, line: number): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MalformedHistory(`expected a JSON object, found ${JSON.stringify(value)?.slice(0, 60)}`, {
      line,
      column: 1,
    });
  return value as Fields;
}

function checkFields(fields: Fields, shape: Readonly<Record<string, Check>>, what: string, line: number): void {
  for (const [name, check] of Object.entries(shape)) {
    const expected = check(fields[name]);
    if (expected !== null) {
      const found = fields[name] === undefined ? "nothing" : JSON.stringify(fields[name]).slice(0, 60);
      throw new MalformedHistory(`${what} needs ${expected} as "${name}", found ${found}`, { line, column: 1 });
    }
  }
}

/** The header of line 1. Throws MalformedHistory. */
export function checkHeader(value: unknown, line: number): HeaderEvent {
  const fields = fieldsOf(value, line);
  if (fields["type"] !== "header" || fields["format"] !== "minos-history")
    throw new MalformedHistory('expected a header {"type":"header","format":"minos-history",…} on the first line', {
      line,
      column: 1,
    });
  if (fields["version"] !== 1)
    throw new MalformedHistory(
      `version ${JSON.stringify(fields["version"])} of the format is not known; this reads version 1`,
      {
        line,
        column: 1,
      },
    );
  checkFields(fields, headerShape, "the header", line);
  const clock = fields["clock"];
  if (typeof clock !== "object" || clock === null || !("unit" in clock) || clock.unit !== "ns")
    throw new MalformedHistory('the header needs {"unit":"ns",…} as "clock"', { line, column: 1 });
  return value as HeaderEvent;
}

/** Any later line. Throws MalformedHistory. */
export function checkEvent(value: unknown, line: number): Timed {
  const fields = fieldsOf(value, line);
  const type = fields["type"];
  if (type === "header") throw new MalformedHistory("a second header", { line, column: 1 });
  if (typeof type !== "string" || !(type in shapes))
    throw new MalformedHistory(
      `expected "type" to be one of ${Object.keys(shapes).join(", ")}, found ${JSON.stringify(type)}`,
      {
        line,
        column: 1,
      },
    );
  checkFields(fields, shapes[type as Timed["type"]], `an event of type "${type}"`, line);
  return value as Timed;
}

// A run's history written as EDN reads back to the same operations, whatever keys and values it has. Failures print seed and path.
import fc from "fast-check";
import { test } from "vitest";
import { createRandom } from "../random.js";
import { MalformedHistory } from "../malformed.js";
import type { JsonValue, Operation } from "../operation.js";
import { operationsOf } from "../operations.js";
import { readHistory } from "../read-history.js";
import { Recorder } from "../recorder.js";
import { MemorySink } from "../sink.js";
import { parseEdn } from "./parse.js";
import { ednToJson, jsonToEdn } from "./values.js";
import { formatEdn } from "./write-edn.js";

// What JSON text can carry: no -0, and no lone surrogates, which a file in UTF-8 would not bring back.
const jsonValue = fc
  .jsonValue({ maxDepth: 2, stringUnit: "grapheme" })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

/** A run of some processes that call and complete at random. */
function record(keyed: boolean, values: readonly JsonValue[], seed: number, steps: number) {
  const random = createRandom(seed);
  let now = 0;
  const clock = () => (now += random.integer(0, 2));
  const header = {
    model: "cas-register",
    initial: null,
    plan: "p",
    run: "r",
    build: null,
    concurrency: 3,
    startedAt: "now",
  };
  const recorder = new Recorder({ clock, sink: new MemorySink(), header: { ...header, keyed } });
  const open = new Map<number, { readonly function: string; readonly key: JsonValue }>();
  let next = 3;
  const processes = [0, 1, 2];
  for (let step = 0; step < steps; step++) {
    const thread = random.integer(0, 2);
    const process = processes[thread] ?? 0;
    const called = open.get(process);
    if (called === undefined) {
      const name = random.pick(["get", "put", "cas"]);
      const key = keyed ? random.pick(values) : null;
      const input =
        name === "get"
          ? null
          : name === "put"
            ? random.pick(values)
            : { expected: random.pick(values), new: random.pick(values) };
      recorder.call({ process, thread, node: random.chance(0.5) ? "n1" : null, function: name, key, input });
      open.set(process, { function: name, key });
      continue;
    }
    open.delete(process);
    const type = random.pick(["ok", "ok", "ok", "fail", "info"] as const);
    const output = type === "ok" ? answer(called.function, () => random.pick(values), random.integer(0, 3)) : null;
    const error = type === "ok" ? {} : { error: random.pick(['time"out\n', "refused"]) };
    recorder.complete({ type, process, ...called, output, ...error });
    if (type === "info") processes[thread] = next++;
  }
  return recorder.events;
}

function answer(name: string, value: () => JsonValue, kind: number): JsonValue {
  if (name === "get") return value();
  if (name === "put") return kind < 2 ? null : { previous: value() };
  if (kind === 0) return { status: "ok" };
  if (kind === 1) return { status: "mismatch", observed: value() };
  return kind === 2 ? { status: "mismatch" } : { status: "not-found", observed: null };
}

function withoutPlaces({ callEvent: _call, returnEvent, ...rest }: Operation) {
  return { ...rest, returned: returnEvent !== null };
}

test("a run written as EDN reads back to the same operations", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(jsonValue, { minLength: 1, maxLength: 5 }),
      fc.integer(),
      fc.integer({ min: 0, max: 40 }),
      (keyed, values, seed, steps) => {
        const events = record(keyed, values, seed, steps);
        const text = formatEdn(events);
        if (text === "") return;
        const document = readHistory(text, { keyed });
        if (document instanceof MalformedHistory) throw new Error(`${document.message}\n${text}`);
        const expected = operationsOf(events).map(withoutPlaces);
        const found = document.operations.map(withoutPlaces);
        if (JSON.stringify(found) !== JSON.stringify(expected))
          throw new Error(`${JSON.stringify(found)}\nis not\n${JSON.stringify(expected)}\n${text}`);
      },
    ),
    { numRuns: 2000 },
  );
});

test("every JSON value written as EDN reads back as itself", () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const { forms } = parseEdn(jsonToEdn(value));
      const [form] = forms;
      return forms.length === 1 && form !== undefined && JSON.stringify(ednToJson(form)) === JSON.stringify(value);
    }),
    { numRuns: 5000 },
  );
});

test("no text at all makes the readers throw, or read on for ever", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "#",
    "#_",
    "#{",
    '"',
    "\\",
    ";",
    "\n",
    " ",
    ":a",
    "nil",
    "-1",
    "1/2",
    "2.5M",
    "{:type :invoke",
    ":process 0",
    '{"type":"header"',
    "INFO  jepsen.util - 0\t:ok\t:read\tnil\n",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const result = readHistory(parts.join(""));
      return result instanceof MalformedHistory ? result.message.length > 0 : result.kind === "history";
    }),
    { numRuns: 5000 },
  );
});

// Jepsen's log lines: `INFO  jepsen.util - 0<TAB>:invoke<TAB>:read<TAB>nil`. One cas register, initially nil, in order of lines.
// A failed cas says that the comparison failed: at some moment of the operation the value was another.
import type { HistoryDocument, ReadOptions } from "./document.js";
import { parseEdn, type Edn } from "./edn/parse.js";
import { ednToJson } from "./edn/values.js";
import type { HistoryEvent } from "./event.js";
import { MalformedHistory } from "./malformed.js";
import type { JsonValue } from "./operation.js";
import { pairOperations } from "./operations.js";

const shape = /^\S+\s+jepsen\.util - ([^\t]+)\t(:[a-z]+)\t(:[^\t]+)\t(.*)$/;
/** A line of another logger has no such columns; one that has them lost its beginning. */
const looksRecorded = /\t:(?:invoke|ok|fail|info)\t:/;
const types = [":invoke", ":ok", ":fail", ":info"] as const;
const names: Readonly<Record<string, string>> = { ":read": "get", ":write": "put", ":cas": "cas" };

export function isJepsenLog(text: string): boolean {
  return /^\S+\s+jepsen\.util - [^\t\n]+\t:/m.test(text);
}

/** Throws MalformedHistory. Lines of other loggers are left out. */
export function readJepsenLog(text: string, options: ReadOptions): HistoryDocument {
  const events: HistoryEvent[] = [];
  const lineOf: number[] = [];
  const lines = text.split("\n");
  for (const [at, raw] of lines.entries()) {
    const line = raw.replace(/\r$/, "");
    if (!line.includes("jepsen.util - ")) {
      if (looksRecorded.test(line))
        throw new MalformedHistory(
          `expected "INFO  jepsen.util - " before a recorded operation, found ${JSON.stringify(line.slice(0, 60))}`,
          { line: at + 1, column: 1 },
        );
      continue;
    }
    events.push(eventOf(line, at + 1, events.length));
    lineOf.push(at + 1);
  }
  const placeOf = (event: number) => ({ line: lineOf[event] ?? 1, column: 1 });
  return {
    kind: "history",
    format: "jepsen-log",
    header: null,
    model: options.model ?? "cas-register",
    initial: options.initial ?? null,
    keyed: false,
    events,
    operations: pairOperations(events, placeOf),
    torn: null,
    placeOf,
    warnings: [],
  };
}

function eventOf(line: string, lineNumber: number, time: number): HistoryEvent {
  const bad = (problem: string, column = 1) => new MalformedHistory(problem, { line: lineNumber, column });
  const parts = shape.exec(line);
  if (parts === null)
    throw bad(
      `expected "INFO  jepsen.util - process, type, function, value" set apart by tabs, found ${JSON.stringify(line.slice(0, 60))}`,
    );
  const [, who = "", typeText = "", f = "", valueText = ""] = parts;
  const type = types.find((known) => known === typeText);
  if (type === undefined) throw bad(`expected ${types.join(", ")}, found ${typeText}`, line.indexOf(typeText) + 1);
  const value = valueOf(valueText, bad, line.length - valueText.length + 1);
  if (!/^\d+$/.test(who))
    return { type: "runner", time, what: "note", detail: { nemesis: f, type, value: ednToJson(value) } };
  const process = Number(who);
  const name = names[f];
  if (name === undefined) throw bad(`expected :read, :write or :cas, found ${f}`, line.indexOf(f) + 1);
  if (type === ":invoke") {
    const input = inputOf(name, value, bad);
    return { type: "invoke", time, process, thread: process, node: null, function: name, key: null, input };
  }
  const common = { time, process, function: name, key: null };
  if (type === ":info") return { type: "info", ...common, output: null };
  if (type === ":fail") {
    if (name === "cas") return { type: "ok", ...common, output: { status: "mismatch" } };
    return { type: "fail", ...common, output: null };
  }
  const output: JsonValue = name === "get" ? ednToJson(value) : name === "cas" ? { status: "ok" } : null;
  return { type: "ok", ...common, output };
}

function valueOf(text: string, bad: (problem: string, column?: number) => MalformedHistory, column: number): Edn {
  try {
    const { forms, torn } = parseEdn(text);
    const [form] = forms;
    if (torn === null && forms.length === 1 && form !== undefined) return form;
  } catch (error) {
    if (!(error instanceof MalformedHistory)) throw error;
  }
  throw bad(`expected one value, found ${JSON.stringify(text.slice(0, 60))}`, column);
}

function inputOf(name: string, value: Edn, bad: (problem: string) => MalformedHistory): JsonValue {
  if (name === "get") return null;
  const input = ednToJson(value);
  if (name === "put") return input;
  if (!Array.isArray(input) || input.length !== 2) throw bad(`a cas needs [from to], found ${JSON.stringify(input)}`);
  const [expected = null, replacement = null] = input as readonly JsonValue[];
  return { expected, new: replacement };
}

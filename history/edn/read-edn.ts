// Jepsen's `history.edn`, and the EDN maps with a `:key` of their own that the kv histories are made of.
import type { HistoryDocument, HistoryFormat, ReadOptions, TextPlace } from "../document.js";
import type { HistoryEvent } from "../event.js";
import { MalformedHistory } from "../malformed.js";
import type { JsonValue, Outcome } from "../operation.js";
import { pairOperations } from "../operations.js";
import { parseEdn, placeIn, type Edn } from "./parse.js";
import { answering, ednToJson, printEdn } from "./values.js";

/** One map of the file, taken apart. */
interface Line {
  readonly form: Edn;
  readonly type: "invoke" | Outcome;
  /** null: the nemesis, or whoever else is no client. */
  readonly process: number | null;
  readonly function: string;
  readonly value: Edn;
  readonly fields: ReadonlyMap<string, Edn>;
}

const names: Readonly<Record<string, string>> = { read: "get", write: "put" };
const nil: Edn = { at: 0, kind: "nil" };

/** Throws MalformedHistory. */
export function readEdnHistory(text: string, options: ReadOptions, format: "edn" | "kv"): HistoryDocument {
  const { forms, torn } = parseEdn(text);
  const maps = topLevel(forms);
  const warnings: string[] = [];
  // Only a file of lines can be cut in its last line; an unclosed vector is no history at all.
  if (torn !== null && (maps.length === 0 || text.endsWith("\n"))) throw torn;
  const place = (form: Edn) => placeIn(text, form.at);
  const lines = maps.map((form) => lineOf(form, place));
  const gaps = checkIndices(lines, place);
  if (gaps !== null) warnings.push(gaps);
  const keyed = format === "edn" && (options.keyed ?? looksKeyed(lines));
  if (format === "edn" && options.keyed === undefined && keyed)
    warnings.push("every value is a pair and every cas is [k [a b]]: read as keyed (say so to be sure)");
  const model = options.model ?? (format === "kv" ? "kv-append" : "cas-register");
  const events = eventsOf(lines, { keyed, format, model, failedCas: options.failedCas ?? "unknown-reason", place });
  const placeOf = (event: number): TextPlace => place(lines[event]?.form ?? nil);
  return {
    kind: "history",
    format: format satisfies HistoryFormat,
    header: null,
    model,
    initial: options.initial !== undefined ? options.initial : format === "kv" ? "" : null,
    keyed: keyed || format === "kv",
    events,
    operations: pairOperations(events, placeOf),
    placeOf,
    torn: torn === null ? null : { line: torn.line ?? 0, text: text.slice(torn.from) },
    warnings: torn === null ? warnings : [...warnings, `line ${torn.line} was cut short and is left out`],
  };
}

/** One map a line, or all of them in one vector or list. Tags around maps (`#jepsen.history.Op{…}`) are looked through. */
function topLevel(forms: readonly Edn[]): readonly Edn[] {
  const [only] = forms;
  if (forms.length === 1 && only !== undefined && (only.kind === "vector" || only.kind === "list")) return only.items;
  return forms;
}

function untag(form: Edn): Edn {
  return form.kind === "tagged" ? untag(form.value) : form;
}

function lineOf(form: Edn, place: (form: Edn) => TextPlace): Line {
  const map = untag(form);
  const bad = (problem: string, at: Edn = form) => new MalformedHistory(problem, place(at));
  if (map.kind !== "map")
    throw bad(`expected a map like {:type :invoke, :process 0, :f :read, …}, found ${short(form)}`);
  const fields = new Map<string, Edn>();
  for (const [key, value] of map.entries) if (key.kind === "keyword") fields.set(key.name, value);
  const type = fields.get("type");
  if (type?.kind !== "keyword" || !isType(type.name))
    throw bad(
      `:type must be one of :invoke, :ok, :fail, :info, found ${type === undefined ? "none" : short(type)}`,
      type,
    );
  const process = fields.get("process");
  if (process === undefined) throw bad(":process is missing");
  const client = process.kind === "number";
  if (client && !Number.isSafeInteger(process.value)) throw bad(`:process ${short(process)} is no integer`, process);
  if (!client && process.kind !== "keyword")
    throw bad(`:process must be an integer or a keyword, found ${short(process)}`, process);
  const f = fields.get("f");
  if (client && f?.kind !== "keyword")
    throw bad(`:f must be a keyword, found ${f === undefined ? "none" : short(f)}`, f);
  const name = f?.kind === "keyword" ? f.name : f === undefined ? "" : printEdn(f);
  return {
    form,
    type: type.name,
    process: process.kind === "number" ? process.value : null,
    function: names[name] ?? name,
    value: fields.get("value") ?? nil,
    fields,
  };
}

function isType(name: string): name is "invoke" | Outcome {
  return name === "invoke" || name === "ok" || name === "fail" || name === "info";
}

function short(form: Edn): string {
  return printEdn(form).slice(0, 60);
}

function integerField(line: Line, name: string): number | null {
  const field = line.fields.get(name);
  return field?.kind === "number" && Number.isSafeInteger(field.value) ? field.value : null;
}

/** A warning where indices leave some out: lines may be missing. */
function checkIndices(lines: readonly Line[], place: (form: Edn) => TextPlace): string | null {
  let last: number | null = null;
  let gap: string | null = null;
  for (const line of lines) {
    const index = integerField(line, "index");
    if (index === null) continue;
    if (last !== null && index <= last)
      throw new MalformedHistory(`:index ${index} follows :index ${last}; it must ascend`, place(line.form));
    if (last !== null && index > last + 1)
      gap ??= `line ${place(line.form).line}: :index ${index} follows :index ${last}; if lines are missing, the verdict knows nothing of them`;
    last = index;
  }
  return gap;
}

function pairOf(form: Edn): readonly [Edn, Edn] | null {
  const plain = untag(form);
  if (plain.kind !== "vector" || plain.items.length !== 2) return null;
  const [first, second] = plain.items;
  return first === undefined || second === undefined ? null : [first, second];
}

/** The guess: every client value is a pair, and every cas a pair with a pair in it. */
function looksKeyed(lines: readonly Line[]): boolean {
  const clients = lines.filter(({ process }) => process !== null);
  return (
    clients.length > 0 &&
    clients.every(({ value, function: name }) => {
      const pair = pairOf(value);
      return pair !== null && (name !== "cas" || pairOf(pair[1]) !== null);
    })
  );
}

interface EventOptions {
  readonly keyed: boolean;
  readonly format: "edn" | "kv";
  readonly model: string;
  readonly failedCas: "unknown-reason" | "mismatch";
  readonly place: (form: Edn) => TextPlace;
}

function eventsOf(lines: readonly Line[], options: EventOptions): HistoryEvent[] {
  const timed = lines.every((line) => line.process === null || (integerField(line, "time") ?? -1) >= 0);
  const events: HistoryEvent[] = [];
  const open = new Map<number, { readonly key: JsonValue; readonly input: JsonValue }>();
  let last = 0;
  for (const [position, line] of lines.entries()) {
    const own = integerField(line, "time");
    const time = timed ? (line.process === null ? Math.max(last, own ?? last) : (own ?? last)) : position;
    if (time < last)
      throw new MalformedHistory(
        `:time ${time} follows :time ${last}: lines and times contradict each other`,
        options.place(line.form),
      );
    last = time;
    events.push(eventOf(line, time, open, options));
  }
  return events;
}

function eventOf(
  line: Line,
  time: number,
  open: Map<number, { readonly key: JsonValue; readonly input: JsonValue }>,
  options: EventOptions,
): HistoryEvent {
  const { process, type, function: name } = line;
  if (process === null)
    return { type: "runner", time, what: "note", detail: { nemesis: name, type, value: ednToJson(line.value) } };
  if (type === "invoke") {
    const { key, value } = split(line, options);
    const input = inputOf(name, value, (problem) => new MalformedHistory(problem, options.place(line.form)));
    open.set(process, { key, input });
    const node = line.fields.get("node");
    const names = node?.kind === "string" ? node.value : null;
    return { type, time, process, thread: process, node: names, function: name, key, input };
  }
  const call = open.get(process);
  open.delete(process);
  const error = line.fields.get("error");
  const rest = error === undefined ? {} : { error: error.kind === "string" ? error.value : printEdn(error) };
  // The answer's own value matters only for reads; an unknown one may hold anything, such as :timed-out.
  const pair = options.keyed ? pairOf(line.value) : null;
  const key =
    pair !== null && type !== "info"
      ? ednToJson(pair[0])
      : options.keyed || options.format === "kv"
        ? (call?.key ?? null)
        : null;
  const { outcome, output } = answerOf(line, pair === null ? line.value : pair[1], options);
  return { type: outcome, time, process, function: name, key, output, ...rest };
}

/** Takes `[k v]` or `:key` apart. */
function split(line: Line, { keyed, format, place }: EventOptions): { readonly key: JsonValue; readonly value: Edn } {
  if (format === "kv") return { key: ednToJson(line.fields.get("key") ?? nil), value: line.value };
  if (!keyed) return { key: null, value: line.value };
  const pair = pairOf(line.value);
  if (pair === null)
    throw new MalformedHistory(
      `a keyed value must be [key value], found ${short(line.value)}`,
      place(line.value === nil ? line.form : line.value),
    );
  return { key: ednToJson(pair[0]), value: pair[1] };
}

function inputOf(name: string, value: Edn, bad: (problem: string) => MalformedHistory): JsonValue {
  if (name === "get") return null;
  if (name !== "cas") return ednToJson(value);
  const pair = pairOf(value);
  if (pair === null) throw bad(`a cas needs [from to] as its value, found ${short(value)}`);
  return { expected: ednToJson(pair[0]), new: ednToJson(pair[1]) };
}

function answerOf(
  line: Line,
  value: Edn,
  { failedCas, model }: EventOptions,
): { readonly outcome: Outcome; readonly output: JsonValue } {
  const { type, function: name, fields } = line;
  const outcome: Outcome = type === "invoke" ? "info" : type;
  const observed = fields.get("observed");
  const told = observed === undefined ? {} : { observed: ednToJson(observed) };
  if (name === "cas" && outcome === "ok") return { outcome, output: { status: "ok", ...told } };
  if (name === "cas" && outcome === "fail") {
    const status = fields.get("minos/status");
    if (status?.kind === "keyword" && (status.name === "mismatch" || status.name === "not-found"))
      return { outcome: "ok", output: { status: status.name, ...told } };
    // A comparison that failed is an answer, where the file says so; else all that is known is that nothing happened.
    if (observed !== undefined || failedCas === "mismatch")
      return { outcome: "ok", output: { status: "mismatch", ...told } };
    return { outcome, output: null };
  }
  if (outcome !== "ok") return { outcome, output: null };
  // The elements of a set are read as a list, in whatever order.
  if (name === "get" && model === "set" && value.kind === "set") return { outcome, output: value.items.map(ednToJson) };
  if (answering.includes(name)) return { outcome, output: ednToJson(value) };
  const whole = fields.get("minos/output");
  if (whole !== undefined) return { outcome, output: ednToJson(whole) };
  const previous = fields.get("previous");
  return { outcome, output: previous === undefined ? null : { previous: ednToJson(previous) } };
}

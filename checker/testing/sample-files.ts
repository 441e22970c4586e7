// Small recorded histories as files of every format, to be damaged by the fuzz of the readers: a register (or one for each of two
// keys) asked by a few sequential clients, with unknown outcomes, mismatches and faults; and a history of texts that are appended to.
import { formatEdn, formatEvent, type HistoryEvent, type JsonValue, type Random } from "../../history/index.js";

export type FileFormat = "jsonl" | "edn" | "edn-keyed" | "edn-vector" | "jepsen-log" | "kv";
export const fileFormats: readonly FileFormat[] = ["jsonl", "edn", "edn-keyed", "edn-vector", "jepsen-log", "kv"];

export function sampleFile(random: Random, format: FileFormat): string {
  if (format === "jepsen-log") return jepsenLog(random);
  if (format === "kv") return appends(random);
  const keys: readonly JsonValue[] = format === "jsonl" || format === "edn-keyed" ? ["x", "y"] : [null];
  const events = register(random, keys);
  if (format === "jsonl") return events.map((event) => formatEvent(event)).join("");
  const edn = formatEdn(events);
  return format === "edn-vector" ? `[${edn.trimEnd().replaceAll("\n", "\n ")}]\n` : edn;
}

const header = (keyed: boolean): HistoryEvent => ({
  type: "header",
  format: "minos-history",
  version: 1,
  model: "cas-register",
  initial: null,
  keyed,
  clock: { unit: "ns", origin: "run-start" },
  plan: "fuzz",
  run: "fuzz",
  build: null,
  concurrency: 3,
  startedAt: "2026-01-01T00:00:00.000Z",
});

interface Asked {
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
}

/** Calls and answers of three clients in any order that sequential clients can have; answers are mostly right. */
function register(random: Random, keys: readonly JsonValue[]): HistoryEvent[] {
  const events: HistoryEvent[] = [header(keys.length > 1)];
  const values = new Map<JsonValue, JsonValue>();
  const open = new Map<number, Asked>();
  const processes = [0, 1, 2];
  let time = 0;
  for (let step = random.integer(4, 24); step > 0; step--) {
    time += random.integer(1, 1000);
    if (random.chance(0.04))
      events.push({
        type: "fault",
        time,
        fault: 0,
        stage: "requested",
        kind: "kill",
        spec: {},
        targets: [],
        evidence: null,
      });
    const thread = random.integer(0, 2);
    const process = processes[thread] ?? 0;
    const asked = open.get(process);
    if (asked === undefined) {
      const key = random.pick(keys);
      const name = random.pick(["get", "put", "cas"]);
      const value = random.integer(0, 3);
      const input = name === "get" ? null : name === "put" ? value : { expected: random.integer(0, 3), new: value };
      open.set(process, { function: name, key, input });
      events.push({
        type: "invoke",
        time,
        process,
        thread,
        node: random.chance(0.5) ? "n1" : null,
        function: name,
        key,
        input,
      });
      continue;
    }
    open.delete(process);
    if (random.chance(0.12)) {
      events.push({
        type: "info",
        time,
        process,
        function: asked.function,
        key: asked.key,
        output: null,
        error: "timeout",
      });
      processes[thread] = process + 3;
      continue;
    }
    events.push({
      type: "ok",
      time,
      process,
      function: asked.function,
      key: asked.key,
      output: answerOf(asked, values, random),
    });
  }
  return events;
}

function answerOf({ function: name, key, input }: Asked, values: Map<JsonValue, JsonValue>, random: Random): JsonValue {
  const value = values.get(key) ?? null;
  if (name === "get") return random.chance(0.05) ? random.integer(0, 3) : value;
  if (name === "put") {
    values.set(key, input);
    return random.chance(0.3) ? { previous: value } : null;
  }
  const { expected = null, new: replacement = null } = input as { readonly [field: string]: JsonValue };
  if (value !== expected) return random.chance(0.5) ? { status: "mismatch", observed: value } : { status: "mismatch" };
  values.set(key, replacement);
  return { status: "ok" };
}

function jepsenLog(random: Random): string {
  const lines = register(random, [null]).flatMap((event) => {
    if (event.type === "fault") return [`INFO  jepsen.util - :nemesis\t:info\t:kill\t"n1"`];
    if (event.type === "header" || !("process" in event)) return [];
    const f = { get: ":read", put: ":write" }[event.function] ?? ":cas";
    const input = event.type === "invoke" ? event.input : null;
    const status = event.type === "ok" && event.function === "cas" ? JSON.stringify(event.output) : "";
    const type = status.includes("mismatch") ? "fail" : event.type;
    const output = event.type === "ok" && event.function === "get" ? event.output : null;
    const value =
      event.type === "info"
        ? ":timed-out"
        : f === ":cas"
          ? casText(input)
          : JSON.stringify(input ?? output).replace("null", "nil");
    return [`INFO  jepsen.util - ${event.process}\t:${type}\t${f}\t${value}`];
  });
  return `${["INFO  jepsen.core - begins", ...lines].join("\n")}\n`;
}

function casText(input: JsonValue): string {
  if (input === null) return "[1 2]";
  const { expected, new: replacement } = input as { readonly [field: string]: JsonValue };
  return `[${JSON.stringify(expected)} ${JSON.stringify(replacement)}]`;
}

function appends(random: Random): string {
  const lines: string[] = [];
  const values = new Map<string, string>();
  const open = new Map<number, { readonly f: string; readonly key: string; readonly value: string }>();
  for (let step = random.integer(4, 20); step > 0; step--) {
    const process = random.integer(0, 2);
    const asked = open.get(process);
    if (asked === undefined) {
      const call = {
        f: random.pick(["get", "put", "append"]),
        key: random.pick(["0", "1"]),
        value: random.pick(["a", "b c", ""]),
      };
      open.set(process, call);
      const value = call.f === "get" ? "nil" : JSON.stringify(call.value);
      lines.push(`{:process ${process}, :type :invoke, :f :${call.f}, :key "${call.key}", :value ${value}}`);
      continue;
    }
    open.delete(process);
    const { f, key, value } = asked;
    const before = values.get(key) ?? "";
    if (f !== "get") values.set(key, f === "put" ? value : before + value);
    lines.push(
      `{:process ${process}, :type :ok, :f :${f}, :key "${key}", :value ${JSON.stringify(f === "get" ? before : value)}}`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

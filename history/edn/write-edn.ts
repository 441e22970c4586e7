// A run's history as Jepsen's `history.edn`, so that Jepsen's and Knossos' own tools can judge it too.
import type { CompleteEvent, HistoryEvent } from "../event.js";
import type { JsonValue } from "../operation.js";
import { answering, jsonToEdn } from "./values.js";

const names: Readonly<Record<string, string>> = { get: "read", put: "write" };

function field(value: JsonValue, name: string): JsonValue | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return (value as { readonly [name: string]: JsonValue })[name];
}

/**
 * One map a line: calls, completions, and faults as operations of the nemesis. An answered mismatch or not-found, our `ok`, becomes
 * `:fail` with what was observed. Keyed histories carry `[k v]`. Phases and other notes are left out.
 */
export function formatEdn(events: readonly HistoryEvent[]): string {
  const [header] = events;
  const keyed = header?.type === "header" ? header.keyed : events.some((event) => "key" in event && event.key !== null);
  const inputs = new Map<number, JsonValue>();
  const lines: string[] = [];
  for (const event of events) {
    if (event.type === "invoke") inputs.set(event.process, event.input);
    const body = bodyOf(event, keyed, inputs);
    if (body !== null) lines.push(`{:index ${lines.length}, ${body}}\n`);
  }
  return lines.join("");
}

function bodyOf(event: HistoryEvent, keyed: boolean, inputs: ReadonlyMap<number, JsonValue>): string | null {
  if (event.type === "fault") {
    const value = `{:fault ${event.fault}, :stage :${event.stage}, :targets ${jsonToEdn(event.targets)}}`;
    return `:time ${event.time}, :type :info, :process :nemesis, :f :${event.kind}, :value ${value}`;
  }
  if (event.type === "invoke") {
    const node = event.node === null ? "" : `, :node ${jsonToEdn(event.node)}`;
    return `${lead(event, "invoke")}, :value ${valueOf(event, event.input, null, keyed)}${node}`;
  }
  if (event.type !== "ok" && event.type !== "fail" && event.type !== "info") return null;
  const status = field(event.output, "status");
  const observed = field(event.output, "observed");
  const previous = field(event.output, "previous");
  const refused = event.function === "cas" && event.type === "ok" && status !== "ok";
  const extras = [
    observed === undefined ? "" : `, :observed ${jsonToEdn(observed)}`,
    refused ? `, :minos/status :${JSON.stringify(status).replaceAll('"', "")}` : "",
    previous === undefined ? "" : `, :previous ${jsonToEdn(previous)}`,
    hasOwnAnswer(event) ? `, :minos/output ${jsonToEdn(event.output)}` : "",
    event.error === undefined ? "" : `, :error ${jsonToEdn(event.error)}`,
  ];
  const value = valueOf(event, inputs.get(event.process) ?? null, event, keyed);
  return `${lead(event, refused ? "fail" : event.type)}, :value ${value}${extras.join("")}`;
}

/** An answer for which Jepsen's files have no place. */
function hasOwnAnswer({ type, function: name, output }: CompleteEvent): boolean {
  if (type !== "ok" || output === null || name === "cas" || answering.includes(name)) return false;
  return name !== "put" || field(output, "previous") === undefined;
}

function lead(
  event: { readonly time: number; readonly process: number; readonly function: string },
  type: string,
): string {
  const f = names[event.function] ?? event.function;
  return `:time ${event.time}, :type :${type}, :process ${event.process}, :f :${f}`;
}

function valueOf(
  { function: name, key }: { readonly function: string; readonly key: JsonValue },
  input: JsonValue,
  answer: { readonly type: string; readonly output: JsonValue } | null,
  keyed: boolean,
): string {
  const value =
    answer !== null && answer.type === "ok" && answering.includes(name)
      ? jsonToEdn(answer.output)
      : name === "cas"
        ? `[${jsonToEdn(field(input, "expected") ?? null)} ${jsonToEdn(field(input, "new") ?? null)}]`
        : jsonToEdn(input);
  return keyed ? `[${jsonToEdn(key)} ${value}]` : value;
}

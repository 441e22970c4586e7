// Events of small runs for tests: each operation by a process of its own, its call and its end sorted into the order of time.
import type { CompleteEvent, HistoryEvent, InvokeEvent, JsonValue, RunnerEvent } from "../../history/index.js";

export interface SmallOperation {
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
  readonly output: JsonValue;
  readonly from: number;
  /** null: never heard of again. */
  readonly to: number | null;
  readonly outcome: "ok" | "fail" | "info";
  readonly node: string | null;
  readonly attempts?: number;
  readonly isFinalRead?: boolean;
}

type More = Partial<Pick<SmallOperation, "outcome" | "node" | "attempts" | "isFinalRead">>;

function made(
  name: string,
  key: string,
  input: JsonValue,
  output: JsonValue,
  from: number,
  more: More,
): SmallOperation {
  return { function: name, key, input, output, from, to: from + 1, outcome: "ok", node: "n1", ...more };
}

/** From a time to one unit later, answered, through n1. */
export const smallPut = (key: string, value: JsonValue, from: number, more: More = {}): SmallOperation =>
  made("put", key, value, null, from, more);
export const smallGet = (key: string, value: JsonValue, from: number, more: More = {}): SmallOperation =>
  made("get", key, null, value, from, more);
export const smallCas = (key: string, expected: JsonValue, value: JsonValue, from: number): SmallOperation =>
  made("cas", key, { expected, new: value }, { status: "ok" }, from, {});

/** `unitNs`: what one unit of the operations' times is. Events of another kind come with their time in nanoseconds. */
export function smallRun(
  operations: readonly SmallOperation[],
  others: readonly Exclude<HistoryEvent, { readonly type: "header" }>[] = [],
  unitNs = 1,
): readonly HistoryEvent[] {
  const events = [...operations.flatMap((one, process) => eventsOf(one, process, unitNs)), ...others];
  return events.sort((left, right) => left.time - right.time);
}

function eventsOf(one: SmallOperation, process: number, unitNs: number): readonly (InvokeEvent | CompleteEvent)[] {
  const { function: name, key, input, output, from, to, outcome, node, attempts, isFinalRead } = one;
  const call: InvokeEvent = {
    type: "invoke",
    time: from * unitNs,
    process,
    thread: process,
    node,
    function: name,
    key,
    input,
    ...(isFinalRead === true ? { phase: "final-read" } : {}),
  };
  if (to === null) return [call];
  const time = to * unitNs;
  return [
    call,
    { type: outcome, time, process, function: name, key, output, ...(attempts === undefined ? {} : { attempts }) },
  ];
}

export function runnerEvent(time: number, what: RunnerEvent["what"], detail: JsonValue): RunnerEvent {
  return { type: "runner", time, what, detail };
}

// Events → operations: each call is paired with the completion of the same process, and whatever cannot have been recorded of
// sequential clients is refused by name.
import type { CompleteEvent, HistoryEvent, InvokeEvent } from "./event.js";
import type { TextPlace } from "./document.js";
import { MalformedHistory } from "./malformed.js";
import type { Operation, TimeNs } from "./operation.js";

interface OpenCall {
  readonly event: InvokeEvent;
  readonly position: number;
  readonly index: number;
}

/**
 * The operations of a history, in order of call. An `info`, and a call without a completion, stay open: `returnNs` is null.
 * Throws MalformedHistory naming the event for: a completion without a call, a second call of a busy process, a call of a
 * process after its `info`, a completion of another function or key than was called, times that run backwards or are no safe
 * integers.
 */
export function operationsOf(events: readonly HistoryEvent[]): readonly Operation[] {
  const operations: Operation[] = [];
  const open = new Map<number, OpenCall>();
  const ended = new Map<number, number>();
  let last: TimeNs = Number.MIN_SAFE_INTEGER;
  for (const [position, event] of events.entries()) {
    if (event.type === "header") continue;
    if (!Number.isSafeInteger(event.time))
      throw at(position, `time ${String(event.time)} is no safe integer of nanoseconds`);
    if (event.time < last) throw at(position, `time runs backwards, from ${last} to ${event.time}`);
    last = event.time;
    if (event.type === "invoke") {
      checkCall(event, position, open, ended);
      const call: OpenCall = { event, position, index: operations.length };
      open.set(event.process, call);
      operations.push(operationOf(call, null, null));
    } else if (event.type === "ok" || event.type === "fail" || event.type === "info") {
      const call = open.get(event.process);
      if (call === undefined)
        throw at(position, `process ${event.process} returns from an operation that it never called`);
      checkCompletion(call, event, position);
      open.delete(event.process);
      if (event.type === "info") ended.set(event.process, position);
      operations[call.index] = operationOf(call, event, position);
    }
  }
  return operations;
}

/** The same for events that were read from a text: errors name their place in it as well. */
export function pairOperations(
  events: readonly HistoryEvent[],
  placeOf: (event: number) => TextPlace,
): readonly Operation[] {
  try {
    return operationsOf(events);
  } catch (error) {
    if (!(error instanceof MalformedHistory) || error.event === null) throw error;
    throw new MalformedHistory(error.problem, { ...placeOf(error.event), event: error.event });
  }
}

function checkCall(
  event: InvokeEvent,
  position: number,
  open: ReadonlyMap<number, OpenCall>,
  ended: ReadonlyMap<number, number>,
): void {
  if (!Number.isSafeInteger(event.process)) throw at(position, `process ${String(event.process)} is no integer`);
  const busy = open.get(event.process);
  if (busy !== undefined)
    throw at(position, `process ${event.process} calls while its call of event ${busy.position} is still open`);
  const unknown = ended.get(event.process);
  if (unknown !== undefined)
    throw at(
      position,
      `process ${event.process} calls after its operation of unknown outcome (event ${unknown}); it must never speak again`,
    );
}

function checkCompletion(call: OpenCall, event: CompleteEvent, position: number): void {
  if (event.function !== call.event.function)
    throw at(
      position,
      `process ${event.process} called ${call.event.function} (event ${call.position}) and returns from ${event.function}`,
    );
  if (JSON.stringify(event.key) !== JSON.stringify(call.event.key))
    throw at(
      position,
      `process ${event.process} called with key ${JSON.stringify(call.event.key)} (event ${call.position}) and returns with key ${JSON.stringify(event.key)}`,
    );
}

function operationOf(call: OpenCall, completion: CompleteEvent | null, position: number | null): Operation {
  const outcome = completion?.type ?? "info";
  return {
    index: call.index,
    process: call.event.process,
    function: call.event.function,
    key: call.event.key,
    input: call.event.input,
    output: completion?.output ?? null,
    outcome,
    error: completion?.error ?? null,
    callNs: call.event.time,
    returnNs: outcome === "info" || completion === null ? null : completion.time,
    node: call.event.node,
    callEvent: call.position,
    returnEvent: position,
  };
}

function at(event: number, problem: string): MalformedHistory {
  return new MalformedHistory(`event ${event}: ${problem}`, { event });
}

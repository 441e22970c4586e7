// Operations told as events, in an order in which a recorder or a foreign file may tell them: by time, ties in any order that
// sequential clients allow, unknown outcomes reported some time later or never.
import type { CompleteEvent, HistoryEvent, InvokeEvent, Operation, Random } from "../../../history/index.js";

interface Draft {
  readonly time: number;
  readonly tie: number;
  readonly event: InvokeEvent | CompleteEvent;
}

export function eventsOf(operations: readonly Operation[], random: Random): readonly HistoryEvent[] {
  const drafts: Draft[] = [];
  for (const operation of operations) {
    const { process, function: name, key, input, output, outcome, callNs, returnNs } = operation;
    const tie = random.unit();
    const invoke: InvokeEvent = {
      type: "invoke",
      time: callNs,
      process,
      thread: process,
      node: null,
      function: name,
      key,
      input,
    };
    drafts.push({ time: callNs, tie, event: invoke });
    if (outcome === "info" && random.chance(0.5)) continue;
    const time = returnNs ?? callNs + random.integer(0, 12);
    const complete: CompleteEvent = { type: outcome, time, process, function: name, key, output };
    // Never before its own call.
    drafts.push({ time, tie: time === callNs ? tie + random.unit() : random.unit(), event: complete });
  }
  drafts.sort((left, right) => left.time - right.time || left.tie - right.tie);
  return drafts.map(({ event }) => event);
}

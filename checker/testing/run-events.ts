// A whole run's events around a simulated register: phases, faults with their four stages, final reads of every key through every
// node. Correct and complete, so that a test can take one thing away and see it noticed.
import type { FaultEvent, HistoryEvent, JsonValue } from "../../history/index.js";
import type { JudgeInput } from "../judge-input.js";
import { simulateRegister, type SimulatedRegisterOptions } from "./simulated-register.js";

export const runNodes: readonly string[] = ["n1", "n2", "n3"];

export interface WholeRun {
  readonly events: readonly HistoryEvent[];
  /** What `judge` needs for it; change a field and judge again. */
  readonly input: JudgeInput;
}

/** One kill and one stalled partition in the middle of the load. */
export function wholeRun(options: Partial<SimulatedRegisterOptions> = {}): WholeRun {
  const keys = options.keys ?? 4;
  const seed = options.seed ?? 1;
  const all = simulateRegister({
    seed,
    clients: 6,
    keys,
    operations: 600,
    unknownShare: 0.01,
    finalReads: true,
    ...options,
  });
  const isFinal = (event: HistoryEvent) => "process" in event && event.process >= 1_000_000;
  const [header, ...clients] = all.filter((event) => !isFinal(event));
  if (header === undefined) throw new Error("unreachable: no header");
  const third = Math.floor(clients.length / 3);
  const events: HistoryEvent[] = [];
  let last = -1;
  const add = (event: HistoryEvent): void => {
    if (event.type === "header") events.push(event);
    else {
      last = Math.max(last + 1, event.time);
      events.push({ ...event, time: last });
    }
  };
  add(header);
  add({ type: "phase", time: 0, phase: "load" });
  for (const [at, event] of clients.entries()) {
    if (at === third)
      for (const stage of ["requested", "confirmed-on"] as const) add(fault(0, "kill", stage, { pid: 7 }));
    if (at === third + 80)
      for (const stage of ["heal-requested", "confirmed-off"] as const) add(fault(0, "kill", stage, null));
    if (at === 2 * third)
      for (const stage of ["requested", "confirmed-on"] as const) add(fault(1, "partition", stage, cut));
    if (at === 2 * third + 80)
      for (const stage of ["heal-requested", "confirmed-off"] as const) add(fault(1, "partition", stage, null));
    add(event);
  }
  for (const phase of ["heal", "quiet", "final-read"] as const) add({ type: "phase", time: 0, phase });
  for (const event of all) if (isFinal(event)) add(event);
  add({ type: "runner", time: 0, what: "lag", detail: { lag_ms: 3, worst: true } });
  add({ type: "phase", time: 0, phase: "end" });
  const names: readonly JsonValue[] = Array.from({ length: keys }, (_, key) => `k${key}`);
  return {
    events,
    input: {
      mode: "run",
      events,
      model: "cas-register",
      initial: null,
      expectedFaults: 2,
      nodes: runNodes,
      keys: names,
      groups: [{ group: 0, members: runNodes }],
      groupOfKey: () => 0,
      recoveryBoundMs: 5_000,
      floors: {
        completed_operations: 100,
        confirmed_faults: 2,
        operations_per_node: 10,
        max_info_share: 0.2,
        max_runner_lag_ms: 500,
      },
      statuses: [],
      decisions: [],
    },
  };
}

const cut = {
  "n1>n2": { offered_bytes: 200, delivered_bytes: 0 },
  "n2>n1": { offered_bytes: 300, delivered_bytes: 0 },
};

function fault(number: number, kind: string, stage: FaultEvent["stage"], evidence: JsonValue): FaultEvent {
  return { type: "fault", time: 0, fault: number, stage, kind, spec: { kind }, targets: ["n1"], evidence };
}

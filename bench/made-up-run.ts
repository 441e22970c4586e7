// A made-up run of any size for the report's benchmark: 18 threads over six nodes and 16 keys ask a register that answers in order, ten
// faults fail or hang some of them. Nothing here is judged; only the shape of the data matters. Same size, same run.
import { createRandom, type HistoryEvent, type JsonValue } from "../history/index.js";
import type { ReportInput } from "../reports/index.js";

const threads = 18;
const keys = 16;
const faults = 10;
const lengthNs = 60e9;

interface Timed {
  readonly thread: number;
  readonly call: number;
  readonly end: number;
  readonly outcome: "ok" | "fail" | "info";
}

/** When each thread asks and is answered; in each fault the clients of one node are refused or wait in vain. */
function times(wanted: number, random: ReturnType<typeof createRandom>): readonly Timed[] {
  const gap = (lengthNs * threads) / wanted;
  const all: Timed[] = [];
  for (let thread = 0; thread < threads; thread++) {
    let free = random.unit() * gap;
    while (free < lengthNs) {
      const call = free;
      const fault = Math.floor((call / lengthNs) * faults);
      const hit = fault % 6 === thread % 6 && ((call / lengthNs) * faults) % 1 > 0.4;
      const outcome = !hit ? "ok" : random.chance(0.002) ? "info" : "fail";
      const took = outcome === "info" ? 500e6 : (0.2 + random.unit() ** 3) * Math.min(gap, 8e6);
      all.push({ thread, call: Math.round(call), end: Math.round(call + took), outcome });
      free = call + Math.max(took + 1e4, random.exponential(gap));
    }
  }
  return all.sort((a, b) => a.call - b.call);
}

function operationEvents(wanted: number): readonly HistoryEvent[] {
  const random = createRandom(1, "made-up-run");
  const state = new Map<string, number>();
  const processes = Array.from({ length: threads }, (_, thread) => thread);
  const events: HistoryEvent[] = [];
  for (const [index, { thread, call, end, outcome }] of times(wanted, random).entries()) {
    const key = `k${random.integer(0, keys - 1)}`;
    const name = random.pick(["get", "get", "put", "cas"]);
    const process = processes[thread] ?? thread;
    const before = state.get(key) ?? null;
    const input: JsonValue = name === "get" ? null : name === "put" ? index : { expected: before, new: index };
    const output: JsonValue = name === "get" ? before : name === "put" ? null : { status: "ok" };
    if (outcome === "ok" && name !== "get") state.set(key, index);
    if (outcome === "info") processes[thread] = process + threads;
    const common = { process, function: name, key };
    const lag = random.integer(20_000, 300_000);
    events.push({
      type: "invoke",
      time: call,
      intended: call - lag,
      thread,
      node: `n${(thread % 6) + 1}`,
      input,
      phase: "load",
      ...common,
    });
    events.push({
      type: outcome,
      time: end,
      output: outcome === "ok" ? output : null,
      ...common,
      ...(outcome === "ok" ? {} : { error: outcome === "fail" ? "connect ECONNREFUSED" : "timed out after 500 ms" }),
    });
  }
  return events;
}

function faultEvents(): readonly HistoryEvent[] {
  return Array.from({ length: faults }, (_, fault) => {
    const at = (share: number): number => Math.round(((fault + share) / faults) * lengthNs);
    const common = {
      type: "fault",
      fault,
      kind: "kill",
      spec: { kind: "kill" },
      targets: [`n${(fault % 6) + 1}`],
      evidence: null,
    } as const;
    return [
      { ...common, stage: "requested", time: at(0.39) },
      { ...common, stage: "confirmed-on", time: at(0.4) },
      { ...common, stage: "heal-requested", time: at(0.98) },
      { ...common, stage: "confirmed-off", time: at(0.99) },
    ] as const;
  }).flat();
}

/** A run of about so many operations in a minute, ready for `buildReport`. */
export function madeUpRun(wanted: number): ReportInput {
  const events = [...operationEvents(wanted), ...faultEvents()].sort(
    (a, b) => ("time" in a ? a.time : 0) - ("time" in b ? b.time : 0),
  );
  return {
    plan: {
      name: "made-up",
      system: "none",
      build: null,
      mutant: null,
      on: "local",
      nodes: 6,
      replication: 3,
      seed: 1,
      workload: { name: "register", options: {} },
      nemesis: { name: "kill", options: {}, faults: [] },
      time_limit_ms: lengthNs / 1e6,
      rate_per_s: wanted / 60,
      concurrency: threads,
      keys,
      operation_timeout_ms: 500,
      recovery_bound_ms: 10_000,
    },
    environment: {},
    events,
    verdict: {
      version: 1,
      valid: "unknown",
      summary: "A made-up run: nothing was judged.",
      violations: [],
      unknown: [],
      warnings: [],
      checkers: [],
      teeth: [],
      cannotSee: [],
      counts: { operations: 0, ok: 0, fail: 0, info: 0 },
    },
    rerun: "npm run bench:report",
  };
}

// A made-up run of any size for the report's benchmark: 18 threads over six nodes in two groups and 16 keys ask a register that answers in
// order, ten faults fail or hang some of them. Nothing here is judged; only the shape of the data matters: calls at random times, answers
// that carry the system's index, for each key an order such as the checker gives. Same size, same run. The events come one by one, so that
// a run of millions is never held.
import { createRandom, type HistoryEvent, type JsonValue } from "../history/index.js";
import type { StreamedReport } from "../reports/index.js";

const threads = 18;
const keys = 16;
const groups = 2;
const faults = 10;
const lengthNs = 60e9;

/** What a thread waits for: the moment of its next call, or the answer to its last one. */
interface Client {
  readonly thread: number;
  process: number;
  atNs: number;
  answer: (HistoryEvent & { readonly type: "ok" | "fail" | "info" }) | null;
}

/** In each fault the clients of one node are refused or wait in vain. */
function outcomeAt(ns: number, thread: number, random: ReturnType<typeof createRandom>): "ok" | "fail" | "info" {
  const place = (ns / lengthNs) * faults;
  if (Math.floor(place) % 6 !== thread % 6 || place % 1 <= 0.4) return "ok";
  return random.chance(0.002) ? "info" : "fail";
}

/** Tells of each answered operation its key and index, in the order in which they took effect. */
type Told = (key: number, operation: number) => void;

function* operationEvents(wanted: number, told: Told): Generator<HistoryEvent> {
  const random = createRandom(1, "made-up-run");
  const state: (number | null)[] = Array.from({ length: keys }, () => null);
  const decided = Array.from({ length: groups }, () => 0);
  // A little more often than is wanted: a thread that waits for an answer does not call.
  const gap = (lengthNs * threads) / (wanted * 1.15);
  const clients = Array.from({ length: threads }, (_, thread): Client => ({
    thread,
    process: thread,
    atNs: random.unit() * gap,
    answer: null,
  }));
  for (let operation = 0, last = 0; ;) {
    const client = clients.reduce((first, other) => (other.atNs < first.atNs ? other : first));
    const time = Math.max(Math.round(client.atNs), last + 1);
    last = time;
    if (client.answer !== null) {
      yield { ...client.answer, time };
      if (client.answer.type === "info") client.process += threads;
      client.answer = null;
      client.atNs = time + 1e4 + random.exponential(gap) * 0.8;
      continue;
    }
    if (operation === wanted) {
      if (clients.every(({ answer }) => answer === null)) return;
      client.atNs = Number.POSITIVE_INFINITY;
      continue;
    }
    const key = random.integer(0, keys - 1);
    const name = random.pick(["get", "get", "put", "cas"]);
    const before = state[key] ?? null;
    const outcome = outcomeAt(time, client.thread, random);
    const common = { process: client.process, function: name, key: `k${key}` };
    yield {
      type: "invoke",
      time,
      intended: time - random.integer(20_000, 300_000),
      thread: client.thread,
      node: `n${(client.thread % 6) + 1}`,
      input: name === "get" ? null : name === "put" ? operation : { expected: before, new: operation },
      phase: "load",
      ...common,
    };
    const output: JsonValue = name === "get" ? before : name === "put" ? { previous: before } : { status: "ok" };
    client.atNs = time + (outcome === "info" ? 500e6 : (0.2 + random.unit() ** 3) * Math.min(gap, 8e6));
    const reply = { ...common, time, attempts: 1 };
    if (outcome === "ok") {
      const systemIndex = (decided[key % groups] ?? 0) + 1;
      decided[key % groups] = systemIndex;
      if (name !== "get") state[key] = operation;
      client.answer = { type: outcome, output, systemIndex, ...reply };
      told(key, operation);
    } else {
      const error = outcome === "fail" ? "connect ECONNREFUSED" : "timed out after 500 ms";
      client.answer = { type: outcome, output: null, error, ...reply };
    }
    operation++;
  }
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

function* eventsOf(wanted: number): Generator<HistoryEvent> {
  yield* faultEvents();
  yield* operationEvents(wanted, () => undefined);
}

/** Neighbours change places now and then: operations take effect between their call and their end. */
function ordersOf(wanted: number): readonly (readonly number[])[] {
  const random = createRandom(2, "made-up-run");
  const orders = Array.from({ length: keys }, (): number[] => []);
  const events = operationEvents(wanted, (key, operation) => {
    const own = orders[key];
    const before = own?.at(-1);
    if (own === undefined) return;
    if (before !== undefined && random.chance(0.1)) own.splice(-1, 1, operation, before);
    else own.push(operation);
  });
  while (events.next().done !== true);
  return orders;
}

/** A run of so many operations in a minute, ready for `buildReport`. */
export function madeUpRun(wanted: number): StreamedReport {
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
    events: eventsOf(wanted),
    verdict: {
      version: 1,
      valid: "unknown",
      summary: "A made-up run: nothing was judged.",
      violations: [],
      unknown: [],
      warnings: [],
      checkers: [
        {
          checker: "linearizability",
          valid: "unknown",
          violations: [],
          unknown: [],
          keys: ordersOf(wanted).map((linearization, key) => ({
            key: `k${key}`,
            valid: "unknown",
            operations: linearization.length,
            engine: "none",
            durationMs: 0,
            linearization,
            reason: null,
          })),
        },
      ],
      teeth: [],
      cannotSee: [],
      counts: { operations: 0, ok: 0, fail: 0, info: 0 },
    },
    rerun: "npm run bench:report",
  };
}

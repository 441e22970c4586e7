// A store of one map in virtual time and a run loop around it, for tests of generators: what a workload asks of it becomes a
// history. It is perfect unless told to misbehave in one of the ways that the workloads must be able to show.
import type { ClientReply } from "../../cluster/index.js";
import { createRandom, type HistoryEvent, type JsonValue, type Operation, operationsOf } from "../../history/index.js";
import type { Generator, PlannedOperation } from "../generator.js";

export interface StoreBehaviour {
  readonly nodes: number;
  readonly concurrency: number;
  readonly seed: number;
  /** Longest time from call to effect, and from effect to return. */
  readonly latencyMs: number;
  /** Share of operations whose reply is lost; half of these take effect all the same. */
  readonly lostReplies?: number;
  /** Reads through node 0 see the map as it was so long ago. */
  readonly staleMs?: number;
  /** Share of puts that are answered and never done. */
  readonly lostPuts?: number;
  /** Share of cas that are answered `ok` and never done. */
  readonly lostCas?: number;
  /** Share of cas that are granted without a look at what is there. */
  readonly blindCas?: number;
  /** Share of puts and cas that are done a second time, this much later at most (the retry of an answered request). */
  readonly repeats?: { readonly share: number; readonly withinMs: number };
  /** Nobody is answered for the length of the stall. */
  readonly stall?: { readonly fromMs: number; readonly toMs: number };
}

export interface SimulatedRun {
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly planned: readonly PlannedOperation[];
  readonly endedMs: number;
}

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

const absent = null;

/** Drives `generators` one after the other, as the run loop of a campaign does. */
export function simulate(behaviour: StoreBehaviour, generators: readonly Generator[]): SimulatedRun {
  const random = createRandom(behaviour.seed, "simulated store");
  const values = new Map<JsonValue, JsonValue>();
  const past: { readonly atMs: number; readonly key: JsonValue; readonly value: JsonValue }[] = [];
  const events: HistoryEvent[] = [
    {
      type: "header",
      format: "minos-history",
      version: 1,
      model: "cas-register",
      initial: null,
      keyed: true,
      clock: { unit: "ns", origin: "run-start" },
      plan: "test",
      run: "test",
      build: null,
      concurrency: behaviour.concurrency,
      startedAt: "1970-01-01T00:00:00.000Z",
    },
  ];
  const planned: PlannedOperation[] = [];
  const agenda: Happening[] = [];
  const processes = Array.from({ length: behaviour.concurrency }, (_, thread) => thread);
  const busy = new Set<number>();
  let nowMs = 0;
  let order = 0;
  let lastNs = 0;
  const at = (atMs: number, action: () => void): void => void agenda.push({ atMs, order: (order += 1), action });
  const stamp = (): number => (lastNs = Math.max(lastNs + 1, Math.round(nowMs * 1e6)));

  const read = (key: JsonValue): JsonValue => values.get(key) ?? absent;
  const write = (key: JsonValue, value: JsonValue): void => {
    values.set(key, value);
    past.push({ atMs: nowMs, key, value });
  };
  function readPast(key: JsonValue, atMs: number): JsonValue {
    return past.findLast((change) => change.key === key && change.atMs <= atMs)?.value ?? absent;
  }
  function takeEffect({ function: name, key, input, thread, node }: PlannedOperation): JsonValue {
    const before = read(key);
    if (name === "get") {
      const stale =
        behaviour.staleMs !== undefined && (node === undefined ? thread % behaviour.nodes === 0 : node === "n1");
      return stale ? readPast(key, nowMs - behaviour.staleMs) : before;
    }
    if (name === "put") {
      if (!random.chance(behaviour.lostPuts ?? 0)) write(key, input);
      return { previous: before };
    }
    const { expected, new: next } = input as { readonly expected: JsonValue; readonly new: JsonValue };
    if (before === absent) return { status: "not-found", observed: before };
    if (before !== expected && !random.chance(behaviour.blindCas ?? 0)) return { status: "mismatch", observed: before };
    if (!random.chance(behaviour.lostCas ?? 0)) write(key, next);
    return { status: "ok", observed: expected };
  }

  function invoke(operation: PlannedOperation, generator: Generator): void {
    const { thread } = operation;
    if (busy.has(thread)) throw new Error(`thread ${thread} is busy`);
    busy.add(thread);
    planned.push(operation);
    const process = processes[thread] ?? thread;
    const { function: name, key, input, phase } = operation;
    const node = operation.node ?? `n${(thread % behaviour.nodes) + 1}`;
    events.push({ type: "invoke", time: stamp(), process, thread, node, function: name, key, input, phase });
    const lost = phase === "load" && random.chance(behaviour.lostReplies ?? 0);
    const done = !lost || random.chance(0.5);
    const { repeats, stall } = behaviour;
    const repeated = name !== "get" && repeats !== undefined && random.chance(repeats.share);
    let effectMs = nowMs + random.unit() * behaviour.latencyMs;
    if (stall !== undefined && effectMs >= stall.fromMs && effectMs < stall.toMs) effectMs = stall.toMs;
    at(effectMs, () => {
      const output = done ? takeEffect(operation) : null;
      if (repeated) at(nowMs + random.unit() * repeats.withinMs, () => void takeEffect(operation));
      at(nowMs + random.unit() * behaviour.latencyMs, () => {
        const outcome = lost ? ("info" as const) : ("ok" as const);
        const reply: ClientReply = {
          outcome,
          output: lost ? null : output,
          error: lost ? "timeout" : null,
          attempts: repeated ? 2 : 1,
          systemIndex: null,
        };
        events.push({
          type: outcome,
          time: stamp(),
          process,
          function: name,
          key,
          output: reply.output,
          attempts: reply.attempts,
        });
        busy.delete(thread);
        if (lost) processes[thread] = process + behaviour.concurrency;
        generator.update({ nowMs: nowMs - originMs, operation, reply });
      });
    });
  }

  let originMs = 0;
  for (const generator of generators) {
    originMs = nowMs;
    let exhausted = false;
    // Each turn either lets something happen or moves time on; generators end by their own limits.
    for (let turn = 0; ; turn += 1) {
      if (turn > 5_000_000) throw new Error("the generator does not come to its end");
      let untilMs: number | null = null;
      while (!exhausted) {
        const freeThreads = processes.map((_, thread) => thread).filter((thread) => !busy.has(thread));
        const step = generator.next({ nowMs: nowMs - originMs, freeThreads });
        if (step.type === "operation") invoke(step.operation, generator);
        else {
          if (step.type === "done") exhausted = true;
          else untilMs = step.untilMs === null ? null : step.untilMs + originMs;
          break;
        }
      }
      if (exhausted && busy.size === 0) break;
      agenda.sort((one, other) => one.atMs - other.atMs || one.order - other.order);
      const next = agenda[0];
      if (next !== undefined && (untilMs === null || next.atMs <= untilMs)) {
        agenda.shift();
        nowMs = Math.max(nowMs, next.atMs);
        next.action();
      } else if (untilMs !== null) nowMs = Math.max(nowMs, untilMs);
      else throw new Error("the generator waits for nothing");
    }
  }
  return { events, operations: operationsOf(events), planned, endedMs: nowMs };
}

// A load out of a list: exactly these operations, each on its thread at its moment or as soon as that thread is free. Shrinking turns what
// a generator drew into such a list, so that single operations can be left out without changing the others.
import type { NodeName } from "../cluster/index.js";
import type { HistoryEvent, JsonValue } from "../history/index.js";
import {
  finalReads,
  type Generator,
  type PlannedOperation,
  type Workload,
  type WorkloadOptions,
  type WorkloadRun,
} from "../workloads/index.js";

export interface ListedOperation {
  /** Since the load began. */
  readonly at_ms: number;
  readonly thread: number;
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
  /** Of a thread that asked more than one: the node. */
  readonly node?: NodeName;
}

/** The option of a plan's workload that holds the list. */
export const listOption = "operations";
/** The option that leaves out the reads at the end; true when absent. */
export const finalReadsOption = "final_reads";
const operationsMax = 100_000;

/** The operations of a run's load as a list. */
export function listOperations(events: readonly HistoryEvent[]): readonly ListedOperation[] {
  const roaming = roamingThreads(events);
  return events.flatMap((event): ListedOperation[] => {
    if (event.type !== "invoke" || event.phase === "final-read") return [];
    const { thread, key, input } = event;
    // Half a nanosecond early, so that no rounding makes it the next one when the moment is waited for.
    const atMs = ((event.intended ?? event.time) - 0.5) / 1e6;
    const { node } = event;
    const where = node !== null && roaming.has(thread) ? { node: node as NodeName } : {};
    return [{ at_ms: Math.max(0, atMs), thread, function: event.function, key, input, ...where }];
  });
}

/** Threads that asked more than one node. */
function roamingThreads(events: readonly HistoryEvent[]): ReadonlySet<number> {
  const first = new Map<number, string | null>();
  const roaming = new Set<number>();
  for (const event of events) {
    if (event.type !== "invoke") continue;
    const { thread, node } = event;
    if (!first.has(thread)) first.set(thread, node);
    else if (first.get(thread) !== node) roaming.add(thread);
  }
  return roaming;
}

/** Null when the plan lists none. Throws with the place of what is wrong. */
export function parseOperations(value: JsonValue | undefined): readonly ListedOperation[] | null {
  if (value === undefined) return null;
  if (!Array.isArray(value) || value.length > operationsMax)
    throw new Error(`operations: expected a list of at most ${operationsMax}`);
  return value.map((one: JsonValue, at) => {
    const fields = one as { readonly [name: string]: JsonValue } | null;
    const { at_ms: atMs, thread, function: name, key = null, input = null, node = null } = fields ?? {};
    if (typeof atMs !== "number" || typeof thread !== "number" || typeof name !== "string")
      throw new Error(`operations[${at}]: expected at_ms, thread and function`);
    const where = typeof node === "string" ? { node: node as NodeName } : {};
    return { at_ms: atMs, thread, function: name, key, input, ...where };
  });
}

/** What clients do by a plan: what its workload draws, or, where the plan lists operations, these. */
export function createLoad(workload: Workload, options: WorkloadOptions, seed: number): WorkloadRun {
  const { [listOption]: list, [finalReadsOption]: reads, ...own } = options.own;
  const drawn = workload.create({ ...options, own }, seed);
  const operations = parseOperations(list);
  if (operations === null) return drawn;
  const used = new Set(operations.map(({ key }) => key));
  const touched = workload.bearsKeys === true ? [...used] : drawn.keys.filter((key) => used.has(key));
  const keys = touched.length === 0 ? drawn.keys.slice(0, 1) : touched;
  return {
    keys,
    load: listedLoad(operations),
    finalReads: (boundMs, without) =>
      reads === false ? listedLoad([]) : finalReads(keys, options.nodes, boundMs, without),
    judge: drawn.judge,
  };
}

export function listedLoad(operations: readonly ListedOperation[]): Generator {
  const waiting = operations.toSorted((one, other) => one.at_ms - other.at_ms);
  return {
    next({ nowMs, freeThreads }) {
      if (waiting.length === 0) return { type: "done" };
      const free = new Set(freeThreads);
      const at = waiting.findIndex(({ thread, at_ms: atMs }) => atMs <= nowMs && free.has(thread));
      const [due] = at === -1 ? [] : waiting.splice(at, 1);
      if (due === undefined) return { type: "wait", untilMs: waiting.find((one) => one.at_ms > nowMs)?.at_ms ?? null };
      const { at_ms: intendedMs, ...what } = due;
      const operation: PlannedOperation = { ...what, intendedMs, phase: "load" };
      return { type: "operation", operation };
    },
    update: () => undefined,
    droppedArrivals: () => 0,
  };
}

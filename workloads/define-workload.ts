// Workloads of a user's own: what clients do next, as a plain value; arrivals, keys, pinned threads and final reads are as in every other one.
import { createRandom, type JsonValue, type Random } from "../history/index.js";
import type { CheckerResult } from "../checker/index.js";
import type { NodeName } from "../cluster/index.js";
import { finalReads } from "./final-reads.js";
import type { Generator, GeneratorUpdate } from "./generator.js";
import { spreadKeys } from "./keys.js";
import { arrivalsOf, pickerOf, shapeOptions } from "./load-shape.js";
import { commonProblems, type OwnOption } from "./options.js";
import type { Workload, WorkloadHistory, WorkloadOptions, WorkloadRun } from "./workload.js";

/** What a client may look at when it chooses its next operation. */
export interface Choice {
  /** Drawn from the seed: the only chance that a workload may use. */
  readonly random: Random;
  /** Of the run's keys, by the distribution that the plan asks for; first of all each key once. */
  readonly key: string;
  /** Operations that went to `key` before: a run in which a key was never written shows nothing of it. */
  readonly asked: number;
  readonly keys: readonly string[];
  readonly thread: number;
  /** The node that the thread is pinned to. */
  readonly node: NodeName;
  /** Operations chosen before, in the whole run: good for values that are never written twice. */
  readonly count: number;
}

/** One run's load. */
export interface DefinedLoad {
  /** The next operation, of `choice` and what was answered alone. `key` may be another one of `keys`. */
  next(choice: Choice): { readonly function: string; readonly input: JsonValue; readonly key?: string };
  /** Told of each answer, in the order in which they come. */
  answered?(update: GeneratorUpdate): void;
}

/** `export const workloads: readonly WorkloadDefinition[]` in the module of a system of one's own. */
export interface WorkloadDefinition {
  readonly name: string;
  readonly description: string;
  /** The model that judges it (docs/checker.md). Default: `cas-register`. */
  readonly model?: string;
  /** What its operations are; of the system's. `get` is needed for the final reads. */
  readonly functions: readonly string[];
  /** Called once for each run: what a load remembers must be its own, or the same seed would not do the same twice. */
  readonly begin: () => DefinedLoad;
  /** Expectations beyond the model: pure, from the whole history. */
  readonly judge?: (history: WorkloadHistory) => CheckerResult;
  /** What `judge` looks at, as the end of a sentence: "judged by the model … and by …". */
  readonly judgedBy?: string;
}

const options: readonly OwnOption[] = shapeOptions;

/** Throws an Error that says what the definition lacks. */
export function defineWorkload(definition: WorkloadDefinition): Workload {
  const { name, description, model = "cas-register", functions, judge, judgedBy } = definition;
  refuse(definition);
  const problems = (given: WorkloadOptions): readonly string[] => commonProblems(name, options, given);
  return {
    name,
    description,
    model,
    functions,
    ownOptions: options,
    ownFaults: null,
    ...(judgedBy === undefined ? {} : { judgedBy }),
    problems,
    create(given, seed): WorkloadRun {
      const found = problems(given);
      if (found.length > 0) throw new Error(found.join("; "));
      const keys = spreadKeys(given.keys, given.groups, given.groupOfKey);
      return {
        keys,
        load: loadOf(definition, keys, given, seed),
        finalReads: (boundMs, without) => finalReads(keys, given.nodes, boundMs, without),
        judge: judge ?? null,
      };
    },
  };
}

function refuse({ name, description, functions, begin }: WorkloadDefinition): void {
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name))
    throw new Error(`a workload's name is in small letters, digits and dashes, not ${JSON.stringify(name)}`);
  if (typeof description !== "string" || description === "") throw new Error(`the workload ${name} has no description`);
  if (typeof begin !== "function") throw new Error(`the workload ${name} has no function "begin"`);
  if (!Array.isArray(functions) || !functions.includes("get"))
    throw new Error(
      `the workload ${name} needs "get" among its functions: each key is read through each node in the end`,
    );
}

function loadOf(
  definition: WorkloadDefinition,
  keys: readonly string[],
  given: WorkloadOptions,
  seed: number,
): Generator {
  const load = definition.begin();
  const random = createRandom(seed, definition.name);
  const choices = random.fork("choices");
  const arrivals = arrivalsOf(random.fork("arrivals"), given);
  const pick = pickerOf(given);
  const asked = new Map(keys.map((key) => [key, 0]));
  let count = 0;
  const choose = (thread: number) => {
    const node = given.nodes[thread % given.nodes.length];
    if (node === undefined) throw new Error("a run has nodes");
    const key = keys.find((one) => asked.get(one) === 0) ?? pick(choices, keys);
    const chosen = load.next({ random: choices, key, asked: asked.get(key) ?? 0, keys, thread, node, count });
    count += 1;
    asked.set(chosen.key ?? key, (asked.get(chosen.key ?? key) ?? 0) + 1);
    if (!definition.functions.includes(chosen.function))
      throw new Error(`the workload ${definition.name} chose "${chosen.function}", which is none of its functions`);
    if (chosen.key !== undefined && !keys.includes(chosen.key))
      throw new Error(
        `the workload ${definition.name} chose the key ${JSON.stringify(chosen.key)}, which is none of the run's`,
      );
    return { function: chosen.function, input: chosen.input, key: chosen.key ?? key };
  };
  return {
    next({ nowMs, freeThreads, keepGoing = false }) {
      arrivals.advance(nowMs, keepGoing);
      const timeIsUp = nowMs >= given.timeLimitMs;
      if (timeIsUp && !keepGoing) return { type: "done" };
      const arrival = arrivals.take(freeThreads);
      if (arrival === null) {
        const { nextMs } = arrivals;
        return { type: "wait", untilMs: timeIsUp ? nextMs : Math.min(nextMs ?? Infinity, given.timeLimitMs) };
      }
      const thread = choices.pick(arrival.threads);
      return {
        type: "operation",
        operation: { thread, ...choose(thread), intendedMs: arrival.intendedMs, phase: "load" },
      };
    },
    update(update) {
      arrivals.completed(update.operation.thread, update.nowMs);
      load.answered?.(update);
    },
    droppedArrivals: () => arrivals.dropped,
  };
}

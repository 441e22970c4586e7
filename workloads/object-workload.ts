// What all workloads of higher objects have in common: one object a key, made by a put, then read and swapped by many threads at once,
// and judged twice: the store's own history by its model, and the history of the objects that follows from it.
import type { CheckerResult } from "../checker/index.js";
import type { JsonValue, Random } from "../history/index.js";
import { finalReads } from "./final-reads.js";
import { spreadKeys } from "./keys.js";
import { pickerOf, shapeOptions } from "./load-shape.js";
import { answerOf, Objects } from "./objects.js";
import { commonProblems, numberOf, share, type OwnOption } from "./options.js";
import { readOf, TaskLoad, type Task, type TaskSource } from "./task-load.js";
import type { Workload, WorkloadHistory, WorkloadOptions } from "./workload.js";

export interface ObjectContext {
  readonly random: Random;
  readonly objects: Objects;
  /** The workload's own numbers. */
  readonly own: (name: string) => number;
  readonly options: WorkloadOptions;
}

/** What a writing thread is to do with the object of a key. `known`: what somebody saw there last, null when nobody did. */
export type ObjectWriter = (key: string, known: string | null, nowMs: number, thread: number) => Task;

export interface ObjectSpecification {
  readonly name: string;
  readonly description: string;
  /** Default of the share of tasks that only read. */
  readonly readShare: number;
  readonly options: readonly OwnOption[];
  /** What a new object of a key holds. */
  readonly empty: (key: string, place: number) => string;
  readonly prefers?: NonNullable<Workload["prefers"]>;
  readonly judgedBy: string;
  /** Who is beaten to it tries again at once, so that tasks meet on a key however quick the system is. */
  readonly isContended?: true;
  judge(history: WorkloadHistory, keys: readonly string[], own: (name: string) => number): CheckerResult;
  writer(context: ObjectContext): ObjectWriter;
}

const oneAfterTheOther =
  "a task asks for one thing after the other, so how often two tasks meet on a key depends on how quick the system is";

export function objectWorkload(specification: ObjectSpecification): Workload {
  return taskWorkload({
    ...specification,
    source(random, keys, own, options) {
      const objects = new Objects(keys, specification.empty);
      return new ObjectTasks(random, objects, options, specification.writer({ random, objects, own, options }));
    },
  });
}

export interface TaskSpecification extends Omit<ObjectSpecification, "empty" | "writer"> {
  source(random: Random, keys: readonly string[], own: (name: string) => number, options: WorkloadOptions): TaskSource;
}

export function taskWorkload(specification: TaskSpecification): Workload {
  const { name, description, judgedBy, prefers } = specification;
  const table = [
    share("read_share", specification.readShare, "share of tasks that only read"),
    ...specification.options,
    ...shapeOptions,
  ];
  const problems = (options: WorkloadOptions): readonly string[] => commonProblems(name, table, options);
  return {
    name,
    description,
    model: "cas-register",
    functions: ["get", "put", "cas"],
    judgedBy,
    ownOptions: table,
    ...(prefers === undefined ? {} : { prefers }),
    ownFaults: null,
    ...(specification.isContended === true ? {} : { floorsBeyond: { mean_concurrency: oneAfterTheOther } }),
    problems,
    create(options, seed) {
      const wrong = problems(options);
      if (wrong.length > 0) throw new Error(wrong.join("; "));
      const keys = spreadKeys(options.keys, options.groups, options.groupOfKey);
      const own = (option: string): number => numberOf(table, options.own, option);
      const source = (random: Random): TaskSource => specification.source(random, keys, own, options);
      return {
        keys,
        load: new TaskLoad(source, options, name, seed, own("read_share")),
        finalReads: (boundMs, without) => finalReads(keys, options.nodes, boundMs, without),
        judge: (history) => specification.judge(history, keys, own),
      };
    },
  };
}

class ObjectTasks implements TaskSource {
  /** What somebody saw last in each key. */
  readonly #known = new Map<JsonValue, string>();
  readonly #pick: <T>(random: Random, items: readonly T[]) => T;

  constructor(
    readonly random: Random,
    readonly objects: Objects,
    options: WorkloadOptions,
    readonly writer: ObjectWriter,
  ) {
    this.#pick = pickerOf(options);
  }

  read(_thread: number, key: JsonValue | null): Task {
    return this.#watched(readOf(key ?? this.#pick(this.random, this.objects.keys)));
  }

  write(thread: number, nowMs: number): Task {
    const making = this.objects.make();
    if (making !== null) return making;
    const { there } = this.objects;
    // All are being made: wait and see.
    if (there.length === 0) return this.read(thread, null);
    const key = this.#pick(this.random, there);
    return this.#watched(this.writer(key, this.#known.get(key) ?? null, nowMs, thread));
  }

  #watched(task: Task): Task {
    return {
      first: task.first,
      after: (reply, step, nowMs) => {
        const seen = answerOf(reply, step)?.seen;
        if (typeof seen === "string") this.#known.set(step.key, seen);
        return task.after(reply, step, nowMs);
      },
    };
  }
}

// Random histories of models that are no registers, made from a real order: texts, sets and queues, with unknown outcomes.
import type { JsonValue, Operation, Random } from "../../../history/index.js";
import { canonical } from "../../values.js";
import { operation } from "../../testing/builders.js";

export type ModelName = "kv-append" | "set" | "queue";

interface Asked {
  readonly function: string;
  readonly input: JsonValue;
  readonly output: JsonValue;
}

const initials = { "kv-append": "", set: [], queue: [] } as const;

export function modelHistory(
  model: ModelName,
  random: Random,
): { readonly operations: readonly Operation[]; readonly initial: JsonValue } {
  const operations: Operation[] = [];
  const count = 6 + random.integer(0, 10);
  const spread = random.pick([2, 5]);
  const unknownShare = random.pick([0, 0.1, 0.3]);
  let state: string | readonly string[] = initials[model];
  for (let index = 0; index < count; index++) {
    const { asked, after } = next(model, state, random);
    const at = 2 * index;
    const from = at - random.integer(0, spread);
    const unknown = random.chance(unknownShare);
    const to = unknown ? null : at + random.integer(0, spread);
    operations.push(operation(index, asked.function, asked.input, unknown ? null : asked.output, from, to));
    if (!unknown || random.chance(0.5)) state = after;
  }
  return { operations, initial: initials[model] };
}

function next(
  model: ModelName,
  state: string | readonly string[],
  random: Random,
): { readonly asked: Asked; readonly after: string | readonly string[] } {
  const element = random.pick(["a", "b", "c"]);
  if (typeof state === "string") {
    if (random.chance(0.5)) return { asked: { function: "get", input: null, output: state }, after: state };
    if (random.chance(0.3)) return { asked: { function: "put", input: element, output: null }, after: element };
    return { asked: { function: "append", input: element, output: null }, after: state + element };
  }
  if (model === "set") {
    if (random.chance(0.5)) return { asked: { function: "get", input: null, output: state }, after: state };
    const without = state.filter((member) => member !== element);
    if (random.chance(0.6))
      return { asked: { function: "add", input: element, output: null }, after: [...without, element] };
    return { asked: { function: "remove", input: element, output: null }, after: without };
  }
  if (random.chance(0.5))
    return { asked: { function: "enqueue", input: element, output: null }, after: [...state, element] };
  return { asked: { function: "dequeue", input: null, output: state[0] ?? null }, after: state.slice(1) };
}

/** One answer becomes that of another operation of the same function which was answered otherwise, where there is one. */
export function spoilModel(operations: readonly Operation[], random: Random): readonly Operation[] {
  const otherwise = (given: Operation): readonly Operation[] =>
    operations.filter(
      (other) =>
        other.function === given.function &&
        other.outcome === "ok" &&
        canonical(other.output) !== canonical(given.output),
    );
  const candidates = operations.filter((given) => given.outcome === "ok" && otherwise(given).length > 0);
  if (candidates.length === 0) return operations;
  const chosen = random.pick(candidates);
  const { output } = random.pick(otherwise(chosen));
  return operations.map((given) => (given === chosen ? { ...given, output } : given));
}

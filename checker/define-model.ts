// Models of your own: a sequential specification with its inputs, outputs and states typed through, deterministic or not, with its
// own partition, equality, hash and description.
//
// A nondeterministic model is judged as a deterministic one over sets of states (the powerset construction): an order of the
// operations is possible when some choice at each step is, that is, when the set of states it can have led to is not empty.
import type { JsonValue, Operation } from "../history/index.js";
import { anyModel, type AnyModel, type Model } from "./model.js";
import { canonical } from "./values.js";

/** What a model's functions take and answer, by name: `{deposit: {input: number; output: null}; …}`. */
export type FunctionTable<Functions> = {
  readonly [Name in keyof Functions]: { readonly input: JsonValue; readonly output: JsonValue };
};

/** One operation of such a model. Of unknown outcome (`info`) it has no output. */
export type OperationOf<Functions extends FunctionTable<Functions>> = {
  [Name in keyof Functions & string]: {
    readonly function: Name;
    readonly key: JsonValue;
    readonly input: Functions[Name]["input"];
  } & (
    | { readonly outcome: "ok"; readonly output: Functions[Name]["output"] }
    | { readonly outcome: "info"; readonly output: null }
  );
}[keyof Functions & string];

/** What an operation leads to: one state, one of several (nondeterministic models only), or nothing: it could not have happened so. */
export type Step<State> = { readonly state: State } | { readonly states: readonly State[] } | "illegal";

export interface ModelDefinition<State, Functions extends FunctionTable<Functions>> {
  /** Kebab-case. */
  readonly name: string;
  /** The state before everything, from the history's initial value (null where none is told). */
  initial(value: JsonValue): State;
  /**
   * Pure: states are never changed in place. An operation of unknown outcome is judged by its input alone: the state if it took
   * effect here. It may use function, key, input, output and outcome, and nothing else that it may find on the value.
   */
  step(state: State, operation: OperationOf<Functions>): Step<State>;
  /** Lets `step` answer `{states}`. */
  readonly nondeterministic?: boolean;
  /** What an operation touches; operations of different parts are judged apart. Default: its key. */
  partition?(operation: OperationOf<Functions>): JsonValue;
  /** Equal texts for equal states. Default: by content, for states that JSON can carry; others need this, or `equal`. */
  identify?(state: State): string;
  /** Instead of `identify`: when two states are the same, … */
  equal?(left: State, right: State): boolean;
  /** … and a number or text that is equal for equal states. Without it every state is compared with every other. */
  hash?(state: State): number | string;
  /** What is wrong with an operation's shape, or null. Default: nothing. Of values read from files, types promise nothing. */
  refuses?(operation: Operation): string | null;
  /**
   * True only for an operation that cannot change any state. Never asked to be true: it makes the search faster, and unanswered
   * reads are dropped. Default: false.
   */
  isRead?(operation: OperationOf<Functions>): boolean;
  /** For people: a state in a few words. */
  describe?(state: State): string;
  /** For people: an operation in a few words. */
  describeOperation?(operation: OperationOf<Functions>): string;
}

/** A model whose types are kept for `check` and `replay`. */
export interface DefinedModel<State, Functions extends FunctionTable<Functions>> extends AnyModel {
  readonly definition: ModelDefinition<State, Functions>;
}

/** Any function, of any input and output: for models whose types are nobody's business. */
export type AnyFunctions = Readonly<Record<string, { readonly input: JsonValue; readonly output: JsonValue }>>;

/** Makes a model of your own ready for `check`, `judge` and `checkLinearizability`. */
export function defineModel<State, Functions extends FunctionTable<Functions> = AnyFunctions>(
  definition: ModelDefinition<State, Functions>,
): DefinedModel<State, Functions> {
  if (!/^[a-z][a-z0-9-]*$/.test(definition.name))
    throw new Error(`"${definition.name}" is no name for a model: use kebab-case`);
  if (definition.identify !== undefined && (definition.equal !== undefined || definition.hash !== undefined))
    throw new Error(`model ${definition.name}: give identify, or equal and hash, not both`);
  if (definition.hash !== undefined && definition.equal === undefined)
    throw new Error(`model ${definition.name}: a hash alone does not say when two states are equal; give equal too`);
  const { partition } = definition;
  const partitioned =
    partition === undefined
      ? {}
      : { partition: (operation: Operation) => partition.call(definition, typed<Functions>(operation)) };
  return {
    ...anyModel(modelOf(definition), partitioned),
    // A table of states of its own each time: it lives as long as the search that filled it.
    open: (use) => (definition.nondeterministic === true ? use(powersetOf(definition)) : use(modelOf(definition))),
    definition,
  };
}

/** The same operation, its output forgotten where nobody may trust it. */
function typed<Functions extends FunctionTable<Functions>>(operation: Operation): OperationOf<Functions> {
  const plain = operation.outcome === "info" && operation.output !== null ? { ...operation, output: null } : operation;
  // What a file holds is checked by `refuses`; from there on the types are the author's word.
  return plain as unknown as OperationOf<Functions>;
}

/** What both views share. */
function shared<State, Functions extends FunctionTable<Functions>>(definition: ModelDefinition<State, Functions>) {
  const { describeOperation } = definition;
  return {
    name: definition.name,
    refuses: (operation: Operation) => definition.refuses?.(operation) ?? null,
    ...(describeOperation === undefined
      ? {}
      : {
          describeOperation: (operation: Operation) => describeOperation.call(definition, typed<Functions>(operation)),
        }),
  };
}

function modelOf<State, Functions extends FunctionTable<Functions>>(
  definition: ModelDefinition<State, Functions>,
): Model<State> {
  return {
    ...shared(definition),
    initial: (value) => definition.initial(value),
    step(state, operation) {
      const after = definition.step(state, typed<Functions>(operation));
      if (after === "illegal" || "state" in after) return after;
      throw new Error(`model ${definition.name}: step answered several states; say nondeterministic: true`);
    },
    identify: identifierOf(definition),
    isRead: (operation) => definition.isRead?.(typed<Functions>(operation)) ?? false,
    describe: (state) => describe(definition, state),
  };
}

function powersetOf<State, Functions extends FunctionTable<Functions>>(
  definition: ModelDefinition<State, Functions>,
): Model<readonly State[]> {
  const identify = identifierOf(definition);
  return {
    ...shared(definition),
    initial: (value) => [definition.initial(value)],
    step(states, operation) {
      const after = new Map<string, State>();
      for (const state of states)
        for (const next of statesAfter(definition, state, typed<Functions>(operation))) after.set(identify(next), next);
      return after.size === 0 ? "illegal" : { state: [...after.values()] };
    },
    identify: (states) =>
      states
        .map((state) => JSON.stringify(identify(state)))
        .sort()
        .join(" "),
    // An answered read leaves fewer states, so that taking it at once could lose a choice; only unanswered ones say nothing.
    isRead: (operation) => operation.outcome === "info" && (definition.isRead?.(typed<Functions>(operation)) ?? false),
    describe: (states) => states.map((state) => describe(definition, state)).join(" or "),
  };
}

function statesAfter<State, Functions extends FunctionTable<Functions>>(
  definition: ModelDefinition<State, Functions>,
  state: State,
  operation: OperationOf<Functions>,
): readonly State[] {
  const after = definition.step(state, operation);
  if (after === "illegal") return [];
  return "state" in after ? [after.state] : after.states;
}

function describe<State, Functions extends FunctionTable<Functions>>(
  definition: ModelDefinition<State, Functions>,
  state: State,
): string {
  return definition.describe?.(state) ?? definition.identify?.(state) ?? JSON.stringify(state) ?? String(state);
}

function identifierOf<State, Functions extends FunctionTable<Functions>>(
  definition: ModelDefinition<State, Functions>,
): (state: State) => string {
  const { equal } = definition;
  if (equal !== undefined) return tableOf(definition, (left, right) => equal.call(definition, left, right));
  const { identify } = definition;
  if (identify !== undefined) return (state) => identify.call(definition, state);
  return (state) => textOf(state, definition.name);
}

/** Numbers states as they come: equal ones get the same number. */
function tableOf<State, Functions extends FunctionTable<Functions>>(
  definition: ModelDefinition<State, Functions>,
  equal: (left: State, right: State) => boolean,
): (state: State) => string {
  const buckets = new Map<number | string, { readonly state: State; readonly text: string }[]>();
  let count = 0;
  return (state) => {
    const hash = definition.hash?.(state) ?? 0;
    const bucket = buckets.get(hash) ?? [];
    buckets.set(hash, bucket);
    const known = bucket.find((entry) => equal(entry.state, state));
    if (known !== undefined) return known.text;
    const text = String(count++);
    bucket.push({ state, text });
    return text;
  };
}

/** By content. Refuses what JSON would print as something else: two different states must never look the same. */
function textOf(state: unknown, model: string): string {
  requirePlain(state, model, 0);
  return canonical(state as JsonValue);
}

function requirePlain(value: unknown, model: string, depth: number): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (typeof value === "object" && depth < 100) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value) || prototype === Object.prototype || prototype === null) {
      for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value))
        requirePlain(part, model, depth + 1);
      return;
    }
  }
  const found = typeof value === "number" ? String(value) : `a value (${typeof value}) that JSON cannot carry`;
  throw new Error(`model ${model}: a state holds ${found}; give the model identify, or equal and hash`);
}

/** Operations in an order, such as the linearization of a `valid` answer, each with the state or states after it. */
export function replay<State, Functions extends FunctionTable<Functions>>(
  model: DefinedModel<State, Functions>,
  operations: readonly OperationOf<Functions>[],
  initial: JsonValue = null,
): readonly { readonly operation: OperationOf<Functions>; readonly states: readonly State[] }[] {
  const { definition } = model;
  const identify = identifierOf(definition);
  let states: readonly State[] = [definition.initial(initial)];
  return operations.map((operation) => {
    const after = new Map<string, State>();
    for (const state of states)
      for (const next of statesAfter(definition, state, operation)) after.set(identify(next), next);
    if (after.size === 0) throw new Error(`model ${model.name}: ${operation.function} cannot have happened here`);
    states = [...after.values()];
    return { operation, states };
  });
}

// What a correct object would do, one operation at a time: a sequential specification.
import type { JsonValue, Operation } from "../history/index.js";

/**
 * A deterministic sequential specification. States are immutable values; `step` is asked whether an operation may take effect
 * in a state and what comes of it.
 *
 * An operation of outcome `info` has no trustworthy output: `step` judges its input alone and returns the state after it, if it
 * took effect there. Operations of outcome `fail` are never shown to a model.
 */
export interface Model<State> {
  /** Kebab-case. */
  readonly name: string;
  initial(value: JsonValue): State;
  /** The state afterwards, or `illegal` when this operation could not have answered so in this state. */
  step(state: State, operation: Operation): { readonly state: State } | "illegal";
  /** Equal texts for equal states. */
  identify(state: State): string;
  /** What is wrong with the operation's shape, or null. */
  refuses(operation: Operation): string | null;
  /** True when the operation cannot change any state: without an answer it says nothing and is dropped. */
  isRead(operation: Operation): boolean;
}

/** A model whose state type is nobody's business. */
export interface AnyModel {
  readonly name: string;
  /** Runs a function over the model with its state type opened. */
  open<Result>(use: <State>(model: Model<State>) => Result): Result;
  /** For models whose keys are registers with get, put and cas: the fast engine may judge them. */
  readonly register: boolean;
}

/** Makes a model of your own ready for `checkLinearizability` and `judge`. */
export function defineModel<State>(model: Model<State>, options: { readonly register?: boolean } = {}): AnyModel {
  return { name: model.name, open: (use) => use(model), register: options.register ?? false };
}

// What a correct object would do, one operation at a time: a sequential specification, as the engines see it. `define-model.ts`
// makes one of what a user writes.
import type { JsonValue, Operation } from "../history/index.js";

/**
 * A deterministic sequential specification. States are immutable values; `step` is asked whether an operation may take effect
 * in a state and what comes of it.
 *
 * An operation of outcome `info` has no trustworthy output: `step` judges its input alone and returns the state after it, if it
 * took effect there. Operations of outcome `fail` are never shown to a model. Only function, key, input, outcome and, where it was
 * answered, output may decide: operations of unknown outcome that are equal in these stand for each other.
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
  /**
   * True when the operation cannot change any state: without an answer it says nothing and is dropped, and with one it is taken as
   * soon as a state allows it.
   */
  isRead(operation: Operation): boolean;
  /** For people: the state in a few words. Default: its text. */
  describe?(state: State): string;
  /** For people: what was asked and answered, `put 9 → null`. */
  describeOperation?(operation: Operation): string;
}

/** A model whose state type is nobody's business. */
export interface AnyModel {
  readonly name: string;
  /** Runs a function over the model with its state type opened. Texts of `identify` are good inside one call only. */
  open<Result>(use: <State>(model: Model<State>) => Result): Result;
  /** For models whose keys are registers with get, put and cas: the fast engines may judge them. */
  readonly register: boolean;
  /** For models whose keys are texts with get, put and append. */
  readonly appends?: boolean;
  /** What an operation touches: operations of different parts are judged apart. Default: its key. */
  readonly partition?: (operation: Operation) => JsonValue;
  /**
   * For models of which most parts can be told in a register's words: one part's operations so told, index by index, or null when
   * they cannot be. `register` is false for such a model.
   */
  readonly inRegisterWords?: (operations: readonly Operation[]) => readonly Operation[] | null;
}

/** Makes an engine's view of a model ready for `checkLinearizability` and `judge`. */
export function anyModel<State>(
  model: Model<State>,
  options: Partial<Pick<AnyModel, "register" | "appends" | "partition" | "inRegisterWords">> = {},
): AnyModel {
  return { name: model.name, open: (use) => use(model), register: false, ...options };
}

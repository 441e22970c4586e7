// What the sweep needs to know of a sequential specification: of any model, and of a register in particular.
import type { JsonValue, Operation } from "../../history/index.js";
import type { Model } from "../model.js";
import { canonical } from "../values.js";
import type { LiveOperation, ValueKey } from "./operation.js";

export interface Rules<State> {
  /** The state afterwards, or undefined when the operation cannot have taken effect here. */
  after(state: State, operation: LiveOperation): State | undefined;
  /** Equal for equal states. */
  identify(state: State): ValueKey;
  /** It changes no state: taken as soon as a state allows it. */
  isRead(operation: LiveOperation): boolean;
  /** Possible in every state and leaves the same one: nobody can tell whether it was overwritten at once. */
  isBlind(operation: LiveOperation): boolean;
  /** Equal for operations that can stand for each other, all answers known, or all unknown. */
  kindOf(operation: LiveOperation): string;
  /** Whether one of known and one of unknown outcome, of the same kind, leave the same state wherever both are possible. */
  readonly knownStandsForUnknown: boolean;
  /**
   * Registers: only those operations matter that look at the value, so that one of unknown outcome is worth trying only where the
   * value it leaves is looked at by the very next step.
   */
  readonly observesValues: boolean;
}

export function modelRules<State>(model: Model<State>): Rules<State> {
  return {
    after(state, operation) {
      const after = model.step(state, operation);
      return after === "illegal" ? undefined : after.state;
    },
    identify: (state) => model.identify(state),
    isRead: (operation) => model.isRead(operation),
    isBlind: () => false,
    kindOf: ({ function: name, input, output, outcome }: Operation) =>
      `${name} ${canonical(input)} ${outcome === "ok" ? canonical(output) : "?"}`,
    knownStandsForUnknown: false,
    observesValues: false,
  };
}

/** The register's value is its state. */
export const registerRules: Rules<ValueKey> = {
  after(state, { word, expected, value }) {
    switch (word) {
      case "read":
        return state === value ? state : undefined;
      case "not":
        return state === expected ? undefined : state;
      case "write":
        return value;
      case "cas":
        return state === expected ? value : undefined;
      case "replace":
        return state === expected ? undefined : value;
      default:
        throw new Error(`invariant: a register is not asked to ${word}`);
    }
  },
  identify: (state) => state,
  isRead: ({ word }) => word === "read" || word === "not",
  isBlind: ({ word }) => word === "write",
  kindOf: ({ word, expected, value }) => JSON.stringify([word, expected, value] satisfies JsonValue),
  knownStandsForUnknown: true,
  observesValues: true,
};

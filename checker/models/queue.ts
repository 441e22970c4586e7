// Queues: enqueue, and dequeue of an element or of null where there is none. `queue` gives elements in the order they came in;
// `unordered-queue` gives any of them, so that a dequeue of unknown outcome may have taken any: a nondeterministic model.
import type { JsonValue, Operation } from "../../history/index.js";
import { defineModel } from "../define-model.js";
import { anyModel } from "../model.js";
import { canonical } from "../values.js";

function refuses({ function: name, input }: Operation): string | null {
  if (name === "enqueue") return input === null ? "enqueue needs an element other than null" : null;
  if (name !== "dequeue") return `function "${name}" is not one of enqueue, dequeue`;
  return input === null ? null : "a dequeue takes no input";
}

/** Texts of the elements; for the unordered queue sorted. */
type Elements = readonly string[];

function initial(value: JsonValue): Elements {
  return Array.isArray(value) ? value.map((element: JsonValue) => canonical(element)) : [];
}

/** First in, first out. An initial list of elements, the oldest first, or null for none. */
export const queue = anyModel<Elements>({
  name: "queue",
  initial,
  step(state, { function: name, input, output, outcome }) {
    if (name === "enqueue") return { state: [...state, canonical(input)] };
    const [oldest] = state;
    if (outcome === "ok" && (output === null ? oldest !== undefined : oldest !== canonical(output))) return "illegal";
    return { state: state.slice(1) };
  },
  identify: (state) => JSON.stringify(state),
  refuses,
  isRead: ({ function: name, output, outcome }) => name === "dequeue" && outcome === "ok" && output === null,
});

type QueueFunctions = {
  readonly enqueue: { readonly input: JsonValue; readonly output: JsonValue };
  readonly dequeue: { readonly input: null; readonly output: JsonValue };
};

function without(state: Elements, element: string): Elements | null {
  const place = state.indexOf(element);
  return place === -1 ? null : state.toSpliced(place, 1);
}

/** In any order. An initial list of elements, or null for none. */
export const unorderedQueue = defineModel<Elements, QueueFunctions>({
  name: "unordered-queue",
  nondeterministic: true,
  initial: (value) => [...initial(value)].sort(),
  step(state, operation) {
    if (operation.function === "enqueue") return { state: [...state, canonical(operation.input)].sort() };
    if (operation.outcome === "info") {
      // Of an empty queue it takes nothing.
      const rests = [...new Set(state)].flatMap((element) => {
        const rest = without(state, element);
        return rest === null ? [] : [rest];
      });
      return rests.length === 0 ? { state } : { states: rests };
    }
    if (operation.output === null) return state.length === 0 ? { state } : "illegal";
    const left = without(state, canonical(operation.output));
    return left === null ? "illegal" : { state: left };
  },
  refuses,
});

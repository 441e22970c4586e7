// A set of elements: add, remove, contains, and get of all its elements.
import type { JsonValue, Operation } from "../../history/index.js";
import { anyModel } from "../model.js";
import { canonical } from "../values.js";

/** Texts of the elements, sorted. */
type Elements = readonly string[];

function sorted(elements: Iterable<string>): Elements {
  return [...new Set(elements)].sort();
}

function textsOf(values: JsonValue): readonly string[] {
  return Array.isArray(values) ? values.map((value: JsonValue) => canonical(value)) : [];
}

function refuses({ function: name, input, output, outcome }: Operation): string | null {
  switch (name) {
    case "get":
      if (input !== null) return "a get takes no input";
      return outcome !== "ok" || Array.isArray(output) ? null : "a get answers the list of elements";
    case "contains":
      return outcome !== "ok" || typeof output === "boolean" ? null : "contains answers true or false";
    case "add":
    case "remove":
      if (outcome !== "ok" || output === null || typeof output === "boolean") return null;
      return `${name} answers null, or whether it changed the set`;
    default:
      return `function "${name}" is not one of add, remove, contains, get`;
  }
}

/** add, remove, contains and get of all; an initial list of elements, or null for none. */
export const set = anyModel<Elements>({
  name: "set",
  initial: (value) => sorted(textsOf(value)),
  step(state, { function: name, input, output, outcome }) {
    const known = outcome === "ok";
    if (name === "get") {
      if (!known) return { state };
      const seen = textsOf(output);
      // An element told twice is in no set.
      const same = seen.length === state.length && sorted(seen).join(" ") === state.join(" ");
      return same ? { state } : "illegal";
    }
    const element = canonical(input);
    const holds = state.includes(element);
    if (name === "contains") return !known || output === holds ? { state } : "illegal";
    const changes = name === "add" ? !holds : holds;
    if (known && typeof output === "boolean" && output !== changes) return "illegal";
    if (!changes) return { state };
    return { state: name === "add" ? sorted([...state, element]) : state.filter((other) => other !== element) };
  },
  identify: (state) => state.join(" "),
  refuses,
  isRead: ({ function: name }) => name === "get" || name === "contains",
  describe: (state) => `{${state.join(", ")}}`,
});

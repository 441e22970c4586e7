// A counter: add of any integer, which may answer the new value, and get.
import type { Operation } from "../../history/index.js";
import { anyModel } from "../model.js";

function refuses({ function: name, input, output, outcome }: Operation): string | null {
  if (name === "get") {
    if (input !== null) return "a get takes no input";
    return outcome !== "ok" || Number.isSafeInteger(output) ? null : "a get answers an integer";
  }
  if (name !== "add") return `function "${name}" is not one of add, get`;
  if (!Number.isSafeInteger(input)) return "add needs an integer as input";
  return outcome !== "ok" || output === null || Number.isSafeInteger(output)
    ? null
    : "add answers null or the new value";
}

/** add and get; starts at the initial value, or at 0. */
export const counter = anyModel<number>({
  name: "counter",
  initial: (value) => (typeof value === "number" ? value : 0),
  step(state, { function: name, input, output, outcome }) {
    const known = outcome === "ok";
    if (name === "get") return !known || output === state ? { state } : "illegal";
    const after = state + (typeof input === "number" ? input : 0);
    return known && output !== null && output !== after ? "illegal" : { state: after };
  },
  identify: String,
  refuses,
  isRead: ({ function: name }) => name === "get",
});

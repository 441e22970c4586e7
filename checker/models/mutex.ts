// A lock: acquire and release. An input names the owner: only who holds the lock can release it. Without one (null) nobody asks
// who: the lock is free or taken.
import type { JsonValue, Operation } from "../../history/index.js";
import { anyModel } from "../model.js";
import { canonical } from "../values.js";

/** Free, or the text of the owner. */
type Lock = "free" | { readonly owner: string };

function refuses({ function: name, output, outcome }: Operation): string | null {
  if (name !== "acquire" && name !== "release") return `function "${name}" is not one of acquire, release`;
  // A refusal ("somebody else holds it") is of outcome fail.
  return outcome !== "ok" || output === null || output === true ? null : `${name} answers null or true`;
}

function initial(value: JsonValue): Lock {
  return value === null || value === false ? "free" : { owner: canonical(value === true ? null : value) };
}

/** acquire and release, by owner where an input names one; an initial owner, or null for a free lock. */
export const mutex = anyModel<Lock>({
  name: "mutex",
  initial,
  step(state, { function: name, input }) {
    const owner = canonical(input);
    if (name === "acquire") return state === "free" ? { state: { owner } } : "illegal";
    return state !== "free" && state.owner === owner ? { state: "free" } : "illegal";
  },
  identify: (state) => (state === "free" ? "" : state.owner),
  refuses,
  isRead: () => false,
  describe: (state) => (state === "free" ? "free" : `held by ${state.owner}`),
});

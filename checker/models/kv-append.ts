// Texts that can be read, replaced and appended to; the model of the shared kv histories.
import type { Operation } from "../../history/index.js";
import { anyModel } from "../model.js";

function refuses({ function: name, input, output, outcome }: Operation): string | null {
  if (name === "get") return outcome !== "ok" || typeof output === "string" ? null : "a get answers a text";
  if (name !== "put" && name !== "append") return `function "${name}" is not one of get, put, append`;
  return typeof input === "string" ? null : `${name} needs a text as input`;
}

/** get, put and append on each key; "" before any. */
export const kvAppend = anyModel<string>(
  {
    name: "kv-append",
    initial: (value) => (typeof value === "string" ? value : ""),
    step(state, { function: name, input, output, outcome }) {
      const text = typeof input === "string" ? input : "";
      if (name === "put") return { state: text };
      if (name === "append") return { state: state + text };
      if (outcome === "info") return { state };
      // The answer as the state: it lies in one piece, whereas a text that was put together is made one each time it is compared.
      return output === state ? { state: output } : "illegal";
    },
    identify: (state) => state,
    refuses,
    isRead: ({ function: name }) => name === "get",
  },
  { appends: true },
);

// A register by a model of one's own, slow enough for any key to count as hard.
import type { JsonValue } from "../../history/index.js";
import { defineModel } from "../define-model.js";

type Functions = {
  readonly get: { readonly input: null; readonly output: JsonValue };
  readonly put: { readonly input: JsonValue; readonly output: null };
};

export const slowRegister = defineModel<JsonValue, Functions>({
  name: "slow-register",
  initial: (value) => value,
  step(state, operation) {
    const untilMs = performance.now() + 120;
    while (performance.now() < untilMs);
    if (operation.function === "put") return { state: operation.input };
    return operation.outcome === "info" || operation.output === state ? { state } : "illegal";
  },
});

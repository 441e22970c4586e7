// A register with get and put, and with cas as well. An absent value is null.
//
// cas answers `{status, observed?}`: `ok` compared equal and wrote; `mismatch` found another value (the observed one, where it
// is told); `not-found` found null. put may answer `{previous}`, the value it replaced.
import type { JsonValue, Operation } from "../../history/index.js";
import { anyModel, type Model } from "../model.js";
import { expectedIn, newIn, previousIn, statusIn } from "../register/fields.js";
import { canonical, fieldOf } from "../values.js";

export function refusesRegister(operation: Operation, withCas: boolean): string | null {
  const { function: name, input, output, outcome } = operation;
  if (name === "get") return input === null ? null : "a get takes no input";
  if (name === "put") {
    if (outcome !== "ok" || output === null) return null;
    return previousIn(output) === undefined ? "a put answers null or {previous}" : null;
  }
  if (name !== "cas" || !withCas) return `function "${name}" is not one of ${withCas ? "get, put, cas" : "get, put"}`;
  if (expectedIn(input) === undefined || newIn(input) === undefined) return "a cas needs {expected, new} as input";
  if (outcome !== "ok") return null;
  const status = statusIn(output);
  if (status !== "ok" && status !== "mismatch" && status !== "not-found")
    return 'an answered cas needs {status: "ok" | "mismatch" | "not-found"} as output';
  return null;
}

type Step = { readonly state: JsonValue } | "illegal";

function stepCas(state: JsonValue, { input, output, outcome }: Operation): Step {
  const expected = fieldOf(input, "expected") ?? null;
  const replacement = fieldOf(input, "new") ?? null;
  const same = canonical(state) === canonical(expected);
  // Of unknown outcome: a comparison that fails changes nothing, which is the same as not having happened.
  if (outcome === "info") return same ? { state: replacement } : "illegal";
  const observed = fieldOf(output, "observed");
  if (observed !== undefined && canonical(observed) !== canonical(state)) return "illegal";
  const status = fieldOf(output, "status");
  if (status === "ok") return same ? { state: replacement } : "illegal";
  if (status === "not-found") return state === null ? { state } : "illegal";
  return same ? "illegal" : { state };
}

export function stepRegister(state: JsonValue, operation: Operation): Step {
  const { function: name, input, output, outcome } = operation;
  if (name === "get") {
    if (outcome === "info") return { state };
    return canonical(state) === canonical(output) ? { state } : "illegal";
  }
  if (name === "cas") return stepCas(state, operation);
  const previous = outcome === "ok" ? fieldOf(output, "previous") : undefined;
  if (previous !== undefined && canonical(previous) !== canonical(state)) return "illegal";
  return { state: input };
}

export function registerModel(name: string, withCas: boolean): Model<JsonValue> {
  return {
    name,
    initial: (value) => value,
    step: stepRegister,
    identify: canonical,
    refuses: (operation) => refusesRegister(operation, withCas),
    isRead: ({ function: name, output, outcome }) =>
      name === "get" || (name === "cas" && outcome === "ok" && fieldOf(output, "status") !== "ok"),
  };
}

/** get and put on each key. */
export const register = anyModel(registerModel("register", false), { register: true });
/** get, put and cas on each key. */
export const casRegister = anyModel(registerModel("cas-register", true), { register: true });

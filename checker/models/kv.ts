// A key-value store: get, put, cas and delete over keys that are judged apart. An absent value is null.
//
// To a register a delete is a put of null, so almost every key is judged by the register engines:
//   delete → null                      put null
//   delete → {previous}                put null → {previous}
//   delete → {status: "not-found"}     get → null: nothing was there, nothing changed
//   delete → {status: "ok"}            something was there: a register has no word for it, and the general search judges the key
// put may not write null, so that whoever reads null knows what it means.
import type { JsonValue, Operation } from "../../history/index.js";
import { anyModel, type Model } from "../model.js";
import { canonical, fieldOf } from "../values.js";
import { registerModel } from "./register.js";

const cells = registerModel("kv", true);

function refuses(operation: Operation): string | null {
  const { function: name, input, output, outcome } = operation;
  if (name === "put" && input === null) return "a put needs a value other than null; delete removes one";
  if (name !== "delete") {
    if (name === "get" || name === "put" || name === "cas") return cells.refuses(operation);
    return `function "${name}" is not one of get, put, cas, delete`;
  }
  if (input !== null) return "a delete takes no input";
  if (outcome !== "ok" || output === null || fieldOf(output, "previous") !== undefined) return null;
  const status = fieldOf(output, "status");
  return status === "ok" || status === "not-found"
    ? null
    : 'a delete answers null, {previous} or {status: "ok" | "not-found"}';
}

function stepDelete(state: JsonValue, { output, outcome }: Operation): { readonly state: JsonValue } | "illegal" {
  if (outcome === "info") return { state: null };
  const previous = fieldOf(output, "previous");
  if (previous !== undefined && canonical(previous) !== canonical(state)) return "illegal";
  const status = fieldOf(output, "status");
  if (status === "ok" && state === null) return "illegal";
  if (status === "not-found" && state !== null) return "illegal";
  return { state: null };
}

const model: Model<JsonValue> = {
  ...cells,
  step: (state, operation) =>
    operation.function === "delete" ? stepDelete(state, operation) : cells.step(state, operation),
  refuses,
  isRead: (operation) =>
    operation.function === "delete"
      ? operation.outcome === "ok" && fieldOf(operation.output, "status") === "not-found"
      : cells.isRead(operation),
};

function inRegisterWords(operations: readonly Operation[]): readonly Operation[] | null {
  const told: Operation[] = [];
  for (const operation of operations) {
    const { function: name, output, outcome } = operation;
    const status = name === "delete" && outcome === "ok" ? fieldOf(output, "status") : undefined;
    const previous = status === undefined ? undefined : fieldOf(output, "previous");
    if (status === "ok" || previous !== undefined) return null;
    if (name !== "delete") told.push(operation);
    else if (status === "not-found") told.push({ ...operation, function: "get", output: null });
    else told.push({ ...operation, function: "put" });
  }
  return told;
}

/** get, put, cas and delete on each key; absent is null. */
export const kv = anyModel(model, { inRegisterWords });

// Fields of a register's inputs and answers, each read by a function of its own: a field whose name is known when the code is
// compiled is found several times faster than one whose name is a variable.
import type { JsonValue } from "../../history/index.js";

type Fields = { readonly [name in "expected" | "new" | "status" | "observed" | "previous"]?: JsonValue };

function isObject(value: JsonValue): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function expectedIn(value: JsonValue): JsonValue | undefined {
  return isObject(value) ? (value as Fields).expected : undefined;
}

export function newIn(value: JsonValue): JsonValue | undefined {
  return isObject(value) ? (value as Fields).new : undefined;
}

export function statusIn(value: JsonValue): JsonValue | undefined {
  return isObject(value) ? (value as Fields).status : undefined;
}

export function observedIn(value: JsonValue): JsonValue | undefined {
  return isObject(value) ? (value as Fields).observed : undefined;
}

export function previousIn(value: JsonValue): JsonValue | undefined {
  return isObject(value) ? (value as Fields).previous : undefined;
}

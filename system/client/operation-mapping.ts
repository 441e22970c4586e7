// Between the suite's operations and the store's: keys are texts on the wire, outputs are those of `history/operation.ts`.
import type { ClientRequest as Invocation, JsonValue } from "../../cluster/index.js";
import type { KvOperation, KvResult, Value } from "../core/interface.js";
import { isValue, maximumTextLength } from "../runtime/client-codec.js";

/** The store's operation, or what is wrong with the request. */
export function toKvOperation(request: Invocation): KvOperation | { readonly error: string } {
  const key = keyText(request.key);
  if (key === null) return { error: `unsupported key ${JSON.stringify(request.key)}: a string or a number` };
  switch (request.function) {
    case "get":
      return { function: "get", key };
    case "put":
      if (!isValue(request.input)) return unsupported(request.input);
      return { function: "put", key, value: request.input };
    case "cas": {
      const input = request.input;
      if (typeof input !== "object" || input === null || Array.isArray(input)) return unsupported(input);
      const { expected, new: replacement } = input as { readonly [name: string]: JsonValue };
      if (!isValue(expected)) return unsupported(expected ?? null);
      if (!isValue(replacement)) return unsupported(replacement ?? null);
      return { function: "cas", key, expected, new: replacement };
    }
    default:
      return { error: `unsupported function "${request.function}"` };
  }
}

/** A key's text on the wire; null when it has none. */
export function keyText(key: JsonValue): string | null {
  if (typeof key === "number") return String(key);
  return typeof key === "string" && key.length <= maximumTextLength ? key : null;
}

export function outputOf(result: KvResult): JsonValue {
  switch (result.function) {
    case "get":
      return result.found ? result.value : null;
    case "put":
      return { previous: result.previous };
    case "cas":
      return { status: result.status, observed: result.observed satisfies Value };
  }
}

function unsupported(value: JsonValue): { readonly error: string } {
  return { error: `unsupported value ${JSON.stringify(value)}` };
}

// Requests come from outside: whatever a client's frame held. What does not fit the types is refused as malformed before anything
// else looks at it.
import type { ClientRequest, KvOperation } from "./interface.js";

export const KEY_LENGTH_MAX = 4096;
export const VALUE_LENGTH_MAX = 1_000_000;
/** The log stores numbers in 32 bits. */
const NUMBER_MAX = 0xffff_ffff;

export function isWellFormed(request: ClientRequest): boolean {
  if (!isNatural(request.id)) return false;
  switch (request.type) {
    case "hello":
      return true;
    case "open-session":
      return isNatural(request.group);
    case "operation":
      return (
        isNatural(request.group) &&
        isNatural(request.session) &&
        isNatural(request.number) &&
        request.number >= 1 &&
        request.number <= NUMBER_MAX &&
        isNatural(request.acknowledgedBelow) &&
        request.acknowledgedBelow <= request.number &&
        isOperation(request.operation)
      );
    default:
      return false;
  }
}

function isNatural(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isOperation(operation: KvOperation): boolean {
  if (typeof operation !== "object" || operation === null) return false;
  if (typeof operation.key !== "string" || operation.key.length > KEY_LENGTH_MAX) return false;
  switch (operation.function) {
    case "get":
      return true;
    case "put":
      return isValue(operation.value);
    case "cas":
      return isValue(operation.expected) && isValue(operation.new);
    default:
      return false;
  }
}

function isValue(value: unknown): boolean {
  if (typeof value === "string") return value.length <= VALUE_LENGTH_MAX;
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "boolean";
}

// The oracle that the engines are held against: tries every order. Obviously right, and only for a handful of operations. It has
// a register's meaning written down once more, on purpose.
import type { JsonValue, Operation } from "../../history/index.js";

function object(value: JsonValue): { readonly [name: string]: JsonValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })
    : {};
}

/** Equal texts for equal values, whatever the order of fields. */
function text(value: JsonValue | undefined): string {
  return JSON.stringify(value ?? null, (_, item: JsonValue) => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

/** The value afterwards, or undefined when the operation could not have answered so. Values are compared as JSON texts. */
function apply(state: string, { function: name, input, output, outcome }: Operation): string | undefined {
  const known = outcome === "ok";
  if (name === "get") return !known || text(output) === state ? state : undefined;
  if (name === "put") {
    const { previous } = object(output);
    return known && previous !== undefined && text(previous) !== state ? undefined : text(input);
  }
  const { expected, new: replacement } = object(input);
  const matches = text(expected) === state;
  if (!known) return matches ? text(replacement) : state;
  const { status, observed } = object(output);
  if (observed !== undefined && text(observed) !== state) return undefined;
  if (status === "ok") return matches ? text(replacement) : undefined;
  if (status === "not-found") return state === "null" ? state : undefined;
  return matches ? undefined : state;
}

/** A linearization as positions, or null when there is none. */
export function bruteForce(operations: readonly Operation[], initial: JsonValue): readonly number[] | null {
  const order: number[] = [];
  const used = new Set<number>();
  const candidates = operations.map((operation, position) => ({ operation, position }));
  const search = (state: string): boolean => {
    const waiting = candidates.filter(({ position, operation }) => !used.has(position) && operation.outcome === "ok");
    if (waiting.length === 0) return true;
    // Nothing may be placed that was called after some waiting operation had returned.
    const latest = Math.min(...waiting.map(({ operation }) => operation.returnNs ?? Infinity));
    for (const { operation, position } of candidates) {
      if (used.has(position) || operation.outcome === "fail" || operation.callNs > latest) continue;
      const after = apply(state, operation);
      if (after === undefined) continue;
      used.add(position);
      order.push(position);
      if (search(after)) return true;
      order.pop();
      used.delete(position);
    }
    return false;
  };
  return search(text(initial)) ? order : null;
}

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
  if (value === undefined || value === null || typeof value !== "object") return JSON.stringify(value ?? null);
  return JSON.stringify(value, (_, item: JsonValue) => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

/** What an operation asks of the state before it, and the state after it (null: the same). States are texts of values. */
interface Meaning {
  readonly is: readonly string[];
  readonly isNot: readonly string[];
  readonly becomes: string | null;
}

function meaningOf({ function: name, input, output, outcome }: Operation): Meaning {
  const known = outcome === "ok";
  if (name === "get") return { is: known ? [text(output)] : [], isNot: [], becomes: null };
  if (name === "put") {
    const { previous } = object(output);
    return { is: known && previous !== undefined ? [text(previous)] : [], isNot: [], becomes: text(input) };
  }
  const { expected, new: replacement } = object(input);
  // Of unknown outcome: where it does not match it does nothing, which is the same as not having happened.
  if (!known) return { is: [text(expected)], isNot: [], becomes: text(replacement) };
  const { status, observed } = object(output);
  const seen = observed === undefined ? [] : [text(observed)];
  if (status === "ok") return { is: [text(expected), ...seen], isNot: [], becomes: text(replacement) };
  if (status === "not-found") return { is: ["null", ...seen], isNot: [], becomes: null };
  return { is: seen, isNot: [text(expected)], becomes: null };
}

/** A linearization as positions, or null when there is none. At most 30 operations. */
export function bruteForce(operations: readonly Operation[], initial: JsonValue): readonly number[] | null {
  if (operations.length > 30) throw new Error(`too many operations for brute force: ${operations.length}`);
  const candidates = operations.flatMap((operation, position) =>
    operation.outcome === "fail"
      ? []
      : [{ ...meaningOf(operation), position, call: operation.callNs, return: operation.returnNs ?? Infinity }],
  );
  const order: number[] = [];
  /** What was placed, as bits, and the state it led to: what can follow depends on nothing else. */
  const hopeless = new Set<string>();
  const search = (placed: number, state: string): boolean => {
    // Nothing may be placed that was called after some waiting operation had returned.
    let deadline = Infinity;
    for (const [at, candidate] of candidates.entries())
      if ((placed & (1 << at)) === 0) deadline = Math.min(deadline, candidate.return);
    if (deadline === Infinity) return true;
    const here = `${placed} ${state}`;
    if (hopeless.has(here)) return false;
    for (const [at, { position, call, is, isNot, becomes }] of candidates.entries()) {
      if ((placed & (1 << at)) !== 0 || call > deadline) continue;
      if (is.some((value) => value !== state) || isNot.includes(state)) continue;
      order.push(position);
      if (search(placed | (1 << at), becomes ?? state)) return true;
      order.pop();
    }
    hopeless.add(here);
    return false;
  };
  return search(0, text(initial)) ? order : null;
}

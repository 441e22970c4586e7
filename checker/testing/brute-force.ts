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

/** What an operation asks of the state before it, and the state after it (-1: the same). States are numbers of values. */
interface Meaning {
  readonly is: readonly number[];
  readonly isNot: number;
  readonly becomes: number;
}

function meaningOf(
  { function: name, input, output, outcome }: Operation,
  numberOf: (value: JsonValue | undefined) => number,
): Meaning {
  const known = outcome === "ok";
  if (name === "get") return { is: known ? [numberOf(output)] : [], isNot: -1, becomes: -1 };
  if (name === "put") {
    const { previous } = object(output);
    return { is: known && previous !== undefined ? [numberOf(previous)] : [], isNot: -1, becomes: numberOf(input) };
  }
  const { expected, new: replacement } = object(input);
  // Of unknown outcome: where it does not match it does nothing, which is the same as not having happened.
  if (!known) return { is: [numberOf(expected)], isNot: -1, becomes: numberOf(replacement) };
  const { status, observed } = object(output);
  const seen = observed === undefined ? [] : [numberOf(observed)];
  if (status === "ok") return { is: [numberOf(expected), ...seen], isNot: -1, becomes: numberOf(replacement) };
  if (status === "not-found") return { is: [numberOf(null), ...seen], isNot: -1, becomes: -1 };
  return { is: seen, isNot: numberOf(expected), becomes: -1 };
}

/** Numbers for values, as they come; the initial value is number 0. */
function numbering(initial: JsonValue): (value: JsonValue | undefined) => number {
  const texts: string[] = [text(initial)];
  return (value) => {
    const own = text(value);
    const known = texts.indexOf(own);
    return known === -1 ? texts.push(own) - 1 : known;
  };
}

/** A linearization as positions, or null when there is none. At most 20 operations. */
export function bruteForce(operations: readonly Operation[], initial: JsonValue): readonly number[] | null {
  if (operations.length > 20) throw new Error(`too many operations for brute force: ${operations.length}`);
  const numberOf = numbering(initial);
  const candidates = operations.flatMap((operation, position) => {
    if (operation.outcome === "fail") return [];
    const { callNs: call, returnNs } = operation;
    return [{ ...meaningOf(operation, numberOf), position, call, return: returnNs ?? Infinity }];
  });
  const order: number[] = [];
  /** What was placed, as bits, and the state it led to: what can follow depends on nothing else. */
  const hopeless = new Set<number>();
  const search = (placed: number, state: number): boolean => {
    // Nothing may be placed that was called after some waiting operation had returned.
    let deadline = Infinity;
    candidates.forEach((candidate, at) => {
      if ((placed & (1 << at)) === 0) deadline = Math.min(deadline, candidate.return);
    });
    if (deadline === Infinity) return true;
    const here = placed * 64 + state;
    if (hopeless.has(here)) return false;
    const found = candidates.some(({ position, call, is, isNot, becomes }, at) => {
      if ((placed & (1 << at)) !== 0 || call > deadline) return false;
      if (isNot === state || is.some((value) => value !== state)) return false;
      order.push(position);
      if (search(placed | (1 << at), becomes === -1 ? state : becomes)) return true;
      order.pop();
      return false;
    });
    if (!found) hopeless.add(here);
    return found;
  };
  return search(0, 0) ? order : null;
}

/**
 * Are these operations, all answered, inconsistent by themselves: even when each write outside them may have happened or not, once
 * at most, inside its own interval, and everything else outside is forgotten?
 */
export function isInconsistentCore(
  operations: readonly Operation[],
  initial: JsonValue,
  core: readonly number[],
): boolean {
  if (operations.length > 20) throw new Error(`too many operations for brute force: ${operations.length}`);
  const numberOf = numbering(initial);
  const candidates = operations.flatMap((operation, position) => {
    const meaning = meaningOf(operation, numberOf);
    const inside = core.includes(position);
    if (operation.outcome === "fail" || (!inside && meaning.becomes === -1)) return [];
    return [{ ...meaning, inside, call: operation.callNs, return: operation.returnNs ?? Infinity }];
  });
  const met = new Set<string>();
  const isPossible = (placed: number, state: number, latestCall: number): boolean => {
    const waiting = candidates.filter(({ inside }, at) => inside && (placed & (1 << at)) === 0);
    if (waiting.length === 0) return true;
    const deadline = Math.min(...waiting.map((candidate) => candidate.return));
    const here = `${placed} ${state} ${latestCall}`;
    if (latestCall > deadline || met.has(here)) return false;
    met.add(here);
    return candidates.some((candidate, at) => {
      const { is, isNot, becomes, call } = candidate;
      if ((placed & (1 << at)) !== 0 || call > deadline || candidate.return < latestCall) return false;
      if (isNot === state || is.some((value) => value !== state)) return false;
      return isPossible(placed | (1 << at), becomes === -1 ? state : becomes, Math.max(latestCall, call));
    });
  };
  return !isPossible(0, 0, -Infinity);
}

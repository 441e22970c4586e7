// The oracle for models weaker than linearizability: their definitions word for word, over every order and every set of visible
// writes. Only for a handful of operations.
import type { JsonValue, Operation } from "../../history/index.js";
import type { SessionGuarantee } from "../verdict.js";

interface Act {
  readonly at: number;
  readonly session: number;
  /** What it says of the value that it saw: the value itself, or one that it was not; null: nothing. */
  readonly saw: { readonly value: string } | { readonly not: string } | null;
  /** What it wrote, or null. */
  readonly wrote: string | null;
  /** It may not have happened. */
  readonly isOptional: boolean;
}

export interface Acts {
  readonly acts: readonly Act[];
  readonly initial: string;
}

function object(value: JsonValue): { readonly [name: string]: JsonValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })
    : {};
}

/** Null: an answer contradicts itself. */
export function actsOf(operations: readonly Operation[], initial: JsonValue): Acts | null {
  const acts: Act[] = [];
  const inOrder = [...operations.entries()].sort(([, one], [, other]) => one.callNs - other.callNs);
  for (const [at, { function: name, input, output, outcome, process: session }] of inOrder) {
    if (outcome === "fail") continue;
    const text = (value: JsonValue | undefined) => JSON.stringify(value ?? null);
    const act = { at, session, isOptional: outcome === "info" };
    const answered = object(output);
    if (name === "get") {
      if (outcome === "ok") acts.push({ ...act, saw: { value: text(output) }, wrote: null });
    } else if (name === "put") {
      const told = outcome === "ok" && answered["previous"] !== undefined;
      acts.push({ ...act, saw: told ? { value: text(answered["previous"]) } : null, wrote: text(input) });
    } else {
      const { expected, new: wanted } = object(input);
      const observed = answered["observed"];
      if (outcome === "info" || answered["status"] === "ok") {
        if (outcome === "ok" && observed !== undefined && text(observed) !== text(expected)) return null;
        acts.push({ ...act, saw: { value: text(expected) }, wrote: text(wanted) });
      } else if (answered["status"] === "not-found") {
        if (observed !== undefined && observed !== null) return null;
        acts.push({ ...act, saw: { value: "null" }, wrote: null });
      } else if (observed === undefined) acts.push({ ...act, saw: { not: text(expected) }, wrote: null });
      else if (text(observed) === text(expected)) return null;
      else acts.push({ ...act, saw: { value: text(observed) }, wrote: null });
    }
  }
  // What replaces a value by itself changes nothing that anybody could see: it is a read.
  const plain = acts.flatMap((act): Act[] => {
    if (act.saw === null || !("value" in act.saw) || act.saw.value !== act.wrote) return [act];
    return act.isOptional ? [] : [{ ...act, wrote: null }];
  });
  return { acts: plain, initial: JSON.stringify(initial) };
}

/** Only these operations; one that saw the value of a write that is not among them is taken to have seen nothing. */
export function onlyActs({ acts, initial }: Acts, positions: readonly number[]): Acts {
  const kept = acts.filter(({ at }) => positions.includes(at));
  return {
    initial,
    acts: kept.map((act) => {
      const { saw } = act;
      if (saw === null || !("value" in saw) || saw.value === initial) return act;
      const writes = (other: Act) => other !== act && other.wrote === saw.value;
      const isLeftOut = acts.some(writes) && !kept.some(writes);
      return isLeftOut && act.wrote !== null ? { ...act, saw: null } : act;
    }),
  };
}

function agrees(saw: Act["saw"], value: string): boolean {
  if (saw === null) return true;
  return "value" in saw ? saw.value === value : saw.not !== value;
}

export function isSequential({ acts, initial }: Acts): boolean {
  const sessions = [...new Set(acts.map(({ session }) => session))].map((session) =>
    acts.filter((act) => act.session === session),
  );
  const search = (heads: readonly number[], value: string): boolean => {
    if (sessions.every((steps, at) => steps.slice(heads[at]).every(({ isOptional }) => isOptional))) return true;
    return sessions.some((steps, at) => {
      const act = steps[heads[at] ?? 0];
      if (act === undefined || !agrees(act.saw, value)) return false;
      return search(heads.with(at, (heads[at] ?? 0) + 1), act.wrote ?? value);
    });
  };
  return search(
    sessions.map(() => 0),
    initial,
  );
}

function* permutations<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length === 0) yield [];
  for (const [at, item] of items.entries())
    for (const rest of permutations([...items.slice(0, at), ...items.slice(at + 1)])) yield [item, ...rest];
}

function* subsets<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let bits = 0; bits < 2 ** items.length; bits++) yield items.filter((_, at) => (bits >> at) & 1);
}

/** Is there an order of the writes, and for each read a set of visible ones, for which all of these hold? */
export function holdTogether({ acts, initial }: Acts, guarantees: readonly SessionGuarantee[]): boolean {
  const optional = acts.filter(({ isOptional }) => isOptional);
  for (const absent of subsets(optional)) {
    const present = acts.filter((act) => !absent.includes(act));
    const writes = present.filter(({ wrote }) => wrote !== null);
    for (const order of permutations(writes)) if (isOrder(present, order, initial, guarantees)) return true;
  }
  return false;
}

function isOrder(
  acts: readonly Act[],
  order: readonly Act[],
  initial: string,
  guarantees: readonly SessionGuarantee[],
): boolean {
  const before = (one: Act, other: Act) => one.session === other.session && acts.indexOf(one) < acts.indexOf(other);
  const arbitrated = (one: Act, other: Act) => order.indexOf(one) < order.indexOf(other);
  if (guarantees.includes("monotonic writes"))
    for (const one of order) for (const other of order) if (before(one, other) && !arbitrated(one, other)) return false;
  const sessions = [...new Set(acts.map(({ session }) => session))];
  return sessions.every((session) => {
    const reads = acts.filter((act) => act.session === session && act.saw !== null);
    const choose = (at: number, seenBefore: readonly Act[]): boolean => {
      const read = reads[at];
      if (read === undefined) return true;
      for (const visible of subsets(order.filter((write) => write !== read))) {
        const latest = visible.at(-1);
        if (!agrees(read.saw, latest?.wrote ?? initial)) continue;
        if (guarantees.includes("read your writes"))
          if (order.some((write) => before(write, read) && !visible.includes(write))) continue;
        if (guarantees.includes("writes follow reads")) {
          const later = order.filter((write) => before(read, write) || write === read);
          if (later.some((write) => visible.some((seen) => !arbitrated(seen, write)))) continue;
        }
        // A cas cannot see its own write: who read that before can read it no more.
        if (guarantees.includes("monotonic reads") && seenBefore.some((write) => !visible.includes(write))) continue;
        if (choose(at + 1, guarantees.includes("monotonic reads") ? visible : [])) return true;
      }
      return false;
    };
    return choose(0, []);
  });
}

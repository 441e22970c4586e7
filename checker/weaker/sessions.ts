// One key's operations as its sessions saw them. A session is a process: what it did on the key, in its own order. What real time
// says of operations of different sessions is forgotten: the models weaker than linearizability do not know it.
import type { Operation } from "../../history/index.js";
import type { NormalisedRegister, RegisterOperation } from "../register/normalise.js";

/** The virtual write of the initial value. */
export const initialWrite = -1;

/** An operation that happened. Operations are named by their positions in the list of operations given. */
export interface Step {
  readonly at: number;
  /** It wrote the value, so that others may have seen it. */
  readonly writes: boolean;
  /** The write whose value it saw; null when it saw none, or when it is left open which. */
  readonly sees: number | null;
}

export interface Sessions {
  /** By process, in the order of that process. */
  readonly sessions: readonly (readonly Step[])[];
  /** By write of unknown outcome that happened: an operation that saw its value. */
  readonly provedBy: ReadonlyMap<number, number>;
}

export type Reading =
  /**
   * `known`: only what is certain, the rest left open. `guess`: complete, but one possibility of several, or null where none was
   * found; the same as `known` where everything is certain.
   */
  | { readonly known: Sessions; readonly guess: Sessions | null }
  /**
   * A value that nobody wrote was seen: no model explains it. The operation that saw it, and those that prove that it happened if
   * its own outcome is unknown.
   */
  | { readonly witness: readonly number[] };

/** So many writes are looked at for guessing. */
const maxGuessing = 5_000_000;

/**
 * Which write each operation saw. Certain where a value was written once and is not the initial one, or was never written and is;
 * such a write of unknown outcome did happen. Elsewhere the guess is the write that was called last before the answer.
 */
export function readSessions({ operations }: NormalisedRegister, given: readonly Operation[]): Reading {
  const writers = writersByValue(operations);
  const happened = new Set<RegisterOperation>();
  const known = new Map<RegisterOperation, number>();
  const provedBy = new Map<number, number>();
  const open: RegisterOperation[] = [];
  const waiting = operations.filter(({ required }) => required);
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (happened.has(one)) continue;
    happened.add(one);
    const value = seenBy(one);
    if (value === null) continue;
    if (value === "something") {
      open.push(one);
      continue;
    }
    const candidates = writers.get(value) ?? [];
    const [only] = candidates;
    if (candidates.length > 1 || (value === 0 && only !== undefined)) open.push(one);
    else if (only === undefined && value !== 0) return { witness: withProofs([one.position], provedBy) };
    else {
      known.set(one, only?.position ?? initialWrite);
      if (only === undefined || only.required || provedBy.has(only.position)) continue;
      provedBy.set(only.position, one.position);
      waiting.push(only);
    }
  }
  const certain: Sessions = { sessions: bySession(happened, given, (one) => known.get(one) ?? null), provedBy };
  if (open.length === 0) return { known: certain, guess: certain };
  const guessed = guess(open, happened, writers);
  if (guessed === null) return { known: certain, guess: null };
  const sees = (one: RegisterOperation) => known.get(one) ?? guessed.get(one) ?? null;
  return { known: certain, guess: { sessions: bySession(happened, given, sees), provedBy } };
}

type Writers = ReadonlyMap<number, readonly RegisterOperation[]>;

function writersByValue(operations: readonly RegisterOperation[]): Writers {
  const writers = new Map<number, RegisterOperation[]>();
  for (const one of operations) {
    if (one.kind !== "write" && one.kind !== "cas") continue;
    const known = writers.get(one.value);
    if (known === undefined) writers.set(one.value, [one]);
    else known.push(one);
  }
  return writers;
}

/** A write for each operation that is open; adds what must have happened for it. Null when none was found. */
function guess(
  open: RegisterOperation[],
  happened: Set<RegisterOperation>,
  writers: Writers,
): Map<RegisterOperation, number> | null {
  const guessed = new Map<RegisterOperation, number>();
  const answered = [...writers.values()].flat().filter(({ required }) => required);
  let looked = 0;
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const value = seenBy(one);
    const not = value === "something" ? one.value : null;
    const candidates = value === "something" ? answered : (writers.get(value ?? 0) ?? []);
    looked += candidates.length;
    if (looked > maxGuessing) return null;
    const source = latestBefore(candidates, one, not);
    const canBeInitial = not === null ? value === 0 : not !== 0;
    if (source === null && !canBeInitial) return null;
    guessed.set(one, source?.position ?? initialWrite);
    if (source === null || happened.has(source)) continue;
    // A write of unknown outcome that happened looked at a value itself, if it compared.
    happened.add(source);
    if (source.kind === "cas") open.push(source);
  }
  return guessed;
}

/** What the operations of a witness need to be one by themselves: those that prove that one of unknown outcome happened. */
export function withProofs(witness: Iterable<number>, provedBy: Sessions["provedBy"]): readonly number[] {
  const all = new Set(witness);
  all.delete(initialWrite);
  // A set grows while it is walked: a proof may need one too. It ends, for the first proof of all was an answer.
  for (const at of all) {
    const proof = provedBy.get(at);
    if (proof !== undefined) all.add(proof);
  }
  return [...all].sort((one, other) => one - other);
}

/** The value that it saw; `something`: it is only known what it was not. */
function seenBy({ kind, value, expected }: RegisterOperation): number | "something" | null {
  if (kind === "read") return value;
  if (kind === "cas") return expected;
  return kind === "not" ? "something" : null;
}

/** The last called of those that were called before the reader's answer, or else any. */
function latestBefore(
  candidates: readonly RegisterOperation[],
  reader: RegisterOperation,
  not: number | null,
): RegisterOperation | null {
  let latest: RegisterOperation | null = null;
  let any: RegisterOperation | null = null;
  for (const one of candidates) {
    if (one === reader || one.value === not) continue;
    any = one;
    if (one.call > reader.return) continue;
    if (latest === null || one.call > latest.call) latest = one;
  }
  return latest ?? any;
}

function bySession(
  happened: ReadonlySet<RegisterOperation>,
  given: readonly Operation[],
  sees: (operation: RegisterOperation) => number | null,
): readonly (readonly Step[])[] {
  const sessions = new Map<number, Step[]>();
  // They were taken from behind; recorded histories are in order then.
  const inOrder = [...happened].reverse();
  inOrder.sort((one, other) => one.call - other.call || one.position - other.position);
  for (const one of inOrder) {
    const process = given[one.position]?.process ?? -1;
    const step = { at: one.position, writes: one.kind === "write" || one.kind === "cas", sees: sees(one) };
    const known = sessions.get(process);
    if (known === undefined) sessions.set(process, [step]);
    else known.push(step);
  }
  return [...sessions.values()];
}

// Configurations of the live sweep, and sets of them in which no member is made superfluous by another.
//
// A configuration stands for many: an open blind write that was called before some other blind write took effect may have been
// hidden just before that one, or may still be to come. Nobody has to decide which until it is looked at: it is `free`.
import type { ValueKey } from "./operation.js";

export const bitsPerWord = 32;

export interface Configuration<State> {
  readonly state: State;
  /** Equal for equal states. */
  readonly identity: ValueKey;
  /** Bit sets over the slots of open operations: linearized; and hidden or still to come, as is needed. */
  readonly done: number[];
  readonly free: number[];
  /** Operations of unknown outcome used up: kind, count, kind, count, …, kinds ascending. */
  used: readonly number[];
  /** The last step was of unknown outcome and nobody has looked at what it left: the next one must. */
  readonly owing: boolean;
  superseded: boolean;
}

export class Frontier<State> {
  readonly #buckets = new Map<ValueKey, Configuration<State>[]>();
  #size = 0;

  /** `reads`: the slots of open reads. */
  constructor(
    readonly reads: readonly number[],
    readonly standIns: StandIns,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** False when a member is at least as good. Members that the newcomer makes superfluous leave. */
  add(newcomer: Configuration<State>): boolean {
    const bucket = this.#buckets.get(newcomer.identity);
    if (bucket === undefined) {
      this.#buckets.set(newcomer.identity, [newcomer]);
      this.#size += 1;
      return true;
    }
    for (const member of bucket) if (this.#dominates(member, newcomer)) return false;
    let kept = 0;
    for (const member of bucket) {
      if (this.#dominates(newcomer, member)) member.superseded = true;
      else bucket[kept++] = member;
    }
    this.#size += kept + 1 - bucket.length;
    bucket.length = kept;
    bucket.push(newcomer);
    return true;
  }

  list(): Configuration<State>[] {
    const all: Configuration<State>[] = [];
    for (const bucket of this.#buckets.values()) for (const member of bucket) all.push(member);
    return all;
  }

  /** Whatever `worse` can still do, `better` can do too. Both have the same state. */
  #dominates(better: Configuration<State>, worse: Configuration<State>): boolean {
    if (better.owing && !worse.owing) return false;
    const { done, free } = better;
    for (let word = 0; word < done.length; word++) {
      const reads = this.reads[word] ?? 0;
      const betterDone = done[word] ?? 0;
      const worseDone = worse.done[word] ?? 0;
      if ((worseDone & ~betterDone & reads) !== 0) return false;
      if ((betterDone & ~worseDone & ~reads) !== 0) return false;
      // What is certainly still to come in the better one must be so in the other.
      const pendingBetter = ~(betterDone | (free[word] ?? 0));
      if ((pendingBetter & (worseDone | (worse.free[word] ?? 0)) & ~reads) !== 0) return false;
    }
    return usesNoMore(better.used, worse.used, this.standIns);
  }
}

/** The plain write of unknown outcome that can stand for a cas of unknown outcome: both leave the same value. By their kinds. */
export type StandIns = ReadonlyMap<number, number>;

/**
 * Is as much left to `less` as to `more`? It may have used up more cas where it has used up fewer plain writes of the same value:
 * wherever the cas that it lacks could take effect, such a write can.
 */
function usesNoMore(less: readonly number[], more: readonly number[], standIns: StandIns): boolean {
  let spare: Map<number, number> | null = null;
  let at = 0;
  for (let index = 0; index < less.length; index += 2) {
    const kind = less[index] ?? -1;
    while (at < more.length && (more[at] ?? -1) < kind) at += 2;
    const lacking = (less[index + 1] ?? 0) - (more[at] === kind ? (more[at + 1] ?? 0) : 0);
    if (lacking <= 0) continue;
    const write = standIns.get(kind);
    if (write === undefined) return false;
    spare ??= new Map();
    const left = (spare.get(write) ?? countUsed(more, write) - countUsed(less, write)) - lacking;
    if (left < 0) return false;
    spare.set(write, left);
  }
  return true;
}

export function countUsed(used: readonly number[], kind: number): number {
  for (let index = 0; index < used.length; index += 2) if (used[index] === kind) return used[index + 1] ?? 0;
  return 0;
}

/** With one more of a kind used up. */
export function useOne(used: readonly number[], kind: number): readonly number[] {
  return addUsed(used, kind, 1);
}

/** With some more, or fewer, of a kind used up. */
export function addUsed(used: readonly number[], kind: number, change: number): readonly number[] {
  const sum: number[] = [];
  let entered = false;
  for (let index = 0; index < used.length; index += 2) {
    const other = used[index] ?? -1;
    let count = used[index + 1] ?? 0;
    if (!entered && other >= kind) {
      entered = true;
      if (other === kind) count += change;
      else sum.push(kind, change);
    }
    if (count > 0) sum.push(other, count);
  }
  if (!entered) sum.push(kind, change);
  return sum;
}

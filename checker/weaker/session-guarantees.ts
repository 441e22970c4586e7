// The four session guarantees of Terry, Demers, Petersen, Spreitzer, Theimer and Welch ("Session Guarantees for Weakly Consistent
// Replicated Data", 1994), on one register, as Viotti and Vukolić write them down ("Consistency in Non-Transactional Distributed
// Storage Systems", 2016): is there one order of all writes, and for each read a set of writes visible to it of which it returns
// the latest (the initial value if there are none), so that
//
//   read your writes     the writes that its session made before are visible to a read;
//   monotonic reads      what was visible to a read is visible to the later reads of its session;
//   monotonic writes     the writes of a session stand in the session's order;
//   writes follow reads  what was visible to a read stands before the later writes of its session.
//
// A cas that succeeded is a read and a write, and its write follows its own read. The fewer writes are visible the better, so each
// guarantee says of some pairs of writes which comes first; some guarantees hold together iff all they say is free of cycles.
import { cycleIn, tangled, type Edge } from "./graph.js";
import type { SessionGuarantee, Validity } from "../verdict.js";
import { initialWrite, withProofs, type Sessions, type Step } from "./sessions.js";

/** What the writes themselves must keep comes first: what reads must keep is judged by the order of writes that follows. */
export const sessionGuarantees: readonly SessionGuarantee[] = [
  "monotonic writes",
  "writes follow reads",
  "monotonic reads",
  "read your writes",
];

export interface GuaranteeAnswer {
  readonly guarantee: SessionGuarantee;
  /** true: it holds together with all others that hold. false: it cannot hold together with those in `given`. */
  readonly holds: Validity;
  readonly given: readonly SessionGuarantee[];
  /** Positions of operations that show the failure by themselves. */
  readonly witness: readonly number[];
}

interface GuaranteeEdge extends Edge {
  /** Operations that show it, beside the two writes. */
  readonly because: readonly number[];
  /** What demands it. */
  readonly label: SessionGuarantee;
}

/** More pairs than this are not looked at. */
const maxEdges = 400_000;

/** Each guarantee in turn, taken if it can hold together with those taken before. */
export function judgeGuarantees(known: Sessions, guess: Sessions | null): readonly GuaranteeAnswer[] {
  const certainly = new Demands(known);
  const possibly = guess === known ? certainly : guess === null ? null : new Demands(guess);
  const nothing = { given: [], witness: [] } as const;
  if (possibly?.contradictionIn(sessionGuarantees) === null)
    return sessionGuarantees.map((guarantee) => ({ guarantee, holds: true, ...nothing }));
  const taken: SessionGuarantee[] = [];
  return sessionGuarantees.map((guarantee): GuaranteeAnswer => {
    const wanted = [...taken, guarantee];
    const cycle = certainly.contradictionIn(wanted);
    if (cycle !== null && cycle !== "too many") {
      const given = taken.filter((one) => cycle.some(({ label }) => label === one));
      const witness = cycle.flatMap(({ from, to, because }) => [from, to, ...because]);
      return { guarantee, holds: false, given, witness: withProofs(witness, known.provedBy) };
    }
    const holds = possibly?.contradictionIn(wanted) === null;
    if (holds) taken.push(guarantee);
    return { guarantee, holds: holds ? true : "unknown", ...nothing };
  });
}

/** What the guarantees say of pairs of writes. */
class Demands {
  /** What all four say, as far as it may contradict itself; null: too much to look at. */
  readonly #tangled: readonly GuaranteeEdge[] | null;

  constructor(private readonly sessions: Sessions) {
    const every = edgesOf(sessions, sessionGuarantees);
    this.#tangled = every === null ? null : tangled(every, initialWrite);
  }

  /** Null when these can hold together. */
  contradictionIn(wanted: readonly SessionGuarantee[]): readonly GuaranteeEdge[] | "too many" | null {
    const edges = this.#edgesFor(wanted);
    return edges === null ? "too many" : cycleIn(edges, initialWrite);
  }

  #edgesFor(wanted: readonly SessionGuarantee[]): readonly GuaranteeEdge[] | null {
    // Where a session's writes stand in order, what the other guarantees say can be said with fewer pairs.
    if (this.#tangled === null || !wanted.includes("monotonic writes")) return edgesOf(this.sessions, wanted);
    return this.#tangled.filter(({ label }) => wanted.includes(label));
  }
}

/** Null when there are too many. */
function edgesOf({ sessions }: Sessions, wanted: readonly SessionGuarantee[]): readonly GuaranteeEdge[] | null {
  const edges: GuaranteeEdge[] = [];
  for (const steps of sessions) if (!addEdges(edges, steps, wanted)) return null;
  return edges;
}

/** False when there are too many. */
function addEdges(edges: GuaranteeEdge[], steps: readonly Step[], wanted: readonly SessionGuarantee[]): boolean {
  const add = (from: number, to: number, because: readonly number[], label: SessionGuarantee): void => {
    edges.push({ from, to, because, label });
  };
  const ordered = wanted.includes("monotonic writes");
  const monotonicReads = wanted.includes("monotonic reads");
  const readYourWrites = wanted.includes("read your writes");
  const writesFollowReads = wanted.includes("writes follow reads");
  const writes: number[] = [];
  /** Reads whose visible writes stand before the next write; if writes are not in order, before all later ones. */
  let reads: Step[] = [];
  /** By write: the first read of the session that saw it. */
  const firstToSee = new Map<number, number>();
  let previous: Step | null = null;
  for (const step of steps) {
    if (edges.length > maxEdges) return false;
    const { at, sees } = step;
    if (sees !== null) {
      if (monotonicReads) {
        if (previous?.sees != null && previous.sees !== sees)
          add(previous.sees, sees, [previous.at, at], "monotonic reads");
        // A cas cannot see its own write: who has seen that before can see it no more.
        const seer = step.writes ? firstToSee.get(at) : undefined;
        if (seer !== undefined) add(at, at, [seer, sees], "monotonic reads");
      }
      if (readYourWrites)
        for (const write of ordered ? writes.slice(-1) : writes)
          if (write !== sees) add(write, sees, [at], "read your writes");
      previous = step;
      reads.push(step);
      if (!firstToSee.has(sees)) firstToSee.set(sees, at);
    }
    if (!step.writes) continue;
    const last = writes.at(-1);
    if (ordered && last !== undefined) add(last, at, [], "monotonic writes");
    if (writesFollowReads)
      for (const read of reads) add(read.sees ?? initialWrite, at, [read.at], "writes follow reads");
    if (ordered) reads = [];
    writes.push(at);
  }
  return true;
}

// The certificate verifier: is the core of a violation inconsistent? Event by event it keeps every state that the operations can
// have led to, while those outside the core are as free as its context says (ViolationCertificate in verdict.ts). No state left:
// inconsistent. It shares no code with the engines, only the idea that sets of states are the obvious way.
import type { Operation } from "../history/index.js";
import { movesOf, type CoreClaim, type Move } from "./verifier-context.js";
import type { Specification } from "./verifier.js";

/** What may have happened so far: the state, the moves used that have not ended, and how many of each kind that never ends. */
interface Branch<State> {
  readonly state: State;
  readonly used: readonly Move[];
  readonly spent: ReadonlyMap<string, number>;
}

/** Branches without those that another makes superfluous, being equal but for fewer moves used that need not happen. */
class Branches<State> {
  readonly groups = new Map<string, Branch<State>[]>();
  constructor(
    readonly identify: (state: State) => string,
    readonly place: ReadonlyMap<Move, number>,
  ) {}
  add(branch: Branch<State>): boolean {
    const must = branch.used.flatMap((move) => (move.use === "must" ? [this.place.get(move) ?? -1] : []));
    const key = `${must.sort((left, right) => left - right).join()} ${this.identify(branch.state)}`;
    const group = this.groups.get(key) ?? [];
    if (group.some((other) => covers(other, branch))) return false;
    this.groups.set(key, [...group.filter((other) => !covers(branch, other)), branch]);
    return true;
  }
}

function covers<State>(better: Branch<State>, worse: Branch<State>): boolean {
  for (const [kind, count] of better.spent) if ((worse.spent.get(kind) ?? 0) < count) return false;
  return better.used.every((move) => move.use === "must" || worse.used.includes(move));
}

/** Is the core inconsistent in its context? `undecided` after that many steps. */
export function verifyCore<State>(
  specification: Specification<State>,
  operations: readonly Operation[],
  claim: CoreClaim,
  maxSteps = 1_000_000,
): "inconsistent" | "consistent" | "undecided" {
  const { initial, step, text: identify } = specification;
  const moves = movesOf(operations, claim);
  const place = new Map(moves.map((move, at) => [move, at]));
  const ends = moves.flatMap((move) => {
    const call = { time: move.from, move, isCall: true };
    return move.until === Infinity ? [call] : [call, { time: move.until, move, isCall: false }];
  });
  ends.sort((left, right) => left.time - right.time || Number(right.isCall) - Number(left.isCall));
  const open = new Set<Move>();
  /** By kind, the moves that never end: one of them, and how many were called. */
  const endless = new Map<string, { readonly move: Move; called: number }>();
  let branches: Branch<State>[] = [{ state: initial, used: [], spent: new Map() }];
  let steps = 0;
  for (const { move: due, isCall } of ends) {
    if (isCall) {
      const known = endless.get(due.kind);
      if (due.until < Infinity) open.add(due);
      else if (known === undefined) endless.set(due.kind, { move: due, called: due.use === "often" ? Infinity : 1 });
      else known.called += 1;
      continue;
    }
    const seen = new Branches<State>(identify, place);
    const left = new Branches<State>(identify, place);
    if (due.use === "once") for (const branch of branches) if (!branch.used.includes(due)) left.add(branch);
    const waiting = branches.filter((branch) => seen.add(branch));
    for (let branch = waiting.pop(); branch !== undefined; branch = waiting.pop()) {
      const { state, used, spent } = branch;
      if (used.includes(due)) {
        left.add({ state, spent, used: used.filter((move) => move !== due) });
        continue;
      }
      const next = (move: Move, after: Omit<Branch<State>, "state">): void => {
        steps += 1;
        const result = step(state, move.operation);
        if (result === undefined || (move.use !== "must" && identify(result) === identify(state))) return;
        const grown = { ...after, state: result };
        if (seen.add(grown)) waiting.push(grown);
      };
      for (const move of open) if (!used.includes(move)) next(move, { used: [...used, move], spent });
      for (const [kind, { move, called }] of endless) {
        const count = spent.get(kind) ?? 0;
        if (count < called)
          next(move, { used, spent: called === Infinity ? spent : new Map(spent).set(kind, count + 1) });
      }
      if (steps > maxSteps) return "undecided";
    }
    open.delete(due);
    branches = [...left.groups.values()].flat();
    if (branches.length === 0) return "inconsistent";
  }
  return "consistent";
}

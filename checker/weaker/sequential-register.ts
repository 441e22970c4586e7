// Sequential consistency (Lamport, 1979) of one register: is there one order of all operations that keeps each session's own order
// and explains every answer? Where it is certain which write each operation saw, this takes no search: the operations of a value
// stand together, a cas ties the value it saw to the value it wrote, so chains of values are blocks whose inner order is fixed, and
// the sessions say which block comes before which. (The same blocks as in ../no-search, but without times.)
import { cycleIn, type Edge } from "./graph.js";
import { initialWrite, withProofs, type Sessions, type Step } from "./sessions.js";

export type BlocksAnswer =
  /** An order of all operations, as positions. */
  | { readonly kind: "order"; readonly order: readonly number[] }
  /** Positions of operations that have no such order by themselves. */
  | { readonly kind: "contradiction"; readonly witness: readonly number[] };

interface Place {
  readonly root: number;
  /** 0: the root; 1: what saw it; 2: the cas that took it away; 3: what saw that; and so on. */
  readonly depth: number;
}

/** Two operations of one session that stand in different blocks, one block before the other. */
interface BlockEdge extends Edge {
  readonly leaving: Place;
  readonly arriving: Place;
  readonly earlier: Step;
  readonly later: Step;
}

class Blocks {
  /** By write: its place. */
  readonly places = new Map<number, Place>();
  /** By write: the cas that took its value away. */
  readonly nextCas = new Map<number, number>();
  readonly #seenBy = new Map<number, number>();

  /** The operations of a contradiction, or null. */
  build(steps: readonly Step[]): readonly number[] | null {
    const writes = steps.filter((step) => step.writes);
    this.places.set(initialWrite, { root: initialWrite, depth: 0 });
    for (const { at, sees } of writes) {
      if (sees === null) {
        this.places.set(at, { root: at, depth: 0 });
        continue;
      }
      const rival = this.nextCas.get(sees);
      if (rival !== undefined) return [rival, at, sees];
      this.nextCas.set(sees, at);
      this.#seenBy.set(at, sees);
    }
    const roots = [...this.places.keys()];
    for (const root of roots) {
      let depth = 2;
      for (let cas = this.nextCas.get(root); cas !== undefined; cas = this.nextCas.get(cas)) {
        this.places.set(cas, { root, depth });
        depth += 2;
      }
    }
    const lost = writes.find(({ at }) => !this.places.has(at));
    return lost === undefined ? null : this.#ringOf(lost.at);
  }

  /** What no root leads to is in a ring of cas, each of which needs the value that the next one wrote. */
  #ringOf(start: number): readonly number[] {
    const ring = [start];
    for (let at = this.#seenBy.get(start) ?? start; at !== start; at = this.#seenBy.get(at) ?? start) ring.push(at);
    return ring;
  }

  placeOf({ at, sees, writes }: Step): Place | null {
    if (writes) return this.places.get(at) ?? null;
    const seen = sees === null ? undefined : this.places.get(sees);
    return seen === undefined ? null : { root: seen.root, depth: seen.depth + 1 };
  }

  /** The writes of a block from one depth to another, with the one whose value the first of them saw. */
  between(root: number, low: number, high: number): readonly number[] {
    const found: number[] = [];
    for (let at: number | undefined = root, depth = 0; at !== undefined && depth <= high; depth += 2) {
      if (depth >= low - 2) found.push(at);
      at = this.nextCas.get(at);
    }
    return found;
  }
}

/** `sessions`: of steps that saw nothing and wrote nothing nothing is said. */
export function judgeBlocks(given: Sessions): BlocksAnswer {
  const { sessions } = given;
  const contradiction = (witness: readonly number[]): BlocksAnswer => ({
    kind: "contradiction",
    witness: withProofs(witness, given.provedBy),
  });
  const blocks = new Blocks();
  const witness = blocks.build(sessions.flat());
  if (witness !== null) return contradiction(witness);
  const edges: BlockEdge[] = [];
  for (const steps of sessions) {
    let last: { readonly earlier: Step; readonly leaving: Place } | null = null;
    for (const later of steps) {
      const arriving = blocks.placeOf(later);
      if (arriving === null) continue;
      if (last !== null) {
        const { earlier, leaving }: { readonly earlier: Step; readonly leaving: Place } = last;
        if (leaving.root !== arriving.root)
          edges.push({ from: leaving.root, to: arriving.root, leaving, arriving, earlier, later });
        else if (leaving.depth > arriving.depth) {
          const links = blocks.between(arriving.root, arriving.depth, leaving.depth);
          return contradiction([earlier.at, later.at, ...links]);
        }
      }
      last = { earlier: later, leaving: arriving };
    }
  }
  const cycle = cycleIn(edges, initialWrite);
  if (cycle !== null) return contradiction(operationsOf(cycle, blocks));
  return { kind: "order", order: inOrder(sessions, blocks, edges) };
}

/** With each block that the cycle passes, the writes that tie what it meets there to each other. */
function operationsOf(cycle: readonly BlockEdge[], blocks: Blocks): readonly number[] {
  const [only] = cycle;
  if (only?.to === initialWrite) {
    // Nothing comes before what leads back to the initial value.
    return [
      only.earlier.at,
      only.later.at,
      ...blocks.between(only.from, only.leaving.depth, only.leaving.depth),
      ...blocks.between(initialWrite, 0, only.arriving.depth),
    ];
  }
  return cycle.flatMap(({ from, earlier, later, leaving }, place) => {
    const arriving = cycle.at(place - 1)?.arriving.depth ?? 0;
    const low = Math.min(leaving.depth, arriving);
    return [earlier.at, later.at, ...blocks.between(from, low, Math.max(leaving.depth, arriving))];
  });
}

/** Blocks in an order that the edges allow, each from its root on. */
function inOrder(sessions: readonly (readonly Step[])[], blocks: Blocks, edges: readonly Edge[]): readonly number[] {
  const members = new Map<number, { readonly at: number; readonly depth: number }[]>();
  for (const { root } of blocks.places.values()) members.set(root, []);
  for (const step of sessions.flat()) {
    const place = blocks.placeOf(step);
    if (place !== null) members.get(place.root)?.push({ at: step.at, depth: place.depth });
  }
  const order: number[] = [];
  for (const root of rootsInOrder([...members.keys()], edges)) {
    const block = members.get(root) ?? [];
    // Stable: what stands at one depth stays in the order of its session.
    block.sort((one, other) => one.depth - other.depth);
    for (const { at } of block) order.push(at);
  }
  return order;
}

function rootsInOrder(roots: readonly number[], edges: readonly Edge[]): readonly number[] {
  const incoming = new Map<number, number>();
  const next = new Map<number, number[]>();
  for (const { from, to } of edges) {
    incoming.set(to, (incoming.get(to) ?? 0) + 1);
    const known = next.get(from);
    if (known === undefined) next.set(from, [to]);
    else known.push(to);
  }
  // The initial value's block comes first: nothing leads to it.
  const free = roots.filter((root) => (incoming.get(root) ?? 0) === 0 && root !== initialWrite);
  free.push(initialWrite);
  const order: number[] = [];
  for (let root = free.pop(); root !== undefined; root = free.pop()) {
    order.push(root);
    for (const to of next.get(root) ?? []) {
      const count = (incoming.get(to) ?? 0) - 1;
      incoming.set(to, count);
      if (count === 0) free.push(to);
    }
  }
  return order;
}

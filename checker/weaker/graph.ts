// A relation between writes, each pair with the operations that show it, and the shortest contradiction in it that is found.

/** Nodes are positions of operations, or -1 for what comes before all of them. */
export interface Edge {
  readonly from: number;
  readonly to: number;
}

/** How many starts are tried for a short cycle. */
const starts = 64;

/**
 * A cycle as its edges, or null. `first` comes before every other node, so a single edge to it is a cycle.
 */
export function cycleIn<Link extends Edge>(edges: readonly Link[], first: number): readonly Link[] | null {
  const next = new Map<number, Link[]>();
  for (const edge of tangled(edges, first)) {
    if (edge.to === first || edge.from === edge.to) return [edge];
    const known = next.get(edge.from);
    if (known === undefined) next.set(edge.from, [edge]);
    else known.push(edge);
  }
  let best = null as readonly Link[] | null;
  let tried = 0;
  for (const node of next.keys()) {
    best = cycleThrough(node, next, best?.length ?? Infinity) ?? best;
    if (++tried >= starts && best !== null) break;
  }
  return best;
}

/** Only the edges that may be part of a cycle, in their order: most often none. A cycle of some of the edges is among these. */
export function tangled<Link extends Edge>(edges: readonly Link[], first: number): readonly Link[] {
  // Nodes are counted from 0 on here.
  const tails = new Int32Array(edges.length);
  const heads = new Int32Array(edges.length);
  for (let at = 0; at < edges.length; at++) {
    const { from, to } = edges[at] ?? { from: first, to: first };
    tails[at] = from + 1;
    // What leads to the first node leads back to itself.
    heads[at] = to === first ? from + 1 : to + 1;
  }
  // What nothing leads to is in no cycle, and neither is what leads nowhere.
  const ahead = peel(tails, heads);
  const behind = peel(
    ahead.map((at) => heads[at] ?? 0),
    ahead.map((at) => tails[at] ?? 0),
  );
  return Array.from(behind).flatMap((place) => edges[ahead[place] ?? 0] ?? []);
}

/** Places of the edges that are left when nodes to which no edge leads are taken away, with theirs, again and again. */
function peel(tails: Int32Array, heads: Int32Array): Int32Array {
  const count = tails.length;
  let size = 0;
  for (let at = 0; at < count; at++) size = Math.max(size, (tails[at] ?? 0) + 1, (heads[at] ?? 0) + 1);
  const incoming = new Int32Array(size);
  const begin = new Int32Array(size + 1).fill(count, size);
  for (let at = 0; at < count; at++) {
    incoming[heads[at] ?? 0] = (incoming[heads[at] ?? 0] ?? 0) + 1;
    begin[tails[at] ?? 0] = (begin[tails[at] ?? 0] ?? 0) + 1;
  }
  for (let node = 1; node < size; node++) begin[node] = (begin[node] ?? 0) + (begin[node - 1] ?? 0);
  // Filled from behind: where a node's part ended, it begins afterwards.
  const reached = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const place = (begin[tails[at] ?? 0] ?? 0) - 1;
    begin[tails[at] ?? 0] = place;
    reached[place] = heads[at] ?? 0;
  }
  const free: number[] = [];
  for (let node = 0; node < size; node++) if (incoming[node] === 0) free.push(node);
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    for (let place = begin[node] ?? 0; place < (begin[node + 1] ?? 0); place++) {
      const head = reached[place] ?? 0;
      const left = (incoming[head] ?? 0) - 1;
      incoming[head] = left;
      if (left === 0) free.push(head);
    }
  }
  let kept = 0;
  for (let at = 0; at < count; at++) if ((incoming[tails[at] ?? 0] ?? 0) > 0) reached[kept++] = at;
  return reached.subarray(0, kept);
}

/** By breadth first: the shortest cycle through this node that is shorter than the bound. */
function cycleThrough<Link extends Edge>(
  start: number,
  next: ReadonlyMap<number, readonly Link[]>,
  bound: number,
): readonly Link[] | null {
  const reachedBy = new Map<number, Link>();
  let frontier = [start];
  for (let length = 1; length < bound && frontier.length > 0; length++) {
    const further: number[] = [];
    for (const node of frontier) {
      for (const edge of next.get(node) ?? []) {
        if (edge.to === start) return backFrom(edge, reachedBy, start);
        if (reachedBy.has(edge.to)) continue;
        reachedBy.set(edge.to, edge);
        further.push(edge.to);
      }
    }
    frontier = further;
  }
  return null;
}

function backFrom<Link extends Edge>(last: Link, reachedBy: ReadonlyMap<number, Link>, start: number): readonly Link[] {
  const cycle = [last];
  for (let at = last.from; at !== start;) {
    const edge = reachedBy.get(at);
    if (edge === undefined) throw new Error("invariant: a way without a beginning");
    cycle.unshift(edge);
    at = edge.from;
  }
  return cycle;
}

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
  for (const edge of edges) if (edge.to === first || edge.from === edge.to) return [edge];
  // What nothing leads to is in no cycle, and neither is what leads nowhere; most often nothing is left then.
  const ahead = peel(edges, "from", "to");
  if (ahead.length === 0) return null;
  const next = new Map<number, Link[]>();
  for (const edge of peel(ahead, "to", "from")) {
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

/** The edges that are left when nodes to which no edge leads are taken away, with theirs, again and again. */
function peel<Link extends Edge>(edges: readonly Link[], from: keyof Edge, to: keyof Edge): readonly Link[] {
  let size = 0;
  for (const edge of edges) size = Math.max(size, edge.from + 2, edge.to + 2);
  const incoming = new Int32Array(size);
  const end = new Int32Array(size);
  for (const edge of edges) {
    incoming[edge[to] + 1] = (incoming[edge[to] + 1] ?? 0) + 1;
    end[edge[from] + 1] = (end[edge[from] + 1] ?? 0) + 1;
  }
  for (let node = 1; node < size; node++) end[node] = (end[node] ?? 0) + (end[node - 1] ?? 0);
  // Filled from behind, so that `end` becomes the beginning of each node's part.
  const heads = new Int32Array(edges.length);
  for (const edge of edges) {
    const place = (end[edge[from] + 1] ?? 0) - 1;
    end[edge[from] + 1] = place;
    heads[place] = edge[to] + 1;
  }
  const free: number[] = [];
  for (let node = 0; node < size; node++) if (incoming[node] === 0) free.push(node);
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    const behind = end[node + 1] ?? edges.length;
    for (let place = end[node] ?? 0; place < behind; place++) {
      const head = heads[place] ?? 0;
      const count = (incoming[head] ?? 0) - 1;
      incoming[head] = count;
      if (count === 0) free.push(head);
    }
  }
  return edges.filter((edge) => (incoming[edge[from] + 1] ?? 0) > 0);
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

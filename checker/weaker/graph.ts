// A relation between writes, each pair with the operations that show it, and the shortest contradiction in it that is found.

export interface Edge {
  readonly from: number;
  readonly to: number;
  /** Operations that show it, beside the two writes. */
  readonly because: readonly number[];
  /** What demands it. */
  readonly label: string;
}

/** How many starts are tried for a short cycle. */
const starts = 64;

/**
 * A cycle as its edges, or null. `first` comes before every other node, so a single edge to it is a cycle.
 */
export function cycleIn(edges: readonly Edge[], first: number): readonly Edge[] | null {
  for (const edge of edges) if (edge.to === first || edge.from === edge.to) return [edge];
  const next = new Map<number, Edge[]>();
  const before = new Map<number, Edge[]>();
  for (const edge of edges) {
    file(next, edge.from, edge);
    file(before, edge.to, edge);
  }
  const left = new Set<number>([...next.keys(), ...before.keys()]);
  peel(left, before, next, (edge) => edge.to);
  peel(left, next, before, (edge) => edge.from);
  let best: readonly Edge[] | null = null;
  let tried = 0;
  for (const node of left) {
    const cycle = cycleThrough(node, next, left, best?.length ?? Infinity);
    if (cycle !== null && (best === null || cycle.length < best.length)) best = cycle;
    if (++tried >= starts && best !== null) break;
  }
  return best;
}

function file(edges: Map<number, Edge[]>, node: number, edge: Edge): void {
  const known = edges.get(node);
  if (known === undefined) edges.set(node, [edge]);
  else known.push(edge);
}

/** Takes away, again and again, what has no edges on the one side: it is in no cycle. */
function peel(
  left: Set<number>,
  onOneSide: ReadonlyMap<number, readonly Edge[]>,
  onTheOther: ReadonlyMap<number, readonly Edge[]>,
  far: (edge: Edge) => number,
): void {
  const counts = new Map<number, number>();
  for (const node of left) {
    const near = onOneSide.get(node) ?? [];
    counts.set(node, near.filter((edge) => left.has(edge.from) && left.has(edge.to)).length);
  }
  const free = [...left].filter((node) => counts.get(node) === 0);
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    left.delete(node);
    for (const edge of onTheOther.get(node) ?? []) {
      const other = far(edge);
      const count = (counts.get(other) ?? 0) - 1;
      counts.set(other, count);
      if (count === 0 && left.has(other)) free.push(other);
    }
  }
}

/** By breadth first: the shortest cycle through this node that is shorter than the bound. */
function cycleThrough(
  start: number,
  next: ReadonlyMap<number, readonly Edge[]>,
  within: ReadonlySet<number>,
  bound: number,
): readonly Edge[] | null {
  const reachedBy = new Map<number, Edge>();
  let frontier = [start];
  for (let length = 1; length < bound && frontier.length > 0; length++) {
    const further: number[] = [];
    for (const node of frontier) {
      for (const edge of next.get(node) ?? []) {
        if (edge.to === start) return backFrom(edge, reachedBy, start);
        if (!within.has(edge.to) || reachedBy.has(edge.to)) continue;
        reachedBy.set(edge.to, edge);
        further.push(edge.to);
      }
    }
    frontier = further;
  }
  return null;
}

function backFrom(last: Edge, reachedBy: ReadonlyMap<number, Edge>, start: number): readonly Edge[] {
  const cycle = [last];
  for (let at = last.from; at !== start;) {
    const edge = reachedBy.get(at);
    if (edge === undefined) throw new Error("invariant: a way without a beginning");
    cycle.unshift(edge);
    at = edge.from;
  }
  return cycle;
}

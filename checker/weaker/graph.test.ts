// Cycles of a relation: against every walk on small random graphs, and what a large graph must not cost the search.
import { describe, expect, test } from "vitest";
import { createRandom } from "../../history/index.js";
import { cycleIn, type Edge } from "./graph.js";

const nobody = -1;

/** A ring of as many nodes, numbered from `first` on. */
function ring(first: number, size: number): Edge[] {
  return Array.from({ length: size }, (_, at) => ({ from: first + at, to: first + ((at + 1) % size) }));
}

function chain(first: number, size: number): Edge[] {
  return ring(first, size).slice(0, -1);
}

/** Length of the shortest cycle, by the lengths of the shortest ways between all pairs. */
function shortestCycle(edges: readonly Edge[], size: number): number {
  const ways = Array.from({ length: size }, () => Array.from({ length: size }, () => Infinity));
  for (const { from, to } of edges) (ways[from] ?? [])[to] = 1;
  for (let by = 0; by < size; by++)
    for (const row of ways)
      for (let to = 0; to < size; to++)
        row[to] = Math.min(row[to] ?? Infinity, (row[by] ?? Infinity) + (ways[by]?.[to] ?? Infinity));
  return Math.min(...ways.map((row, at) => row[at] ?? Infinity));
}

function expectCycle(cycle: readonly Edge[] | null, edges: readonly Edge[]): void {
  for (const [at, edge] of (cycle ?? []).entries()) {
    expect(edges).toContain(edge);
    expect(edge.from).toBe(cycle?.at(at - 1)?.to);
  }
}

describe("a cycle", () => {
  test("is found in a small graph if there is one, and it is the shortest", () => {
    const seen = { none: 0, some: 0 };
    for (let seed = 0; seed < 2_000; seed++) {
      const random = createRandom(seed);
      const size = random.integer(2, 7);
      const edges: Edge[] = Array.from({ length: random.integer(1, 2 * size) }, () => ({
        from: random.integer(0, size - 1),
        to: random.integer(0, size - 1),
      })).filter(({ from, to }) => from !== to || random.chance(0.1));
      const cycle = cycleIn(edges, nobody);
      expect([seed, cycle?.length ?? Infinity]).toEqual([seed, shortestCycle(edges, size)]);
      expectCycle(cycle, edges);
      seen[cycle === null ? "none" : "some"] += 1;
    }
    expect(Math.min(seen.none, seen.some)).toBeGreaterThan(400);
  });

  test("is any edge to what comes before everything", () => {
    const edges = [...ring(0, 3), { from: 4, to: nobody }];
    expect(cycleIn(edges, nobody)).toEqual([{ from: 4, to: nobody }]);
    expect(cycleIn([{ from: nobody, to: 4 }], nobody)).toBeNull();
  });

  test("is sought only from nodes that may be in one: those before and behind use up no starts", () => {
    const before = [...chain(100, 70), { from: 169, to: 0 }];
    const behind = [...chain(200, 70), { from: 0, to: 200 }];
    for (const tail of [before, behind])
      expect(cycleIn([...tail, ...ring(0, 5), ...ring(10, 2)], nobody)).toHaveLength(2);
  });

  test("is sought from 64 of them; a shorter one further on stays unseen", () => {
    expect(cycleIn([...ring(0, 63), ...ring(100, 2)], nobody)).toHaveLength(2);
    expect(cycleIn([...ring(0, 64), ...ring(100, 2)], nobody)).toHaveLength(64);
    // Unless it takes no search.
    const self = { from: 500, to: 500 };
    expect(cycleIn([...ring(0, 64), ...ring(100, 2), self], nobody)).toEqual([self]);
  });

  test("is sought until one is found, however many nodes lie between two of them", () => {
    const between = [{ from: 0, to: 100 }, ...chain(100, 70), { from: 169, to: 10 }];
    const edges = [...between.slice(1), ...ring(10, 3), ...ring(0, 3), ...between.slice(0, 1)];
    expect(cycleIn(edges, nobody)).toHaveLength(3);
  });
});

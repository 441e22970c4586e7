// The ledger's rules one by one, on samples written by hand: n1 and n2 both dial n3, so that nothing but their bytes tells the
// two dialled sockets apart. A sample is the accepted sockets a1, a2 and the dialled d1, d2, each [upstream, downstream].
import { expect, test } from "vitest";
import type { MeshView } from "../counter-source.js";
import type { LinkCounters, MeshProxy } from "../types.js";
import { Ledger } from "./ledger.js";

type Bytes = readonly [number, number];
interface Sample {
  readonly a1?: Bytes;
  readonly a2?: Bytes;
  readonly d1?: Bytes;
  readonly d2?: Bytes;
  readonly a3?: Bytes;
  readonly d3?: Bytes;
}

const address = { host: "127.0.0.1", port: 1 };
const proxy = (from: string, to: string): MeshProxy => ({
  name: `link-${from}-${to}`,
  role: { kind: "link", from, to },
  listen: address,
  upstream: address,
});
/** a3 and d3 are n3's own connection to n1. */
const dialler: Readonly<Record<string, readonly [string, string]>> = {
  "1": ["n1", "n3"],
  "2": ["n2", "n3"],
  "3": ["n3", "n1"],
};

function harness() {
  const ledger = new Ledger();
  const cuts = new Set<string>();
  const links = ["n1", "n2", "n3"].flatMap((to) =>
    ["n1", "n2", "n3"].filter((from) => from !== to).map((from) => proxy(from, to)),
  );
  const view: MeshView = {
    links,
    passes: (name, stream) => {
      const [, from, to] = name.split("-");
      return !cuts.has(stream === "upstream" ? `${from}>${to}` : `${to}>${from}`);
    },
  };
  const sample = (sockets: Sample): ReadonlyMap<string, LinkCounters> => {
    const sides = Object.entries(sockets).map(([id, [upstreamBytes, downstreamBytes]]: [string, Bytes]) => {
      const [from, to] = dialler[id.slice(1)] ?? ["", ""];
      return { id, open: true, proxy: `link-${from}-${to}`, target: to, upstreamBytes, downstreamBytes };
    });
    ledger.enter(view, {
      accepted: sides.filter(({ id }) => id.startsWith("a")),
      dialled: sides.filter(({ id }) => id.startsWith("d")),
    });
    return new Map(ledger.counters(view).map((one) => [`${one.link.from}>${one.link.to}`, one]));
  };
  return { cuts, sample, pairs: () => Object.fromEntries(ledger.pairs()) };
}

test("equal and idle sockets are paired in the third sample and not before", () => {
  const { sample, pairs } = harness();
  const idle = { a1: [5, 0], d1: [5, 0], a2: [7, 0], d2: [7, 0] } as const;
  sample(idle);
  sample(idle);
  expect(pairs()).toEqual({});
  sample(idle);
  expect(pairs()).toEqual({ a1: "d1", a2: "d2" });
});

test("equal sockets between whose samples bytes moved are paired in the second", () => {
  const { sample, pairs } = harness();
  sample({ a1: [5, 0], d1: [5, 0], a2: [7, 0], d2: [7, 0] });
  sample({ a1: [9, 0], d1: [9, 0], a2: [7, 0], d2: [7, 0] });
  expect(pairs()).toEqual({ a1: "d1" });
});

test("sockets with the same counts are not paired however long they stay so", () => {
  const { sample, pairs } = harness();
  for (let count = 0; count < 10; count++) sample({ a1: [5, 2], d1: [5, 2], a2: [5, 2], d2: [5, 2] });
  expect(pairs()).toEqual({});
});

test("a sender whose bytes are stuck on the way is not paired with another one's equal socket", () => {
  const { sample, pairs } = harness();
  for (let count = 0; count < 10; count++) sample({ a1: [10, 0], d1: [4, 0], a2: [10, 0], d2: [10, 0] });
  expect(pairs()).toEqual({});
});

test("the one connection born in a sample is paired by its birth, though it says nothing", () => {
  const { sample, pairs } = harness();
  const old = { a1: [5, 0], d1: [5, 0] } as const;
  sample(old);
  sample({ ...old, a2: [0, 0], d2: [0, 0] });
  expect(pairs()).not.toHaveProperty("a2");
  sample({ ...old, a2: [0, 0], d2: [0, 0] });
  expect(pairs()).toHaveProperty("a2", "d2");
});

test("two connections born at once are not paired by their birth", () => {
  const { sample, pairs } = harness();
  sample({});
  sample({ a1: [0, 0], d1: [0, 0], a2: [0, 0], d2: [0, 0] });
  sample({ a1: [0, 0], d1: [0, 0], a2: [0, 0], d2: [0, 0] });
  sample({ a1: [0, 0], d1: [0, 0], a2: [0, 0], d2: [0, 0] });
  expect(pairs()).toEqual({});
});

test("a pair that delivers more than it was offered is parted", () => {
  const { sample, pairs } = harness();
  for (const bytes of [3, 4]) sample({ a1: [bytes, 0], d2: [bytes, 0], a2: [9, 0], d1: [9, 0] });
  expect(pairs()).toHaveProperty("a1", "d2");
  sample({ a1: [4, 0], d2: [20, 0], a2: [20, 0], d1: [9, 0] });
  sample({ a1: [4, 0], d2: [20, 0], a2: [20, 0], d1: [9, 0] });
  expect(pairs()).not.toHaveProperty("a1");
});

test("a pair that is never again seen equal in much traffic is parted", () => {
  const { sample, pairs } = harness();
  for (const bytes of [3, 4]) sample({ a1: [bytes, 0], d1: [bytes, 0] });
  expect(pairs()).toEqual({ a1: "d1" });
  for (let bytes = 10; bytes < 39; bytes++) sample({ a1: [bytes, 0], d1: [bytes - 5, 0] });
  expect(pairs()).toEqual({ a1: "d1" });
  sample({ a1: [39, 0], d1: [34, 0] });
  expect(pairs()).toEqual({});
});

test("unpaired: a cut that leaks shows as delivered bytes of the cut link", () => {
  const { cuts, sample } = harness();
  sample({ a1: [10, 0], d1: [10, 0], a2: [10, 0], d2: [10, 0] });
  sample({ a1: [10, 0], d1: [10, 0], a2: [10, 0], d2: [10, 0] });
  cuts.add("n1>n3");
  const before = sample({ a1: [20, 0], d1: [20, 0], a2: [20, 0], d2: [20, 0] }).get("n1>n3");
  const after = sample({ a1: [20, 0], d1: [20, 0], a2: [20, 0], d2: [20, 0] }).get("n1>n3");
  expect(before?.deliveredBytes).toBe(10);
  expect(after).toMatchObject({ offeredBytes: 20, deliveredBytes: 20, certainty: "conservation-bound" });
});

test("unpaired: bytes that another sender's socket shows before it was seen to send them are not the cut link's", () => {
  const { cuts, sample } = harness();
  sample({ a1: [10, 0], d1: [10, 0], a2: [10, 0], d2: [10, 0] });
  cuts.add("n1>n3");
  sample({ a1: [12, 0], d1: [10, 0], a2: [12, 0], d2: [12, 0] });
  // Read in the middle of things: d2 has delivered what a2 was not yet seen to be offered.
  const skewed = sample({ a1: [30, 0], d1: [10, 0], a2: [12, 0], d2: [24, 0] }).get("n1>n3");
  expect(skewed).toMatchObject({ offeredBytes: 30, deliveredBytes: 10 });
  const later = sample({ a1: [30, 0], d1: [10, 0], a2: [24, 0], d2: [24, 0] }).get("n1>n3");
  expect(later).toMatchObject({ offeredBytes: 30, deliveredBytes: 10 });
});

test("unpaired: each of several cut streams was offered at least the least of what its target sent on any socket", () => {
  const { cuts, sample } = harness();
  sample({ a1: [0, 10], d1: [0, 10], a2: [0, 10], d2: [0, 10] });
  cuts.add("n3>n1").add("n3>n2");
  const seen = sample({ a1: [0, 10], d1: [0, 30], a2: [0, 10], d2: [0, 45] });
  expect(seen.get("n3>n1")).toMatchObject({ offeredBytes: 30, deliveredBytes: 10, certainty: "conservation-bound" });
  expect(seen.get("n3>n2")).toMatchObject({ offeredBytes: 30, deliveredBytes: 10, certainty: "conservation-bound" });
});

test("unpaired: a cut stream whose connection ends was not offered what the other connections' targets sent", () => {
  const { cuts, sample } = harness();
  cuts.add("n3>n1");
  sample({ a1: [0, 0], d1: [0, 3], a2: [0, 3], d2: [0, 3] });
  const before = sample({ a1: [0, 0], d1: [0, 3], a2: [0, 3], d2: [0, 3] }).get("n3>n1");
  expect(before?.offeredBytes).toBe(3);
  expect(sample({ a2: [0, 90], d2: [0, 90] }).get("n3>n1")?.offeredBytes).toBe(3);
});

test("what a connection delivered in its last, skewed sample does not come up later as growth of a cut link", () => {
  const { cuts, sample } = harness();
  for (const bytes of [3, 4]) sample({ a1: [bytes, 0], d1: [bytes, 0], a3: [0, bytes], d3: [0, bytes] });
  // The last that is seen of n1's own connection: d1 was read later than a1.
  sample({ a1: [4, 0], d1: [52, 0], a3: [0, 4], d3: [0, 4] });
  cuts.add("n1>n3");
  const before = sample({ a3: [0, 4], d3: [0, 4] }).get("n1>n3");
  const after = sample({ a3: [0, 4], d3: [0, 400] }).get("n1>n3");
  expect(after?.deliveredBytes).toBe(before?.deliveredBytes);
  expect(after?.offeredBytes).toBe((before?.offeredBytes ?? 0) + 396);
});

test("a socket whose four-tuple is used again is another one: sums go on", () => {
  const { sample } = harness();
  for (const bytes of [90, 100]) sample({ a1: [bytes, 0], d1: [bytes, 0] });
  const again = sample({ a1: [7, 0], d1: [7, 0] });
  expect(again.get("n1>n3")).toMatchObject({ offeredBytes: 107, deliveredBytes: 107, acceptedConnections: 2 });
});

// Shows what counts of connections and bytes convince a watcher that connections end again and again, and that they no longer do.
// Samples are made by hand; both directions of one pair of nodes.
import { expect, test } from "vitest";
import { nodeNames, type LinkObservation, type NodeName } from "../cluster/index.js";
import { watchChurning, watchSettled } from "./confirm-churn.js";
import type { Sample } from "./observe.js";

const [n1 = expect.fail("no node"), n2 = expect.fail("no node")] = nodeNames(2);
const link = { from: n1, to: n2 };

function sample(atMs: number, delivered: number, accepted: number): Sample {
  const counts = (from: NodeName, to: NodeName, bytes: number, connections: number): [string, LinkObservation] => [
    `${from}>${to}`,
    {
      link: { from, to },
      offeredBytes: bytes,
      deliveredBytes: bytes,
      openConnections: 1,
      acceptedConnections: connections,
      refusedConnections: null,
    },
  ];
  const links = new Map([counts(n1, n2, delivered, accepted), counts(n2, n1, 0, 1)]);
  return {
    startedMs: atMs,
    endedMs: atMs,
    processes: new Map(),
    ready: new Map(),
    links,
    attempts: new Map(),
    failures: [],
  };
}
const last = (watcher: ReturnType<typeof watchChurning>, samples: readonly Sample[]): boolean =>
  samples.map((one) => watcher.see(one).confirmed).at(-1) ?? expect.fail("no sample");

test("two new connections and no more bytes than their limits are a limit that works", () => {
  expect(last(watchChurning([link], 100), [sample(0, 5_000, 1), sample(100, 5_400, 3)])).toBe(true);
});

test("one byte too many, or one new connection only, is none", () => {
  expect(last(watchChurning([link], 100), [sample(0, 5_000, 1), sample(100, 5_401, 3)])).toBe(false);
  expect(last(watchChurning([link], 100), [sample(0, 5_000, 1), sample(100, 5_000, 2)])).toBe(false);
});

test("a reset lets no byte through", () => {
  expect(last(watchChurning([link], 0), [sample(0, 5_000, 1), sample(100, 5_000, 3)])).toBe(true);
  expect(last(watchChurning([link], 0), [sample(0, 5_000, 1), sample(100, 5_001, 3)])).toBe(false);
});

test("what was under way when the fault came is left out by beginning anew", () => {
  const late = [sample(0, 5_000, 1), sample(50, 9_000, 1), sample(100, 9_000, 2), sample(150, 9_100, 3)];
  expect(last(watchChurning([link], 100), late)).toBe(true);
});

test("the end is seen when the same connections carry more than their limit for a while", () => {
  expect(last(watchSettled([link], 100), [sample(0, 0, 3), sample(300, 201, 3)])).toBe(true);
  expect(last(watchSettled([link], 100), [sample(0, 0, 3), sample(299, 201, 3)])).toBe(false);
  expect(last(watchSettled([link], 100), [sample(0, 0, 3), sample(300, 200, 3)])).toBe(false);
  expect(last(watchSettled([link], 100), [sample(0, 0, 3), sample(300, 900, 4)])).toBe(false);
});

test("a link that nobody has read confirms nothing", () => {
  const blind: Sample = { ...sample(0, 0, 1), links: new Map() };
  expect(last(watchChurning([link], 0), [blind, blind])).toBe(false);
  expect(last(watchSettled([link], 0), [blind, blind])).toBe(false);
});

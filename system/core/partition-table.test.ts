// Groups, and the group of a key: exact sizes, every node in one, refusals in words, a hash that is never negative.
import fc from "fast-check";
import { expect, test } from "vitest";

import { tableOf } from "../testing/lone-core.js";
import { nodeId } from "./interface.js";
import { createCore } from "./node.js";
import { assignGroups, equalTables, groupOfKey, groupOfNode, refusePartition } from "./partition-table.js";

test("six nodes of degree 3 make two groups of exactly three, every node in one", () => {
  const groups = assignGroups([4, 2, 6, 1, 3, 5].map(nodeId), 3);
  expect(groups).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  for (const node of [1, 2, 3, 4, 5, 6]) expect(groupOfNode(tableOf(6, 3), nodeId(node))).toBe(node <= 3 ? 0 : 1);
});

test("a node count that is not a multiple of the degree is refused in a sentence", () => {
  expect(refusePartition(6, 3)).toBe(null);
  expect(refusePartition(7, 3)).toBe("7 nodes cannot be split into groups of exactly 3: give a multiple of 3");
  expect(refusePartition(3, 0)).toBe("a replication degree of 0 is no positive integer");
  expect(() => assignGroups([1, 2].map(nodeId), 3)).toThrow("2 nodes cannot be split");
});

test("a core refuses an impossible configuration at once", () => {
  const timing = { heartbeat: 1, resend: 1, detector: 1, detectorStep: 1 };
  const limits = { pendingOperations: 1, hops: 1, sessions: 1 };
  const common = { node: nodeId(1), clusterId: "c", identity: "i", incarnation: 1, timing, limits };
  const nodes = [1, 2, 3, 4].map(nodeId);
  expect(() => createCore({ ...common, nodes, replication: 3 })).toThrow("4 nodes cannot be split");
  expect(() => createCore({ ...common, node: nodeId(9), nodes, replication: 2 })).toThrow("node 9 is not among");
  expect(() => createCore({ ...common, nodes: [...nodes, nodeId(1)], replication: 5 })).toThrow(
    "a node is configured twice",
  );
  expect(() => createCore({ ...common, nodes, replication: 2, timing: { ...timing, resend: 0 } })).toThrow(
    "resend is 0",
  );
});

test("a key's group is an existing one, whatever the key", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 50 }), (key, groups) => {
      const group = groupOfKey(key, groups);
      expect(Number.isInteger(group) && group >= 0 && group < groups).toBe(true);
    }),
  );
});

test("small keys spread over the groups", () => {
  const counts = [0, 0, 0];
  for (let key = 0; key < 3000; key += 1) {
    const group = groupOfKey(String(key), 3);
    counts[group] = (counts[group] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(800);
});

test("the hash is fixed: a client of another version finds the same group", () => {
  expect(["", "a", "k", "key-1", "ключ"].map((key) => groupOfKey(key, 1000))).toMatchInlineSnapshot(`
    [
      809,
      775,
      576,
      839,
      924,
    ]
  `);
});

test("tables are equal when all they say is", () => {
  const table = tableOf(6, 3);
  expect(equalTables(table, { ...table, identities: new Map(table.identities) })).toBe(true);
  expect(equalTables(table, { ...table, clusterId: "x" })).toBe(false);
  expect(equalTables(table, tableOf(6, 2))).toBe(false);
  expect(equalTables(table, { ...table, identities: new Map([...table.identities, [nodeId(2), "x"]]) })).toBe(false);
});

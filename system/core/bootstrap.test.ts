// The rules of bootstrap, each with one core played by hand: who assigns, when, what is durable first, and what is refused.
import { describe, expect, test } from "vitest";

import { LoneCore, tableOf } from "../testing/lone-core.js";
import { nodeId, type PartitionTable } from "./interface.js";
import type { CheckIn } from "./messages.js";

function checkIn(node: number, more: Partial<CheckIn> = {}): CheckIn {
  const nodes = [1, 2, 3, 4, 5, 6].map(nodeId);
  return { type: "CheckIn", identity: `disk-${node}`, clusterId: "test", nodes, replication: 3, ...more };
}

/** A node of six, in two groups of three, that has no table yet. */
const fresh = (node: number): LoneCore => new LoneCore({ node, nodes: 6, replication: 3, state: { table: null } });
const withTable = (node: number): LoneCore => new LoneCore({ node, nodes: 6, replication: 3 });
const table = tableOf(6, 3);

/** The lowest node with all others checked in. */
function assigned(): LoneCore {
  const lowest = fresh(1);
  for (const node of [2, 3, 4, 5]) lowest.receive(node, checkIn(node));
  expect(lowest.status.ready).toBe(false);
  return lowest.receive(6, checkIn(6));
}

describe("assigning", () => {
  test("the threshold is all configured nodes", () => {
    const lowest = fresh(1);
    for (const node of [2, 3, 4, 5, 5, 2]) lowest.receive(node, checkIn(node));
    expect(lowest.status.ready).toBe(false);
    expect(lowest.receive(6, checkIn(6)).status.ready).toBe(true);
  });

  test("the node with the lowest id assigns, and no other", () => {
    const second = fresh(2);
    for (const node of [1, 3, 4, 5, 6]) second.receive(node, checkIn(node));
    expect(second.status.ready).toBe(false);
    expect(second.writes).toEqual([]);
  });

  test("the table is durable before the first Boot", () => {
    const lowest = assigned();
    expect(lowest.writes.map(({ operations }) => operations)).toEqual([[{ type: "table", table }]]);
    const boots = lowest.sent.filter(({ message }) => message.type === "Boot");
    expect(boots.map(({ to, guarded, after }) => [to, guarded, after])).toEqual(
      [2, 3, 4, 5, 6].map((to) => [to, true, lowest.writes[0]?.write]),
    );
  });

  test("the table records every node's identity", () => {
    expect([...(assigned().messages("Boot")[0]?.table.identities ?? [])]).toEqual([...table.identities]);
  });

  test("a single node assigns at once and serves", () => {
    const alone = new LoneCore({ node: 1, nodes: 1, state: { table: null } });
    expect(alone.status).toMatchObject({ ready: true, group: 0, members: [1] });
  });

  test("Boot is repeated on the timer until the node says Ready", () => {
    const lowest = assigned().persist();
    for (const node of [2, 3, 4, 5]) lowest.receive(node, { type: "Ready" });
    expect(
      lowest
        .tick(5)
        .messages("Boot")
        .map(({ to }) => to),
    ).toEqual([6]);
    lowest.receive(6, { type: "Ready" });
    expect(lowest.tick(5).messages("Boot")).toEqual([]);
  });
});

describe("checking in", () => {
  test("a node without a table checks in with everybody, at its start, on the timer and on a new link", () => {
    const node = fresh(4);
    expect(node.messages("CheckIn").map(({ to }) => to)).toEqual([1, 2, 3, 5, 6]);
    expect(node.messages("CheckIn")[0]).toMatchObject({ identity: "disk-4", clusterId: "test", replication: 3 });
    expect(
      node
        .tick(5)
        .messages("CheckIn")
        .map(({ to }) => to),
    ).toEqual([1, 2, 3, 5, 6]);
    expect(
      node
        .linkUp(2, "out")
        .messages("CheckIn")
        .map(({ to }) => to),
    ).toEqual([2]);
  });

  test("any node that has a table answers CheckIn with it: a node that missed Boot gets it from any peer", () => {
    for (const node of [1, 2, 5])
      expect(withTable(node).receive(6, checkIn(6)).messages("Boot")).toMatchObject([{ to: 6, table }]);
  });

  test("a node that has a table never assigns again", () => {
    const lowest = withTable(1);
    for (const node of [2, 3, 4, 5, 6]) lowest.receive(node, checkIn(node));
    expect(lowest.writes).toEqual([]);
    expect(lowest.messages("CheckIn")).toEqual([]);
  });

  test("a node whose identity is not the table's, a wiped disk, is not given the table", () => {
    const node = withTable(2).receive(6, checkIn(6, { identity: "another disk" }));
    expect(node.messages("Boot")).toEqual([]);
    expect(node.status.counters["check_ins_refused"]).toBe(1);
  });

  test.each([
    ["cluster", { clusterId: "another" }],
    ["replication degree", { replication: 2 }],
    ["set of nodes", { nodes: [1, 2, 3].map(nodeId) }],
  ])("a CheckIn with another %s counts for nothing", (_, more) => {
    const lowest = fresh(1);
    for (const node of [2, 3, 4, 5]) lowest.receive(node, checkIn(node));
    lowest.receive(6, checkIn(6, more));
    expect(lowest.status).toMatchObject({ ready: false, counters: { check_ins_refused: 1 } });
  });
});

describe("taking the table", () => {
  test("a node that gets Boot makes the table durable, then says Ready", () => {
    const node = fresh(5).receive(1, { type: "Boot", table });
    expect(node.writes.map(({ operations }) => operations)).toEqual([[{ type: "table", table }]]);
    expect(node.sent.filter(({ message }) => message.type === "Ready")).toMatchObject([
      { to: 1, guarded: true, after: node.writes[0]?.write },
    ]);
    expect(node.status).toMatchObject({ ready: true, group: 1, members: [4, 5, 6] });
  });

  test("a node that has a table refuses a different one", () => {
    const node = withTable(5);
    const other: PartitionTable = { ...table, identities: new Map([...table.identities, [nodeId(1), "another disk"]]) };
    node.receive(1, { type: "Boot", table: other });
    expect(node.writes).toEqual([]);
    expect(node.sent).toEqual([]);
    expect(node.status.counters["tables_refused"]).toBe(1);
  });

  test("a node that has the same table says Ready again and writes nothing", () => {
    const node = withTable(5).receive(1, { type: "Boot", table: { ...table, identities: new Map(table.identities) } });
    expect(node.messages("Ready").map(({ to }) => to)).toEqual([1]);
    expect(node.writes).toEqual([]);
  });

  test("a node whose disk was wiped refuses the table that records its old identity", () => {
    const wiped: PartitionTable = { ...table, identities: new Map([...table.identities, [nodeId(5), "the old disk"]]) };
    const node = fresh(5).receive(1, { type: "Boot", table: wiped });
    expect(node.status.ready).toBe(false);
    expect(node.status.counters["tables_refused"]).toBe(1);
  });

  test("a disk with another cluster's table is refused at the start", () => {
    const start = (): LoneCore =>
      new LoneCore({ node: 1, state: { table: { ...tableOf(3, 3), clusterId: "another" } } });
    expect(start).toThrow("the partition table on this disk is refused: it is another cluster's");
  });

  test("without a table clients are refused, definitely", () => {
    const node = fresh(2).request({ type: "open-session", id: 7, group: 0 });
    expect(node.replies.map(({ response }) => response)).toEqual([
      { type: "refused", id: 7, definite: true, reason: "not-ready" },
    ]);
  });

  test("the table outlives its assigner: a node started with it from disk serves without anybody's Boot", () => {
    expect(withTable(6).status).toMatchObject({ ready: true, group: 1 });
  });
});

// Shows what the run believes of leaders: a majority of fresh answers decides, silence decides nothing.
import { expect, test } from "vitest";
import { nodeNames, type NodeName, type NodeStatus } from "../cluster/index.js";
import { ClusterView } from "./cluster-view.js";

const [n1, n2, n3] = nodeNames(3) as [NodeName, NodeName, NodeName];

function status(node: NodeName, leader: NodeName | null): NodeStatus {
  const group = {
    group: 0,
    members: [n1, n2, n3],
    leader,
    ballot: "1.0.n1",
    phase: "accept",
    decidedIndex: 0,
    logHash: "0",
  };
  return { node, ready: true, incarnation: 1, groups: [group], suspected: [] };
}

test("one node's own belief is no leader, a majority's is", () => {
  const view = new ClusterView();
  view.update(n1, status(n1, n1), 0);
  expect(view.leaderOf(0, 0)).toBeNull();
  view.update(n2, status(n2, n1), 10);
  expect(view.leaderOf(0, 10)).toBe(n1);
  expect(view.groups).toEqual([{ group: 0, members: [n1, n2, n3] }]);
});

test("a stale or missing answer counts for nothing", () => {
  const view = new ClusterView();
  view.update(n1, status(n1, n1), 0);
  view.update(n2, status(n2, n1), 0);
  expect(view.leaderOf(0, 1001)).toBeNull();
  view.update(n2, null, 500);
  expect(view.leaderOf(0, 500)).toBeNull();
});

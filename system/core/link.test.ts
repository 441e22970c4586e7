// Shows which connection of a peer counts: the greatest by what its sender says, whatever the order of arrival, and never one of
// a stranger or of a wiped disk.
import { describe, expect, it } from "vitest";

import { nodeId } from "./interface.js";
import { isNewer, judgeHello } from "./link.js";
import type { Hello, HelloExpectation } from "./link.js";

const hello: Hello = {
  cluster: "c",
  configuration: "n1,n2,n3/3",
  node: nodeId(2),
  identity: "of n2",
  incarnation: 3,
  connection: 7,
};
const expected: HelloExpectation = {
  cluster: "c",
  configuration: "n1,n2,n3/3",
  self: nodeId(1),
  nodes: [nodeId(1), nodeId(2), nodeId(3)],
  identity: "of n2",
  greatest: null,
};

describe("a Hello", () => {
  it("is accepted when it is the first, with or without a known identity", () => {
    expect(judgeHello(hello, expected)).toEqual({ accepted: true });
    expect(judgeHello(hello, { ...expected, identity: null })).toEqual({ accepted: true });
  });

  it.each([
    [3, 6, true],
    [3, 7, false],
    [3, 8, false],
    [2, 99, true],
    [4, 1, false],
  ])("after (incarnation %i, connection %i) is accepted: %s", (incarnation, connection, accepted) => {
    const judgement = judgeHello(hello, { ...expected, greatest: { incarnation, connection } });
    expect(judgement).toEqual(
      accepted ? { accepted: true } : { accepted: false, reason: "superseded-connection", final: false },
    );
  });

  it.each([
    ["wrong-cluster", { cluster: "other" }],
    ["wrong-configuration", { configuration: "n1,n2/2" }],
    ["unknown-node", { node: nodeId(4) }],
    ["unknown-node", { node: nodeId(1) }],
    ["wrong-identity", { identity: "of a wiped disk" }],
  ] as const)("is refused for good as %s", (reason, change) => {
    expect(judgeHello({ ...hello, ...change }, expected)).toEqual({ accepted: false, reason, final: true });
  });

  it("of a wiped disk is refused even when it is the newest", () => {
    const newest = { ...hello, identity: "of a wiped disk", incarnation: 99 };
    expect(judgeHello(newest, { ...expected, greatest: { incarnation: 3, connection: 7 } })).toMatchObject({
      reason: "wrong-identity",
    });
  });
});

describe("the rank of connections", () => {
  it("is a strict order: incarnation first, then connection", () => {
    const ranks = [1, 2, 3].flatMap((incarnation) => [1, 2, 3].map((connection) => ({ incarnation, connection })));
    for (const [left, a] of ranks.entries())
      for (const [right, b] of ranks.entries()) expect(isNewer(a, b)).toBe(left > right);
  });
});

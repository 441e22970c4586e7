// Shows how the counters of a link's rules are read from what the packet filter lists: the first rule of its chain counts what came, the second
// what it dropped, and a chain of another name is another link's. The text is as iptables 1.8 prints it; the real one is in
// packet-rules.docker.test.ts.
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { countsOf } from "./packet-rules.js";

const [n1, n2, n3] = nodeNames(3);
if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error("three nodes");

const listed = `Chain INPUT (policy ACCEPT 1022 packets, 99120 bytes)
    pkts      bytes target     prot opt in     out     source               destination
     164    20144 minos-n1-n2  6    --  *      *       10.0.0.2             0.0.0.0/0            tcp dpt:9002

Chain minos-n1-n2 (2 references)
    pkts      bytes target     prot opt in     out     source               destination
     164    20144            0    --  *      *       0.0.0.0/0            0.0.0.0/0
      34     4120 DROP       0    --  *      *       0.0.0.0/0            0.0.0.0/0            statistic mode random probability 0.20

Chain minos-n1-n20 (2 references)
    pkts      bytes target     prot opt in     out     source               destination
       7      700            0    --  *      *       0.0.0.0/0            0.0.0.0/0
`;

test("a link's packets and those of them that were dropped are read from its own chain", () => {
  expect(countsOf(listed, { from: n1, to: n2 })).toEqual({
    link: { from: n1, to: n2 },
    offeredPackets: 164,
    droppedPackets: 34,
  });
});

test("a link without a chain, or with half of one, has no counts", () => {
  expect(countsOf(listed, { from: n1, to: n3 })).toBeNull();
  expect(countsOf(listed.replace(/^ +34 .*$/m, ""), { from: n1, to: n2 })).toBeNull();
});

// Shows that a run takes addresses nobody else has, and that everything in it has an address of its own.
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { layOut, linkListen, linkTarget, maxNodes } from "./layout.js";
import { formatSubnet, freeBlocks, overlap, parseRoutes, parseSubnet, subnetOf, type Subnet } from "./subnets.js";

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (parsed === null) throw new Error(`${text} is no subnet`);
  return parsed;
}

test("a subnet is read with the bits below its prefix cut off, and other text is none", () => {
  expect(formatSubnet(subnet("10.208.7.9/24"))).toBe("10.208.7.0/24");
  expect(formatSubnet(subnet("255.255.255.255/32"))).toBe("255.255.255.255/32");
  expect(formatSubnet(subnet("0.0.0.0/0"))).toBe("0.0.0.0/0");
  for (const text of ["", "10.0.0.0", "10.0.0.256/24", "10.0.0.0/33", "fd00::/8"]) expect(parseSubnet(text)).toBeNull();
});

test("two subnets overlap exactly when one holds the other", () => {
  expect(overlap(subnet("10.0.0.0/8"), subnet("10.208.3.0/29"))).toBe(true);
  expect(overlap(subnet("10.208.3.0/29"), subnet("10.0.0.0/8"))).toBe(true);
  expect(overlap(subnet("10.208.3.0/24"), subnet("10.208.4.0/24"))).toBe(false);
});

test("blocks that anything taken touches are passed over, and the search goes around the end of the pool", () => {
  const pool = subnet("10.208.0.0/22");
  const taken = [subnet("10.208.1.128/30"), subnet("192.168.0.0/16")];
  expect(freeBlocks(pool, taken, 3, 9).map(formatSubnet)).toEqual(["10.208.3.0/24", "10.208.0.0/24", "10.208.2.0/24"]);
  expect(freeBlocks(pool, [subnet("10.0.0.0/8")], 0, 9)).toEqual([]);
  expect(freeBlocks(pool, [], 1, 2).map(formatSubnet)).toEqual(["10.208.1.0/24", "10.208.2.0/24"]);
});

test("routes are read from the kernel's table, the default route left out", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
    "tun0\t0000D00A\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0",
    "",
  ].join("\n");
  expect(parseRoutes(table).map(formatSubnet)).toEqual(["172.17.0.0/16", "10.208.0.0/12"]);
});

test("no two nodes share a network, and no network leaves its block", () => {
  const block = subnet("10.208.7.0/24");
  const layout = layOut(block, nodeNames(maxNodes));
  const all = [layout.front, ...layout.nodes].map((network) => subnet(network.subnet));
  for (const [index, one] of all.entries()) {
    expect(overlap(one, block)).toBe(true);
    expect(all.slice(index + 1).some((other) => overlap(one, other))).toBe(false);
  }
  expect(() => layOut(block, nodeNames(maxNodes + 1))).toThrow("at most 31 nodes fit, not 32");
  expect(() => subnetOf(block, 32)).toThrow();
});

test("a peer has one name and port for all observers, and a listener of its own in each observer's network", () => {
  const [n1, n2, n3] = nodeNames(3);
  if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error("three nodes");
  const layout = layOut(subnet("10.208.7.0/24"), [n1, n2, n3]);
  expect(linkTarget(layout, n3)).toEqual({ host: "n3", port: 21_003 });
  expect(linkListen(layout, n1, n3)).toEqual({ host: "10.208.7.10", port: 21_003 });
  expect(linkListen(layout, n2, n3)).toEqual({ host: "10.208.7.18", port: 21_003 });
  expect(layout.nodes.map(({ nodeAddress }) => nodeAddress)).toEqual(["10.208.7.11", "10.208.7.19", "10.208.7.27"]);
});

// Which address and port everything has. Pure: a block of addresses and the nodes' names decide it all.
//
//   front network   .1 the host   .2 Toxiproxy: API, client and admin proxies
//   node network    .1 the host   .2 Toxiproxy: this node's link proxies   .3 the node
import type { Address, NodeName } from "../cluster/index.js";
import { formatAddress, formatSubnet, subnetOf, subnetsPerBlock, type Subnet } from "./subnets.js";

/** Toxiproxy's ports, all below the ephemeral range, so that no outgoing connection can hold one. */
export const apiPort = 8474;
const firstLinkPort = 21_001;
const firstClientPort = 22_001;
const firstAdminPort = 23_001;

export const maxNodes = subnetsPerBlock - 1;

export interface NetworkLayout {
  readonly subnet: string;
  readonly gateway: string;
  readonly proxyAddress: string;
}

export interface NodeLayout extends NetworkLayout {
  readonly name: NodeName;
  readonly nodeAddress: string;
  /** The port of Toxiproxy by which every other node dials this one; the same for all observers, the address is not. */
  readonly linkPort: number;
  readonly clientPort: number;
  readonly adminPort: number;
}

export interface ClusterLayout {
  readonly front: NetworkLayout;
  readonly nodes: readonly NodeLayout[];
}

function networkLayout(subnet: Subnet): NetworkLayout {
  return {
    subnet: formatSubnet(subnet),
    gateway: formatAddress(subnet.base + 1),
    proxyAddress: formatAddress(subnet.base + 2),
  };
}

export function layOut(block: Subnet, names: readonly NodeName[]): ClusterLayout {
  if (names.length > maxNodes) throw new Error(`at most ${maxNodes} nodes fit, not ${names.length}`);
  return {
    front: networkLayout(subnetOf(block, 0)),
    nodes: names.map((name, index) => {
      const subnet = subnetOf(block, index + 1);
      return {
        name,
        ...networkLayout(subnet),
        nodeAddress: formatAddress(subnet.base + 3),
        linkPort: firstLinkPort + index,
        clientPort: firstClientPort + index,
        adminPort: firstAdminPort + index,
      };
    }),
  };
}

export function nodeLayout(layout: ClusterLayout, name: NodeName): NodeLayout {
  const node = layout.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`there is no node "${name}" in this cluster`);
  return node;
}

/** What `from` dials to reach `to`: a name that resolves to Toxiproxy in `from`'s own network. */
export function linkTarget(layout: ClusterLayout, to: NodeName): Address {
  return { host: to, port: nodeLayout(layout, to).linkPort };
}

/** Where Toxiproxy listens for `from`'s connections to `to`. */
export function linkListen(layout: ClusterLayout, from: NodeName, to: NodeName): Address {
  return { host: nodeLayout(layout, from).proxyAddress, port: nodeLayout(layout, to).linkPort };
}

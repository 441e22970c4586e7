// Who listens where: every port of a cluster, drawn before anything starts, because a proxy must know its node's port and a node
// its proxies' ports.
import type { Address, NodeName } from "../cluster/index.js";
import type { ProxyRole } from "../toxiproxy/index.js";
import { leasePorts } from "./ports.js";

export interface PortPlan {
  listen(node: NodeName): { readonly client: Address; readonly peer: Address; readonly admin: Address };
  /** Each peer as `node` must dial it: the proxy of that directed link. */
  peersOf(node: NodeName): ReadonlyMap<NodeName, Address>;
  proxy(role: ProxyRole<NodeName>): Address;
  readonly proxyApi: number;
  readonly release: () => void;
}

export async function planPorts(nodes: readonly NodeName[]): Promise<PortPlan> {
  const purposes = [
    "proxy-api",
    ...nodes.flatMap((node) => [`client ${node}`, `peer ${node}`, `admin ${node}`, `client-proxy ${node}`]),
    ...nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => `link ${from} ${to}`)),
  ];
  const lease = await leasePorts(purposes.length);
  const byPurpose = new Map(purposes.map((purpose, index) => [purpose, lease.ports[index]]));
  const port = (purpose: string): number => {
    const found = byPurpose.get(purpose);
    if (found === undefined) throw new Error(`no port was drawn for "${purpose}"`);
    return found;
  };
  const address = (purpose: string): Address => ({ host: "127.0.0.1", port: port(purpose) });
  return {
    listen: (node) => ({
      client: address(`client ${node}`),
      peer: address(`peer ${node}`),
      admin: address(`admin ${node}`),
    }),
    peersOf: (node) =>
      new Map(nodes.filter((peer) => peer !== node).map((peer) => [peer, address(`link ${node} ${peer}`)])),
    proxy: (role) => {
      if (role.kind === "link") return address(`link ${role.from} ${role.to}`);
      if (role.kind === "client") return address(`client-proxy ${role.node}`);
      throw new Error("the local cluster reaches admin ports directly");
    },
    proxyApi: port("proxy-api"),
    release: lease.release,
  };
}

// The networks of a run: one for the way to the host, and an internal one for each node, which only Toxiproxy shares.
import { randomInt } from "node:crypto";
import type Docker from "dockerode";
import { ClusterError, type NodeName } from "../cluster/index.js";
import { ask, EngineError } from "./engine.js";
import { label, labelsOf, type RunIdentity } from "./labels.js";
import { layOut, type ClusterLayout, type NetworkLayout } from "./layout.js";
import { defaultPool, freeBlocks, hostSubnets, parseSubnet, type Subnet } from "./subnets.js";

const maxTries = 8;

export interface Networks {
  readonly layout: ClusterLayout;
  /** Name of the network that leads to the host, and of each node's. */
  readonly front: string;
  readonly ofNode: ReadonlyMap<NodeName, string>;
}

/** Makes them all, in the first block of addresses that nobody else has. */
export async function createNetworks(
  docker: Docker,
  identity: RunIdentity,
  nodes: readonly NodeName[],
  { pool = defaultPool, signal }: { readonly pool?: string | undefined; readonly signal: AbortSignal },
): Promise<Networks> {
  const whole = parseSubnet(pool);
  if (whole === null) throw new ClusterError(`"${pool}" is no IPv4 network such as ${defaultPool}`);
  const blocks = freeBlocks(whole, await takenSubnets(docker), randomInt(2 ** 24), maxTries);
  let refusal = "none is free";
  for (const block of blocks) {
    const layout = layOut(block, nodes);
    try {
      return await createIn(docker, identity, layout, signal);
    } catch (error) {
      await removeNetworks(docker, identity.cluster);
      // Another run was faster, or a route that we cannot see is in the way. The engine says so in words only.
      if (!(error instanceof EngineError) || !/overlap|Pool/i.test(error.reason)) throw error;
      refusal = error.reason;
    }
  }
  throw new ClusterError(
    `no block of addresses could be had in ${pool}: ${refusal}`,
    "remove what dead runs left by `minos clean`",
  );
}

async function takenSubnets(docker: Docker): Promise<readonly Subnet[]> {
  const networks = await ask("list the networks", (abortSignal) => docker.listNetworks({ abortSignal }));
  const ofEngine = networks
    .flatMap((network) => network.IPAM?.Config ?? [])
    .map(({ Subnet }) => (Subnet === undefined ? null : parseSubnet(Subnet)))
    .filter((subnet) => subnet !== null);
  return [...ofEngine, ...hostSubnets()];
}

async function createIn(
  docker: Docker,
  identity: RunIdentity,
  layout: ClusterLayout,
  signal: AbortSignal,
): Promise<Networks> {
  const name = (what: string) => `minos-${identity.runId}-${identity.cluster}-${what}`;
  const create = (what: string, network: NetworkLayout, internal: boolean, labels: Record<string, string>) =>
    ask(
      `create the network ${name(what)}`,
      (abortSignal) =>
        docker.createNetwork({
          Name: name(what),
          CheckDuplicate: true,
          Driver: "bridge",
          Internal: internal,
          IPAM: { Driver: "default", Config: [{ Subnet: network.subnet, Gateway: network.gateway }] },
          Labels: { ...labelsOf(identity, "network"), ...labels },
          abortSignal,
        }),
      { signal },
    );
  // All, even when one fails: none may appear after the others were removed.
  const results = await Promise.allSettled([
    create("front", layout.front, false, {}),
    ...layout.nodes.map((node) => create(node.name, node, true, { [label.node]: node.name })),
  ]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { layout, front: name("front"), ofNode: new Map(layout.nodes.map((node) => [node.name, name(node.name)])) };
}

/** Removes a cluster's networks; what is left is found by listing again. */
async function removeNetworks(docker: Docker, cluster: string): Promise<void> {
  const filters = { label: [`${label.cluster}=${cluster}`] };
  const networks = await ask("list the networks", (abortSignal) => docker.listNetworks({ filters, abortSignal }));
  await Promise.allSettled(
    networks.map(({ Id, Name }) =>
      ask(`remove the network ${Name}`, (abortSignal) => docker.getNetwork(Id).remove({ abortSignal })),
    ),
  );
}

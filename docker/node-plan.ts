// What each node is told and what the engine is asked to create for it: pure.
import type Docker from "dockerode";
import {
  ClusterError,
  type Address,
  type ClusterOptions,
  type Launch,
  type NodeClock,
  type NodeName,
} from "../cluster/index.js";
import type { EngineFacts } from "./engine.js";
import { containerUser, dataDirectory } from "./host-files.js";
import { label, labelsOf, type RunIdentity } from "./labels.js";
import { linkTarget, nodeLayout, type ClusterLayout } from "./layout.js";
import { hostConfig, type ContainerLimits } from "./limits.js";
import type { Networks } from "./networks.js";

/** What each node is told. A program of the host is refused. */
export function planLaunches(options: ClusterOptions, layout: ClusterLayout): ReadonlyMap<NodeName, Launch> {
  const { system, nodes, replication, runId } = options;
  const { client, peer, admin } = system.ports;
  const everywhere = (port: number): Address => ({ host: "0.0.0.0", port });
  return new Map(
    nodes.map((node) => {
      const peers = nodes.filter((other) => other !== node).map((other) => [other, linkTarget(layout, other)] as const);
      const launch = system.launch({
        node,
        nodes,
        listen: { client: everywhere(client), peer: everywhere(peer), admin: everywhere(admin) },
        peers: new Map(peers),
        advertisedPeer: linkTarget(layout, node),
        dataDirectory,
        replication,
        clusterId: runId,
      });
      if (launch.program.kind === "executable")
        throw new ClusterError(
          `${system.name} is a program of this machine (${launch.program.path}), which a container does not have`,
          "describe it as a container image, or run it with --on local",
        );
      return [node, launch];
    }),
  );
}

export interface NodePlan {
  readonly node: NodeName;
  readonly launch: Launch;
  readonly stopSignal: string;
  readonly identity: RunIdentity;
  readonly networks: Networks;
  readonly limits: ContainerLimits;
  readonly engine: EngineFacts;
  /** Null: the machine's clock. */
  readonly clock: NodeClock | null;
  /** The volume that is its data directory; null: a part of the container. */
  readonly disk: string | null;
}

/** Where a container finds the library for faults of clocks, and the directory whose file tells it the time. */
export const clockInside = { library: "/clock/lib/libfaketime.so", directory: "/clock/now" };

/** What the engine is asked to create for a node. */
export function containerOptions(plan: NodePlan, image: string): Docker.ContainerCreateOptions {
  const { node, launch, stopSignal, identity, networks, limits, engine, clock, disk } = plan;
  const { program, args, environment } = launch;
  const { nodeAddress, proxyAddress } = nodeLayout(networks.layout, node);
  const names = networks.layout.nodes.map(({ name }) => name);
  const network = networks.ofNode.get(node);
  if (network === undefined) throw new Error(`${node} has no network`);
  const ours = program.kind === "node";
  const command = ours ? ["node", `/app/${program.entry}`] : program.kind === "image" ? program.command : [];
  return {
    name: `minos-${identity.runId}-${identity.cluster}-${node}`,
    Hostname: node,
    Image: image,
    // A base image may bring an entry point of its own; a ready image keeps it.
    ...(ours ? { Entrypoint: [], User: `${containerUser}:${containerUser}`, WorkingDir: dataDirectory } : {}),
    Cmd: [...command, ...args],
    Env: Object.entries({ ...environment, ...clock?.environment }).map(([name, value]) => `${name}=${value}`),
    Labels: { ...labelsOf(identity, "node"), [label.node]: node },
    StopSignal: stopSignal,
    HostConfig: {
      ...hostConfig(limits, engine),
      NetworkMode: network,
      ...(clock === null
        ? {}
        : { Binds: [`${clock.library}:${clockInside.library}:ro`, `${clock.directory}:${clockInside.directory}:ro`] }),
      ...(disk === null ? {} : { Mounts: [{ Type: "volume" as const, Source: disk, Target: dataDirectory }] }),
      // Toxiproxy has these names as aliases too; but asking the engine's name server for one blocks for seconds once
      // Toxiproxy is gone, and a file never does.
      ExtraHosts: names.filter((other) => other !== node).map((other) => `${other}:${proxyAddress}`),
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: nodeAddress } } } },
  };
}

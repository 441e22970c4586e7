// What a Docker cluster is made from, what it refuses before anything is made, and what it can do.
import type Docker from "dockerode";
import {
  ClusterError,
  clientCapabilities,
  noRollBack,
  findFaketime,
  installFaketime,
  type Capabilities,
  type Capability,
  type ClusterOptions,
} from "../cluster/index.js";
import type { ToxiproxyChoice } from "./images.js";
import { maxNodes } from "./layout.js";
import { whyNoSlowDisks } from "./slow-disk.js";
import type { ContainerLimits } from "./limits.js";

export interface DockerClusterOptions extends ClusterOptions {
  /** Default: what DOCKER_HOST says, else the local socket. */
  readonly engine?: Docker;
  /** An image with `node` on its PATH, for systems that are a Node.js program. Default: made of this machine's Node.js. */
  readonly baseImage?: string;
  /** Default: the official image, else this machine's `toxiproxy-server`, else the built-in proxy. */
  readonly toxiproxy?: ToxiproxyChoice;
  readonly nodeLimits?: Partial<ContainerLimits>;
  /** This machine's library for faults of clocks; null: none. Default: the one that is installed. */
  readonly faketime?: string | null;
  /** Why no container's disk can be slowed; null: it can be. Default: as this machine has it. */
  readonly noSlowDisks?: string | null;
  /** IPv4 network from which a run takes a /24. Default 10.208.0.0/12. */
  readonly addressPool?: string;
}

export function refuseUnfit({ system, nodes, replication, runId }: DockerClusterOptions): void {
  if (!/^[a-z0-9-]{1,100}$/.test(runId))
    throw new ClusterError(`"${runId}" is no run id: lower-case letters, digits, "-"`);
  if (new Set(nodes).size !== nodes.length) throw new ClusterError("two nodes have one name");
  if (nodes.length > maxNodes) throw new ClusterError(`at most ${maxNodes} nodes fit, not ${nodes.length}`);
  const refusal = system.refuses(nodes.length, replication);
  if (refusal !== null) throw new ClusterError(refusal);
}

export function capabilitiesOf(options: DockerClusterOptions): Capabilities {
  const { system, baseImage, faketime = findFaketime(), noSlowDisks = whyNoSlowDisks() } = options;
  const able: Capability = { able: true };
  const no = (reason: string): Capability => ({ able: false, reason });
  const links =
    system.peerAddressing === "shared"
      ? no(`all nodes of ${system.name} use one address per peer, so a link has no direction of its own`)
      : able;
  return {
    kill: able,
    terminate: able,
    pause: able,
    "cut-reset": links,
    "cut-drop": links,
    "cut-stall": links,
    "shape-latency": links,
    "shape-bandwidth": links,
    "shape-slicing": links,
    "shape-limit-data": links,
    "shape-reset": links,
    "shape-slow-close": links,
    "wipe-disk":
      system.wipedNodeMayRejoin || system.refusesWipedNodes === true
        ? able
        : no(`a node of ${system.name} may not come back with an empty disk, and nothing says that it is refused then`),
    "bit-flip":
      system.durableRanges === undefined
        ? no(`${system.name} does not say which bytes on its disk were durable`)
        : able,
    truncate:
      system.durableRanges !== undefined && system.noticesTruncation === true
        ? able
        : no(`${system.name} does not say that it notices a file that has lost its end`),
    "latent-error": no("only the simulation has sectors that cannot be read"),
    clock:
      baseImage !== undefined
        ? no("this machine's libfaketime fits only images that are made of this machine's own programs")
        : faketime === null
          ? no(installFaketime)
          : able,
    packets: no(
      "it takes netem, which no kernel that Minos was tried on has; `minos doctor` tells what this one says to it",
    ),
    "packet-loss": links,
    "cpu-quota": able,
    "memory-limit": able,
    "disk-full": able,
    "disk-read-only": no(
      "a file system does not become read-only while a file on it is open for writing, as a log is: tried, and the kernel calls it busy",
    ),
    "disk-slow": noSlowDisks === null ? able : no(noSlowDisks),
    "roll-back": no(noRollBack(system.name)),
    ...clientCapabilities(system),
  };
}

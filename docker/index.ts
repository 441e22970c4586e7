// A cluster of containers: each node in one of its own on an internal network that only Toxiproxy shares, driven through the
// engine's API. It needs a Docker engine on this machine, no registry: images are made of this machine's own programs where
// none is named. Also here: what removes the remains of dead runs, and what finds out what an engine can do.
// `prepare.sh` installs the engine and the real Toxiproxy on Debian; docs/docker.md shows how it all lies together.
export { cleanDocker, type CleanDockerOptions } from "./clean.js";
export { createDockerCluster } from "./cluster.js";
export type { DockerClusterOptions } from "./options.js";
export type { ToxiproxyChoice } from "./images.js";
export type { ContainerLimits } from "./limits.js";
export { probePackets, type PacketProbe } from "./packet-probe.js";
export { probeDocker, type DockerProbe, type Finding } from "./probe.js";

// A cluster of operating-system processes on this machine: each node a process of its own on 127.0.0.1, each directed link and
// each node's clients behind a proxy of the room toxiproxy, admin ports direct. It needs Node.js and Linux's /proc and nothing
// else. What it started is on record from before its first use, so that `cleanLocal` finds everything that a killed Minos left.
export { cleanLocal } from "./clean.js";
export { createLocalCluster } from "./cluster.js";
export type { LocalClusterOptions, LocalProxyChoice } from "./cluster.js";

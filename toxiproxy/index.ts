// What stands between the nodes. This room holds a TCP fault proxy that speaks Toxiproxy's HTTP API (`toxiproxy/main.ts` runs it
// as a process of its own), the ways to start it or a real Toxiproxy, and the mesh of link proxies: n(n-1) proxies that
// turn "cut n1>n2" into toxics, driven only through toxiproxy-node-client, so that either server will do. Byte counts per
// directed link come from a counter source: the built-in server's own endpoint, or the kernel's socket counters of a real
// Toxiproxy. The room imports nothing of ours.
export { buildProxyServer } from "./build.js";
export type { CounterSource, MeshView } from "./counter-source.js";
export { builtinCounters } from "./counters-builtin.js";
export { kernelCounters, runSsLocally, type SsReading } from "./counters-kernel.js";
export type { KernelCountersOptions } from "./counters-kernel.js";
export { LinkMesh } from "./mesh.js";
export type { LinkMeshOptions } from "./mesh.js";
export { ProxyServerError } from "./remote.js";
export { startProxyServer } from "./start.js";
export type { ProxyServerChoice, ProxyServerOptions, RunningProxyServer } from "./start.js";
export type * from "./types.js";
export { ProxyServer } from "./server/api.js";
export type { ProxyServerSettings } from "./server/api.js";
export type { ProxyServerLimits } from "./server/limits.js";

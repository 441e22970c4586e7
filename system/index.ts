// The store under test: a partitioned, replicated key-value store on leader-based Sequence Paxos. `core/` is the protocol
// without input and output, `runtime/` gives it sockets and a disk, `client/` is its client, `description.ts` says all that
// the suite needs to know of it, and `build.ts` turns a source tree of it into a build. Nobody outside imports `core/`,
// `runtime/` or `client/`: clusters run a build, simulations import one as a value.
export { buildSystem, hashSources, packageRoot, readBuild, shippedBuild, shippedSources } from "./build.js";
export type { BuildOptions, SystemBuild } from "./build.js";
export { describeKvReply, loadClient, runKv, storeSystem } from "./description.js";
export type { ClientModule, KvCommand } from "./description.js";
export type { PipelinedConnection } from "./client/index.js";

// A cluster in one process: virtual time, seeded network, disks and clocks, and invariants that are checked while it runs. The
// system arrives as a value (`DeterministicSystem`); everything that happens follows from the seed, so a seed is a whole bug report.
export * from "./cluster.js";
export { SimulatedClient, type InvocationHooks } from "./clients.js";
export * from "./driver.js";
export { MaelstromNode, type MaelstromOptions } from "./maelstrom/index.js";
export * from "./invariants.js";
export * from "./settings.js";
export * from "./paced.js";
export { simulatedSystem, type SimulatedSystemDescription } from "./simulated-system.js";
export { diskTroubles, type DiskTrouble } from "./disk.js";
export { SimulatedNode } from "./node.js";
export { Trace } from "./trace.js";
export * from "./world.js";

// What clients do. A workload is a seeded generator of operations together with the model that judges them and what it expects
// beyond the model. Generators are pure state machines: the run loop in campaign/ drives them with real clients, the
// simulation with virtual ones.
export type { Choice, DefinedLoad, WorkloadDefinition } from "./define-workload.js";
export { defineWorkload } from "./define-workload.js";
export { workloadsDocument } from "./document.js";
export { finalReads } from "./final-reads.js";
export * from "./generator.js";
export * from "./workload.js";
export * from "./registry.js";

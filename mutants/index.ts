// Planted bugs. Each mutant is a one-place source patch of the store, applied to a copy of its sources and built apart, so that
// the suite can be shown to catch it. A check that never saw a bug proves nothing.
export { buildMutant, type MutantBuildOptions } from "./build-mutant.js";
export { mutants } from "./catalog.js";
export { applyPatch, PatchError, type Mutant, type Patch } from "./mutant.js";

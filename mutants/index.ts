// Planted bugs. Each mutant is a one-place source patch of the store, applied to a copy of its sources and built apart, so that
// the suite can be shown to catch it. A check that never saw a bug proves nothing. Two controls look like bugs and are none.
export { buildMutant, type MutantBuildOptions } from "./build-mutant.js";
export { missingMutants, mutants } from "./catalog.js";
export {
  applyPatch,
  PatchError,
  type MissingMutant,
  type Mutant,
  type MutantKind,
  type Patch,
  type RealCluster,
} from "./mutant.js";

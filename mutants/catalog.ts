// The planted bugs, by id.
import type { Mutant } from "./mutant.js";

const all: readonly Mutant[] = [];

export const mutants: ReadonlyMap<string, Mutant> = new Map(all.map((mutant) => [mutant.id, mutant]));

// Builds of all planted bugs, for tests: each is made once for a folder, and its core imported as a value.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSystem, type SystemBuild } from "../../system/index.js";
import type { MakeCore } from "../../system/testing/simulated-node.js";
import { buildMutant, mutants, type Mutant } from "../index.js";

export async function buildOf(mutant: Mutant, folder: string): Promise<SystemBuild> {
  return buildMutant({
    mutant,
    sourceDirectory: "system",
    outDirectory: join(folder, mutant.id),
    build: (from, to) => buildSystem({ sourceDirectory: from, outDirectory: to }),
  });
}

export async function coreOf(build: SystemBuild): Promise<MakeCore> {
  const module = (await import(pathToFileURL(join(build.directory, build.core)).href)) as { createCore: MakeCore };
  return module.createCore;
}

export function mutantNamed(id: string): Mutant {
  const mutant = mutants.get(id);
  if (mutant === undefined) throw new Error(`no mutant is called ${id}`);
  return mutant;
}
